"""No client of any kind gets from a rehearsal to another database, with the system's wall and without it."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from actions.backup.connecting import place_of
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.downgrade.beyond import is_beyond
from actions.downgrade.gate import PREFIX
from actions.downgrade.handed_url import leading_to
from actions.downgrade.told import Told
from actions.embedded.binaries import programs
from tests.conftest import server_folder
from tests.downgrade.project import drive, fenced, write_project

WALLS = pytest.mark.parametrize(
    "wall", [pytest.param(True, id="walled"), pytest.param(False, id="not walled", marks=pytest.mark.slow)]
)
RAW = """
import socket, struct
s = socket.socket(socket.AF_UNIX); s.connect({path!r})
b = b"".join(w + b"\\0" for w in (b"user", b"backout", b"database", {name!r}.encode())) + b"\\0"
s.sendall(struct.pack("!ii", len(b) + 8, 196608) + b); s.recv(100)
"""
LIBPQ = """
import ctypes
pq = ctypes.CDLL({library!r})
pq.PQconnectdb.restype = ctypes.c_void_p
c = ctypes.c_void_p(pq.PQconnectdb({url!r}.encode()))
assert pq.PQstatus(c) == 0, "no connection"
pq.PQexec.restype = ctypes.c_void_p
pq.PQexec(c, b"DROP TABLE people")
"""
BY_CURSOR = "c = op.get_bind().connection.cursor()\nc.execute({statement!r})"
BY_ITSELF = (
    'import os, psycopg\nwith psycopg.connect(os.environ["DATABASE_URL"]) as own:\n    own.execute({statement!r})'
)


@pytest.fixture
def scratch(postgres_url: str) -> Iterator[ScratchDatabase]:
    with ScratchServer(postgres_url) as server, server.database() as database:
        yield database


def socket_of(url: str) -> str:
    host, port, _ = place_of(url)
    return f"{host}/.s.PGSQL.{port}"


def went_down(folder: Path, scratch: ScratchDatabase, downgrade: str, *, wall: bool = True) -> Told:
    """The whole project up, three rows into it, and down again."""
    project = write_project(folder, downgrade=downgrade)
    up = fenced(project, scratch, "upgrade", "head", wall=wall)
    assert up.succeeded, up.trouble
    with psycopg.connect(scratch.url) as connection:
        connection.execute("INSERT INTO people VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    return fenced(project, scratch, "downgrade", "-1", wall=wall)


def rows_of_people(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM people").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def live(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE people (id int); INSERT INTO people VALUES (1)")
    return database_url


@WALLS
def test_how_far_the_fence_was_is_told(tmp_path: Path, scratch: ScratchDatabase, *, wall: bool) -> None:
    told = went_down(tmp_path / "project", scratch, "pass", wall=wall)
    assert told.succeeded
    # Where containers forbid it there is none, and that is what must be said.
    assert told.fenced == "process" if not wall else told.fenced in ("network", "process")


@WALLS
@pytest.mark.parametrize("by", ["a socket of its own", "its own libpq"])
@pytest.mark.by_day(2)
def test_no_client_reaches_the_live_database(
    tmp_path: Path, scratch: ScratchDatabase, live: str, by: str, *, wall: bool
) -> None:
    library = str(programs().parent / "lib" / "libpq.so.5")
    text = RAW if by == "a socket of its own" else LIBPQ
    told = went_down(
        tmp_path / "project", scratch,
        text.format(path=socket_of(live), name=place_of(live)[2], library=library, url=live), wall=wall,
    )  # fmt: skip
    assert told.trouble is not None
    assert told.trouble.wrong_database or told.trouble.outside
    assert rows_of_people(live) == 1


@WALLS
def test_the_gate_lets_nobody_through_to_another_name(
    tmp_path: Path, scratch: ScratchDatabase, live: str, *, wall: bool
) -> None:
    to_the_gate = (
        "import os, urllib.parse as u\n"
        "q = dict(u.parse_qsl(u.urlsplit(os.environ['DATABASE_URL']).query))\n"
        "gate = q['host'] + '/.s.PGSQL.' + q.get('port', '5432')\n"
    )
    raw = RAW.replace("{path!r}", "gate").format(name=place_of(live)[2])
    told = went_down(tmp_path / "project", scratch, to_the_gate + raw, wall=wall)
    assert told.trouble is not None
    assert told.trouble.wrong_database


@pytest.mark.parametrize("way", [BY_CURSOR, BY_ITSELF], ids=["the driver's cursor", "a connection of its own"])
@pytest.mark.by_day(1)
def test_statements_past_sqlalchemy_are_told_like_the_others(
    tmp_path: Path, scratch: ScratchDatabase, way: str
) -> None:
    told = went_down(tmp_path / "project", scratch, way.format(statement="DELETE FROM people WHERE name <> 'a'"))
    assert told.succeeded, told.trouble
    (sent,) = [statement for statement in told.statements if statement.within_migration]
    assert (sent.revision, sent.rows, sent.sql) == ("b2", 2, "DELETE FROM people WHERE name <> '?'")


def test_a_statement_is_told_once_however_it_is_sent(tmp_path: Path, scratch: ScratchDatabase) -> None:
    both = 'op.execute("UPDATE people SET id = id + 10")\n' + BY_CURSOR.format(statement="UPDATE people SET name = 'z'")
    told = went_down(tmp_path / "project", scratch, both)
    sent = [statement.sql for statement in told.statements if statement.within_migration]
    assert sorted(sent) == ["UPDATE people SET id = id + 10", "UPDATE people SET name = '?'"]


@pytest.mark.parametrize("way", [BY_CURSOR, BY_ITSELF], ids=["the driver's cursor", "a connection of its own"])
@pytest.mark.by_day(1)
def test_what_goes_beyond_the_database_is_refused_past_sqlalchemy_too(
    tmp_path: Path, scratch: ScratchDatabase, postgres_url: str, way: str
) -> None:
    role = f"beside_{scratch.token}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN")
        try:
            told = went_down(tmp_path / "project", scratch, way.format(statement=f"ALTER ROLE {role} NOLOGIN"))
            assert told.trouble is not None
            assert told.trouble.outside
            assert told.outside == ("changes something beyond its database",)
            row = admin.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            assert row == (True,)
        finally:
            admin.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("sql", "beyond"),
    [
        pytest.param("SELECT '--'; ALTER ROLE bob NOLOGIN", True, id="behind a literal with a comment's beginning"),
        pytest.param("-- it's\nALTER ROLE bob NOLOGIN -- isn't", True, id="between apostrophes in comments"),
        pytest.param("COPY people TO '/tmp/x'", True, id="a file of the server"),
        pytest.param("COPY (SELECT 1) TO PROGRAM 'sh'", True, id="a program of the server"),
        pytest.param("COPY people TO STDOUT", False, id="to the client"),
        pytest.param("SELECT dblink_exec('c', 'DELETE FROM people')", True, id="dblink"),
        pytest.param("CREATE USER MAPPING FOR bob SERVER s", True, id="a way into another server"),
        pytest.param("DROP USER MAPPING FOR bob SERVER s", False, id="one way less"),
        pytest.param("COMMENT ON DATABASE shop IS 'x'", True, id="the live database's comment"),
        pytest.param("PREPARE TRANSACTION 'x'", True, id="what would keep the copy alive"),
        pytest.param("SELECT * FROM pg_replication_slots", False, id="a look"),
        pytest.param("INSERT INTO notes VALUES ('please alter system')", False, id="a literal"),
    ],
)
def test_what_counts_as_beyond(sql: str, *, beyond: bool) -> None:
    assert is_beyond(sql) is beyond


@pytest.mark.slow
def test_many_statements_and_rows_pass_in_both_directions_at_once(tmp_path: Path, scratch: ScratchDatabase) -> None:
    downgrade = (
        "c = op.get_bind().connection.cursor()\n"
        'c.executemany("INSERT INTO people VALUES (%s, %s)", [(n, "x" * 200) for n in range(10, 15010)])\n'
        'with c.copy("COPY people (id, name) FROM STDIN") as copy:\n'
        '    for n in range(20000, 30000):\n        copy.write_row((n, "y" * 300))\n'
        'assert len(c.execute("SELECT * FROM people").fetchall()) == 25003'
    )
    told = went_down(tmp_path / "project", scratch, downgrade)
    assert told.succeeded, told.trouble
    assert told.untold or len(told.statements) > 3


def test_nothing_of_the_gate_is_left(tmp_path: Path, scratch: ScratchDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    with server_folder() as place:
        monkeypatch.setenv("TMPDIR", str(place))
        told = went_down(tmp_path / "project", scratch, f"import glob; assert glob.glob('{place}/{PREFIX}*')\n1 / 0")
        assert told.trouble is not None
        assert told.trouble.error_class == "ZeroDivisionError"
        deadline = time.monotonic() + 10
        while list(place.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list(place.iterdir()) == []


GIVEN = {"host": "db.internal", "port": 5433, "database": "backout_scratch_1", "token": "1"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40@db.internal:5433/shop?sslmode=require", "postgresql://u:p%40@127.0.0.1:7777/backout_scratch_1"),
        (
            "postgresql://u:p@db.internal:5433/shop?options=-c%20x%3Dy&connect_timeout=3",
            "postgresql://u:p@127.0.0.1:7777/backout_scratch_1?options=-c%20x%3Dy&connect_timeout=3",
        ),
    ],
)  # fmt: skip
def test_the_url_that_is_handed_over_leads_to_the_gate(url: str, expected: str) -> None:
    assert leading_to(url, "127.0.0.1", 7777, GIVEN) == expected


def test_a_password_kept_in_a_file_is_still_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pgpass").write_text("# ours\nelse:*:*:u:no\n*:5433:*:u:s3cr\\:t\n")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    handed = leading_to("postgresql://u@db.internal:5433/shop", "127.0.0.1", 7777, GIVEN)
    assert handed == "postgresql://u:s3cr%3At@127.0.0.1:7777/backout_scratch_1"


def test_without_a_fence_the_url_is_handed_over_as_it_is(tmp_path: Path, database_url: str) -> None:
    project = write_project(
        tmp_path / "project", downgrade="pass", before='assert "backout-gate" not in os.environ["DATABASE_URL"]'
    )
    assert drive(project, database_url, "upgrade", "head").succeeded
