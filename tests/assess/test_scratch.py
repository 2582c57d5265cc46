import json
import subprocess
import sys

import psycopg
import pytest
from psycopg import sql

from actions.assess.scratch import PREFIX, ScratchServer
from actions.errors import ConfigurationError, UnavailableError

HOLD = """
import sys
from actions.assess.scratch import ScratchServer
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
        assert database.fence.database == database.name
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


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param(None, id="no comment"),
        pytest.param("mine", id="another comment"),
        pytest.param(
            json.dumps({"backout": "scratch", "token": "ffffffffffffffff", "from": "postgres"}), id="another token"
        ),
        pytest.param(
            json.dumps({"backout": "scratch", "token": "0123456789abcdef", "from": "elsewhere"}), id="another place"
        ),
    ],
)
def test_somebody_elses_database_is_never_taken_for_ours(postgres_url: str, comment: str | None) -> None:
    name = PREFIX + "0123456789abcdef"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            if comment:
                admin.execute(
                    sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment))
                )
            with ScratchServer(postgres_url) as server:
                assert name not in server.sweep()
            assert there(postgres_url, name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


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
