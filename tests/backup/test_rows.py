"""Rows as text: whole, in order, and the same whatever the server's configuration says."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from actions.backup.connecting import with_database
from actions.backup.rows import RowReader, TableRows, copy_in, copy_out, tallied
from actions.errors import BackoutError
from tests.backup.by_hand import another, programs_of


def table(name: str, *columns: str, schema: str = "public") -> TableRows:
    return TableRows(schema_name=schema, name=name, columns=columns)


@pytest.fixture
def reader(database_url: str) -> Iterator[RowReader]:
    """Begun before the first read, so everything is made by the tests beforehand in another session."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE empty (a int, b text); CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES;"
            "CREATE TABLE marks (t text); INSERT INTO marks VALUES (E'\\\\.'), (E'\\n\\\\.\\n'), (''), (NULL), (E'\\\\.');"
            "CREATE TABLE many AS SELECT n, repeat('é', n % 50) AS t FROM generate_series(1, 60000) n"
        )
    with RowReader(database_url, programs_of(database_url), encoding="UTF8") as reader:
        yield reader


def test_tables_are_read_one_after_the_other_in_one_session(reader: RowReader) -> None:
    expected = b"".join(b"%d\t%s\n" % (n, "é".encode() * (n % 50)) for n in range(1, 60001))
    for _ in range(2):
        assert b"".join(reader.read(table("empty", "a", "b"))) == b""
        assert b"".join(reader.read(table("many", "n", "t"))) == expected
        assert b"".join(reader.read(table("no_columns"))) == b"\n"


def test_no_value_can_be_taken_for_the_end(reader: RowReader) -> None:
    text = b"".join(reader.read(table("marks", "t")))
    assert text == b"\\\\.\n\\n\\\\.\\n\n\n\\N\n\\\\.\n"
    assert tallied(reader.read(table("marks", "t"))).rows == 5


def test_what_cannot_be_read_is_an_error_and_ends_the_session(reader: RowReader) -> None:
    with pytest.raises(BackoutError, match=r"rows of public\.nowhere could not be read.*does not exist"):
        tallied(reader.read(table("nowhere", "a")))
    with pytest.raises(BackoutError):
        tallied(reader.read(table("empty", "a")))


def test_a_read_that_was_not_finished_ends_the_session(reader: RowReader) -> None:
    next(reader.read(table("many", "n", "t")))
    with pytest.raises(BackoutError, match="not finished"):
        tallied(reader.read(table("empty", "a")))


def test_an_interrupted_read_ends_with_an_error(reader: RowReader) -> None:
    chunks = reader.read(table("many", "n", "t"))
    next(chunks)
    reader.interrupt()
    with pytest.raises(BackoutError):
        list(chunks)


def test_the_same_rows_are_the_same_bytes_whatever_the_database_is_set_to(postgres_url: str) -> None:
    name = "settings_of_its_own"
    with another(postgres_url, name=name) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE t AS SELECT timestamptz '2026-07-01 12:00+02' AS a, 0.1::float8 + 0.2 AS b, '\\xff00'::bytea AS c,"
                " interval '1 year -2 mons 3 days' AS d, 1234.5::numeric::money AS e, date '2026-02-03' AS f"
            )
        hashes = []
        for settings in (
            {},
            {"timezone": "Asia/Tokyo", "datestyle": "German, DMY", "intervalstyle": "sql_standard", "search_path": "pg_temp",
             "bytea_output": "escape", "extra_float_digits": "-15", "quote_all_identifiers": "on", "statement_timeout": "1"},
        ):  # fmt: skip
            with psycopg.connect(with_database(postgres_url, "postgres"), autocommit=True) as connection:
                for setting, value in settings.items():
                    connection.execute(
                        sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                            sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
                        )
                        if setting not in ("datestyle", "search_path")
                        else f"ALTER DATABASE {name} SET {setting} = {value}".encode()
                    )
            with RowReader(url, programs_of(url), encoding="UTF8") as reader:
                hashes.append(tallied(reader.read(table("t", *"abcdef"))).hash)
        assert len(hashes) == 2
        assert hashes[0] == hashes[1]


def test_a_locked_table_is_not_waited_for_beyond_the_timeout(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE busy (a int)")
    programs = programs_of(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
        with (
            RowReader(database_url, programs, encoding="UTF8", lock_timeout=timedelta(milliseconds=200)) as reader,
            pytest.raises(BackoutError, match="lock timeout") as refused,
        ):
            tallied(reader.read(table("busy", "a")))
        assert "Try again" in (refused.value.next_step or "")


def test_the_statements_quote_what_they_name() -> None:
    odd = table('t"; DROP TABLE x', 'a"b', "select", schema="S s")
    assert copy_out(odd, encoding="UTF8").startswith('COPY "S s"."t""; DROP TABLE x" ("a""b", "select") TO STDOUT')
    assert copy_in(odd, encoding="LATIN1", freeze=True).endswith("(FORMAT text, ENCODING 'LATIN1', FREEZE true)")
