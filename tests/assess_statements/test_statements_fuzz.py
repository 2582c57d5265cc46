"""Whatever the text: an answer, and never a harmless one for something that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.assess.statements.reading import statements_in
from actions.assess.statements.tokens import tokens
from actions.assess.statements.values import Kind

_WORDS = """SELECT FROM users pg_class ( ) , ; . " ' '' '?' -- /* */ $$ $a$ E' U&" \\ :: %s %(a)s $1 1.5e3 WITH AS a
    INTO INSERT UPDATE DELETE ALTER TABLE COLUMN TYPE USING DROP CASCADE TRUNCATE DO BEGIN ATOMIC END CASE CREATE FUNCTION
    COPY EXPLAIN ANALYZE PREPARE GRANT ON VALUES [ ] é"""
_PIECES = st.sampled_from([*_WORDS.split(), "\n", "\x00"])
_TEXTS = st.one_of(st.text(), st.lists(_PIECES, max_size=25).map(" ".join), st.lists(_PIECES, max_size=25).map("".join))


@given(_TEXTS)
def test_any_text_is_answered(text: str) -> None:
    for statement in statements_in(text):
        assert statement.kinds
        assert statement.text in text
        assert statement.plain or statement.reasons


_TAGS = [f"$a{n}$" for n in range(2_000)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("EXPLAIN ANALYZE " * 5_000, id="explain"),
        pytest.param("PREPARE a AS " * 5_000, id="prepare"),
        pytest.param("(" * 20_000, id="parentheses"),
        pytest.param("".join(_TAGS) + "'?'" + "".join(reversed(_TAGS)), id="dollars"),
        pytest.param("COPY (" * 5_000, id="copy"),
    ],
)
def test_no_depth_is_too_deep(text: str) -> None:
    assert all(not statement.plain for statement in statements_in(text))


@given(_TEXTS)
def test_tokens_stand_in_the_text_in_order(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert token.start >= end
        assert text[token.start : token.end] == token.text
        end = token.end


@given(_TEXTS, st.sampled_from(["DELETE FROM users", "TRUNCATE users", "DO $q$ x $q$", "CREATE ROLE x", "SELECT a()"]))
def test_no_text_before_or_after_makes_a_harmful_statement_harmless(text: str, harmful: str) -> None:
    """Unless it became part of a string or a comment, or the whole was never valid."""
    for whole in (f"{text}\n;{harmful}", f"{harmful};{text}"):
        there = [token.text for token in tokens(harmful)]
        found = [token.text for token in tokens(whole)]
        if any(found[at : at + len(there)] == there for at in (0, len(found) - len(there))):
            assert not all(statement.plain for statement in statements_in(whole))


@given(
    st.lists(st.sampled_from(["DROP TABLE a", "SELECT 1", "SELECT 'x;'", "SET a = 1", "DO $$;$$", "/* ; */ SHOW b"]))
)
def test_statements_are_counted_right(each: list[str]) -> None:
    assert len(statements_in(" ;\n".join(each))) == len(each)


@given(st.text(alphabet='"\\;abE$-\n', max_size=30))
def test_what_follows_a_quote_that_is_never_closed_is_code(text: str) -> None:
    assert statements_in(f"SELECT 1; SELECT '{text}")[-1].kinds == {Kind.CODE}
