"""Tables that are more than a plain table, and what lies beside them."""

from typing import Any

import pytest

from actions.assess.content.outcomes import Comparison, LargeObjectOutcome, Matching
from actions.assess.content.verdicts import (
    brings_back_empty,
    certain,
    loses_data,
    missing,
    rows_back,
    rows_lost,
    values_back,
    values_lost,
)

PARTED = """
CREATE TABLE parts (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE north PARTITION OF parts FOR VALUES IN ('north');
CREATE TABLE south PARTITION OF parts FOR VALUES IN ('south') PARTITION BY RANGE (id);
CREATE TABLE south_low PARTITION OF south FOR VALUES FROM (0) TO (50);
CREATE TABLE south_high PARTITION OF south FOR VALUES FROM (50) TO (100);
INSERT INTO parts SELECT n, CASE WHEN n % 2 = 0 THEN 'north' ELSE 'south' END, 'v' || n FROM generate_series(0, 99) n;
"""


def test_a_partition_that_is_detached_takes_no_row_away(rehearsal: Any) -> None:
    rehearsal.fill(PARTED)
    after = rehearsal.down("ALTER TABLE parts DETACH PARTITION north; ALTER TABLE north RENAME TO old_north")
    assert after == Comparison(compared=1)
    again = rehearsal.up("ALTER TABLE old_north RENAME TO north")
    assert again == Comparison(compared=1)


def test_a_row_changed_in_a_detached_partition_is_found(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill(PARTED)
    table = the_table(
        rehearsal.down(
            "ALTER TABLE south DETACH PARTITION south_low; UPDATE south_low SET v = '' WHERE id = 7;"
            "DELETE FROM south_low WHERE id = 9"
        )
    )
    assert (table.table.name, table.rows_lost, table.columns[0].lost) == ("parts", 1, 1)


def test_a_table_that_becomes_a_partition_brings_no_row(rehearsal: Any) -> None:
    rehearsal.fill(PARTED + "ALTER TABLE parts DETACH PARTITION north")
    assert rehearsal.down("ALTER TABLE parts ATTACH PARTITION north FOR VALUES IN ('north')") == Comparison(compared=2)


def test_rows_of_a_dropped_partition_are_lost(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill(PARTED)
    table = the_table(rehearsal.down("DROP TABLE south_high"))
    assert (table.table.name, table.rows_before, table.rows_lost) == ("parts", 100, 25)


def test_a_partitioned_table_that_is_made_plain_keeps_its_rows(rehearsal: Any) -> None:
    rehearsal.fill(PARTED)
    after = rehearsal.down(
        "CREATE TABLE flat AS SELECT * FROM parts; DROP TABLE parts; ALTER TABLE flat RENAME TO parts"
    )
    assert after == Comparison(compared=1)


def test_the_partitions_of_a_dropped_table_may_live_on(rehearsal: Any) -> None:
    rehearsal.fill(PARTED)
    after = rehearsal.down("ALTER TABLE parts DETACH PARTITION north; DROP TABLE parts")
    assert {gone.table.name: gone.rows for gone in after.vanished} == {"south_low": 25, "south_high": 25}
    assert after.tables == ()


def test_inherited_rows_are_the_childs(rehearsal: Any, the_table: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE parent (id int PRIMARY KEY, v text); CREATE TABLE child (w text) INHERITS (parent);"
        "INSERT INTO parent VALUES (1, 'a'); INSERT INTO child VALUES (1, 'b', 'c'), (2, 'd', 'e')"
    )
    table = the_table(rehearsal.down("DELETE FROM child WHERE id = 2"))
    assert (table.table.name, table.rows_lost, table.matched_by) == ("child", 1, Matching.WHOLE_ROWS)


def test_views_are_not_content_and_foreign_tables_are_elsewhere(rehearsal: Any) -> None:
    rehearsal.fill(
        "CREATE FOREIGN DATA WRAPPER unreadable; CREATE SERVER away FOREIGN DATA WRAPPER unreadable;"
        "CREATE FOREIGN TABLE far (id int) SERVER away;"
        "CREATE TABLE mixed (id int, v text) PARTITION BY LIST (id);"
        "CREATE TABLE mixed_near PARTITION OF mixed FOR VALUES IN (1);"
        "CREATE FOREIGN TABLE mixed_far PARTITION OF mixed FOR VALUES IN (2) SERVER away;"
        "INSERT INTO mixed VALUES (1, 'a');"
        "CREATE TABLE near AS SELECT 1 AS id; CREATE VIEW v AS SELECT * FROM near;"
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM near"
    )
    found = rehearsal.down("DROP VIEW v; DROP MATERIALIZED VIEW m; DROP FOREIGN TABLE far")
    assert (found.tables, found.vanished, found.unread, found.compared) == ((), (), (), 2)
    assert {skipped.table.name for skipped in found.skipped} == {"far", "mixed_far"}


def test_a_table_without_columns_and_one_that_loses_its_last(rehearsal: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES; INSERT INTO bare DEFAULT VALUES;"
        "CREATE TABLE one (v text); INSERT INTO one VALUES ('a'), ('b')"
    )
    assert rehearsal.down().tables == ()
    found = rehearsal.down("DELETE FROM bare WHERE ctid = '(0,1)'; ALTER TABLE one DROP v")
    assert {(entry.table.name, entry.column and entry.column.name): entry.missing for entry in missing(found)} == {
        ("bare", None): 1,
        ("one", "v"): 2,
    }


def test_sequences_and_large_objects_are_reported_apart(rehearsal: Any) -> None:
    rehearsal.fill(
        "CREATE SEQUENCE s; CREATE SEQUENCE fresh; SELECT setval('s', 40);"
        "SELECT lo_from_bytea(n, decode(repeat('ab', 5000), 'hex')) FROM generate_series(70001, 70004) n"
    )
    assert rehearsal.down() == Comparison(compared=0)
    found = rehearsal.down(
        "SELECT setval('s', 7), nextval('fresh'); ALTER SEQUENCE s RENAME TO z; SELECT lo_unlink(70001);"
        "SELECT lo_put(70002, 3000, '\\x00'); SELECT lo_from_bytea(70009, '')"
    )
    assert {(move.sequence.name, move.before, move.now) for move in found.sequences} == {
        ("s", 40, 7),
        ("fresh", None, 1),
    }
    assert found.large_objects == LargeObjectOutcome(before=4, lost=1, changed=1, new=1)
    assert missing(found) == ()
    assert loses_data(found, None)


def test_what_the_upgrade_brings_back_of_what_vanished(shop: Any, named: Any) -> None:
    after = shop.down("ALTER TABLE users DROP email, DROP plan, DROP age; DROP TABLE members; DROP TABLE log")
    again = shop.up(
        "ALTER TABLE users ADD email text, ADD plan text, ADD age int; UPDATE users SET age = 20 + id;"
        "UPDATE users SET email = 'u' || id || '@example.org' WHERE id IN (1, 2, 3); DELETE FROM users WHERE id = 9;"
        "CREATE TABLE log (line text, level int); INSERT INTO log VALUES ('line 0', 1), ('?', NULL)"
    )
    columns = {gone.column.name: values_back(gone, again) for table in after.tables for gone in table.vanished}
    assert columns == {"email": 2, "plan": 0, "age": 8}
    assert {gone.table.name: rows_back(gone, again) for gone in after.vanished} == {"members": 0, "log": 2}
    assert rows_lost(after) == 22
    assert values_lost(after) == 6 + 9 + 9
    assert {rows_back(gone, None) for gone in after.vanished} == {0}


def test_shells_are_told_from_columns_with_content(rehearsal: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 5); CREATE TABLE e (id int)"
    )
    found = rehearsal.down(
        "ALTER TABLE t ADD nothing text, ADD flag boolean DEFAULT true, ADD token uuid DEFAULT gen_random_uuid(),"
        " ADD number serial, ADD double int GENERATED ALWAYS AS (id * 2) STORED, ADD copied numeric(4,1) DEFAULT 0::numeric(4,1),"
        " ADD several text; UPDATE t SET copied = id; UPDATE t SET several = 'x' WHERE id < 3; ALTER TABLE e ADD v text"
    )
    assert {identity.name for identity in brings_back_empty(found)} == {"nothing", "flag", "token", "number"}
    assert missing(found) == ()
    assert certain(found, None)


KEPT = """
CREATE TABLE kept (id int, note text); ALTER EXTENSION plpgsql ADD TABLE kept;
INSERT INTO kept SELECT n, 'note ' || n FROM generate_series(1, 5) n;
UPDATE pg_extension SET extconfig = ARRAY['kept'::regclass::oid], extcondition = ARRAY['WHERE id > 2']
WHERE extname = 'plpgsql'
"""


GONE = """
ALTER EXTENSION plpgsql DROP TABLE kept; DROP TABLE kept;
UPDATE pg_extension SET extconfig = NULL, extcondition = NULL WHERE extname = 'plpgsql'
"""


@pytest.mark.parametrize(
    ("down", "lost"),
    [
        ("DELETE FROM kept WHERE id > 3", 2),
        ("UPDATE kept SET note = 'x' WHERE id = 4", 1),
        ("DELETE FROM kept WHERE id <= 2", 0),
        (GONE, 3),
        ("ALTER TABLE kept DROP note", 3),
        ("", 0),
    ],
)
def test_rows_that_users_keep_in_an_extensions_table_are_compared(rehearsal: Any, down: str, lost: int) -> None:
    rehearsal.fill(KEPT)
    found = rehearsal.down(down)
    assert rows_lost(found) == lost
    assert loses_data(found, None) is bool(lost)
    assert certain(found, None)
    assert not found.skipped


def test_rows_of_an_extension_that_come_back_are_not_lost(rehearsal: Any) -> None:
    rehearsal.fill(KEPT)
    found = rehearsal.down("CREATE TABLE away AS SELECT * FROM kept; DELETE FROM kept")
    again = rehearsal.up("INSERT INTO kept SELECT * FROM away; DROP TABLE away")
    assert rows_lost(found) == 3
    assert not loses_data(found, again)


def test_a_table_of_the_reference_is_read_once_for_both_comparisons(shop: Any) -> None:
    shop.down("DROP TABLE log")
    asked = dict(shop.reference._remembered)
    shop.up("CREATE TABLE log (line text, level int)")
    new = shop.reference._remembered.keys() - asked.keys()
    assert all('"log"' in question for question in new)
