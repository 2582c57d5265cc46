"""Texts for people's eyes carry no values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.assess.statements.masking import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM users  WHERE email = 'joe@example.com' AND age > 42",
            "SELECT * FROM users WHERE email = ? AND age > ?"),
        ("UPDATE a SET b = E'it\\'s' /* joe */, c = $$secret$$ -- really", "UPDATE a SET b = ? , c = ?"),
        ("UPDATE a SET b = 'cut off in the mid", "UPDATE a SET b = ?"),
        ("SELECT a1, \"b 2\" FROM t WHERE x=$1", "SELECT a1, \"b 2\" FROM t WHERE x=$1"),
    ],
)  # fmt: skip
def test_values_become_question_marks(text: str, expected: str) -> None:
    assert masked(text) == expected


@given(st.text(alphabet="xyz '", max_size=20))
def test_no_string_comes_through(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "QQQ'"

    assert "QQQ" not in masked(f"SELECT {quoted} FROM t")
