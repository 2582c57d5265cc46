"""Watches what an Alembic run does, whatever its `env.py` looks like: statements, locks, ways out of the database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

#: Statements that leave nothing behind.
PASSIVE = ("select", "set", "show", "savepoint", "release")

HELD_LOCKS = """
SELECT relation, mode FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND relation >= 16384
"""

#: Weakest first, as PostgreSQL documents them.
STRENGTH = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


@dataclass(kw_only=True, slots=True)
class Witness:
    """Filled while an Alembic run is watched."""

    #: Statements with an effect, Alembic's bookkeeping left out.
    statements: list[str] = field(default_factory=list)
    #: Statements with an effect since the last commit.
    uncommitted: int = 0
    #: Strongest lock by oid, as held before each commit.
    locks: dict[int, str] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)

    def saw_statement(self, _connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        first = statement.lstrip().partition(" ")[0].lower()
        if first not in PASSIVE and "alembic_version" not in statement:
            self.statements.append(statement)
            self.uncommitted += 1

    def saw_commit(self, connection: Connection) -> None:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(HELD_LOCKS)
            for oid, mode in cursor.fetchall():
                self.locks[oid] = max(self.locks.get(oid, STRENGTH[0]), mode, key=STRENGTH.index)
        finally:
            cursor.close()
        self.uncommitted = 0

    def saw_audit(self, happening: str, details: tuple[Any, ...]) -> None:
        if happening == "socket.connect":
            address = details[1]
            self.outside.add(f"socket {':'.join(map(str, address[:2])) if isinstance(address, tuple) else address}")
        elif happening == "subprocess.Popen":
            self.outside.add("program")


_watching: list[Witness] = []
_hooked: list[bool] = []


def _pass_on(happening: str, details: tuple[Any, ...]) -> None:
    for witness in _watching:
        witness.saw_audit(happening, details)


@contextmanager
def watching() -> Iterator[Witness]:
    if not _hooked:
        # An audit hook can never be taken out again, so there is one, which asks the list.
        sys.addaudithook(_pass_on)
        _hooked.append(True)
    witness = Witness()
    _watching.append(witness)
    event.listen(Engine, "before_cursor_execute", witness.saw_statement)
    event.listen(Engine, "commit", witness.saw_commit)
    try:
        yield witness
    finally:
        event.remove(Engine, "commit", witness.saw_commit)
        event.remove(Engine, "before_cursor_execute", witness.saw_statement)
        _watching.remove(witness)
