"""Before anything is written: what a role does not see, a name that is taken, a folder without room, old programs."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from actions.backup.folder_store import FolderStore
from actions.backup.taking import take
from actions.errors import ConfigurationError, RefusedError
from tests.backup.by_hand import NAME, backed_up, files, order, programs_of

PASSWORD = "tr0ub4dor-and-three"
SCHEMA = """
CREATE TABLE open_to_all (a int); CREATE SEQUENCE numbers; CREATE MATERIALIZED VIEW counted AS SELECT 1 AS n;
CREATE TABLE filtered (who text); CREATE TABLE closed (a int); CREATE SCHEMA hidden; CREATE TABLE hidden.within (a int);
SELECT lo_from_bytea(815, 'x')
"""
ALONE = "REVOKE pg_read_all_data FROM {role}; GRANT SELECT ON ALL TABLES IN SCHEMA public, hidden TO {role}"


@dataclass(frozen=True, kw_only=True)
class Role:
    name: str
    url: str
    admin: psycopg.Connection

    def is_given(self, statement: str) -> None:
        self.admin.execute(sql.SQL(statement).format(role=sql.Identifier(self.name)))  # type: ignore[arg-type]


@pytest.fixture
def role(database_url: str) -> Iterator[Role]:
    """May read everything there is; each test takes something away."""
    name = f"reader_{secrets.token_hex(4)}"
    parts = urlsplit(database_url)
    url = f"postgresql://{name}:{PASSWORD}@{parts.path}?{parts.query}"
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(SCHEMA)
        role = Role(name=name, url=url, admin=admin)
        role.is_given(f"CREATE ROLE {{role}} LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_data")
        role.is_given("GRANT SELECT ON LARGE OBJECT 815 TO {role}")
        try:
            yield role
        finally:
            role.is_given("DROP OWNED BY {role}")
            role.is_given("DROP ROLE {role}")


def test_a_role_that_may_read_everything_takes_all_of_it(role: Role, tmp_path: Path) -> None:
    manifest = backed_up(role.url, tmp_path).manifest
    assert {table.name for table in manifest.tables} == {"open_to_all", "filtered", "closed", "within"}
    assert PASSWORD not in (tmp_path / NAME / "manifest.json").read_text()


@pytest.mark.parametrize(
    ("taken_away", "named"),
    [
        ("GRANT SELECT ON open_to_all, filtered TO {role}; REVOKE pg_read_all_data FROM {role}", "table public.closed"),
        (f"{ALONE}; GRANT SELECT ON numbers TO {{role}}", "table hidden.within"),
        (f"{ALONE}; GRANT USAGE ON SCHEMA hidden TO {{role}}", "sequence public.numbers"),
        ("REVOKE ALL ON LARGE OBJECT 815 FROM {role}", "1 large objects"),
        ("ALTER TABLE filtered ENABLE ROW LEVEL SECURITY", "table public.filtered"),
        (
            "ALTER TABLE filtered ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON filtered USING (true)",
            "Row security hides rows",
        ),
    ],
)
def test_what_the_role_does_not_see_is_named_and_nothing_is_written(
    role: Role, taken_away: str, named: str, tmp_path: Path
) -> None:
    role.is_given(taken_away)
    with pytest.raises(RefusedError, match=named) as refused:
        backed_up(role.url, tmp_path)
    assert role.name in refused.value.what
    assert files(tmp_path) == []


def test_row_security_does_not_stop_a_role_that_bypasses_it(role: Role, tmp_path: Path) -> None:
    role.is_given("ALTER TABLE filtered ENABLE ROW LEVEL SECURITY; INSERT INTO filtered VALUES ('nobody')")
    role.is_given("ALTER ROLE {role} BYPASSRLS")
    manifest = backed_up(role.url, tmp_path).manifest
    assert [table.rows for table in manifest.tables if table.name == "filtered"] == [1]


def test_a_name_that_is_taken_is_refused_and_what_is_there_stays(database_url: str, tmp_path: Path) -> None:
    backed_up(database_url, tmp_path)
    before = files(tmp_path)
    with pytest.raises(RefusedError, match="has a backup"):
        backed_up(database_url, tmp_path)
    assert files(tmp_path) == before


@dataclass(frozen=True, kw_only=True, slots=True)
class Cramped(FolderStore):
    def free_bytes(self) -> int | None:
        return 20_000_000


def test_a_store_without_room_is_refused_with_numbers(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"may need [0-9]+ MB, and .* has 20 MB free"):
        take(order(database_url, tmp_path, store=Cramped(path=tmp_path)))
    assert files(tmp_path) == []


def test_programs_older_than_the_server_are_refused(database_url: str, tmp_path: Path) -> None:
    older = replace(programs_of(database_url), major=17)
    with pytest.raises(ConfigurationError, match=r"PostgreSQL 18.*17\.") as refused:
        backed_up(database_url, tmp_path, programs=older)
    assert "postgresql-client-18" in (refused.value.next_step or "")
    assert files(tmp_path) == []
