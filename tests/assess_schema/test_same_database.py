"""One database before and after: what is renamed is renamed, and what is made anew is told by its content."""

import psycopg
import pytest

from actions.assess.schema.changes import Changed, Gone, New, Renamed
from actions.assess.schema.compare import compare_by_id
from actions.assess.schema.describing import describe
from actions.assess.schema.naming import Identity, Kind
from actions.assess.schema.remade import made_anew, put_in_place, still_there
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema


def _seen(shop: psycopg.Connection, before: Schema, statements: str) -> list[str]:
    shop.execute(statements.encode())
    return [describe(change) for change in compare_by_id(before, read_schema(shop))]


def test_everything_renamed_at_once_is_only_renamed(shop: psycopg.Connection, shop_schema: Schema) -> None:
    statements = """
        ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME email TO mail;
        ALTER TABLE people RENAME name TO n;
        ALTER TYPE mood RENAME TO feeling; ALTER TYPE feeling RENAME VALUE 'ok' TO 'fine';
        ALTER SCHEMA billing RENAME TO money; ALTER VIEW active RENAME TO current; ALTER DOMAIN email RENAME TO mail;
        ALTER FUNCTION touch() RENAME TO stamp; ALTER INDEX users_mood RENAME TO people_mood;
        ALTER SEQUENCE users_id_seq RENAME TO people_id_seq;
        ALTER TABLE people RENAME CONSTRAINT users_pkey TO people_pkey;
        ALTER TABLE events RENAME TO happenings; ALTER TABLE happenings RENAME at TO day;
        ALTER TABLE animals RENAME TO beasts; ALTER TABLE beasts RENAME name TO called"""
    shop.execute(statements)
    changes = compare_by_id(shop_schema, read_schema(shop))
    others = [change for change in changes if not isinstance(change, Renamed)]
    assert [describe(change) for change in others] == ["enum `mood` renames its label `ok` to `fine`"]
    assert len([change for change in changes if change.kind is Kind.COLUMN]) == 4


def test_a_renamed_column_that_is_also_changed_is_both(shop: psycopg.Connection, shop_schema: Schema) -> None:
    assert _seen(
        shop, shop_schema, "ALTER TABLE notes RENAME body TO text; ALTER TABLE notes ALTER text TYPE varchar(9)"
    ) == [
        "column `notes.body` is renamed to `notes.text`",
        "column `notes.body` changes from text to varchar(9)",
    ]


def test_two_columns_that_swap_their_names_are_renamed_not_changed(
    shop: psycopg.Connection, shop_schema: Schema
) -> None:
    swap = "ALTER TABLE notes RENAME id TO x; ALTER TABLE notes RENAME body TO id; ALTER TABLE notes RENAME x TO body"
    assert _seen(shop, shop_schema, swap) == [
        "column `notes.body` is renamed to `notes.id`",
        "column `notes.id` is renamed to `notes.body`",
    ]


def test_a_column_under_the_name_of_one_that_went_is_made_anew_and_no_other_is(
    shop: psycopg.Connection, shop_schema: Schema
) -> None:
    shop.execute("""
        ALTER TABLE notes ADD b text; ALTER TABLE notes DROP body;
        ALTER TABLE notes RENAME b TO body; ALTER TABLE notes ADD more text;
        ALTER TABLE users RENAME email TO mail""")
    now = read_schema(shop)
    body = Identity(schema="public", table="notes", name="body")
    assert [each.older for each in made_anew(shop_schema, now)] == [body]
    kept = still_there(shop_schema, now)
    assert body not in kept
    assert Identity(schema="public", table="users", name="email") in kept


def test_what_the_upgrade_makes_anew_where_the_downgrade_left_it_is_not_the_older_one(
    shop: psycopg.Connection, shop_schema: Schema
) -> None:
    shop.execute("ALTER TABLE notes ALTER body TYPE varchar(9); ALTER TABLE users RENAME TO people")
    after = read_schema(shop)
    shop.execute("ALTER TABLE notes DROP body; ALTER TABLE notes ADD body text; ALTER TABLE people RENAME TO users")
    assert [(each.older.name, each.anew) for each in put_in_place(shop_schema, after, read_schema(shop))] == [
        ("body", False)
    ]


def test_tables_and_partitions_made_anew_are_told_whatever_is_in_them(
    shop: psycopg.Connection, shop_schema: Schema
) -> None:
    shop.execute("CREATE TABLE logs (at date) PARTITION BY RANGE (at)")
    before = read_schema(shop)
    shop.execute("""
        DROP TABLE notes; CREATE TABLE notes (id integer); CREATE TABLE other (id integer);
        CREATE TABLE logs_all PARTITION OF logs DEFAULT""")
    found = made_anew(before, read_schema(shop))
    assert {(each.older.name, each.part) for each in found} == {("notes", False), ("logs_all", True)}


def test_a_table_dropped_and_made_anew_under_its_name_is_gone_and_new(
    shop: psycopg.Connection, shop_schema: Schema
) -> None:
    assert _seen(
        shop, shop_schema, "DROP TABLE cats; CREATE TABLE cats (lives integer DEFAULT 9) INHERITS (animals)"
    ) == [
        "table `cats` is gone",
        "table `cats` is new",
    ]


def test_a_table_in_the_place_of_a_renamed_one_is_new(shop: psycopg.Connection, shop_schema: Schema) -> None:
    # The usual way to rebuild a table.
    assert _seen(shop, shop_schema, "ALTER TABLE notes RENAME TO old; CREATE TABLE notes (id integer)") == [
        "table `notes` is renamed to `old`",
        "table `notes` is new",
    ]


_AS_IT_WAS = "CREATE VIEW loud_active WITH (security_barrier) AS SELECT id, upper(email) AS email FROM active"
_OTHERWISE = "CREATE VIEW loud_active WITH (security_barrier) AS SELECT id FROM active"


@pytest.mark.parametrize(
    ("anew", "changed"),
    [
        pytest.param(_AS_IT_WAS, [], id="as it was"),
        pytest.param(_OTHERWISE, ["view `loud_active` changes its definition and changes its columns"], id="otherwise"),
    ],
)
def test_a_view_made_anew_is_told_by_its_text(
    shop: psycopg.Connection, shop_schema: Schema, anew: str, changed: list[str]
) -> None:
    assert _seen(shop, shop_schema, f"DROP VIEW loud_active; {anew}") == changed


def test_what_goes_by_cascade_is_named(shop: psycopg.Connection, shop_schema: Schema) -> None:
    assert _seen(shop, shop_schema, "DROP TABLE users CASCADE") == [
        "table `users` is gone",
        "foreign key `billing.orders.orders_user` is gone",
        "view `active` is gone",
        "view `loud_active` is gone",
        "publication `changes` loses `public.users` in its tables",
        "statistics `users_stats` is gone",
    ]


def test_a_change_carries_the_whole_object_before_and_after(shop: psycopg.Connection, shop_schema: Schema) -> None:
    shop.execute("ALTER TABLE notes ALTER body TYPE varchar(9), ALTER body SET NOT NULL")
    shop.execute("DROP TABLE scratchpad; CREATE TABLE extra ()")
    changes = {type(change): change for change in compare_by_id(shop_schema, read_schema(shop))}
    assert set(changes) == {Gone, New, Changed}
    found = changes[Changed]
    assert isinstance(found, Changed)
    assert found.identity == Identity(schema="public", table="notes", name="body")
    assert [(one.name, one.before, one.after) for one in found.attributes] == [
        ("type", "text", "character varying(9)"),
        ("nullable", True, False),
    ]
    assert found.attribute("nullable") == found.attributes[1]
    assert found.attribute("default") is None


def test_nothing_changes_when_nothing_happens(shop: psycopg.Connection, shop_schema: Schema) -> None:
    assert compare_by_id(shop_schema, read_schema(shop)) == ()
