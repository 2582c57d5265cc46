"""Labels that an enum loses, and rules that a domain gets."""

import pytest

from actions.assess.probes.values import NONE, Tally

DOWN = """ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('ok', 'sad');
          {changes} DROP TYPE mood_old CASCADE"""
CHANGE = "ALTER TABLE t ALTER c TYPE mood USING c::text::mood;"


def _enum(live, column: str, values: str) -> None:
    live.run(f"CREATE TYPE mood AS ENUM ('ok', 'sad', 'it''s \"new\"', 'angry'); CREATE TABLE t (id int, c {column})")
    if values:
        live.run(f"INSERT INTO t (c) VALUES {values}")


@pytest.mark.parametrize(
    ("values", "expected"),
    [("('ok'), (NULL)", 0), ("('angry'), ('it''s \"new\"'), ('ok'), ('angry')", 3), ("", 0)],
)
def test_rows_with_a_label_that_goes_are_counted(live, values: str, expected: int) -> None:
    _enum(live, "mood", values)

    (use,) = live.losses(DOWN.format(changes=CHANGE)).labels

    assert (use.enum.name, use.table.name, use.column) == ("mood", "t", "c")
    assert use.labels == ('it\'s "new"', "angry")
    assert use.rows == Tally.exactly(expected)


@pytest.mark.parametrize(("values", "expected"), [("('{ok,sad}'), ('{}')", 0), ("('{ok,angry}'), ('{sad}')", 1)])
def test_labels_in_arrays_are_found(live, values: str, expected: int) -> None:
    _enum(live, "mood[]", values)

    (use,) = live.losses(DOWN.format(changes="ALTER TABLE t ALTER c TYPE mood[] USING c::text[]::mood[];")).labels

    assert use.rows == Tally.exactly(expected)


def test_labels_in_domains_over_the_enum_are_found(live) -> None:
    live.run(
        """CREATE TYPE mood AS ENUM ('ok', 'sad', 'angry'); CREATE DOMAIN m AS mood; CREATE DOMAIN mm AS m;
           CREATE TABLE t (c mm, d m[]); INSERT INTO t VALUES ('angry', '{ok}'), ('ok', '{ok,angry}')"""
    )

    uses = live.losses(
        "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('ok', 'sad');"
        "ALTER TABLE t ALTER c TYPE text, ALTER d TYPE text[] USING d::text[]; DROP TYPE old CASCADE"
    ).labels

    assert {(use.column, use.rows.some) for use in uses} == {("c", True), ("d", None)}


@pytest.mark.parametrize(("label", "expected"), [("ok", False), ("angry", None)])
def test_labels_inside_of_composite_values_are_unknown_if_they_are_mentioned(live, label: str, expected) -> None:
    live.run(
        f"""CREATE TYPE mood AS ENUM ('ok', 'sad', 'angry'); CREATE TYPE pair AS (a mood, b text);
            CREATE TABLE t (c pair); INSERT INTO t VALUES (ROW('{label}', 'x')), (NULL)"""
    )

    (use,) = live.losses(
        "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('ok', 'sad');"
        "ALTER TABLE t ALTER c TYPE text; ALTER TYPE pair ALTER ATTRIBUTE a TYPE text; DROP TYPE old"
    ).labels

    assert use.rows.some is expected


def test_labels_in_partitions_are_counted_once(live) -> None:
    live.run(
        """CREATE TYPE mood AS ENUM ('ok', 'angry'); CREATE TABLE t (id int, c mood) PARTITION BY LIST (id);
           CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2);
           INSERT INTO t VALUES (1, 'angry'), (2, 'angry'), (2, 'ok')"""
    )

    uses = live.losses(
        "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('ok');"
        "ALTER TABLE t ALTER c TYPE mood USING c::text::mood; DROP TYPE old"
    ).labels

    assert [(use.table.name, use.rows) for use in uses] == [("t", Tally.exactly(2))]


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ("ADD CHECK (VALUE < 10)", "(5), (NULL), (9)", 0),
        ("ADD CHECK (VALUE < 10)", "(5), (15), (25)", 2),
        ("ADD CHECK (VALUE < 10) NOT VALID", "(15)", 0),
        ("SET NOT NULL", "(5), (NULL)", 1),
        ("SET NOT NULL", "(5)", 0),
    ],
)
def test_values_that_break_a_domains_new_rule_are_counted(live, rule: str, values: str, expected: int) -> None:
    live.run(f"CREATE DOMAIN d AS int; CREATE TABLE t (c d); INSERT INTO t VALUES {values}")

    (use,) = live.losses(f"ALTER DOMAIN d {rule}").domains

    assert (use.domain.name, use.table.name, use.column) == ("d", "t", "c")
    assert use.rows == Tally.exactly(expected)


def test_a_domain_within_an_array_is_unknown_unless_there_is_no_value(live) -> None:
    live.run("CREATE DOMAIN d AS int; CREATE TABLE t (c d[]); INSERT INTO t VALUES (NULL)")
    down = "ALTER TABLE t ALTER c TYPE int[]; ALTER DOMAIN d ADD CHECK (VALUE < 10); ALTER TABLE t ALTER c TYPE d[]"

    (empty,) = live.losses(down).domains
    live.run("INSERT INTO t VALUES ('{5}')")
    (filled,) = live.losses(down).domains

    assert empty.rows == NONE
    assert filled.rows.some is None
