"""Counting what is lost, without a database: the yardstick must not be bent."""

from collections.abc import Mapping

from tests.situations.comparing import losses, schema_differences
from tests.situations.snapshot import Snapshot, Table


def _table(
    name: str, oid: int, columns: Mapping[int, str], *rows: tuple[str | None, ...], key: tuple[int, ...] = (1,)
) -> Table:
    held = tuple(dict(zip(columns, row, strict=True)) for row in rows)
    return Table(oid=oid, name=name, columns=columns, key=key, rows=held)


def _snapshot(*tables: Table, schema: Mapping[tuple[str, str], str] | None = None) -> Snapshot:
    return Snapshot(
        tables={table.name: table for table in tables},
        relations={},
        partitions={},
        schema=schema or {},
        revisions=(),
        sequences_behind=frozenset(),
    )


USERS = {1: "id", 2: "email"}
TWO = _snapshot(_table("users", 7, USERS, ("1", "ada"), ("2", "ben")))


def test_the_same_content_in_another_order_is_no_loss() -> None:
    other = _snapshot(_table("users", 7, USERS, ("2", "ben"), ("1", "ada")))
    lost = losses(TWO, other, by_identity=True)
    assert (lost.rows_by_table(), lost.values_by_column()) == ({}, {})


def test_a_missing_row_is_counted_once_and_its_values_not_again() -> None:
    lost = losses(TWO, _snapshot(_table("users", 7, USERS, ("2", "ben"))), by_identity=True)
    assert (lost.rows_by_table(), lost.values_by_column()) == ({"users": 1}, {})


def test_a_changed_value_is_lost_and_a_null_never_is() -> None:
    before = _snapshot(_table("users", 7, USERS, ("1", "ada"), ("2", None)))
    after = _snapshot(_table("users", 7, USERS, ("1", None), ("2", "x")))
    lost = losses(before, after, by_identity=True)
    assert (lost.rows_by_table(), lost.values_by_column()) == ({}, {"users.email": 1})


def test_a_rename_is_followed_by_identity_and_not_by_name() -> None:
    renamed = _snapshot(_table("people", 7, {1: "id", 2: "mail"}, ("1", "ada"), ("2", "ben")))
    assert not losses(TWO, renamed, by_identity=True).cells
    assert losses(TWO, renamed, by_identity=False).rows_by_table() == {"users": 2}


def test_a_column_dropped_and_made_anew_under_its_name_is_compared_by_content() -> None:
    anew = _snapshot(_table("users", 7, {1: "id", 3: "email"}, ("1", "ada"), ("2", None)))
    assert losses(TWO, anew, by_identity=True).values_by_column() == {"users.email": 1}


def test_rows_under_new_keys_lose_their_keys_and_nothing_else() -> None:
    rekeyed = _snapshot(_table("users", 9, USERS, ("11", "ben"), ("12", "ada")))
    lost = losses(TWO, rekeyed, by_identity=False)
    assert (lost.rows_by_table(), lost.values_by_column()) == ({}, {"users.id": 2})


def test_other_rows_in_the_place_of_ours_are_a_loss_of_rows() -> None:
    replaced = _snapshot(_table("users", 9, USERS, ("11", "cyd"), ("12", "dee")))
    assert losses(TWO, replaced, by_identity=False).rows_by_table() == {"users": 2}


def test_without_a_key_a_missing_row_is_not_counted_again_in_every_column() -> None:
    before = _snapshot(_table("log", 7, USERS, ("1", "a"), ("2", "b"), ("3", "c"), key=()))
    after = _snapshot(_table("log", 7, USERS, ("1", "a"), ("2", "changed"), key=()))
    lost = losses(before, after, by_identity=True)
    assert (lost.rows_by_table(), lost.values_by_column()) == ({"log": 1}, {"log.email": 1})


def test_what_the_second_upgrade_brings_back_is_not_lost_for_good() -> None:
    down = losses(TWO, _snapshot(_table("users", 7, {1: "id"}, ("1",), ("2",))), by_identity=True)
    again = losses(TWO, _snapshot(_table("users", 7, USERS, ("1", "ada"), ("2", "default"))), by_identity=False)
    assert down.values_by_column() == {"users.email": 2}
    assert (down & again).values_by_column() == {"users.email": 1}


def test_a_row_that_comes_back_changed_is_a_lost_value_not_a_lost_row() -> None:
    down = losses(TWO, _snapshot(), by_identity=True)
    again = losses(TWO, _snapshot(_table("users", 9, USERS, ("1", "ada"), ("2", "default"))), by_identity=False)
    both = down & again
    assert (both.rows_by_table(), both.values_by_column()) == ({}, {"users.email": 1})


def test_schema_differences_say_what_is_gone_new_and_changed() -> None:
    before = _snapshot(schema={("table", "a"): "r", ("index", "i"): "x"})
    after = _snapshot(schema={("index", "i"): "y", ("enum", "mood"): "calm"})
    assert schema_differences(before, after) == ["- table a", "+ enum mood", "~ index i"]
