from pathlib import PurePosixPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from actions.files.names import LONGEST_PART, OURS, NamePattern, UnusableNameError, unescaped

VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1) | st.text(
    "./\\%2Fab:\nNUL", min_size=1
)


@given(VALUES, VALUES)
def test_a_name_never_leads_out_and_is_never_hidden_or_ours(first: str, second: str) -> None:
    pattern = NamePattern("{a}/x-{b}/{b}{a}")
    try:
        name = pattern.name({"a": first, "b": second})
    except UnusableNameError:
        assume(False)
    parts = name.split("/")
    assert len(parts) == 3 == pattern.depth
    for level, part in enumerate(parts):
        assert part not in {"", ".", ".."}
        assert not part.startswith((".", OURS))
        assert not set(part) & set("/\\\0\n")
        assert len(part.encode()) <= LONGEST_PART
        assert pattern.fits(part, level)
    assert PurePosixPath("/top", name).is_relative_to("/top")


@given(VALUES, VALUES)
def test_different_values_are_different_names_and_can_be_read_back(first: str, second: str) -> None:
    pattern = NamePattern("{id}")
    try:
        names = [pattern.name({"id": value}) for value in (first, second)]
    except UnusableNameError:
        assume(False)
    assert (names[0] == names[1]) == (first == second)
    assert unescaped(names[0]) == first


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{id}/definition.yml", "R/definition.yml"),
        ("./{id}.yml", "R.yml"),
        ("a//{id}", "a/R"),
        ("{id}/", "R"),
        ("{a/b}-{id}", "S-R"),
    ],
)
def test_templates_are_understood(template: str, name: str) -> None:
    assert NamePattern(template).name({"id": "R", "a/b": "S"}) == name


def test_dots_of_a_value_beside_dots_of_the_template_make_no_way_up() -> None:
    assert NamePattern(".{id}/x").name({"id": "."}) == "%2E%2E/x"
