import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from actions.assess.place import fence_of
from actions.backup.connecting import place_of
from actions.backup.scratch import PREFIX, ScratchServer, place_sum
from actions.errors import BackoutError, ConfigurationError, UnavailableError
from tests.serve.conftest import eventually

HOLD = """
import sys
from actions.backup.scratch import ScratchServer
with ScratchServer(sys.argv[1]) as server, server.database() as database:
    print(database.name, flush=True)
    sys.stdin.read()
"""


def there(url: str, name: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def hold(url: str) -> tuple["subprocess.Popen[str]", str]:
    """Another process with a scratch database of its own, and the database's name."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_scratch_database_is_empty_marked_and_dropped_at_the_end(postgres_url: str) -> None:
    with ScratchServer(postgres_url) as server, server.database() as database:
        with psycopg.connect(database.url) as connection:
            row = connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
            assert row.fetchone() == (0,)
        assert database.name.startswith(PREFIX)
        assert fence_of(database).database == database.name
    assert not there(postgres_url, database.name)


def test_it_is_dropped_when_something_fails_inside_and_somebody_is_still_connected(postgres_url: str) -> None:
    names = []

    def fail_inside(server: ScratchServer) -> None:
        with server.database() as database, psycopg.connect(database.url) as connection:
            names.append(database.name)
            connection.execute("SELECT 1")
            raise RuntimeError("in the middle")

    with ScratchServer(postgres_url) as server:
        with pytest.raises(RuntimeError):
            fail_inside(server)
        assert not there(postgres_url, names[0])


def test_what_a_killed_process_left_behind_is_dropped_by_the_next_start(postgres_url: str) -> None:
    process, name = hold(postgres_url)
    process.kill()
    process.communicate()
    assert there(postgres_url, name)
    with ScratchServer(postgres_url):
        assert not there(postgres_url, name)


def test_one_that_is_in_use_is_left_alone(postgres_url: str) -> None:
    process, name = hold(postgres_url)
    try:
        with ScratchServer(postgres_url) as server:
            assert server.sweep() == ()
            assert there(postgres_url, name)
    finally:
        process.communicate("")
    assert not there(postgres_url, name)


TOKEN = "0123456789abcdef"


def place(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT datname, oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert row is not None
        return place_sum(row[0], row[1])


@contextmanager
def made(url: str, name: str, comment: str | None) -> Iterator[None]:
    """A database of that name, made past us."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        if comment:
            admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment)))
        try:
            yield
        finally:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("mine", id="another comment"),
        pytest.param(json.dumps({"backout": "scratch", "token": "f" * 16, "from": "postgres"}), id="another token"),
        pytest.param(json.dumps({"backout": "scratch", "token": TOKEN, "from": "elsewhere"}), id="another place"),
        pytest.param("[]", id="no object"),
    ],
)
def test_a_database_whose_comment_says_otherwise_is_never_taken_for_ours(postgres_url: str, comment: str) -> None:
    name = f"{PREFIX}{place(postgres_url)}_{TOKEN}"
    with made(postgres_url, name, comment), ScratchServer(postgres_url) as server:
        assert name not in server.sweep()
        assert there(postgres_url, name)


@pytest.mark.parametrize("name", [PREFIX + TOKEN, f"{PREFIX}{'0' * 12}_{TOKEN}", f"{PREFIX}mine"])
def test_a_database_that_is_only_called_like_ours_is_left_alone(postgres_url: str, name: str) -> None:
    with made(postgres_url, name, None), ScratchServer(postgres_url) as server:
        assert name not in server.sweep()
        assert there(postgres_url, name)


def test_one_whose_maker_was_killed_before_it_was_marked_is_known_by_its_name(postgres_url: str) -> None:
    name = f"{PREFIX}{place(postgres_url)}_{TOKEN}"
    with made(postgres_url, name, None), ScratchServer(postgres_url):
        assert not there(postgres_url, name)


COPY = """
import sys
from actions.backup.scratch import ScratchServer
with ScratchServer(sys.argv[1]) as server:
    print("ready", flush=True)
    with server.database(template=sys.argv[2]):
        sys.stdin.read()
"""


@pytest.mark.parametrize("after", [0.0, 0.02, 0.08, 0.2])
def test_killed_while_it_copies_by_template_it_leaves_nothing_behind(
    postgres_url: str, database_url: str, after: float
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE big AS SELECT n, repeat('x', 500) AS x FROM generate_series(1, 60000) n")
    before = databases(postgres_url)
    command = [sys.executable, "-c", COPY, postgres_url, place_of(database_url)[2]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(after)
        process.kill()
    # The server needs a moment to see that nobody is there any more.
    deadline = time.monotonic() + 20
    while busy(postgres_url) and time.monotonic() < deadline:
        time.sleep(0.05)
    with ScratchServer(postgres_url):
        assert databases(postgres_url) <= before


def databases(url: str) -> set[str]:
    """Those of ours that were made from this one: tests share a server."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{PREFIX}{place(url)}_"]
        )
        return {str(name) for (name,) in found}


def busy(url: str) -> bool:
    with psycopg.connect(url) as connection:
        query = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'backout scratch'"
        return connection.execute(query).fetchone() is not None


def test_a_sweep_that_fails_is_one_clear_error_and_keeps_no_connection(database_url: str) -> None:
    role = f"blind_{os.getpid()}"
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'tr0ub4dor'")
        admin.execute("REVOKE EXECUTE ON FUNCTION shobj_description(oid, name) FROM PUBLIC")
        try:
            url = f"postgresql://{role}:tr0ub4dor@{database_url.partition('@')[2]}"
            with pytest.raises(BackoutError, match="permission denied") as caught, ScratchServer(url):
                pass
            assert "tr0ub4dor" not in str(caught.value)
            ours = "SELECT 1 FROM pg_stat_activity WHERE usename = %s"
            # What the server has of a connection outlives it by a moment.
            eventually(lambda: admin.execute(ours, [role]).fetchone() is None)
        finally:
            admin.execute(f"DROP ROLE {role}")


def test_no_right_to_create_databases_is_said_with_what_to_do(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE humble_scratch LOGIN PASSWORD 'tr0ub4dor'")
        try:
            user, _, rest = postgres_url.partition("@")
            url = f"{user.partition('://')[0]}://humble_scratch:tr0ub4dor@{rest}"
            with ScratchServer(url) as server, pytest.raises(ConfigurationError) as caught, server.database():
                pass
            assert "CREATEDB" in str(caught.value)
        finally:
            admin.execute("DROP ROLE humble_scratch")


def test_a_server_that_does_not_answer_is_said_without_its_password() -> None:
    with pytest.raises(UnavailableError) as caught, ScratchServer("postgresql://a:tr0ub4dor@127.0.0.1:1/x"):
        pass
    assert "tr0ub4dor" not in str(caught.value)
