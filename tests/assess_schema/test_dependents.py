"""What stands in the way of a drop is foretold as the server then says it."""

import psycopg
import pytest
from psycopg import sql

from actions.assess.schema.bonds import Bond, Dependent, Dropped, bonds
from actions.assess.schema.changes import Gone
from actions.assess.schema.compare import compare_by_id
from actions.assess.schema.dependents import dependents
from actions.assess.schema.effects import dropped_by
from actions.assess.schema.naming import Identity
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema, Table, View
from actions.assess.schema.wording import display

MORE = """
    CREATE FUNCTION reads(u public.users) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION mentions() RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE Notes SET body = 1; END';
    CREATE FUNCTION unrelated() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM footnotes, body; END';
    CREATE TABLE likes (who users, ticket integer DEFAULT nextval('public.users_id_seq'));
    CREATE POLICY seen ON notes USING (EXISTS (SELECT FROM scratchpad s WHERE s.id = notes.id));
    ALTER TABLE notes ADD shout text GENERATED ALWAYS AS (upper(body)) STORED;
    CREATE RULE log_it AS ON INSERT TO scratchpad DO ALSO INSERT INTO notes (id) VALUES (NEW.id);
    CREATE INDEX notes_both ON notes (id, body);
"""


def _named(found: tuple[Dependent, ...], bond: Bond) -> set[tuple[str, str]]:
    return {(one.kind, one.name) for one in found if one.bond is bond}


def _table(name: str, column: str | None = None, *, schema: str = "public") -> Dropped:
    return Dropped(table=Identity(schema=schema, name=name), column=column)


def _every_target(schema: Schema) -> list[tuple[Dropped, str]]:
    targets: list[tuple[Dropped, str]] = []
    for relation in (*schema.tables, *schema.views):
        foreign = isinstance(relation, Table) and relation.form == "foreign"
        word = relation.form if isinstance(relation, View) else "foreign table" if foreign else "table"
        name = sql.Identifier(str(relation.identity.schema), relation.identity.name).as_string()
        targets.append((Dropped(table=relation.identity), f"DROP {word} {name}"))
        for column in relation.columns if isinstance(relation, Table) else ():
            # A partition key cannot be dropped at all.
            if not column.inherited and relation.partition_key != f"RANGE ({column.identity.name})":
                dropped = Dropped(table=relation.identity, column=column.identity.name)
                quoted = sql.Identifier(column.identity.name).as_string()
                targets.append((dropped, f"ALTER {word} {name} DROP COLUMN {quoted}"))
    return targets


def _refusal(shop: psycopg.Connection, statement: str) -> str | None:
    try:
        with shop.transaction(force_rollback=True):
            shop.execute(statement.encode())
    except psycopg.errors.DependentObjectsStillExist as error:
        return str(error)
    return None


def test_the_server_refuses_exactly_where_a_block_was_foretold(shop: psycopg.Connection) -> None:
    shop.execute(MORE)
    before = read_schema(shop)
    refused = 0
    for dropped, statement in _every_target(before):
        found = dependents(shop, [dropped])
        blocked = {one.name for one in found if one.bond is Bond.BLOCKS}
        error = _refusal(shop, statement)
        refused += error is not None
        assert bool(blocked) is (error is not None), (statement, error, blocked)
    assert refused > 10


@pytest.mark.by_day(1)
def test_what_a_cascade_takes_was_named_beforehand(shop: psycopg.Connection) -> None:
    shop.execute(MORE)
    before = read_schema(shop)
    taken = 0
    for dropped, statement in _every_target(before):
        if dropped.column is not None and dropped.table.name not in {"users", "notes", "scratchpad"}:
            continue
        foretold = {one.name.split("(")[0] for one in dependents(shop, [dropped])}
        with shop.transaction(force_rollback=True):
            shop.execute(f"{statement} CASCADE".encode())
            after = read_schema(shop)
        gone = [change for change in compare_by_id(before, after) if isinstance(change, Gone)]
        names = {display(change.identity).split("(")[0] for change in gone} - {str(dropped)}
        assert names <= foretold, statement
        taken += len(names)
    assert taken > 20


def test_dependents_come_with_human_names(shop: psycopg.Connection) -> None:
    shop.execute(MORE)
    found = dependents(shop, [_table("users")])
    assert _named(found, Bond.BLOCKS) == {
        ("view", "active"),
        ("view", "loud_active"),
        ("foreign key", "billing.orders.orders_user"),
        ("function", "reads(public.users)"),
        ("column", "likes.who"),
        ("default", "likes.ticket"),
    }
    assert all(one.on == _table("users") for one in found)


def test_a_columns_own_parts_go_along_and_others_block(shop: psycopg.Connection) -> None:
    shop.execute(MORE)
    found = dependents(shop, [_table("notes", "body")])
    along, blocks = _named(found, Bond.GOES_ALONG), _named(found, Bond.BLOCKS)
    assert ("index", "notes.notes_both") in along
    # Until 14 the server drops a generated column silently with its source.
    generated = ("column", "notes.shout")
    assert generated in (blocks if shop.info.server_version >= 150000 else along)
    assert ("function", "mentions()") in _named(found, Bond.MENTIONS)


def test_policies_and_rules_of_other_tables_block(shop: psycopg.Connection) -> None:
    shop.execute(MORE)
    assert _named(dependents(shop, [_table("scratchpad")]), Bond.BLOCKS) == {("policy", "notes.seen")}
    assert ("rule", "scratchpad.log_it") in _named(dependents(shop, [_table("notes")]), Bond.BLOCKS)


def test_what_is_dropped_together_does_not_block_itself(shop: psycopg.Connection) -> None:
    together = [_table("users"), _table("active"), _table("loud_active"), _table("orders", schema="billing")]
    assert _named(dependents(shop, together), Bond.BLOCKS) == {("materialized view", "totals")}


def test_what_changes_drop_is_what_is_asked_about(shop: psycopg.Connection, shop_schema: Schema) -> None:
    shop.execute("DROP VIEW loud_active; ALTER TABLE notes DROP body; DROP TABLE scratchpad; DROP SEQUENCE tickets")
    assert [str(one) for one in dropped_by(compare_by_id(shop_schema, read_schema(shop)))] == [
        "scratchpad",
        "notes.body",
        "loud_active",
    ]


def test_a_body_of_sql_blocks_and_a_body_of_text_only_mentions(shop: psycopg.Connection) -> None:
    if shop.info.server_version < 140000:
        pytest.skip("SQL bodies are new in PostgreSQL 14")
    shop.execute("CREATE FUNCTION counts() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM notes)")
    found = dependents(shop, [_table("notes")])
    assert _named(found, Bond.BLOCKS) == {("function", "counts()")}
    assert _named(found, Bond.MENTIONS) == {("procedure", "tidy()")}


def test_partitions_and_children_are_told_apart(shop: psycopg.Connection) -> None:
    events, animals = dependents(shop, [_table("events")]), dependents(shop, [_table("animals")])
    assert _named(events, Bond.GOES_ALONG) == {("table", "events_2020"), ("table", "events_rest")}
    assert _named(events, Bond.BLOCKS) == {("foreign key", "event_notes.event_notes_event_at_fkey")}
    assert _named(animals, Bond.BLOCKS) == {("table", "cats")}


def test_nothing_depends_on_what_does_not_exist(shop: psycopg.Connection) -> None:
    assert dependents(shop, []) == ()
    assert dependents(shop, [_table("nowhere"), _table("users", "nothing")]) == ()


def test_odd_names_are_asked_for_as_they_are(shop: psycopg.Connection) -> None:
    shop.execute('CREATE VIEW "O""dd" AS SELECT "Größe in m²" FROM "Odd Schema"."We ""quote"" it"')
    dropped = _table('We "quote" it', "Größe in m²", schema="Odd Schema")
    assert _named(dependents(shop, [dropped]), Bond.BLOCKS) == {("view", '"O""dd"')}


def test_an_automatic_bond_beside_a_normal_one_lets_go() -> None:
    table, check = (1, 10, 0), (2, 20, 0)
    edges = [(check, (1, 10, 3), "n"), (check, (1, 10, 3), "a")]
    assert bonds(edges, [(1, 10, 3)]) == {check: (Bond.GOES_ALONG, (1, 10, 3))}
    assert bonds(edges, [(1, 10, 4)]) == {}
    assert bonds(edges, [table]) == {check: (Bond.GOES_ALONG, table)}


def test_an_inner_part_is_spoken_for_by_its_owner() -> None:
    table, rule, view, above = (1, 10, 0), (3, 30, 0), (1, 40, 0), (1, 50, 0)
    edges = [(rule, (1, 10, 1), "n"), (rule, view, "i"), (above, view, "n")]
    found = bonds(edges, [table])
    assert found[view] == found[above] == (Bond.BLOCKS, table)


def test_a_ring_of_dependencies_comes_to_an_end() -> None:
    one, two = (1, 10, 0), (1, 20, 0)
    assert bonds([(one, two, "n"), (two, one, "n")], [one]) == {two: (Bond.BLOCKS, one)}
