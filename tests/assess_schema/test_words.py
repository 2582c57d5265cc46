"""What people read: names, types and sentences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.assess.schema.changes import AttributeChange, Changed, New, Reordered
from actions.assess.schema.describing import describe
from actions.assess.schema.expressions import settled, without_flags
from actions.assess.schema.naming import Identity
from actions.assess.schema.values import Enum, Function
from actions.assess.schema.wording import display, short_type

MOOD = Enum(
    identity=Identity(schema="public", name="mood"), oid=1, stored={}, labels=("a",), label_oids=(1,), array_oid=2
)


@pytest.mark.parametrize(
    ("identity", "shown"),
    [
        (Identity(schema="public", name="users"), "users"),
        (Identity(schema="billing", table="users", name="email"), "billing.users.email"),
        (Identity(schema="public", table="Users", name="Größe"), "Users.Größe"),
        (Identity(name="vector"), "vector"),
        (Identity(schema="public", name="two words"), '"two words"'),
        (Identity(schema="public", table="t", name="dotted.name"), 't."dotted.name"'),
        (Identity(schema="public", name='sa"id'), '"sa""id"'),
        (Identity(schema="public", name="line\nfeed"), '"line\\x0afeed"'),
        (Identity(schema="billing", name="tax(a integer)"), "billing.tax(a integer)"),
    ],
)
def test_a_name_is_shown_as_people_write_it(identity: Identity, shown: str) -> None:
    assert display(identity) == shown


@settings(deadline=None)
@given(st.text(min_size=1), st.text(min_size=1))
def test_no_name_upsets_a_terminal_or_ends_its_backticks(table: str, name: str) -> None:
    shown = display(Identity(schema="public", table=table, name=name))
    assert shown.isprintable()
    assert "`" not in shown


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("character varying(255)", "varchar(255)"),
        ("character varying(3)[]", "varchar(3)[]"),
        ("timestamp with time zone", "timestamptz"),
        ("timestamp(3) without time zone", "timestamp(3)"),
        ("time(0) with time zone", "timetz(0)"),
        ("public.mood", "mood"),
        ("billing.state[]", "billing.state[]"),
        ("double precision", "double precision"),
    ],
)
def test_a_type_is_shown_as_people_write_it(full: str, short: str) -> None:
    assert short_type(full) == short


def _labels(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    change = AttributeChange(name="labels", before=before, after=after)
    return describe(Changed(before=MOOD, after=MOOD, attributes=(change,)))


def test_labels_are_told_apart_from_their_order() -> None:
    assert _labels(("a", "b", "c"), ("a",)) == "enum `mood` loses the labels `b` and `c`"
    assert (
        _labels(("a", "b"), ("b", "x", "y", "z"))
        == "enum `mood` loses the label `a` and gains the labels `x`, `y` and `z`"
    )
    assert _labels(("a", "b"), ("b", "a")) == "enum `mood` has its labels in another order"


def test_a_sentence_stays_short_and_on_one_line() -> None:
    long = tuple(f"label\n{number}" for number in range(100))
    sentence = describe(
        New(after=Enum(identity=MOOD.identity, oid=1, stored={}, labels=long, label_oids=(), array_oid=2))
    )
    assert len(sentence) < 120
    assert "\n" not in sentence


def test_column_order_is_said() -> None:
    change = Reordered(identity=Identity(schema="s", name="t"), columns_before=("a", "b"), columns_after=("b", "a"))
    assert describe(change) == "table `s.t` has its columns in another order"


def test_a_body_is_not_quoted() -> None:
    function = Function(
        identity=Identity(schema="public", name="f()"), oid=1, stored={}, form="function", arguments="", result="void",
        language="sql", body="SELECT 'secret'", volatility="volatile", parallel="unsafe", security_definer=False,
        strict=False, leakproof=False, cost=1, rows=0, settings=(), support=None,
    )  # fmt: skip
    change = AttributeChange(name="body", before=function.body, after="SELECT 'other secret'")
    assert describe(Changed(before=function, after=function, attributes=(change,))) == "function `f()` changes its body"


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ab'\\,:[]() \n", max_size=8), min_size=2, max_size=5))
def test_both_forms_of_a_list_settle_to_one(items: list[str]) -> None:
    literals = [f"'{item.replace(chr(39), chr(39) * 2)}'::character varying" for item in items]
    around = f"CHECK (((s)::text = ANY ((ARRAY[{', '.join(literals)}])::text[])))"
    each = f"CHECK (((s)::text = ANY (ARRAY[{', '.join(f'({literal})::text' for literal in literals)}])))"
    assert settled(around) == settled(each) == each


@pytest.mark.parametrize(
    ("definition", "bare"),
    [
        ("CHECK ((a > 0)) NOT VALID", "CHECK ((a > 0))"),
        ("CHECK ((a > 0)) NOT ENFORCED", "CHECK ((a > 0))"),
        ("CHECK ((a > 0)) NO INHERIT NOT VALID", "CHECK ((a > 0)) NO INHERIT"),
        ("UNIQUE (a) DEFERRABLE INITIALLY DEFERRED", "UNIQUE (a)"),
        ("CHECK ((a = ' NOT VALID'::text))", "CHECK ((a = ' NOT VALID'::text))"),
    ],
)
def test_flags_are_taken_off_the_end_of_a_definition(definition: str, bare: str) -> None:
    assert without_flags(definition) == bare
