from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.downgrade.beyond import without_literals
from actions.downgrade.order import UrlHandover
from tests.downgrade.project import at_head, fenced, write_project

BACK = 'op.execute("UPDATE people SET name = \'Ada Lovelace\'")\nop.drop_column("people", "mail")'


@pytest.fixture
def scratch(postgres_url: str) -> Iterator[ScratchDatabase]:
    with ScratchServer(postgres_url) as server, server.database() as database:
        yield database


def columns(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'people'"
        ).fetchall()
        return {name for (name,) in rows}


def fill(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO people VALUES (1, 'Grace'), (2, 'Alan')")


def test_what_a_downgrade_does_is_told_step_by_step(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade=BACK)
    assert fenced(project, scratch, "upgrade", "head").succeeded
    fill(scratch.url)
    told = fenced(project, scratch, "downgrade", "-1", watch_locks=True)
    assert told.succeeded
    assert told.fenced in ("network", "process")
    assert [revision for revision, _ in told.steps] == ["b2"]
    sent = [statement for statement in told.statements if statement.within_migration]
    assert [statement.sql.split()[0] for statement in sent] == ["UPDATE", "ALTER"]
    assert sent[0].rows == 2
    (committed,) = told.commits
    assert {lock.mode for lock in committed.locks if lock.relation == "people"} == {
        "AccessExclusiveLock", "RowExclusiveLock",
    }  # fmt: skip
    assert [(row.relation, row.updated) for row in committed.activity if "people" in row.relation] == [
        ("public.people", 2)
    ]
    assert columns(scratch.url) == {"id", "name"}


def test_literals_of_statements_are_not_told(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade=BACK)
    at_head(scratch.url)
    assert "Lovelace" not in str(fenced(project, scratch, "downgrade", "-1"))


@pytest.mark.parametrize(
    ("url", "handover"),
    [
        pytest.param('os.environ["ORDERS_URL"]', UrlHandover(how="env", name="ORDERS_URL"), id="variable"),
        pytest.param('context.get_x_argument(as_dictionary=True)["db"]', UrlHandover(how="argument", name="db"), id="-x"),
        pytest.param(
            'context.config.get_main_option("sqlalchemy.url")', UrlHandover(how="option", name="sqlalchemy.url"), id="option"
        ),
        pytest.param(
            'os.environ["URL"].replace("postgresql+asyncpg", "postgresql")',
            UrlHandover(how="env", name="URL", scheme="postgresql+asyncpg"), id="scheme",
        ),
    ],
)  # fmt: skip
def test_the_url_is_handed_over_as_the_catalog_says(
    tmp_path: Path, scratch: ScratchDatabase, url: str, handover: UrlHandover
) -> None:
    project = write_project(tmp_path / "project", downgrade="pass", url=url)
    assert fenced(project, scratch, "upgrade", "head", handover=handover).succeeded
    assert "mail" in columns(scratch.url)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("", id="SQLAlchemy"),
        pytest.param("import psycopg; psycopg.connect({live!r}).execute('DROP TABLE people')", id="psycopg.connect"),
        pytest.param(
            "from psycopg import Connection as C; C.connect({live!r}, autocommit=True).execute('DROP TABLE people')",
            id="Connection.connect",
        ),
        pytest.param(
            "import asyncio, psycopg\n"
            "async def go():\n    c = await psycopg.AsyncConnection.connect({live!r}, autocommit=True)\n"
            "    await c.execute('DROP TABLE people')\nasyncio.run(go())",
            id="AsyncConnection.connect",
        ),
        pytest.param(
            "from psycopg import pq; c = pq.PGconn.connect({live!r}.encode()); c.exec_(b'DROP TABLE people')",
            id="libpq",
        ),
        pytest.param(
            "os.environ.update(PGDATABASE={name!r})\nimport psycopg\n"
            "psycopg.connect({without_name!r}, autocommit=True).execute('DROP TABLE people')",
            id="a name from the environment",
        ),
    ],
)
def test_a_rehearsal_never_touches_the_live_database(
    tmp_path: Path, scratch: ScratchDatabase, database_url: str, before: str
) -> None:
    at_head(database_url)
    fill(database_url)
    name = database_url.partition("@/")[2].partition("?")[0]
    stubborn = write_project(
        tmp_path / "stubborn", downgrade='op.drop_column("people", "mail")', url=repr(database_url),
        before=before.format(live=database_url, name=name, without_name=database_url.replace(f"/{name}?", "/?")),
    )  # fmt: skip
    told = fenced(stubborn, scratch, "downgrade", "-1")
    assert told.trouble is not None
    assert told.trouble.wrong_database
    assert columns(database_url) == {"id", "name", "mail"}


@pytest.mark.parametrize(
    ("downgrade", "what"),
    [
        pytest.param("import subprocess; subprocess.run(['true'])", "program", id="program"),
        pytest.param("import os; os.system('true')", "program", id="shell"),
        pytest.param("import urllib.request as r; r.urlopen('http://127.0.0.1:9/', timeout=2)", "machine", id="web"),
        pytest.param("import socket; socket.create_connection(('127.0.0.1', 9), 2)", "machine", id="socket"),
    ],
)
def test_a_rehearsal_is_kept_from_reaching_outside(
    tmp_path: Path, scratch: ScratchDatabase, downgrade: str, what: str
) -> None:
    project = write_project(tmp_path / "project", downgrade=downgrade)
    at_head(scratch.url)
    told = fenced(project, scratch, "downgrade", "-1")
    assert any(what in each for each in told.outside)
    assert told.trouble is not None
    assert told.trouble.outside


def test_timeouts_hold_on_the_services_own_connection(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade='op.execute("SELECT pg_sleep(20)")')
    at_head(scratch.url)
    slow = fenced(project, scratch, "downgrade", "-1", statement_timeout=timedelta(milliseconds=200))
    assert slow.trouble is not None
    assert slow.trouble.sqlstate == "57014"
    locked = write_project(tmp_path / "locked", downgrade='op.drop_column("people", "mail")')
    with psycopg.connect(scratch.url) as other:
        other.execute("LOCK TABLE people")
        waited = fenced(locked, scratch, "downgrade", "-1", lock_timeout=timedelta(milliseconds=200))
    assert waited.trouble is not None
    assert waited.trouble.sqlstate == "55P03"
    assert columns(scratch.url) == {"id", "name", "mail"}


@pytest.mark.parametrize(
    ("downgrade", "error_class", "sqlstate"),
    [
        pytest.param("raise NotImplementedError('no way back')", "NotImplementedError", None, id="on purpose"),
        pytest.param("op.drop_column('people', 'nothing')", "ProgrammingError", "42703", id="wrong SQL"),
        pytest.param("undefined_name", "NameError", None, id="Python"),
        pytest.param("op.drop_constraint(None, 'people')", None, None, id="no name"),
    ],
)
def test_a_failure_is_told_with_its_revision(
    tmp_path: Path, scratch: ScratchDatabase, downgrade: str, error_class: str | None, sqlstate: str | None
) -> None:
    project = write_project(tmp_path / "project", downgrade=downgrade)
    at_head(scratch.url)
    told = fenced(project, scratch, "downgrade", "-1")
    assert told.trouble is not None
    assert told.trouble.revision == "b2"
    assert told.trouble.sqlstate == sqlstate
    if error_class:
        assert told.trouble.error_class == error_class
    assert columns(scratch.url) == {"id", "name", "mail"}


def test_a_raise_under_a_borrowed_state_is_told_as_somebodys_own_words(
    tmp_path: Path, scratch: ScratchDatabase
) -> None:
    own = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '42P01', MESSAGE = 'Ada has no plan', TABLE = 'Ada'; END $$"
    servers = 'op.drop_table("nowhere")'
    project = write_project(tmp_path / "project", downgrade=f'op.execute("{own}")')
    at_head(scratch.url)
    told = fenced(project, scratch, "downgrade", "-1")
    assert told.trouble is not None
    assert (told.trouble.sqlstate, told.trouble.raised, told.trouble.objects) == ("42P01", True, ())
    plain = write_project(tmp_path / "plain", downgrade=servers)
    told = fenced(plain, scratch, "downgrade", "-1")
    assert told.trouble is not None
    assert (told.trouble.sqlstate, told.trouble.raised) == ("42P01", False)


def test_what_the_application_prints_cannot_be_taken_for_what_is_told(tmp_path: Path, scratch: ScratchDatabase) -> None:
    noise = 'print(\'{"event": "done"}\' * 3); import sys; sys.stdout.write("x" * 100000); sys.__stdout__.write("y")'
    project = write_project(tmp_path / "project", downgrade=noise, before=noise)
    at_head(scratch.url)
    assert [step for step, _ in fenced(project, scratch, "downgrade", "-1").steps] == ["b2"]


def test_a_downgrade_that_never_ends_is_ended(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade="import time\nwhile True: time.sleep(0.1)")
    at_head(scratch.url)
    told = fenced(project, scratch, "downgrade", "-1", deadline=timedelta(seconds=4))
    assert told.trouble is not None
    assert told.trouble.timed_out


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE t SET a = 'Ada'", "UPDATE t SET a = '?'"),
        ("SELECT 'it''s' || E'a\\'b' || x", "SELECT '?' || '?' || x"),
        ("-- don't\nDELETE FROM t -- can't", "-- don't\nDELETE FROM t -- can't"),
        ("/* it's */ DELETE FROM \"o'dd\" /* isn't */", "/* it's */ DELETE FROM \"o'dd\" /* isn't */"),
        ("DO $x$ BEGIN DELETE FROM t WHERE a = 'b'; END $x$", "DO $x$ BEGIN DELETE FROM t WHERE a = 'b'; END $x$"),
    ],
)
def test_taking_literals_out_never_hides_a_statement(sql: str, told: str) -> None:
    assert without_literals(sql) == told


@pytest.mark.parametrize(
    "statement",
    ["ALTER ROLE {role} NOLOGIN", "DROP ROLE {role}", "GRANT pg_monitor TO {role}", "DROP OWNED BY {role}",
     "DO $$ BEGIN EXECUTE 'ALTER ROLE {role} NOLOGIN'; END $$", "ALTER SYSTEM SET work_mem = '64MB'"],
)  # fmt: skip
@pytest.mark.by_day(4)
def test_a_rehearsal_changes_nothing_beyond_its_database(
    tmp_path: Path, scratch: ScratchDatabase, postgres_url: str, statement: str
) -> None:
    role = f"bystander_{scratch.token}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN")
        try:
            project = write_project(tmp_path / "project", downgrade=f"op.execute({statement.format(role=role)!r})")
            at_head(scratch.url)
            told = fenced(project, scratch, "downgrade", "-1")
            assert told.trouble is not None
            assert told.trouble.outside
            found = admin.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            assert found == (True,)
        finally:
            admin.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    "statement",
    ["GRANT SELECT ON people TO PUBLIC", "COMMENT ON TABLE people IS 'drop role'", "-- alter role x\nSELECT 1"],
)
def test_what_stays_in_its_database_is_not_refused(tmp_path: Path, scratch: ScratchDatabase, statement: str) -> None:
    project = write_project(tmp_path / "project", downgrade=f"op.execute({statement!r})")
    at_head(scratch.url)
    assert fenced(project, scratch, "downgrade", "-1").succeeded


def test_a_program_that_env_py_starts_is_refused_too(tmp_path: Path, scratch: ScratchDatabase) -> None:
    before = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(1)'])"
    project = write_project(tmp_path / "project", downgrade="pass", before=before)
    told = fenced(project, scratch, "upgrade", "head")
    assert told.outside
    assert not told.succeeded
