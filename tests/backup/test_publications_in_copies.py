import os
import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from actions.assess.failures import failure_of
from actions.assess.values import FailureKind
from actions.backup.connecting import with_database
from actions.backup.copying import copy_all, copy_schema
from actions.backup.programs import find_programs
from actions.backup.scratch import ScratchServer
from actions.downgrade.told import Told, Trouble

PROGRAMS = find_programs(os.environ)[0]


@pytest.fixture
def published(database_url: str) -> str:
    """A database with a publication of one table, and one of all of them."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (id int PRIMARY KEY, name text)")
        connection.execute("CREATE PUBLICATION of_people FOR TABLE people")
        connection.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    return database_url


@pytest.fixture
def plain_role(postgres_url: str) -> Iterator[str]:
    """The URL of a role that may make databases, and is no superuser."""
    name = f"plain_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD 'plain'").format(sql.Identifier(name)))
        yield postgres_url.replace(postgres_url.partition("@")[0], f"postgresql://{name}:plain")
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def publications(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT pubname FROM pg_publication ORDER BY 1").fetchall()]


def test_publications_are_copied_so_that_a_downgrade_may_drop_them(published: str, postgres_url: str) -> None:
    with ScratchServer(postgres_url) as server, server.database() as schema, server.database() as whole:
        copy_schema(published, schema.url, PROGRAMS, privileges=True)
        copy_all(published, whole.url, PROGRAMS, privileges=True)
        assert publications(schema.url) == publications(whole.url) == ["everything", "of_people"]


def test_a_role_that_may_not_make_them_gets_a_copy_without(published: str, plain_role: str) -> None:
    with ScratchServer(plain_role) as server, server.database() as copy:
        copy_schema(published, copy.url, PROGRAMS, privileges=False)
        assert publications(copy.url) == []
        with psycopg.connect(copy.url) as inside:
            assert inside.execute("SELECT count(*) FROM people").fetchone() == (0,)


def test_any_role_may_make_those_of_single_tables(published: str, plain_role: str) -> None:
    with psycopg.connect(published, autocommit=True) as connection:
        connection.execute("DROP PUBLICATION everything")
    with ScratchServer(plain_role) as server, server.database() as copy:
        copy_schema(published, copy.url, PROGRAMS, privileges=False)
        assert publications(copy.url) == ["of_people"]


def test_those_of_a_schema_are_left_out_as_well(published: str, plain_role: str) -> None:
    with psycopg.connect(published, autocommit=True) as connection:
        connection.execute("DROP PUBLICATION everything")
        connection.execute("CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA public")
    with ScratchServer(plain_role) as server, server.database() as copy:
        copy_schema(published, copy.url, PROGRAMS, privileges=False)
        assert publications(copy.url) == []


def test_a_subscription_is_never_copied(published: str, postgres_url: str) -> None:
    with psycopg.connect(published, autocommit=True) as connection:
        connection.execute(
            "CREATE SUBSCRIPTION far CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false, slot_name = NONE)"
        )
        try:
            with ScratchServer(postgres_url) as server, server.database() as copy:
                copy_all(published, copy.url, PROGRAMS, privileges=True)
                with psycopg.connect(with_database(postgres_url, copy.name)) as inside:
                    count = (
                        "SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid AND datname = %s"
                    )
                    assert inside.execute(count, [copy.name]).fetchone() == (0,)
        finally:
            connection.execute("DROP SUBSCRIPTION far")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        pytest.param('publication "some" does not exist', FailureKind.SURROUNDINGS, id="publication"),
        pytest.param('subscription "far" does not exist', FailureKind.SURROUNDINGS, id="subscription"),
        pytest.param('constraint "x" of relation "t" does not exist', FailureKind.BROKEN_SCRIPT, id="in every copy"),
    ],
)
def test_what_a_copy_may_lack_is_no_certain_failure(message: str, kind: FailureKind) -> None:
    told = Told(
        succeeded=False,
        seconds=0.1,
        steps=(),
        statements=(),
        commits=(),
        outside=(),
        trouble=Trouble(error_class="x", message=message, revision="a", sqlstate="42704"),
    )
    failure = failure_of(told, path=None)
    assert failure is not None
    assert failure.kind is kind
