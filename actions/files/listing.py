"""Which files an export is about: those its rows stand for, and those that earlier exports wrote.

Held in a private file that vanishes with its process, not in memory: there may be millions.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from actions.files.names import folded

_TABLES = """
CREATE TABLE planned (name TEXT PRIMARY KEY, folded TEXT NOT NULL UNIQUE, mark TEXT) WITHOUT ROWID;
CREATE TABLE known (name TEXT, mark TEXT, PRIMARY KEY (name, mark)) WITHOUT ROWID;
"""


class TakenError(Exception):
    """Another row's file has this name, or one that differs from it in case or accents only."""

    def __init__(self, earlier: str) -> None:
        super().__init__(earlier)
        self.earlier = earlier


class Listing:
    """Names of files below an export's folder."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def plan(self, name: str) -> None:
        """A row stands for this file."""
        try:
            self._connection.execute("INSERT INTO planned (name, folded) VALUES (?, ?)", (name, folded(name)))
        except sqlite3.IntegrityError:
            raise TakenError(self.planned_like(name) or name) from None

    def is_planned(self, name: str) -> bool:
        return self._connection.execute("SELECT 1 FROM planned WHERE name = ?", (name,)).fetchone() is not None

    def planned_like(self, name: str) -> str | None:
        """The row's file that a file system could take for this one."""
        found = self._connection.execute("SELECT name FROM planned WHERE folded = ?", (folded(name),)).fetchone()
        return found[0] if found else None

    def mark(self, name: str, mark: str) -> None:
        """The row's file is there, with content of this mark."""
        self._connection.execute("UPDATE planned SET mark = ? WHERE name = ?", (mark, name))

    def remember(self, name: str, mark: str) -> None:
        """An export wrote this once."""
        self._connection.execute("INSERT OR IGNORE INTO known VALUES (?, ?)", (name, mark))

    def marked(self) -> Iterator[tuple[str, str]]:
        yield from self._connection.execute("SELECT name, mark FROM planned WHERE mark IS NOT NULL ORDER BY name")

    def knows(self, name: str) -> bool:
        """Whether an export wrote a file of this name, whatever was in it."""
        return self._connection.execute("SELECT 1 FROM known WHERE name = ?", (name,)).fetchone() is not None

    def forsaken(self) -> Iterator[str]:
        """Files of earlier exports that no row stands for."""
        query = "SELECT DISTINCT name FROM known WHERE name NOT IN (SELECT name FROM planned) ORDER BY name"
        for (name,) in self._connection.execute(query):
            yield name

    def wrote(self, name: str, mark: str) -> bool:
        """Whether an export wrote exactly this."""
        return (
            self._connection.execute("SELECT 1 FROM known WHERE name = ? AND mark = ?", (name, mark)).fetchone()
            is not None
        )


@contextmanager
def listing() -> Iterator[Listing]:
    """An empty one."""
    # No name: SQLite keeps it in a temporary file that it has unlinked already.
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.executescript("PRAGMA cache_size = -8000; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        connection.executescript(_TABLES)
        connection.execute("BEGIN")
        yield Listing(connection)
