"""Rows and values that go with their table or column."""

import pytest

from actions.assess.probes.prober import Prober
from actions.assess.probes.values import NONE, Tally


def test_rows_of_a_table_that_vanishes_are_counted(live) -> None:
    live.run("CREATE TABLE gone (id int); INSERT INTO gone SELECT generate_series(1, 7); CREATE TABLE stays (id int)")

    (table,) = live.losses("DROP TABLE gone").tables

    assert (table.table.name, table.rows) == ("gone", Tally.exactly(7))


def test_an_empty_table_loses_nothing(live) -> None:
    live.run("CREATE TABLE gone (id int)")

    assert live.losses("DROP TABLE gone").tables[0].rows == NONE


def test_partitions_are_counted_once_with_their_parent(live) -> None:
    live.run(
        """CREATE TABLE gone (id int) PARTITION BY RANGE (id);
           CREATE TABLE gone_1 PARTITION OF gone FOR VALUES FROM (1) TO (10);
           CREATE TABLE gone_2 PARTITION OF gone FOR VALUES FROM (10) TO (20);
           INSERT INTO gone SELECT generate_series(1, 15)"""
    )

    (table,) = live.losses("DROP TABLE gone").tables

    assert (table.table.name, table.rows, table.children) == ("gone", Tally.exactly(15), 2)


def test_a_partition_that_goes_alone_is_counted_alone(live) -> None:
    live.run(
        """CREATE TABLE stays (id int) PARTITION BY RANGE (id);
           CREATE TABLE gone PARTITION OF stays FOR VALUES FROM (1) TO (10);
           INSERT INTO stays SELECT generate_series(1, 4)"""
    )

    assert [(t.table.name, t.rows) for t in live.losses("DROP TABLE gone").tables] == [("gone", Tally.exactly(4))]


def test_children_by_inheritance_are_counted_with_the_columns_of_their_parent(live) -> None:
    live.run(
        """CREATE TABLE parent (id int, note text); CREATE TABLE child () INHERITS (parent);
           INSERT INTO parent VALUES (1, 'a'), (2, NULL); INSERT INTO child VALUES (3, 'b')"""
    )

    (column,) = live.losses("ALTER TABLE parent DROP COLUMN note").columns

    assert column.values == Tally.exactly(2)


@pytest.mark.parametrize("name", ['we"ird', "sp ace", "{braces}", "per%cent %s", "Übung", "select", "o'clock"])
def test_odd_names_are_quoted(live, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    live.run(f"CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.{quoted} (id int, {quoted} text DEFAULT 'x');"
             f"INSERT INTO {quoted}.{quoted} VALUES (1, 'a'), (2, NULL), (3, 'x')")  # fmt: skip

    (column,) = live.losses(f"ALTER TABLE {quoted}.{quoted} DROP COLUMN {quoted}").columns
    (table,) = live.losses(f"DROP TABLE {quoted}.{quoted}").tables

    assert (column.values, column.beyond_default, table.rows) == (
        Tally.exactly(2), Tally.exactly(1), Tally.exactly(3)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        pytest.param("boolean NOT NULL DEFAULT false", "false, false, true", 1, id="boolean"),
        pytest.param("varchar(10) DEFAULT 'new'", "'new', 'old', NULL", 1, id="text"),
        pytest.param("numeric(10,2) DEFAULT -1.50", "-1.5, 2, -1.50", 1, id="numeric"),
        pytest.param("json DEFAULT '{}'", """'{}', '{"a": 1}', '{}'""", 1, id="json has no equality"),
        pytest.param("text[] DEFAULT ARRAY['a', 'b']", "ARRAY['a','b'], '{}', NULL", 1, id="array"),
        pytest.param("timestamptz DEFAULT now()", "now(), now(), now()", None, id="not constant"),
        pytest.param("date DEFAULT 'today'::text::date", "now(), now(), now()", None, id="another one every day"),
        pytest.param("text", "'a', 'b', NULL", None, id="no default"),
    ],
)
def test_values_beyond_a_constant_default_are_told_apart(live, column: str, values: str, expected: int | None) -> None:
    rows = "".join(f"INSERT INTO t VALUES ({n}, {value});" for n, value in enumerate(_split(values)))
    live.run(f"CREATE TABLE t (id int, c {column}); {rows}")

    (found,) = live.losses("ALTER TABLE t DROP COLUMN c").columns

    assert found.beyond_default == (None if expected is None else Tally.exactly(expected))


def _split(values: str) -> list[str]:
    return values.split(", ") if "ARRAY" not in values else ["ARRAY['a','b']", "'{}'", "NULL"]


def test_a_computed_column_loses_nothing(live) -> None:
    live.run("CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO t VALUES (1)")

    assert live.losses("ALTER TABLE t DROP COLUMN b").columns[0].values == NONE


def test_the_rows_to_which_a_column_comes_back_are_counted(live) -> None:
    live.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)")

    (back,) = live.losses("ALTER TABLE t ADD COLUMN old text").comes_back_in

    assert (back.column, back.rows) == ("old", Tally.exactly(2))


@pytest.mark.parametrize(("values", "expected"), [("('a'), (NULL), (NULL)", 2), ("('a')", 0)])
def test_nulls_in_a_column_that_becomes_not_null_are_counted(live, values: str, expected: int) -> None:
    live.run(f"CREATE TABLE t (a text); INSERT INTO t VALUES {values}")

    (nulls,) = live.losses("ALTER TABLE t ALTER COLUMN a SET NOT NULL").nulls

    assert (nulls.column, nulls.rows) == ("a", Tally.exactly(expected))


def test_a_table_that_is_not_there_is_unknown_and_reckoned_with(live) -> None:
    live.run("CREATE TABLE t (a int)")
    found = live.rehearse("DROP TABLE t")
    live.run("DROP TABLE t")
    with Prober.open(live.url) as prober:
        (table,) = prober.losses(found.effects, found.before, found.after).tables

    assert (table.rows.some, table.rows.possible, table.rows.why) == (None, True, "it is not there")


def test_rows_on_another_server_are_neither_read_nor_lost(live) -> None:
    live.run(
        """CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
           CREATE FOREIGN TABLE far (id int) SERVER elsewhere"""
    )

    assert live.losses("DROP FOREIGN TABLE far").tables[0].rows == NONE
