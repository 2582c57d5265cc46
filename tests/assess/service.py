"""A small real service whose project and catalog entry a test may change, and the program that assesses it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.cli.conftest import clean_environment
from tests.downgrade.project import REVISION, write_project
from tests.warm import Ran, run_backout, warm_python

ENTRY = """
services:
  people:
    environment: staging
    platform: {{kind: local, folder: {folder}}}
    database: {{url: "${{PEOPLE_URL}}"{database}}}
    migrations: {{config: alembic.ini, run: {{python: {python}}}}}
  page:
    environment: staging
    platform: {{kind: local, folder: {folder}}}
    database: ${{PEOPLE_URL}}
"""
ROWS = """
CREATE TABLE people (id int PRIMARY KEY, name text, mail text);
INSERT INTO people SELECT n, 'person ' || n, CASE WHEN n % 2 = 0 THEN n || '@example.com' END
FROM generate_series(1, 500) n;
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('b2');
"""
DROPS = 'op.drop_column("people", "mail")'


@dataclass(frozen=True, kw_only=True)
class People:
    """`people`, live at `b2`, which gave everybody a mail address."""

    folder: Path
    url: str = field(repr=False)
    history: str = field(repr=False)
    home: Path

    def project(self, *, downgrade: str = DROPS, url: str | None = None, before: str = "") -> "People":
        more = {"url": url} if url else {}
        write_project(self.folder, downgrade=downgrade, before=before, **more)
        return self.entry()

    def entry(self, *, database: str = "", python: str = "") -> "People":
        text = ENTRY.format(folder=self.folder, python=python or warm_python(), database=database)
        (self.folder / "backout.yml").write_text(text)
        return self

    def script(self, revision: str, *, follows: str, downgrade: str = "pass", up: str = "pass") -> "People":
        """One more script, after the two that there are."""
        text = REVISION.format(id=revision, down=repr(follows), up=f"    {up}", back=f"    {downgrade}")
        (self.folder / "versions" / f"{revision}.py").write_text(text)
        return self

    def fill(self, statements: str = ROWS) -> "People":
        with psycopg.connect(self.url) as connection:
            connection.execute(statements.encode())
        return self

    def command(self, *arguments: str) -> Sequence[str]:
        return [sys.executable, "-m", "bot", "assess", *(arguments or ("people",))]

    def backout(self, *arguments: str) -> Ran:
        """Any verb of the real program."""
        return run_backout(arguments, env=self.environment(), folder=self.folder, warnings="error", timeout=120)

    def environment(self, **variables: str) -> Mapping[str, str]:
        given = {
            "BACKOUT_HOME": str(self.home), "BACKOUT_DATABASE_URL": self.history,
            "BACKOUT_CATALOG": str(self.folder / "backout.yml"), "PEOPLE_URL": self.url,
        }  # fmt: skip
        return clean_environment(**{**given, **variables})

    def assess(self, *arguments: str, **variables: str) -> Ran:
        words = ["assess", *(arguments or ["people"])]
        return run_backout(words, env=self.environment(**variables), folder=self.folder, warnings="error", timeout=90)
