"""What a read takes in, what it leaves out, and what it costs the database."""

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from actions.assess.schema.digest import digest
from actions.assess.schema.naming import Identity
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema
from actions.errors import ConfigurationError, UnavailableError
from tests.assess_schema.servers import Server

#: Held by another session, this lock lets nothing pass but ACCESS SHARE.
ALL_BUT_READERS = "EXCLUSIVE"
SOON = timedelta(milliseconds=300)


def test_the_shop_is_read_whole(shop_schema: Schema) -> None:
    users = shop_schema.table_by_identity[Identity(schema="public", name="users")]
    email = users.column("email")

    assert email is not None
    assert (email.type, email.nullable, email.comment) == ("character varying(255)", False, "where to write")
    assert [column.identity.name for column in users.columns][:3] == ["id", "email", "name"]
    assert [enum.labels for enum in shop_schema.enums] == [("open", "paid"), ("sad", "ok", 'it\'s "fine"')]
    assert {table.form for table in shop_schema.tables} == {"ordinary", "partitioned", "foreign"}
    assert all(getattr(shop_schema, name) for name in vars(shop_schema) if name != "subscriptions")


def test_the_same_name_in_two_schemas_is_two_things(shop_schema: Schema) -> None:
    found = {table.identity.schema for table in shop_schema.tables if table.identity.name == "users"}
    assert found == {"public", "billing"}


def test_names_that_need_quotes_come_as_they_are(shop_schema: Schema) -> None:
    odd = shop_schema.table_by_identity[Identity(schema="Odd Schema", name='We "quote" it')]
    assert [column.identity.name for column in odd.columns] == ["ID", "Größe in m²", "select", "dotted.name"]
    assert odd.columns[2].default == "'back\\slash'::text"


def test_a_dropped_column_leaves_no_trace_but_its_number(shop_schema: Schema) -> None:
    orders = shop_schema.table_by_identity[Identity(schema="billing", name="orders")]
    assert [column.identity.name for column in orders.columns][-2:] == ["state", "during"]
    assert orders.columns[-1].number == len(orders.columns) + 1


def test_what_an_extension_owns_is_not_ours(make: Callable[..., str], server: Server) -> None:
    with server.connect(make("CREATE SCHEMA kept")) as connection:
        bare = read_schema(connection)
        available = connection.execute("SELECT name FROM pg_available_extensions WHERE name IN ('vector', 'citext')")
        name = available.fetchone()[0]
        connection.execute(f"CREATE EXTENSION {name} SCHEMA kept")
        extended = read_schema(connection)

    assert [extension.identity.name for extension in extended.extensions] == sorted(["plpgsql", name])
    assert len(list(extended.every())) == len(list(bare.every())) + 1


def test_ignored_tables_and_what_hangs_on_them_are_left_out(shop: psycopg.Connection) -> None:
    everything = read_schema(shop, ignore_tables=())
    usual = read_schema(shop)
    qualified = read_schema(shop, ignore_tables=("billing.users", "alembic_version"))

    def names(schema: Schema) -> set[str]:
        return {thing.identity.name for thing in schema.every()}

    assert names(everything) - names(usual) == {"alembic_version", "version_num", "alembic_version_pkc"}
    left = {(table.identity.schema, table.identity.name) for table in qualified.tables}
    assert ("public", "users") in left
    assert ("billing", "users") not in left
    assert not any(sequence.owned_by == "billing.users.id" for sequence in qualified.sequences)


def test_the_callers_transaction_is_seen_and_left_open(shop: psycopg.Connection, shop_schema: Schema) -> None:
    shop.execute("CREATE TABLE uncommitted (id integer)")
    assert len(read_schema(shop).tables) == len(shop_schema.tables) + 1
    assert shop.execute("SELECT count(*) FROM uncommitted").fetchone() == (0,)


def test_a_read_of_its_own_is_one_look_and_read_only(server: Server, shop_database: str) -> None:
    with psycopg.connect(server.url(shop_database)) as connection:
        read_schema(connection)
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
        assert connection.execute("SHOW transaction_isolation").fetchone() == ("read committed",)


def test_the_schema_reads_the_same_whoever_asks_and_settings_stay(
    server: Server, shop_database: str, shop_schema: Schema
) -> None:
    mine = {"timezone": "Asia/Tokyo", "datestyle": "SQL, DMY", "search_path": "billing, public"}
    mine |= {"quote_all_identifiers": "on", "intervalstyle": "iso_8601", "jit": "on", "lock_timeout": "7s"}
    url = server.url(shop_database)
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        for name, value in mine.items():
            connection.execute(f"SET {name} = {value}" if name == "search_path" else f"SET {name} = '{value}'")
        found = read_schema(connection)
        kept = {name: connection.execute(f"SHOW {name}").fetchone()[_shown(name)] for name in mine}

    assert digest(found) == digest(shop_schema)
    assert found == shop_schema
    assert kept == mine


def _shown(name: str) -> str:
    return {"timezone": "TimeZone", "datestyle": "DateStyle", "intervalstyle": "IntervalStyle"}.get(name, name)


def test_no_rights_are_needed_to_look(server: Server, shop_database: str, shop_schema: Schema) -> None:
    with server.connect(shop_database) as connection:
        connection.execute("SET ROLE shop_writer")
        assert digest(read_schema(connection)) == digest(shop_schema)


def test_every_lock_is_one_of_a_reader(server: Server, shop_database: str, shop_schema: Schema) -> None:
    with server.connect(shop_database) as other, server.connect(shop_database) as connection, other.transaction():
        relations = other.execute("""SELECT c.oid::regclass::text FROM pg_class c
                WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relisshared AND c.relnamespace::regnamespace::text <>
                'information_schema' AND NOT (c.relkind = 'v' AND c.relnamespace = 'pg_catalog'::regnamespace)""")
        names = ", ".join(row[0] for row in relations)
        other.execute(f"LOCK TABLE {names} IN {ALL_BUT_READERS} MODE")
        assert digest(read_schema(connection, patience=SOON)) == digest(shop_schema)


def test_no_lock_is_kept_in_the_callers_transaction(shop: psycopg.Connection) -> None:
    held = """SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'
              AND relation >= 16384"""
    assert shop.execute(held).fetchone() == (0,)
    read_schema(shop)
    assert shop.execute(held).fetchone() == (0,)


def test_a_table_that_is_being_altered_is_waited_for_no_longer_than_told(server: Server, shop_database: str) -> None:
    with server.connect(shop_database) as other, server.connect(shop_database) as connection:
        with other.transaction(force_rollback=True):
            other.execute("ALTER TABLE users ADD extra integer")
            started = time.monotonic()
            with pytest.raises(UnavailableError, match=r"A table is being altered") as caught:
                read_schema(connection, patience=SOON)
        assert 0.2 < time.monotonic() - started < 10
        assert shop_database in str(caught.value)
        assert read_schema(connection).tables


def test_a_plain_table_may_even_be_locked_against_readers(server: Server, shop_database: str) -> None:
    with (
        server.connect(shop_database) as other,
        server.connect(shop_database) as connection,
        other.transaction(force_rollback=True),
    ):
        other.execute("LOCK TABLE scratchpad IN ACCESS EXCLUSIVE MODE")
        assert read_schema(connection, patience=SOON).tables


@pytest.mark.by_day(1)
def test_a_schema_that_changes_while_it_is_read_is_read_all_the_same(make: Callable[..., str], server: Server) -> None:
    name = make("CREATE TABLE steady (id integer PRIMARY KEY)")
    stop = threading.Event()
    found: list[Schema] = []

    def migrate() -> None:
        with server.connect(name) as connection:
            while not stop.is_set():
                connection.execute("CREATE TABLE coming (id integer CHECK (id > 0)); CREATE VIEW seen AS TABLE coming")
                connection.execute("CREATE INDEX going ON coming ((id + 1)); DROP TABLE coming CASCADE")

    with server.connect(name) as connection:
        busy = threading.Thread(target=migrate)
        busy.start()
        try:
            for _ in range(20):
                # Three looks in a row that meet a drop are said, not guessed over.
                with contextlib.suppress(UnavailableError):
                    found.append(read_schema(connection))
        finally:
            stop.set()
            busy.join()
    assert found
    assert all(schema.tables[-1].identity.name == "steady" for schema in found)


def test_a_name_that_no_encoding_explains_is_said(server: Server, make: Callable[..., str]) -> None:
    name = make(options="ENCODING 'SQL_ASCII' TEMPLATE template0")
    with server.connect(name) as connection:
        connection.execute(b'CREATE TABLE "\xff" (id integer)')
        with pytest.raises(ConfigurationError, match="not UTF-8"):
            read_schema(connection)


def test_a_role_that_may_not_read_the_catalogs_is_told_so(make: Callable[..., str], server: Server) -> None:
    name = make("REVOKE SELECT ON pg_catalog.pg_trigger FROM PUBLIC")
    with server.connect(name) as connection:
        connection.execute("SET ROLE shop_writer")
        with pytest.raises(ConfigurationError, match="permission denied for table pg_trigger"):
            read_schema(connection)


def test_a_statement_timeout_is_said(server: Server, shop_database: str) -> None:
    with server.connect(shop_database) as connection:
        connection.execute("SET statement_timeout = '1ms'")
        with pytest.raises(UnavailableError, match=r"stopped answering .*QueryCanceled"):
            read_schema(connection)


def test_a_server_that_goes_away_is_said_without_its_secrets(server: Server, shop_database: str) -> None:
    with server.connect() as killer, server.connect(shop_database) as connection:
        killer.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(UnavailableError) as caught:
            read_schema(connection)
    assert str(server.socket) not in str(caught.value)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_other_encodings_are_read_too(make: Callable[..., str], server: Server, encoding: str) -> None:
    name = make('CREATE TABLE "Größe" ("m²" text DEFAULT \'é\')', options=f"ENCODING '{encoding}' TEMPLATE template0")
    with server.connect(name) as connection:
        (table,) = read_schema(connection).tables
    assert (table.identity.name, table.columns[0].identity.name) == ("Größe", "m²")
    assert table.columns[0].default == "'é'::text"


@pytest.mark.slow
def test_two_hundred_tables_are_read_in_half_a_second(database_url: str) -> None:
    # On the newest server, which has the most to say about each of them.
    columns = ", ".join(f"c{n} varchar({n + 10}) NOT NULL DEFAULT 'x{n}'" for n in range(13))
    table = "CREATE TABLE t{n} (id serial PRIMARY KEY, {columns}, s text CHECK (s IN ('a', 'b')))"
    script = (f"{table}; CREATE INDEX ON t{{n}} (c1)".format(n=n, columns=columns) for n in range(200))

    def seconds(act: Callable[[], object]) -> float:
        started = time.monotonic()
        act()
        return time.monotonic() - started

    with psycopg.connect(database_url, autocommit=True) as connection:
        making = seconds(lambda: connection.execute("; ".join(script).encode()))
        found = read_schema(connection)
        reading = min(seconds(lambda: read_schema(connection)) for _ in range(5))

    assert sum(len(table.columns) for table in found.tables) == 3000
    # Making them takes three times as long and more, however busy the machine is.
    assert reading < max(0.5, making / 3)
