"""Where statements begin and end."""

import pytest

from actions.assess.statements.reading import statements_in
from actions.assess.statements.values import Kind

_ATOMIC = "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END"
_RULE = "CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; DELETE FROM c)"
_NESTED = "DROP /* a; /* b; */ c; */ TABLE a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(" ;;\n; -- only a comment\n/* and another */", [], id="semicolons and comments alone"),
        pytest.param("DROP TABLE a; DROP TABLE b", ["DROP TABLE a", "DROP TABLE b"], id="two"),
        pytest.param("SELECT 'x; y'; DROP TABLE b", ["SELECT 'x; y'", "DROP TABLE b"], id="string"),
        pytest.param("SELECT 'it''s; so'; SHOW x", ["SELECT 'it''s; so'", "SHOW x"], id="doubled quote"),
        pytest.param(r"SELECT 'a\'; SHOW x", [r"SELECT 'a\'", "SHOW x"], id="a backslash escapes nothing"),
        pytest.param(r"SELECT E'a\'; b'; SHOW x", [r"SELECT E'a\'; b'", "SHOW x"], id="escape string"),
        pytest.param('DROP TABLE "a;b"; SHOW x', ['DROP TABLE "a;b"', "SHOW x"], id="quoted name"),
        pytest.param('DROP TABLE "a"";b"; SHOW x', ['DROP TABLE "a"";b"', "SHOW x"], id="quote in a quoted name"),
        pytest.param("DROP TABLE a -- b; c\n; SHOW x", ["DROP TABLE a", "SHOW x"], id="line comment"),
        pytest.param(f"{_NESTED}; SHOW x", [_NESTED, "SHOW x"], id="nested comments"),
        pytest.param("DO $$ BEGIN; END $$; SHOW x", ["DO $$ BEGIN; END $$", "SHOW x"], id="dollar quotes"),
        pytest.param("DO $a$ $$; $b$; $a$; SHOW x", ["DO $a$ $$; $b$; $a$", "SHOW x"], id="tagged dollar quotes"),
        pytest.param("SELECT a$b$ FROM t; SHOW x", ["SELECT a$b$ FROM t", "SHOW x"], id="a dollar within a name"),
        pytest.param("SELECT $1; SHOW x", ["SELECT $1", "SHOW x"], id="numbered parameter"),
        pytest.param(f"{_RULE}; SHOW x", [_RULE, "SHOW x"], id="a rule with two commands"),
        pytest.param(f"{_ATOMIC}; SHOW x", [_ATOMIC, "SHOW x"], id="an atomic body"),
        pytest.param("BEGIN; SHOW x; END", ["BEGIN", "SHOW x", "END"], id="a transaction is no body"),
        pytest.param("SELECT 5--3; SHOW y\n; SHOW x", ["SELECT 5", "SHOW x"], id="minus minus is a comment"),
    ],
)  # fmt: skip
def test_a_text_is_split_where_the_server_splits_it(text: str, expected: list[str]) -> None:
    assert [statement.text for statement in statements_in(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("DROP TABLE a; SELECT 'never closed; DROP TABLE b", id="string"),
        pytest.param("DROP TABLE a; /* never closed; DROP TABLE b", id="comment"),
        pytest.param('DROP TABLE a; DROP TABLE "never closed', id="name"),
        pytest.param("DROP TABLE a; DO $x$ never closed $$", id="dollar quotes"),
        pytest.param("DROP TABLE a; CREATE TABLE b (x int", id="parenthesis"),
        pytest.param("DROP TABLE a; CREATE TABLE b x int)", id="parenthesis too many"),
    ],
)
def test_what_cannot_be_read_to_its_end_is_code(text: str) -> None:
    first, *rest = statements_in(text)

    assert first.kinds == {Kind.DDL}
    assert all(statement.kinds == {Kind.CODE} for statement in rest)
    assert rest


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("DROP TABLE a; -- don'?'t mind\nDROP TABLE b", id="apostrophes in comments"),
        pytest.param("DROP TABLE a /* it'?'s */", id="apostrophes in a long comment"),
        pytest.param("COMMENT ON TABLE a IS E'?'s'?'", id="escaped quote"),
        pytest.param("""DROP TABLE "o'?'clock" """, id="apostrophes in names"),
        pytest.param("CREATE FUNCTION f() RETURNS int AS $$ -- don'?'t\n$$ LANGUAGE sql", id="comment in a body"),
    ],
)
def test_a_masked_literal_where_none_can_be_may_hide_statements(text: str) -> None:
    """`-- don't\\nDELETE FROM t; -- can't` is masked to `-- don'?'t` by whoever looks at quotes alone."""
    assert any(Kind.CODE in statement.kinds for statement in statements_in(text))


def test_masked_literals_in_their_places_hide_nothing() -> None:
    text = "COMMENT ON TABLE a IS '?'; CREATE FUNCTION f() RETURNS text AS $$ SELECT '?'::text $$ LANGUAGE sql"

    assert [statement.kinds for statement in statements_in(text)] == [{Kind.DDL}, {Kind.DDL}]


def test_the_last_statement_of_a_text_that_was_cut_off_is_code() -> None:
    first, last = statements_in("DROP TABLE a; DROP TABLE b", whole=False)

    assert first.plain
    assert not last.plain
    assert [statement.kinds for statement in statements_in("", whole=False)] == [{Kind.CODE}]


def test_a_text_that_changes_how_strings_are_read_is_not_trusted() -> None:
    assert not any(s.plain for s in statements_in("SET standard_conforming_strings = off; DROP TABLE a"))
