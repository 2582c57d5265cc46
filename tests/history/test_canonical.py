import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.history.canonical import Json, UnwritableError, decode, encode

# Everything that a record may hold: no surrogates, no NUL, finite numbers.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5), max_leaves=20
)


def same(a: Json, b: Json) -> bool:
    """Equality that tells 1 from 1.0 and from True, and 0.0 from -0.0."""
    return repr(a) == repr(b)


def sorted_keys(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


@given(values)
def test_what_is_written_reads_back_as_the_same_value(value: Json) -> None:
    assert same(decode(encode(value)), sorted_keys(value))


@given(values)
def test_writing_what_was_read_gives_the_same_text(value: Json) -> None:
    assert encode(decode(encode(value))) == encode(value)


@given(st.dictionaries(texts, scalars, min_size=2), st.randoms())
def test_the_order_in_which_keys_came_makes_no_difference(value: dict[str, Json], chance: object) -> None:
    items = list(value.items())
    chance.shuffle(items)  # type: ignore[attr-defined]
    assert encode(dict(items)) == encode(value)


@given(values)
def test_there_is_no_space_between_tokens_and_every_json_reader_agrees(value: Json) -> None:
    text = encode(value)
    assert same(sorted_keys(json.loads(text)), sorted_keys(value))
    assert text == json.dumps(sorted_keys(value), ensure_ascii=False, separators=(",", ":"))


@given(st.text(max_size=30))
def test_reading_never_fails_in_another_way(text: str) -> None:
    try:
        value = decode(text)
    except UnwritableError:
        return
    assert encode(value) == text


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(math.nan, id="nan"),
        pytest.param(math.inf, id="infinity"),
        pytest.param(["\ud800"], id="lone surrogate"),
        pytest.param({"\udfff": 1}, id="lone surrogate in a key"),
        pytest.param("a\0b", id="NUL"),
        pytest.param({1: "a"}, id="key that is a number"),
        pytest.param({None: "a"}, id="key that is null"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param({"a": {1, 2}}, id="set"),
        pytest.param(10**1000, id="number of 1001 digits"),
    ],
)
def test_what_has_no_single_text_is_refused(value: object) -> None:
    with pytest.raises(UnwritableError):
        encode(value)  # type: ignore[arg-type]


def test_a_nest_too_deep_is_refused_rather_than_breaking() -> None:
    nest: Json = []
    for _ in range(5000):
        nest = [nest]
    with pytest.raises(UnwritableError, match="deep"):
        encode(nest)
    with pytest.raises(UnwritableError):
        decode("[" * 100_000 + "]" * 100_000)


def test_the_place_of_what_is_refused_is_named() -> None:
    with pytest.raises(UnwritableError) as error:
        encode({"ledger": [1, {"rows": math.nan}]})
    assert error.value.where == "/ledger/1/rows"


@pytest.mark.parametrize("text", ['{"b":1,"a":2}', '{"a": 1}', '{"a":1,"a":1}', '"\\u00e9"', "1.0e0", "NaN", "1 "])
def test_other_ways_to_write_the_same_are_not_canonical(text: str) -> None:
    with pytest.raises(UnwritableError):
        decode(text)
