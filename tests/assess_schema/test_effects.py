"""What the ledger counts: every effect of a downgrade on existing rows, by the names of before."""

import psycopg

from actions.assess.schema.compare import compare_by_id
from actions.assess.schema.effects import Effects, effects_of, extensions_with_rows
from actions.assess.schema.naming import Identity
from actions.assess.schema.narrowing import Fit
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.type_usage import ColumnOf, columns_using
from actions.assess.schema.values import Constraint, Schema
from actions.assess.schema.wording import display


def _effects(shop: psycopg.Connection, statements: str, *, after: str = "") -> Effects:
    shop.execute(statements.encode())
    before = read_schema(shop)
    shop.execute(after.encode() or b"SELECT 1")
    now = read_schema(shop)
    return effects_of(before, now, compare_by_id(before, now))


def _down(shop: psycopg.Connection, statements: str) -> Effects:
    return _effects(shop, "SELECT 1", after=statements)


def _columns(found: tuple[ColumnOf, ...]) -> list[str]:
    return [f"{display(one.table)}.{one.column.identity.name}" for one in found]


EFFECTS = {
    "tables_gone", "tables_new", "columns_gone", "columns_new", "columns_retyped", "columns_not_null",
    "rules_back", "labels_gone", "domains_changed", "sequences_gone", "rewritten", "reindexed",
}  # fmt: skip


def _only(effects: Effects, *names: str) -> None:
    assert {name for name in EFFECTS if getattr(effects, name)} == set(names)


def test_tables_that_vanish_and_come_back_empty(shop: psycopg.Connection) -> None:
    effects = _down(shop, "DROP TABLE scratchpad; CREATE TABLE returned (id integer, CHECK (id > 0)); DROP TABLE cats")
    assert [display(table.identity) for table in effects.tables_gone] == ["cats", "scratchpad"]
    assert [display(table.identity) for table in effects.tables_new] == ["returned"]
    _only(effects, "tables_gone", "tables_new")


def test_a_table_made_anew_is_both(shop: psycopg.Connection) -> None:
    effects = _down(shop, "DROP TABLE scratchpad; CREATE UNLOGGED TABLE scratchpad (id integer)")
    assert [t.identity for t in effects.tables_gone] == [t.identity for t in effects.tables_new]
    _only(effects, "tables_gone", "tables_new")


def test_columns_that_vanish_and_come_back(shop: psycopg.Connection) -> None:
    effects = _down(shop, "ALTER TABLE notes DROP body, ADD title text NOT NULL DEFAULT '', ADD body text")
    assert _columns(effects.columns_gone) == ["notes.body"]
    assert _columns(effects.columns_new) == ["notes.body", "notes.title"]
    assert [(c.column.nullable, c.column.default) for c in effects.columns_new] == [(True, None), (False, "''::text")]
    _only(effects, "columns_gone", "columns_new")


def test_columns_are_named_as_before_where_their_table_is_renamed(shop: psycopg.Connection) -> None:
    effects = _down(
        shop,
        "ALTER TABLE notes RENAME TO remarks; ALTER TABLE remarks DROP body, ADD extra text, ALTER id SET NOT NULL",
    )
    assert _columns(effects.columns_gone) == ["notes.body"]
    assert _columns(effects.columns_new) == ["notes.extra"]
    assert _columns(effects.columns_not_null) == ["notes.id"]
    _only(effects, "columns_gone", "columns_new", "columns_not_null")


def test_a_rename_alone_has_no_effect(shop: psycopg.Connection) -> None:
    _only(_down(shop, "ALTER TABLE notes RENAME TO remarks; ALTER TABLE remarks RENAME body TO text"))


def test_columns_that_change_type(shop: psycopg.Connection) -> None:
    effects = _down(shop, "ALTER TABLE notes ALTER body TYPE varchar(10), ALTER id TYPE bigint")
    found = {one.before.identity.name: (one.before.type, one.after.type, one.fit) for one in effects.columns_retyped}
    assert found == {
        "body": ("text", "character varying(10)", Fit.NARROWS),
        "id": ("integer", "bigint", Fit.KEEPS),
    }
    assert effects.rewritten == (Identity(schema="public", name="notes"),)
    _only(effects, "columns_retyped", "rewritten")


def test_rules_that_come_back_name_their_columns_as_before(shop: psycopg.Connection) -> None:
    effects = _down(
        shop,
        """ALTER TABLE notes RENAME TO remarks; ALTER TABLE remarks RENAME body TO text;
           ALTER TABLE remarks ADD extra text;
           ALTER TABLE remarks ADD CONSTRAINT one UNIQUE (text, extra);
           ALTER TABLE remarks ADD CONSTRAINT two CHECK (id > 0) NOT VALID;
           ALTER TABLE remarks ADD CONSTRAINT three FOREIGN KEY (id) REFERENCES users NOT VALID;
           CREATE UNIQUE INDEX four ON remarks (lower(text), id); CREATE INDEX five ON remarks (id)""",
    )
    found = {rule.rule.identity.name: rule for rule in effects.rules_back}
    assert {name: rule.columns for name, rule in found.items()} == {
        "one": ("body", None),
        "two": ("id",),
        "three": ("id",),
        "four": (None, "id"),
    }
    assert {display(rule.table) for rule in found.values()} == {"notes"}
    assert isinstance(found["two"].rule, Constraint)
    assert not found["two"].rule.validated
    assert found["three"].refers_to == Identity(schema="public", name="users")
    assert found["three"].refers_to_columns == ("id",)
    assert found["one"].refers_to is None


def test_a_changed_or_validated_rule_comes_back_and_a_comment_does_not(shop: psycopg.Connection) -> None:
    anew = "ALTER TABLE billing.orders DROP CONSTRAINT positive, ADD CONSTRAINT positive CHECK (total > 9)"
    effects = _effects(
        shop,
        "ALTER TABLE notes ADD CONSTRAINT later CHECK (id > 0) NOT VALID",
        after=f"{anew}; ALTER TABLE notes VALIDATE CONSTRAINT later; COMMENT ON CONSTRAINT users_pkey ON users IS 'x'",
    )
    assert [rule.rule.identity.name for rule in effects.rules_back] == ["positive", "later"]
    _only(effects, "rules_back")


def test_a_column_moved_to_another_enum_is_retyped_and_no_label_is_lost(shop: psycopg.Connection) -> None:
    # The old type is still there under its new name.
    effects = _down(
        shop,
        """ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('sad');
           ALTER TABLE users ALTER past_moods TYPE mood[] USING NULL""",
    )
    assert effects.labels_gone == ()
    assert [(one.before.type, one.after.type, one.fit) for one in effects.columns_retyped] == [
        ("public.mood[]", "public.mood[]", Fit.UNKNOWN)
    ]


def test_labels_that_vanish_by_the_usual_swap(shop: psycopg.Connection) -> None:
    effects = _effects(
        shop,
        """CREATE DOMAIN billing.sure AS billing.state; CREATE TYPE billing.pair AS (a billing.sure, b integer);
           CREATE TABLE deep (a billing.state[], b billing.sure, c billing.pair[], d text)""",
        after="""DROP TABLE deep; DROP TYPE billing.pair; DROP DOMAIN billing.sure;
                 ALTER TYPE billing.state RENAME TO old; CREATE TYPE billing.state AS ENUM ('open');
                 ALTER TABLE billing.orders ALTER state TYPE billing.state USING NULL; DROP TYPE billing.old""",
    )
    (lost,) = effects.labels_gone
    assert (display(lost.enum), lost.labels) == ("billing.state", ("paid",))
    assert sorted(_columns(lost.columns)) == ["billing.orders.state", "deep.a", "deep.b", "deep.c"]
    assert effects.columns_retyped == ()


def test_a_renamed_label_is_not_lost(shop: psycopg.Connection) -> None:
    _only(_down(shop, "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'"))


def test_columns_that_use_a_type_are_found_through_everything_made_of_it(shop_schema: Schema) -> None:
    mood = next(enum for enum in shop_schema.enums if enum.identity.name == "mood")
    assert _columns(columns_using(shop_schema, mood.oid)) == ["users.mood", "users.past_moods", "users.home"]


def test_a_stricter_domain_names_its_columns(shop: psycopg.Connection) -> None:
    effects = _down(shop, "ALTER DOMAIN email ADD CONSTRAINT short CHECK (length(VALUE) < 50)")
    (domain,) = effects.domains_changed
    assert _columns(domain.columns) == ["users.contact"]
    _only(effects, "domains_changed")


def test_a_sequence_made_anew_forgets_where_it_was(shop: psycopg.Connection) -> None:
    effects = _down(shop, "DROP SEQUENCE tickets; CREATE SEQUENCE tickets AS integer START 5 MAXVALUE 1000 CYCLE")
    assert [display(sequence.identity) for sequence in effects.sequences_gone] == ["tickets"]
    _only(effects, "sequences_gone")


def test_new_files_are_seen(shop: psycopg.Connection) -> None:
    effects = _down(shop, "TRUNCATE notes; REINDEX INDEX users_mood; REFRESH MATERIALIZED VIEW totals")
    assert [display(one) for one in effects.rewritten] == ["notes", "totals"]
    assert "users.users_mood" in [display(one) for one in effects.reindexed]


def _extended(shop: psycopg.Connection) -> str:
    """Any extension that this server has."""
    known = "SELECT name FROM pg_available_extensions WHERE name IN ('vector', 'citext') LIMIT 1"
    name: str = shop.execute(known).fetchone()[0]
    shop.execute(f"CREATE EXTENSION {name}".encode())
    return name


def test_an_extension_that_keeps_rows_for_its_users_is_named_when_it_goes(shop: psycopg.Connection) -> None:
    name = _extended(shop)
    shop.execute(
        f"CREATE TABLE jobs (id integer); ALTER EXTENSION {name} ADD TABLE jobs;"
        " UPDATE pg_extension SET extconfig = ARRAY['jobs'::regclass::oid], extcondition = '{\"\"}'"
        f" WHERE extname = '{name}'".encode()
    )
    before = read_schema(shop)
    shop.execute(f"DROP EXTENSION {name}".encode())
    changes = compare_by_id(before, read_schema(shop))
    assert [(one.identity.name, one.keeps) for one in extensions_with_rows(changes)] == [(name, ("public.jobs",))]


def test_an_extension_without_rows_of_its_users_is_no_loss(shop: psycopg.Connection) -> None:
    name = _extended(shop)
    before = read_schema(shop)
    shop.execute(f"DROP EXTENSION {name}".encode())
    assert list(extensions_with_rows(compare_by_id(before, read_schema(shop)))) == []
