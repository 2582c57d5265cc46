"""What counts as the same value, and how differences in surviving columns are counted."""

from typing import Any

from actions.assess.content.outcomes import Matching
from actions.assess.content.verdicts import missing

#: What it is -> type and value before, type after, values lost, values in another form.
TYPE_CHANGES = {
    "number with another scale": ("numeric", "1.50", "numeric(8,1)", 0, 1),
    "whole number as integer": ("numeric(8,2)", "1.00", "integer", 0, 1),
    "fraction as integer": ("numeric(8,2)", "1.50", "integer", 1, 0),
    "float as number": ("double precision", "0.125", "numeric", 0, 0),
    "infinity as number": ("double precision", "Infinity", "numeric", 0, 0),
    "float as short float": ("double precision", "0.1", "real", 0, 0),
    "short float made longer": ("real", "0.1", "double precision", 1, 0),
    "longer integer": ("integer", "1", "bigint", 0, 0),
    "moment without its zone": ("timestamptz", "2026-01-01 12:00+02", "timestamp", 0, 1),
    "moment cut to a day": ("timestamp", "2026-01-01 12:00", "date", 1, 0),
    "day as a moment": ("date", "2026-01-01", "timestamp", 0, 1),
    "json as jsonb": ("json", '{"b": 1,   "a": 2}', "jsonb", 0, 0),
    "jsonb as text": ("jsonb", '{"b": 1}', "text", 0, 1),
    "JSON null is no value": ("json", "null", "jsonb", 0, 0),
    "padding": ("char(5)", "a", "varchar(5)", 0, 1),
    "text with a limit": ("text", "a", "varchar(5)", 0, 0),
    "boolean as text": ("boolean", "true", "text", 0, 1),
    "array of another type": ("integer[]", "{1,2}", "bigint[]", 0, 1),
    "bytes as text": ("bytea", "\\x01", "text", 0, 1),
}


def test_what_changes_of_type_do_to_values(rehearsal: Any) -> None:
    before, down = [], []
    for name, (kind, value, other, _, _) in TYPE_CHANGES.items():
        before.append(f'CREATE TABLE "{name}" (id int PRIMARY KEY, v {kind});')
        before.append(f"""INSERT INTO "{name}" VALUES (1, '{value}'), (2, NULL);""")
        down.append(f'ALTER TABLE "{name}" ALTER v TYPE {other} USING v::{other};')
    rehearsal.fill("".join(before))
    found = rehearsal.down("".join(down))
    told = {table.table.name: (column.lost, column.restated) for table in found.tables for column in table.columns}
    assert told == {name: case[3:] for name, case in TYPE_CHANGES.items() if any(case[3:])}
    assert found.compared == len(TYPE_CHANGES)
    assert found.complete


def test_changed_nulled_filled_and_deleted_values_are_told_apart(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE t (id int PRIMARY KEY, v text);"
        "INSERT INTO t SELECT n, CASE WHEN n % 2 = 0 THEN 'v' || n END FROM generate_series(1, 20) n"
    )
    table = the_table(
        rehearsal.down(
            "UPDATE t SET v = '' WHERE id IN (2, 4, 6); UPDATE t SET v = NULL WHERE id IN (8, 10);"
            "UPDATE t SET v = '' WHERE id = 1; DELETE FROM t WHERE id IN (11, 12); INSERT INTO t VALUES (0, 'new')"
        )
    )
    (column,) = table.columns
    assert (table.rows_before, table.rows_now, table.rows_lost, table.rows_new) == (20, 19, 2, 1)
    assert (column.non_null, column.lost, column.became_null, column.filled) == (10, 5, 2, 1)
    assert column.gone_with_rows == 1
    assert table.matched_by is Matching.PRIMARY_KEY


def test_null_and_empty_text_are_not_the_same(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill("CREATE TABLE t (v text, w text); INSERT INTO t VALUES ('', NULL), (NULL, '')")
    (column,) = the_table(rehearsal.down("UPDATE t SET v = NULL, w = '' WHERE v = ''")).columns[:1]
    assert (column.column.name, column.lost, column.became_null) == ("v", 1, 1)


def test_json_that_jsonb_cannot_hold_is_compared_by_its_text(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE t (id int PRIMARY KEY, v json);"
        r"""INSERT INTO t VALUES (1, '{"a": "\u0000"}'), (2, '{"a": 1}'), (3, 'null')"""
    )
    assert rehearsal.down().tables == ()
    (column,) = the_table(rehearsal.down("""UPDATE t SET v = '{"a": 2}' WHERE id = 2""")).columns
    assert (column.non_null, column.lost) == (2, 1)


def test_equal_numbers_in_another_notation_are_restated_even_without_a_key(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill("CREATE TABLE t (v numeric); INSERT INTO t VALUES (1.50), (2.5), (3)")
    table = the_table(rehearsal.down("UPDATE t SET v = 1.5 WHERE v = 1.5; UPDATE t SET v = 4 WHERE v = 3"))
    (column,) = table.columns
    assert (column.lost, column.restated, table.rows_lost) == (1, 1, 0)


def test_a_key_of_another_type_still_finds_its_rows(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, n FROM generate_series(-5, 5) n"
    )
    assert rehearsal.down("ALTER TABLE t ALTER id TYPE bigint").tables == ()
    table = the_table(rehearsal.down("ALTER TABLE t ALTER id TYPE numeric(8,2); UPDATE t SET v = 'x' WHERE id = 0"))
    assert table.rows_lost == 0
    assert {column.column.name: (column.lost, column.restated) for column in table.columns} == {
        "id": (0, 11),
        "v": (1, 0),
    }


def test_new_keys_are_told_from_lost_rows(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'b')")
    table = the_table(rehearsal.down("UPDATE t SET id = id + 100"))
    assert table.rekeyed
    assert (table.rows_lost, table.rows_new) == (0, 0)
    assert [(column.column.name, column.lost) for column in table.columns] == [("id", 3)]
    table = the_table(rehearsal.down("DELETE FROM t; INSERT INTO t VALUES (7, 'x'), (8, 'y'), (9, 'z')"))
    assert not table.rekeyed
    assert (table.rows_lost, table.rows_new) == (3, 3)


def test_the_same_key_several_times_takes_the_row_that_is_unchanged(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    table = the_table(
        rehearsal.down("ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (1, 'z'), (1, ''), (2, 'b')")
    )
    assert (table.rows_lost, table.rows_new, table.columns) == (0, 3, ())


def test_rows_removed_to_make_a_key_unique_again_are_counted(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE t (id int NOT NULL, v text); INSERT INTO t VALUES (1, 'a'), (1, 'b'), (1, 'c'), (2, 'd')"
    )
    table = the_table(rehearsal.down("DELETE FROM t WHERE v IN ('a', 'b'); ALTER TABLE t ADD PRIMARY KEY (id)"))
    assert table.matched_by is Matching.PRIMARY_KEY
    assert (table.rows_lost, table.rows_new) == (2, 0)
    assert [(column.lost, column.gone_with_rows) for column in table.columns] == [(0, 2)]


def test_values_of_a_unique_key_may_be_rewritten_in_rows_that_stay(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE t (code text NOT NULL UNIQUE, v int); INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3)"
    )
    table = the_table(rehearsal.down("UPDATE t SET code = 'x' WHERE v = 1"))
    assert (table.rows_lost, table.rows_new) == (0, 0)
    assert [(column.column.name, column.lost) for column in table.columns] == [("code", 1)]


def test_equal_rows_without_a_key_are_counted_one_by_one(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill("CREATE TABLE t (v text, w int); INSERT INTO t SELECT 'same', 1 FROM generate_series(1, 5)")
    table = the_table(rehearsal.down("DELETE FROM t WHERE ctid IN (SELECT ctid FROM t LIMIT 2)"))
    assert (table.matched_by, table.rows_lost, table.rows_new) == (Matching.WHOLE_ROWS, 2, 0)
    assert the_table(rehearsal.down("INSERT INTO t SELECT 'same', 1 FROM generate_series(1, 6)")).rows_new == 4


def test_values_that_changed_places_between_rows_without_a_key(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill("CREATE TABLE t (who text, what text); INSERT INTO t VALUES ('a', '1'), ('b', '2'), ('c', NULL)")
    found = rehearsal.down("UPDATE t SET what = CASE what WHEN '1' THEN '2' ELSE '1' END WHERE what IS NOT NULL")
    assert the_table(found).rows_regrouped == 2
    assert [entry.missing for entry in missing(found)] == [2]


def test_filled_nulls_of_rows_without_a_key_lose_nothing(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill("CREATE TABLE t (who text, what text); INSERT INTO t VALUES ('a', '1'), ('b', NULL), ('c', NULL)")
    found = rehearsal.down("UPDATE t SET what = '1' WHERE what IS NULL")
    (column,) = the_table(found).columns
    assert (column.filled, column.lost, missing(found)) == (2, 0, ())


def test_a_table_of_1500_columns(rehearsal: Any, the_table: Any) -> None:
    columns = ", ".join(f"c{number} int" for number in range(1500))
    values = ", ".join(["1"] * 1500)
    rehearsal.fill(
        f"CREATE TABLE t ({columns}); INSERT INTO t VALUES ({values}), ({values}); ALTER TABLE t ADD id serial"
    )
    table = the_table(rehearsal.down("UPDATE t SET c7 = 2, c1499 = NULL WHERE id = 1"))
    assert {column.column.name: column.lost for column in table.columns} == {"c7": 1, "c1499": 1}
    rehearsal.drop()
    rehearsal.fill("ALTER TABLE t ADD PRIMARY KEY (id)")
    table = the_table(rehearsal.down("UPDATE t SET c7 = 2, c1499 = NULL; DELETE FROM t WHERE id = 2"))
    assert {column.column.name for column in table.columns if column.lost} == {"c7", "c1499"}
    assert table.rows_lost == 1
