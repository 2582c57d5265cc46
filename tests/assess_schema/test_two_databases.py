"""Databases compared by name: made by the same script, dumped and restored, drifted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from actions.assess.schema.changes import Change
from actions.assess.schema.compare import compare_by_name
from actions.assess.schema.describing import describe
from actions.assess.schema.digest import digest
from actions.assess.schema.expressions import settled
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema
from tests.assess_schema.servers import Server

BASE = (Path(__file__).parent / "base.sql").read_text()
Make = Callable[..., str]


def _read(server: Server, database: str) -> Schema:
    with server.connect(database) as connection:
        return read_schema(connection)


def _sentences(changes: tuple[Change, ...]) -> list[str]:
    return [describe(change) for change in changes]


def test_the_same_script_makes_the_same_digest(make: Make, server: Server, shop_schema: Schema) -> None:
    # Other oids, other attribute numbers.
    twin = _read(server, make("CREATE TABLE before (id integer); DROP TABLE before;" + BASE))
    assert {table.oid for table in twin.tables}.isdisjoint(table.oid for table in shop_schema.tables)
    assert compare_by_name(shop_schema, twin) == ()
    assert digest(twin) == digest(shop_schema)
    assert twin == shop_schema


def test_a_dump_and_a_restore_keep_the_digest(server: Server, shop_database: str, shop_schema: Schema) -> None:
    restored = server.restore(server.dump(shop_database))
    again = server.restore(server.dump(restored))
    try:
        for database in (restored, again):
            found = _read(server, database)
            assert _sentences(compare_by_name(shop_schema, found)) == []
            assert digest(found) == digest(shop_schema)
    finally:
        server.drop(restored)
        server.drop(again)


def test_the_list_in_a_check_reads_the_same_before_and_after_a_restore(make: Make, server: Server) -> None:
    # The server prints the first form for the original, and the second for what was made from the first.
    first = make("CREATE TABLE t (s varchar(9) CHECK (s IN ('a', 'it''s', ')::text[]')))")
    second = make(
        """CREATE TABLE t (s varchar(9) CHECK (s::text = ANY (ARRAY['a'::character varying::text,
           'it''s'::character varying::text, ')::text[]'::character varying::text])))"""
    )
    assert compare_by_name(_read(server, first), _read(server, second)) == ()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("(ARRAY['a'::text])::text[]", id="of another type"),
        pytest.param("(ARRAY['a'::character varying])::name[]", id="to another type"),
        pytest.param("(ARRAY[x])::text[]", id="of a column"),
    ],
)
def test_other_casts_are_left_alone(other: str) -> None:
    assert settled(other) == other


def test_column_order_is_a_change_of_its_own(make: Make, server: Server) -> None:
    one = _read(server, make("CREATE TABLE t (a integer, b text, c date)"))
    other = _read(server, make("CREATE TABLE t (c date, a integer, extra integer, b text)"))
    assert _sentences(compare_by_name(one, other)) == [
        "table `t` has its columns in another order",
        "column `t.extra` is new (integer)",
    ]
    assert digest(one) != digest(other)


def test_a_gap_in_the_columns_numbers_is_no_change(make: Make, server: Server) -> None:
    one = _read(server, make("CREATE TABLE t (a integer, b text)"))
    other = _read(server, make("CREATE TABLE t (a integer, x date, b text); ALTER TABLE t DROP x"))
    assert compare_by_name(one, other) == ()
    assert digest(one) == digest(other)


def test_owners_and_rights_may_be_left_out(make: Make, server: Server) -> None:
    one = _read(server, make("CREATE TABLE t (a integer)"))
    other = _read(
        server, make("CREATE TABLE t (a integer); ALTER TABLE t OWNER TO shop_owner; GRANT SELECT ON t TO PUBLIC")
    )
    assert _sentences(compare_by_name(one, other)) == [
        "table `t` changes its owner from `postgres` to `shop_owner` and gains `PUBLIC: SELECT` in its rights"
    ]
    assert compare_by_name(one, other, access=False) == ()
    assert digest(one) != digest(other)
    assert digest(one, access=False) == digest(other, access=False)


def test_rights_written_out_are_the_same_as_rights_left_unsaid(make: Make, server: Server) -> None:
    one = _read(server, make("CREATE TABLE t (a integer)"))
    other = _read(
        server, make("CREATE TABLE t (a integer); GRANT SELECT ON t TO PUBLIC; REVOKE SELECT ON t FROM PUBLIC")
    )
    assert digest(one) == digest(other)


def test_the_last_value_of_a_sequence_is_no_part_of_the_schema(make: Make, server: Server) -> None:
    one = _read(server, make("CREATE SEQUENCE s"))
    other = _read(server, make("CREATE SEQUENCE s; SELECT nextval('s'), nextval('s')"))
    assert digest(one) == digest(other)


def test_an_unfilled_materialised_view_is_the_same_view(make: Make, server: Server) -> None:
    one = _read(server, make("CREATE MATERIALIZED VIEW m AS SELECT 1 AS a"))
    other = _read(server, make("CREATE MATERIALIZED VIEW m AS SELECT 1 AS a WITH NO DATA"))
    assert digest(one) == digest(other)
    assert [view.populated for view in (*one.views, *other.views)] == [True, False]


def test_the_servers_name_for_a_not_null_is_noise_and_a_chosen_one_is_not(make: Make, server: Server) -> None:
    one = _read(server, make("CREATE TABLE t (a integer NOT NULL)"))
    renamed = _read(
        server, make("CREATE TABLE x (y integer NOT NULL); ALTER TABLE x RENAME TO t; ALTER TABLE t RENAME y TO a")
    )
    chosen = _read(server, make("CREATE TABLE t (a integer CONSTRAINT must NOT NULL)"))
    assert compare_by_name(one, renamed) == ()
    # It has no name at all before 18.
    seen = ["column `t.a` gets the form of NOT NULL `must`"] if server.version >= 18 else []
    assert _sentences(compare_by_name(one, chosen)) == seen


def test_a_missing_table_is_one_change_not_one_for_each_of_its_parts(make: Make, server: Server) -> None:
    table = "CREATE TABLE t (id serial PRIMARY KEY, a integer UNIQUE CHECK (a > 0)); CREATE INDEX ON t (a)"
    full, empty = _read(server, make(table)), _read(server, make())
    assert _sentences(compare_by_name(full, empty)) == ["table `t` is gone"]
    assert _sentences(compare_by_name(empty, full)) == ["table `t` is new"]
