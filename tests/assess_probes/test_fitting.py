"""Values under another type. The server itself says what is right: it changes the type, and changes it back."""

import psycopg
import pytest

from actions.assess.probes.values import NONE, Retype, Tally


def probed(live, before: str, after: str, using: str | None, values: list[str]) -> Retype:
    live.run(f"CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, c {before})")
    for value in values:
        live.run(f"INSERT INTO t (c) VALUES ({value})")
    clause = f" USING {using}" if using else ""
    (found,) = live.losses(f"ALTER TABLE t ALTER COLUMN c TYPE {after}{clause}").retypes
    return found


def measured(live, before: str, after: str, using: str | None, back: str | None) -> int | None:
    """How many values come back otherwise; None if the new type refuses one."""
    clause = f" USING {using}" if using else ""
    same = "c::text IS DISTINCT FROM t.c::text" if before in {"json", "citext"} else "c IS DISTINCT FROM t.c"
    live.run("CREATE TABLE copy AS SELECT * FROM t")
    try:
        live.run(f"ALTER TABLE copy ALTER COLUMN c TYPE {after}{clause}")
    except psycopg.errors.Error:
        return None
    live.run(f"ALTER TABLE copy ALTER COLUMN c TYPE {before} USING {back or f'c::{before}'}")
    row = live.owner.execute(f"SELECT count(*) FROM copy JOIN t USING (id) WHERE copy.{same}").fetchone()
    return row[0]


CASES = [
    pytest.param("varchar(20)", "varchar(5)", None, ["'abcde'", "'abc'", "NULL"], id="fits"),
    pytest.param("text", "varchar(5)", None, ["'abcdef'", "'abc'"], id="too long"),
    pytest.param("text", "varchar(5)", None, ["'abcde   '", "'abc'"], id="only blanks too long"),
    pytest.param("text", "varchar(5)", "c::varchar(5)", ["'abcdef'", "'abc'", "NULL"], id="cut off"),
    pytest.param("text", "varchar(5)", "CAST(c AS VARCHAR(5))", ["'abcdef'", "'abc'"], id="cut off by CAST"),
    pytest.param("text", "varchar(5)", "c::text", ["'abcdef'", "'abc'"], id="too long by way of text"),
    pytest.param("text", "char(5)", None, ["'ab'", "'ab  '", "'abcdef'"], id="char too long"),
    pytest.param("text", "char(5)", None, ["'ab'", "'ab  '"], id="char loses blanks"),
    pytest.param("text", "varchar(3)", None, ["'äöü'", "'日本語'"], id="letters, not bytes"),
    pytest.param("integer", "smallint", None, ["32767", "-32768", "0"], id="smallint fits"),
    pytest.param("integer", "smallint", None, ["32768", "1"], id="smallint too large"),
    pytest.param("integer", "smallint", None, ["-32769", "1"], id="smallint too small"),
    pytest.param("bigint", "integer", None, ["2147483648", "1", "NULL"], id="integer too large"),
    pytest.param("bigint", "integer", "c::integer", ["2147483647", "-2147483648"], id="integer fits"),
    pytest.param("numeric", "integer", None, ["1.5", "2", "2147483647.4"], id="numeric rounded to integer"),
    pytest.param("numeric", "integer", None, ["2147483647.5", "2"], id="rounded beyond integer"),
    pytest.param("numeric", "bigint", None, ["'NaN'", "2"], id="not a number"),
    pytest.param("double precision", "integer", None, ["1.5", "2", "3e10"], id="float too large for integer"),
    pytest.param("double precision", "integer", None, ["1.25", "2", "NULL"], id="float rounded"),
    pytest.param("double precision", "real", None, ["0.1", "0.5", "1e300"], id="float too large for real"),
    pytest.param("double precision", "real", None, ["0.1", "0.5", "'NaN'", "'Infinity'"], id="float loses digits"),
    pytest.param("numeric(12,4)", "numeric(12,2)", None, ["1.5000", "1.2345", "NULL"], id="scale rounds"),
    pytest.param("numeric(12,4)", "numeric(6,4)", None, ["99.9999", "100", "1"], id="precision overflows"),
    pytest.param("numeric", "numeric(4,2)", None, ["99.99", "99.995"], id="overflows by rounding"),
    pytest.param("numeric", "numeric(4,2)", None, ["'NaN'", "1.25"], id="not a number fits"),
    pytest.param("numeric", "numeric(4,2)", None, ["'Infinity'", "1.25"], id="infinity does not"),
    pytest.param("double precision", "numeric(4,1)", None, ["1.25", "999.96"], id="float overflows numeric"),
    pytest.param("bigint", "numeric(5,0)", None, ["99999", "100000"], id="bigint overflows numeric"),
    pytest.param("bigint", "double precision", None, ["9007199254740993", "5"], id="integer beyond a float's digits"),
    pytest.param("timestamptz", "date", None, ["'2024-01-02 03:04:05+00'", "'2024-01-02'"], id="date loses the time"),
    pytest.param("timestamp", "timestamp(0)", None, ["'2024-01-02 03:04:05.6'", "'2024-01-02'"], id="precision"),
    pytest.param("timestamptz", "timestamp", None, ["'2024-01-02 03:04:05.6'", "'infinity'"], id="zone kept here"),
    pytest.param("timestamp", "time", None, ["'2024-01-02 03:04:05'", "NULL"], id="no way back"),
    pytest.param("text", "integer", "c::integer", ["'12'", "' 13 '", "NULL"], id="text is a number, spelled otherwise"),
    pytest.param("text", "integer", "c::integer", ["'12'", "'x'"], id="text is no number"),
    pytest.param("varchar(40)", "uuid", "c::uuid", ["'6f3b1c1e-0000-4000-8000-000000000001'"], id="uuid"),
    pytest.param("text", "uuid", "(c)::uuid", ["'6F3B1C1E-0000-4000-8000-000000000001'"], id="uuid in capitals"),
    pytest.param("text", "uuid", "c::uuid", ["'no'", "'6f3b1c1e-0000-4000-8000-000000000001'"], id="no uuid"),
    pytest.param("text", "jsonb", "c::jsonb", ["""'{"a":1}'""", "'1'"], id="json spelled otherwise"),
    pytest.param("text", "json", "c::json", ["""'{"a":1}'""", "'{'"], id="no json"),
    pytest.param("text", "boolean", "c::boolean", ["'true'", "'yes'", "NULL"], id="boolean spelled otherwise"),
    pytest.param("text", "boolean", "c::boolean", ["'maybe'"], id="no boolean"),
    pytest.param("text", "timestamptz", "c::timestamptz", ["'2024-01-02'", "'never'"], id="no moment"),
    pytest.param("jsonb", "json", None, ["""'{"a":1}'"""], id="jsonb to json"),
    pytest.param("json", "jsonb", "c::jsonb", ["""'{"a":1}'""", "'[1, 2]'"], id="json to jsonb"),
    pytest.param("integer", "boolean", "c::boolean", ["0", "1", "7"], id="integer to boolean"),
    pytest.param("boolean", "integer", "c::integer", ["true", "false"], id="boolean to integer"),
    pytest.param("integer", "text", None, ["1", "2"], id="anything to text"),
    pytest.param("integer", "varchar(2)", None, ["1", "200"], id="number too long as text"),
    pytest.param("uuid", "text", "c::text", ["'6f3b1c1e-0000-4000-8000-000000000001'"], id="uuid to text"),
    pytest.param("integer[]", "smallint[]", None, ["'{1,2}'", "'{70000}'"], id="array overflows"),
    pytest.param("integer[]", "bigint[]", None, ["'{1,2}'", "NULL"], id="array widens"),
    pytest.param("text", "text[]", "c::text[]", ["'{a,b}'", "'a'"], id="no array"),
    pytest.param("integer", "smallint", '"c"::SMALLINT', ["5", "99999"], id="quoted and in capitals"),
    pytest.param("integer", "bigint", None, ["5"], id="widens"),
]  # fmt: skip


@pytest.mark.by_day(16)
@pytest.mark.parametrize(("before", "after", "using", "values"), CASES)
def test_misfits_and_silent_changes_are_those_that_really_happen(live, before, after, using, values) -> None:
    found = probed(live, before, after, using, values)
    back = {("timestamp", "time"): "NULL"}.get((before, after))
    changed = measured(live, before, after, using, back)

    assert found.opaque is None, found
    if changed is None:
        assert found.misfits.some is True
        assert found.misfits.rows is None or found.misfits.rows == 1
    else:
        assert found.misfits == NONE
        if found.changes.exact:
            assert found.changes.rows == changed
        else:
            assert found.changes.some is None


@pytest.mark.parametrize(
    ("before", "after", "using", "values", "expected"),
    [
        pytest.param("text", "varchar(5)", None, ["'abcdef'", "'ghijkl'", "'a'"], (2, 0), id="too long"),
        pytest.param("bigint", "integer", None, ["3000000000", "-3000000000", "1"], (2, 0), id="range"),
        pytest.param("numeric", "numeric(4,2)", None, ["100", "1.234", "1.25"], (1, 1), id="both"),
        pytest.param("text", "uuid", "c::uuid", ["'x'", "'y'"], (2, 0), id="castable or not"),
        pytest.param("text", "varchar(5)", "c::varchar(5)", ["'abcdef'", "'ghijkl'", "'a'"], (0, 2), id="cut off"),
        pytest.param("timestamp", "date", None, ["'2024-01-02 03:04'", "'2024-01-02'"], (0, 1), id="the time"),
    ],
)  # fmt: skip
def test_both_are_counted(live, before, after, using, values, expected) -> None:
    found = probed(live, before, after, using, values)

    assert (found.misfits, found.changes) == tuple(map(Tally.exactly, expected))


@pytest.mark.parametrize(
    "using",
    ["upper(c)", "CASE WHEN c = 'x' THEN 'y' END", "c || 'x'", "other", "left(c, 5)", "c::integer::varchar(5)", "'x'",
     "substring(c FROM 1 FOR 5)::varchar(5)", "coalesce(c, '')"],
)  # fmt: skip
def test_an_expression_of_its_own_is_opaque_unless_there_are_no_values(live, using: str) -> None:
    live.run("CREATE TABLE t (c text, other text); INSERT INTO t VALUES (NULL, 'y')")
    down = f"ALTER TABLE t ALTER COLUMN c TYPE varchar(5) USING {using}"

    (empty,) = live.losses(down).retypes
    live.run("INSERT INTO t VALUES ('12', 'y')")
    (filled,) = live.losses(down).retypes

    assert empty.opaque
    assert (empty.values, empty.changes) == (NONE, NONE)
    assert filled.opaque
    assert filled.values == Tally.exactly(1)
    assert filled.misfits.some is None
    assert filled.changes.some is None


def test_a_change_whose_statement_was_not_seen_is_opaque(live) -> None:
    live.run("CREATE TABLE t (c text); INSERT INTO t VALUES ('a')")

    (hidden,) = live.losses("DO $$ BEGIN ALTER TABLE t ALTER COLUMN c TYPE varchar(5); END $$").retypes
    (twice,) = live.losses(
        "ALTER TABLE t ALTER COLUMN c TYPE varchar(3); ALTER TABLE t ALTER COLUMN c TYPE varchar(5)"
    ).retypes

    assert hidden.opaque == "the statement that changes its type was not seen"
    assert twice.opaque == "its type is changed more than once on the way"


def test_a_renamed_column_and_table_are_followed(live) -> None:
    live.run("CREATE TABLE t (\"new name\" text); INSERT INTO t VALUES ('abcdef')")

    (found,) = live.losses(
        'ALTER TABLE t RENAME "new name" TO old; ALTER TABLE t RENAME TO u; ALTER TABLE u ALTER old TYPE varchar(5)'
    ).retypes

    assert (found.table.name, found.column, found.misfits) == ("t", "new name", Tally.exactly(1))


@pytest.mark.parametrize(("value", "misfits"), [("ok", 0), ("lost", 1)])
def test_text_that_becomes_an_enum_of_the_downgrade_must_be_one_of_its_labels(live, value: str, misfits: int) -> None:
    live.run(f"CREATE TABLE t (c text); INSERT INTO t VALUES ('{value}'), (NULL)")

    (found,) = live.losses(
        "CREATE TYPE state AS ENUM ('ok', 'done'); ALTER TABLE t ALTER c TYPE state USING c::state"
    ).retypes

    assert (found.opaque, found.misfits, found.changes) == (None, Tally.exactly(misfits), NONE)


@pytest.mark.parametrize(("value", "misfits"), [("{ok,done}", 0), ("{ok,lost}", 1)])
def test_arrays_that_become_arrays_of_an_enum(live, value: str, misfits: int) -> None:
    live.run(f"CREATE TABLE t (c text[]); INSERT INTO t VALUES ('{value}'), (NULL)")

    (found,) = live.losses(
        "CREATE TYPE state AS ENUM ('ok', 'done'); ALTER TABLE t ALTER c TYPE state[] USING c::state[]"
    ).retypes

    assert (found.opaque, found.misfits) == (None, Tally.exactly(misfits))


def test_one_enum_that_becomes_another_by_its_text(live) -> None:
    live.run(
        """CREATE TYPE "New State" AS ENUM ('ok', 'lost'); CREATE TABLE t (c "New State" DEFAULT 'ok');
           INSERT INTO t VALUES ('ok'), ('lost'), (NULL)"""
    )

    (found,) = live.losses(
        """CREATE TYPE "State" AS ENUM ('ok', 'done'); ALTER TABLE t ALTER c DROP DEFAULT;
           ALTER TABLE t ALTER c TYPE "State" USING c::text::"State" """
    ).retypes

    assert (found.opaque, found.misfits) == (None, Tally.exactly(1))


@pytest.mark.parametrize(("value", "misfits"), [("5", 0), ("500", 1), ("70000", 1)])
def test_values_that_become_a_domain_of_the_downgrade_must_keep_its_rules(live, value: str, misfits: int) -> None:
    live.run(f"CREATE TABLE t (c integer); INSERT INTO t VALUES ({value}), (NULL)")

    (found,) = live.losses(
        "CREATE DOMAIN small AS smallint CHECK (VALUE < 100) CHECK (VALUE > 0); ALTER TABLE t ALTER c TYPE small"
    ).retypes

    assert found.opaque is None
    assert found.misfits.some is bool(misfits)


def test_a_type_that_the_live_database_has_not_is_opaque(live) -> None:
    live.run("CREATE TABLE t (c text); INSERT INTO t VALUES ('(1,2)')")

    (found,) = live.losses("CREATE TYPE pair AS (a int, b int); ALTER TABLE t ALTER c TYPE pair USING c::pair").retypes

    assert found.opaque == "the live database has no such type pair"
