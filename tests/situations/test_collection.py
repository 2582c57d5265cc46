"""The collection is whole, and what it demands of an assessment agrees with what was measured."""

from collections.abc import Callable

import pytest
from alembic import op

from tests.situations.operations import asked_for
from tests.situations.situation import CASES, Risk, Situation, load, names
from tests.situations.truths import TRUTH, Class, Truth, stored

#: All that Alembic's `op` offers to a migration; a new Alembic with a new operation fails the test below.
OPERATIONS = (
    "add_column",
    "alter_column",
    "batch_alter_table",
    "bulk_insert",
    "create_check_constraint",
    "create_exclude_constraint",
    "create_foreign_key",
    "create_index",
    "create_primary_key",
    "create_table",
    "create_table_comment",
    "create_unique_constraint",
    "drop_column",
    "drop_constraint",
    "drop_index",
    "drop_table",
    "drop_table_comment",
    "execute",
    "get_bind",
    "get_context",
    "rename_table",
    "run_async",
)
NOT_OPERATIONS = {
    "Operations",
    "context",
    "create_module_class_proxy",
    "f",
    "implementation_for",
    "inline_literal",
    "invoke",
    "register_operation",
}
VARIANTS = (
    "add_column server_default",
    "alter_column comment",
    "alter_column new_column_name",
    "alter_column nullable",
    "alter_column server_default",
    "alter_column type_",
    "create_index postgresql_concurrently",
    "create_index unique",
    "drop_constraint check",
    "drop_constraint foreignkey",
    "drop_constraint of any type",
    "drop_constraint primary",
    "drop_constraint unique",
    "drop_index postgresql_concurrently",
    "autocommit_block",
    "Identity",
    "Computed",
    "ARRAY",
    "JSON",
    "Enum",
)
RAW_SQL = (
    *(f"{verb} {kind}" for verb in ("CREATE", "DROP") for kind in ("TYPE", "SCHEMA", "SEQUENCE", "VIEW", "FUNCTION")),
    *(f"{verb} {kind}" for verb in ("CREATE", "DROP") for kind in ("TRIGGER", "EXTENSION", "POLICY", "ROLE", "DOMAIN")),
    *(f"{verb} MATERIALIZED VIEW" for verb in ("CREATE", "DROP")),
    "ALTER TABLE",
    "INSERT INTO",
    "UPDATE",
    "DELETE FROM",
    "GRANT",
    "REVOKE",
    "ADD VALUE",
    "RENAME VALUE",
    "RENAME TO",
)

Both = tuple[Situation, Truth]


def _collection() -> list[Both]:
    found = []
    for name in names():
        truth = stored(name)
        assert truth is not None, f"run: python -m tests.situations.measure {name} --write"
        found.append((load(name), truth))
    return found


COLLECTION = _collection()


def _asked_for(direction: str) -> set[str]:
    return {label for script in CASES.glob("*/**/versions/*.py") for label in asked_for(script)[direction]}


def test_alembic_offers_no_operation_that_we_do_not_know() -> None:
    offered = {name for name in dir(op) if not name.startswith("_")}
    assert offered - NOT_OPERATIONS == set(OPERATIONS)


@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
def test_every_operation_occurs_in_both_directions(direction: str) -> None:
    missing = {*OPERATIONS, *VARIANTS, *RAW_SQL} - _asked_for(direction)
    assert not missing


@pytest.mark.parametrize("kind", [f"kind {number}" for number in range(1, 7)])
def test_each_kind_of_migration_of_seed_002_is_there(kind: str) -> None:
    assert [situation.name for situation, _ in COLLECTION if situation.seed002 == kind]


def test_no_truth_is_left_of_a_situation_that_went() -> None:
    assert {path.stem for path in TRUTH.glob("*.json")} == set(names())


def test_what_loses_fails_or_comes_back_empty_is_high() -> None:
    bad = {situation.name for situation, truth in COLLECTION if truth.loses or truth.recreated_empty}
    bad |= {situation.name for situation, truth in COLLECTION if not truth.downgrade.ok}
    assert bad <= {situation.name for situation, _ in COLLECTION if situation.at_least.rank >= Risk.HIGH.rank}


def test_what_is_harmless_is_called_high_only_where_seed_002_does() -> None:
    called_high = {
        situation.name: situation.seed002
        for situation, truth in COLLECTION
        if truth.class_ is Class.NO_LOSS and situation.at_least.rank > Risk.MEDIUM.rank
    }
    assert set(called_high.values()) <= {"kind 2", "kind 5", "kind 6"}, called_high


#: Tags that say something measurable must say it truly.
MEASURED_TAGS: dict[str, Callable[[Situation, Truth], bool]] = {
    "loss": lambda _, truth: truth.loses,
    "older_rows": lambda _, truth: bool(truth.older_data_lost),
    "recreated_empty": lambda _, truth: bool(truth.recreated_empty),
    "upgrade_destroyed": lambda _, truth: bool(truth.upgrade_destroyed) and not truth.recreated_empty,
    "fails_always": lambda _, truth: truth.class_ is Class.FAILS_ALWAYS,
    "fails_with_data": lambda _, truth: truth.class_ is Class.FAILS_ONLY_WITH_DATA,
    "irreversible": lambda _, truth: truth.class_ is Class.IRREVERSIBLE,
    "empty_downgrade": lambda _, truth: truth.class_ is Class.EMPTY_DOWNGRADE,
    "partly_applied": lambda _, truth: truth.downgrade.partly_applied,
    "reupgrade_fails": lambda _, truth: truth.reupgrade is not None and not truth.reupgrade.ok,
    "drift": lambda _, truth: bool(truth.schema_drift),
    "outside": lambda _, truth: bool(truth.reaches_outside),
    "sequence_behind": lambda _, truth: bool(truth.sequences_behind),
    "harmless": lambda case, truth: case.at_most in (Risk.NONE, Risk.LOW) and truth.class_ is Class.NO_LOSS,
}


def test_tags_say_what_was_measured() -> None:
    said = {situation.name: MEASURED_TAGS.keys() & set(situation.tags) for situation, _ in COLLECTION}
    measured = {
        situation.name: {tag for tag, holds in MEASURED_TAGS.items() if holds(situation, truth)}
        for situation, truth in COLLECTION
    }
    assert said == measured


#: What 840 migrations of five public projects have shown that an assessment must get right, each with its tags.
LESSONS = (
    pytest.param({"fails_always", "fk"}, id="a constraint without a name"),
    pytest.param({"fails_always", "index"}, id="a name that does not exist"),
    pytest.param({"fails_always", "enum"}, id="a type created twice"),
    pytest.param({"fails_always", "concurrently"}, id="concurrently inside the transaction"),
    pytest.param({"fails_always", "order", "view"}, id="a view in the way"),
    pytest.param({"fails_always", "order", "table"}, id="a table still referenced"),
    pytest.param({"fails_with_data", "column", "not_null"}, id="a required column comes back without default"),
    pytest.param({"fails_with_data", "enum"}, id="an enum label in use"),
    pytest.param({"fails_with_data", "enum", "get_bind"}, id="an enum label in use, refused in Python"),
    pytest.param({"fails_with_data", "check"}, id="a narrower check"),
    pytest.param({"fails_with_data", "json"}, id="text cast back to JSON"),
    pytest.param({"fails_with_data", "fk", "bulk_insert"}, id="a row still referenced"),
    pytest.param({"fails_with_data", "not_null"}, id="one NULL"),
    pytest.param({"fails_with_data", "unique"}, id="one duplicate"),
    pytest.param({"fails_with_data", "fk"}, id="one dangling key"),
    pytest.param({"fails_with_data", "type"}, id="one long string"),
    pytest.param({"loss", "keys"}, id="a table deleted to rebuild a key"),
    pytest.param({"loss", "cascade", "older_rows"}, id="dependants deleted by cascade"),
    pytest.param({"loss", "privileges"}, id="roles mapped together"),
    pytest.param({"loss", "keys", "older_rows"}, id="new keys for old rows"),
    pytest.param({"loss", "data_migration", "older_rows"}, id="a condition that matches older rows"),
    pytest.param({"loss", "not_null", "older_rows"}, id="rows with NULL deleted to restore NOT NULL"),
    pytest.param({"rename", "column"}, id="a renamed column"),
    pytest.param({"rename", "table"}, id="a renamed table"),
    pytest.param({"derived"}, id="a column that the upgrade derives again"),
    pytest.param({"server_default", "loss"}, id="a default that users have changed since"),
    pytest.param({"recreated_empty", "column"}, id="a column comes back empty"),
    pytest.param({"recreated_empty", "table"}, id="a table comes back empty"),
    pytest.param({"recreated_empty", "server_default"}, id="a boolean comes back as its default"),
    pytest.param({"empty_downgrade", "reupgrade_fails"}, id="the version moves but not the schema"),
    pytest.param({"reupgrade_fails", "trigger", "function"}, id="triggers and functions left behind"),
    pytest.param({"reupgrade_fails", "enum"}, id="an enum type left behind"),
    pytest.param({"reupgrade_fails", "column"}, id="a column that fits only an empty table"),
    pytest.param({"drift", "extension"}, id="an extension left behind"),
    pytest.param({"drift", "check"}, id="a constraint under another name"),
    pytest.param({"drift", "server_default"}, id="a default not restored"),
    pytest.param({"outside", "network"}, id="a network call"),
    pytest.param({"outside", "role"}, id="a role of the whole server"),
    pytest.param({"locks", "fk"}, id="a lock on a table that is only referenced"),
)


@pytest.mark.parametrize("tags", LESSONS)
def test_every_lesson_of_the_public_projects_has_a_situation(tags: set[str]) -> None:
    assert [situation.name for situation, _ in COLLECTION if tags <= set(situation.tags)]
