"""An error's text is shown without what may be a row's value."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import CompileError

from actions.assess.error_words import shown
from actions.downgrade.explained import as_json
from actions.downgrade.told import Trouble

SOURCE = """
def downgrade():
    op.execute("DO $$ BEGIN RAISE EXCEPTION 'user % has no plan', email; END $$")
    for row in rows:
        raise RuntimeError(f"cannot take back {row.name}: remove it first")
"""


def said(message: str, *, name: str = "RaiseException", state: str | None = "P0001", **more: object) -> str:
    trouble = Trouble(error_class=name, message=message, revision="b2", sqlstate=state, **more)  # type: ignore[arg-type]
    return shown(trouble, SOURCE)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("user ada@example.com has no plan", "user *** has no plan"),
        ("Ada Lovelace, 12 St James's Square", "RaiseException (P0001)"),
        ("user has no plan", "user has no plan"),
        ("", "RaiseException (P0001)"),
    ],
)
def test_what_a_migration_raises_in_the_server_is_shown_without_its_values(message: str, expected: str) -> None:
    assert said(message) == expected


@pytest.mark.parametrize(
    ("name", "message", "expected"),
    [
        ("KeyError", "'?'", "KeyError"),
        ("KeyError", "ada@example.com", "KeyError"),
        ("RuntimeError", "cannot take back Ada Lovelace: remove it first", "RuntimeError: cannot take back ***: remove it first"),
        ("TypeError", "'?' object is not subscriptable", "TypeError: '?' object is not subscriptable"),
        ("ValueError", "invalid literal for int() with base 10: '?'", "ValueError: invalid literal for int() with base ***: '?'"),
        ("ZeroDivisionError", "division by zero", "ZeroDivisionError: division by zero"),
        ("NotImplementedError", "", "NotImplementedError"),
    ],
)  # fmt: skip
def test_what_python_raises_is_told_with_its_class(name: str, message: str, expected: str) -> None:
    assert said(message, name=name, state=None) == expected


@pytest.mark.parametrize(
    ("state", "message", "objects"),
    [
        ("23502", 'column "email" of relation "users" contains null values', ("public", "users", "email")),
        ("23505", 'could not create unique index "users_email_key"', ("public", "users", "users_email_key")),
        ("23514", 'check constraint "age_ok" of relation "users" is violated by some row', ("users", "age_ok")),
        ("22001", "value too long for type character varying(20)", ()),
        ("22003", "integer out of range", ()),
        ("22P02", 'invalid input value for enum email: "***"', ()),
        ("42P01", 'relation "no_such_thing" does not exist', ()),
        ("2BP01", "cannot drop table users because other objects depend on it", ()),
    ],
)
def test_the_servers_own_words_and_names_stay(state: str, message: str, objects: tuple[str, ...]) -> None:
    assert said(message, name="Error", state=state, objects=objects) == message


@pytest.mark.parametrize("state", ["42501", "42P01", "2BP01", "55000", "P0001"])
def test_a_raise_under_a_state_about_objects_shows_no_value(state: str) -> None:
    text = said("ada@example.com has no plan", state=state, raised=True)
    assert text == "*** has no plan"


def test_a_value_under_a_standard_state_is_no_name() -> None:
    text = said('"Ada Lovelace" violates the rule', name="CheckViolation", state="23514", objects=("users",))
    assert "Ada" not in text
    assert "Lovelace" not in text


def test_what_alembic_and_sqlalchemy_say_about_names_stays() -> None:
    message = "Can't emit DROP CONSTRAINT for constraint UniqueConstraint(); it has no name"
    assert said(message, name="CompileError", state=None) == message


def test_an_apostrophe_within_a_word_begins_no_literal() -> None:
    error = CompileError("Can't emit DROP CONSTRAINT for constraint UniqueConstraint(Table('ada')); it has no name")
    message = str(as_json(error)["message"])
    assert message == "Can't emit DROP CONSTRAINT for constraint UniqueConstraint(Table('?')); it has no name"
    assert said(message, name="CompileError", state=None) == message


def test_what_the_application_wants_before_any_migration_runs_is_told_whole() -> None:
    trouble = Trouble(error_class="Exception", message="You must set SHOP_KEY first", revision=None)
    assert shown(trouble, SOURCE) == "Exception: You must set SHOP_KEY first"


@given(value=st.text(alphabet=string.ascii_letters + string.digits + "@.-_", min_size=8, max_size=30))
def test_no_word_that_the_script_does_not_hold_is_shown(value: str) -> None:
    assert "q" + value not in said(f'user q{value} has no plan: (q{value}), "q{value}" and q{value}\'s')
