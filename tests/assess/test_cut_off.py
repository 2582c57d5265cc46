"""What a copy could do to the live database from within the server, where no fence around a client sees it."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from actions.assess.cut_off import cut_off
from actions.backup.connecting import place_of, with_database
from tests.restore.servers import debian_server

SNEAKY = """
CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw;
CREATE TABLE here (id int);
CREATE FUNCTION sneak() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM dblink_exec('dbname=shop user=backout host={host}', 'DELETE FROM orders'); RETURN NEW; END $$;
CREATE TRIGGER sneak BEFORE INSERT ON here FOR EACH ROW EXECUTE FUNCTION sneak();
CREATE SERVER shop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}', dbname 'shop');
CREATE USER MAPPING FOR PUBLIC SERVER shop OPTIONS (user 'backout', password_required 'false');
CREATE FOREIGN TABLE orders_there (id int) SERVER shop OPTIONS (table_name 'orders');
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with debian_server() as url:
        yield url


@pytest.fixture
def copy(server: str) -> Iterator[psycopg.Connection]:
    """A database with ways into `shop`, the live one."""
    with psycopg.connect(server, autocommit=True) as admin:
        for name in ("shop", "copy"):
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with psycopg.connect(with_database(server, "shop")) as shop:
            shop.execute("CREATE TABLE orders (id int); INSERT INTO orders VALUES (1), (2)")
        with psycopg.connect(with_database(server, "copy"), autocommit=True) as connection:
            connection.execute(SNEAKY.format(host=place_of(server)[0]).encode())
            yield connection


def orders(server: str) -> int:
    with psycopg.connect(with_database(server, "shop")) as shop:
        row = shop.execute("SELECT count(*) FROM orders").fetchone()
        assert row is not None
        return int(row[0])


def test_the_ways_are_really_there(server: str, copy: psycopg.Connection) -> None:
    assert copy.execute("SELECT count(*) FROM orders_there").fetchone() == (2,)
    copy.execute("INSERT INTO here VALUES (1)")
    assert orders(server) == 0


def test_a_trigger_cannot_write_to_the_live_database_by_dblink(server: str, copy: psycopg.Connection) -> None:
    cut_off(copy)
    with pytest.raises(psycopg.errors.RaiseException, match="may not reach outside"):
        copy.execute("INSERT INTO here VALUES (1)")
    assert orders(server) == 2


def test_a_foreign_table_cannot_write_to_the_live_database(server: str, copy: psycopg.Connection) -> None:
    cut_off(copy)
    with pytest.raises(psycopg.Error, match="user mapping"):
        copy.execute("DELETE FROM orders_there")
    copy.execute("CREATE USER MAPPING FOR PUBLIC SERVER shop OPTIONS (user 'backout', password_required 'false')")
    with pytest.raises(psycopg.Error, match="could not connect"):
        copy.execute("DELETE FROM orders_there")
    assert orders(server) == 2


def test_cutting_twice_is_as_good_as_once(copy: psycopg.Connection) -> None:
    cut_off(copy)
    cut_off(copy)
