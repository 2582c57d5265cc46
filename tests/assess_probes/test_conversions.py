"""The many spellings of a type, and which USING expressions are nothing but casts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.assess.probes.conversions import _casts
from actions.assess.probes.expressions import checked, is_constant, unique_index
from actions.assess.probes.typenames import TypeName, type_name
from actions.assess.statements.tokens import tokens


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("VARCHAR(100)", "character varying(100)"),
        ("varchar", "character varying"),
        ("CHAR", "character(1)"),
        ("int4", "integer"),
        ("pg_catalog.int8", "bigint"),
        ("DECIMAL(10)", "numeric(10,0)"),
        ("NUMERIC(10, 2)", "numeric(10,2)"),
        ("numeric(3,-2)", "numeric(3,-2)"),
        ("FLOAT", "double precision"),
        ("FLOAT(24)", "real"),
        ("float(25)", "double precision"),
        ("TIMESTAMP", "timestamp without time zone"),
        ("timestamptz", "timestamp with time zone"),
        ("TIMESTAMP(0) WITH TIME ZONE", "timestamp(0) with time zone"),
        ("TIMESTAMP  WITHOUT TIME ZONE", "timestamp without time zone"),
        ("text[]", "text[]"),
        ("TEXT [3]", "text[]"),
        ("mood", "public.mood"),
        ('"Mood"', 'app."Mood"'),
        ('"mood"', "mood"),
        ("BOOL", "boolean"),
        ("public.CITEXT", "public.citext"),
    ],
)
def test_two_spellings_of_one_type_are_the_same(written: str, printed: str) -> None:
    assert type_name(written) == type_name(printed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("varchar(10)", "varchar(100)"),
        ("varchar", "text"),
        ("timestamp", "timestamptz"),
        ("timestamp(0)", "timestamp"),
        ("text", "text[]"),
        ('"Mood"', "mood"),
        ("numeric(10,2)", "numeric(10,3)"),
    ],
)
def test_two_types_are_not_the_same(one: str, other: str) -> None:
    assert type_name(one) != type_name(other)


@given(st.text())
def test_any_text_is_some_type(text: str) -> None:
    assert isinstance(type_name(text), TypeName)


@pytest.mark.parametrize(
    ("expression", "chain"),
    [
        ("c", []),
        ("(c)", []),
        ("t.c", []),
        ('"c"', []),
        ("c::text::integer", ["text", "integer"]),
        ("((c)::text)::varchar(5)", ["text", "character varying(5)"]),
        ("CAST(c AS numeric(10, 2))", ["numeric(10,2)"]),
        ("CAST(CAST(c AS text) AS integer)", ["text", "integer"]),
        ("CAST(c AS text)::integer", ["text", "integer"]),
        ('c::text::app."Mood"', ["text", '"Mood"']),
        ("c::timestamp with time zone", ["timestamp with time zone"]),
        ("c::text[]", ["text[]"]),
        ("d", None),
        ("c.d", None),
        ("lower(c)", None),
        ("c || c", None),
        ("c + 1", None),
        ("-c", None),
        ("(c)::text || 'x'::text", None),
        ('c::text COLLATE "C"', None),
        ("c AT TIME ZONE 'UTC'", None),
        ("CASE WHEN c THEN 1 ELSE 0 END", None),
        ("'c'::text", None),
        ("(SELECT c)::text", None),
        ("c[1]::text", None),
        ("", None),
        ("()", None),
    ],
)
def test_only_casts_of_the_column_itself_are_understood(expression: str, chain: list[str] | None) -> None:
    found = _casts(tokens(expression), "c")

    assert found == (None if chain is None else tuple(map(type_name, chain)))


@given(st.text(alphabet="c:text()'\" CASTas,.[]0123", max_size=40))
def test_any_expression_is_answered(expression: str) -> None:
    found = _casts(tokens(expression), "c")

    assert found is None or all(isinstance(step, TypeName) for step in found)


@pytest.mark.parametrize(
    ("expression", "constant"),
    [
        ("'x'::character varying", True),
        ("'x'::character varying(10)", True),
        ("0", True),
        ("'-1'::integer", True),
        ("(-1)", True),
        ("(0)::numeric(10,2)", True),
        ("true", True),
        ("'{}'::jsonb", True),
        ("ARRAY['a'::text, 'b'::text]", True),
        ("'open'::public.\"State\"", True),
        ("'2024-01-01 00:00:00'::timestamp without time zone", True),
        ("NULL::character varying", True),
        ("now()", False),
        ("CURRENT_TIMESTAMP", False),
        ("nextval('t_id_seq'::regclass)", False),
        ("gen_random_uuid()", False),
        ("('now'::text)::date", False),
        ("'a'::text || 'b'::text", False),
        ("public.f(1)", False),
        ("'x'::text COLLATE pg_catalog.f(2)", False),
    ],
)
def test_only_literals_are_constant(expression: str, constant: bool) -> None:
    assert is_constant(expression) is constant


def test_the_expression_of_a_check_is_taken_out_whole() -> None:
    assert checked("CHECK (((a > 0) AND (b <> ')'::text))) NO INHERIT NOT VALID") == "(((a > 0) AND (b <> ')'::text)))"
    assert checked("UNIQUE (a)") is None


def test_the_keys_of_a_unique_index_are_taken_out_without_their_order() -> None:
    found = unique_index(
        'CREATE UNIQUE INDEX i ON public.t USING btree (lower(a) DESC, "B" COLLATE "C" text_pattern_ops, (c || \',\'::text),'
        " pg_catalog.abs(d)) INCLUDE (e) NULLS NOT DISTINCT WITH (fillfactor='70') WHERE (f IS NULL)"
    )

    assert found is not None
    assert found.keys == ("lower(a)", '"B"', "(c || ','::text)", "pg_catalog.abs(d)")
    assert found.where == " (f IS NULL)"
    assert not found.nulls_distinct
