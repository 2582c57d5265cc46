import os
import secrets

import psycopg
import pytest
from psycopg import sql

from actions.backup.copying import copy_all, copy_schema
from actions.backup.programs import find_programs
from actions.backup.scratch import ScratchServer
from actions.errors import BackoutError


def fill(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (id int PRIMARY KEY, name text)")
        connection.execute("INSERT INTO people VALUES (1, 'Ada'), (2, E'SET transaction_timeout = 0;\\nGrace')")


def people(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT id, name FROM people ORDER BY id").fetchall()


def test_a_copy_has_the_same_rows_and_a_schema_copy_has_none(database_url: str, postgres_url: str) -> None:
    fill(database_url)
    programs = find_programs(os.environ)[0]
    with ScratchServer(postgres_url) as server, server.database() as whole, server.database() as empty:
        copy_all(database_url, whole.url, programs, privileges=True)
        copy_schema(database_url, empty.url, programs, privileges=True)
        assert people(whole.url) == people(database_url)
        assert people(empty.url) == []


def test_a_copy_has_no_way_into_other_servers(database_url: str, postgres_url: str) -> None:
    role = f"far_{secrets.token_hex(4)}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        try:
            connection.execute("CREATE FOREIGN DATA WRAPPER elsewhere")
            connection.execute("CREATE SERVER far FOREIGN DATA WRAPPER elsewhere")
            connection.execute("CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'tr0ub4dor')")
            connection.execute(sql.SQL("CREATE USER MAPPING FOR {} SERVER far").format(sql.Identifier(role)))
            with ScratchServer(postgres_url) as server, server.database() as copy:
                copy_schema(database_url, copy.url, find_programs(os.environ)[0], privileges=True)
                with psycopg.connect(copy.url) as inside:
                    assert inside.execute("SELECT count(*) FROM pg_user_mappings").fetchone() == (0,)
        finally:
            connection.execute("DROP FOREIGN DATA WRAPPER elsewhere CASCADE")
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_what_cannot_be_copied_is_said_in_the_servers_words(database_url: str, postgres_url: str) -> None:
    fill(database_url)
    with ScratchServer(postgres_url) as server, server.database() as target:
        fill(target.url)
        with pytest.raises(BackoutError, match="already exists"):
            copy_schema(database_url, target.url, find_programs(os.environ)[0], privileges=True)


def test_text_that_looks_like_orders_to_a_client_is_copied_as_it_is(database_url: str, postgres_url: str) -> None:
    said = "\\restrict me\n\\unrestrict me\n\\q\n-- Name: x; Type: TABLE\n:name 'quoted' $$"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute('CREATE TABLE "Größe; x" (id int)')
        connection.execute(sql.SQL('COMMENT ON TABLE "Größe; x" IS {}').format(sql.Literal(said)))
    with ScratchServer(postgres_url) as server, server.database() as copy, server.database() as whole:
        copy_schema(database_url, copy.url, find_programs(os.environ)[0], privileges=True)
        copy_all(database_url, whole.url, find_programs(os.environ)[0], privileges=True)
        for url in (copy.url, whole.url):
            with psycopg.connect(url) as inside:
                assert inside.execute("SELECT obj_description('\"Größe; x\"'::regclass)").fetchone() == (said,)


def test_a_schema_of_thousands_of_objects_is_copied_too(database_url: str, postgres_url: str) -> None:
    many = """DO $$ BEGIN FOR n IN 1..2100 LOOP EXECUTE format('CREATE VIEW v%s AS SELECT 1 AS one', n);
              IF n % 1000 = 0 THEN COMMIT; END IF; END LOOP; END $$"""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(many)
    with ScratchServer(postgres_url) as server, server.database() as copy:
        copy_schema(database_url, copy.url, find_programs(os.environ)[0], privileges=True)
        with psycopg.connect(copy.url) as inside:
            assert inside.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^v[0-9]+$'").fetchone() == (2100,)


def test_a_program_that_cannot_read_the_source_says_so(database_url: str, postgres_url: str) -> None:
    wrong = database_url.replace("/test_", "/no_test_")
    with ScratchServer(postgres_url) as server, server.database() as copy:
        for way in (copy_schema, copy_all):
            with pytest.raises(BackoutError, match=r"could not be read.*does not exist"):
                way(wrong, copy.url, find_programs(os.environ)[0], privileges=True)
