import json
import math
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from actions.catalog.parsing import parse
from actions.files.shapes import file_bytes, tree_of
from actions.files.yaml_text import TooDeepError, yaml_text
from tests.files.rooms import SIMPLE, Room

TYPES = """
CREATE TYPE mood AS ENUM ('no', 'Größe'); CREATE TYPE spot AS (x numeric, seal bytea);
CREATE DOMAIN price AS numeric(30, 10); CREATE DOMAIN blobs AS bytea[];
CREATE TABLE items (
    id int, small smallint, big bigint, huge numeric, money2 numeric(10, 2), long numeric, nan numeric, real real,
    double float8, inf float8, yes bool, text text, padded char(5), blob bytea, day date, clock time, stamp timestamp,
    zoned timestamptz, span interval, ids uuid, list int[], grid text[][], numbers numeric[], blobs blobs, mood mood,
    spot spot, priced price, tree jsonb, old json, area int4range, many int4multirange, bits bit(4), net inet, nothing text,
    forever timestamptz, at point, empty text[], search tsvector
);
INSERT INTO items VALUES (
    1, -3, 9223372036854775807, 123456789012345678901234567890, 12.50, 0.12345678901234567890123, 'NaN', 0.1,
    1e300, '-Infinity', true, E'1e3', 'ab', '\\x00ff10', '2024-02-29', '22:30', '2024-02-29 22:30:00.5',
    '2024-02-29 22:30:00+02', '1 day 02:30:00', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{1,NULL,3}', '{{no,b},{c,"d e"}}',
    '{1.5,NaN,99999999999999999999}', ARRAY['\\x01'::bytea, NULL], 'no', ROW(1.25, '\\xff'), 7.0000000001,
    '{"b": [1, 2.50, {"no": null}], "a": "22:30", "n": 1e400}', '{"z": 1, "a": 12345678901234567890}', '[1,5)', '{[1,2),[5,6)}',
    B'1010', '10.0.0.1/8', NULL, 'infinity', '(1,2)', '{}', 'a b'
);
"""
EXPECTED: dict[str, Any] = {
    "id": 1, "small": -3, "big": 9223372036854775807, "huge": "123456789012345678901234567890", "money2": 12.5,
    "long": "0.12345678901234567890123", "real": 0.1, "double": 1e300, "yes": True, "text": "1e3", "padded": "ab   ",
    "blob": "AP8Q", "day": "2024-02-29", "clock": "22:30:00", "stamp": "2024-02-29T22:30:00.5",
    "zoned": "2024-02-29T20:30:00+00:00", "span": "P1DT2H30M", "ids": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "list": [1, None, 3], "grid": [["no", "b"], ["c", "d e"]], "blobs": ["AQ==", None], "mood": "no",
    "spot": {"x": 1.25, "seal": "/w=="}, "priced": 7.0000000001, "area": "[1,5)", "many": "{[1,2),[5,6)}", "bits": "1010",
    "tree": {"a": "22:30", "b": [1, 2.5, {"no": None}], "n": "1" + "0" * 400}, "old": {"z": 1, "a": "12345678901234567890"},
    "net": "10.0.0.1/8", "nothing": None, "forever": "infinity", "at": "(1,2)", "empty": [],
    "search": "'a' 'b'",
}  # fmt: skip


def test_every_type_is_a_sensible_value_in_yaml(room: Room) -> None:
    room.sql(TYPES)

    _, validated = room.both()

    found = room.read("1.yml")
    assert math.isnan(found.pop("nan"))
    assert found.pop("inf") == -math.inf
    numbers = found.pop("numbers")
    assert (numbers[0], math.isnan(numbers[1]), numbers[2]) == (1.5, True, "99999999999999999999")
    assert found == EXPECTED
    assert "\nmoney2: 12.50\n" in (room.home / "out/1.yml").read_text()
    assert validated.passed, validated.faults
    assert room.export().unchanged == 1


def test_every_type_is_a_sensible_value_in_json(room: Room) -> None:
    room.sql(TYPES)

    _, validated = room.both({**SIMPLE, "format": "json", "file": "{id}.json"})

    text = (room.home / "out/1.json").read_text()
    found = json.loads(text)
    assert text.endswith("}\n")
    assert "Größe" not in text  # the other label of the type
    assert (found.pop("nan"), found.pop("inf")) == ("NaN", "-Infinity")
    assert found.pop("numbers") == [1.5, "NaN", "99999999999999999999"]
    assert found == EXPECTED
    assert validated.passed, validated.faults


def test_the_servers_and_the_roles_settings_change_nothing(room: Room) -> None:
    room.sql(
        TYPES,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database()); "
        "EXECUTE format('ALTER DATABASE %I SET datestyle = ''German''', current_database()); "
        "EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database()); END $$",
    )
    room.export()
    found = room.read("1.yml")
    assert {key: found[key] for key in ("zoned", "day", "blob", "span")} == {
        key: EXPECTED[key] for key in ("zoned", "day", "blob", "span")
    }


TEXTS = st.text(st.characters(codec="utf-8")) | st.text(
    " \n\t-:#'\"ab|>&*!%@`{}[]?,\\\r\x85\u2028\ufeff\x00é😀0123.e+~=_"
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)
ODD = [
    "", " ", "no", "y", "1e3", "22:30", "0o7", "0x1F", "1_000", "~", "null", "2024-01-01", "2024-01-01T00:00:00Z", "<<", "=",
    ".inf", "-", "- a", "? a", "a: b", "a #b", "#a", "a ", " a", "a\n", "a\n\n", "\na", "a\n b", " a\nb", "a\n\nb", "a \nb",
    "---", "a\n---\nb", "...", "%a", "@a", "`a", "a\tb", "a\n\tb", "!!str a", "&a", "*a", "[a", "{a", "'a'", '"a"', "\\", "é",
    "😀", "\x7f", "\x85", "\u2028", "\ufeff", "\uffff", "a" * 2000, "0", "+1", "-1.5", ".5", "NaN", "true", "TRUE", "Null",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_odd_texts_are_read_back_as_text_by_readers_of_both_versions(text: str) -> None:
    tree: dict[str, Any] = {"a": text, "b": [text, [text]], "c": {text: text}, "d": [{text: 1, "e": text}]}
    written = yaml_text(tree)
    assert yaml.safe_load(written) == tree
    assert yaml.load(written, Loader=yaml.CSafeLoader) == tree
    if text != "<<":  # the catalog merges, whatever the quotes
        assert parse(written, "file") == (tree, ())
    assert written.endswith("\n")


@given(st.dictionaries(TEXTS, TREES, max_size=4))
@example({"a": {"b" * 200: {"c": [{"d" * 200: ["x"]}]}}})
@example({"a": 1e22, "b": 1e-7, "c": -0.0})
def test_any_tree_is_read_back_the_same(tree: dict[str, Any]) -> None:
    written = yaml_text(tree)
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        found = yaml.load(written, Loader=loader)  # noqa: S506
        assert found == tree
        assert repr(found) == repr(tree)


@given(TREES)
def test_json_is_read_and_written_without_loss(tree: Any) -> None:
    text = json.dumps({"a": tree}, ensure_ascii=False)
    found = json.loads(file_bytes(tree_of(text, "json"), "json"))
    assert _loose(found) == _loose(json.loads(text))


def _loose(value: Any) -> Any:
    """Whole numbers beyond 64 bits are text."""
    match value:
        case dict():
            return {key: _loose(inner) for key, inner in value.items()}
        case list():
            return [_loose(inner) for inner in value]
        case int() if not isinstance(value, bool) and not -(2**63) <= value < 2**63:
            return str(value)
        case float() if not math.isfinite(value):
            return str(value).replace("inf", "Infinity").replace("nan", "NaN")
        case _:
            return value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_digit_of_a_number_is_lost(number: Decimal) -> None:
    literal = f"{number:f}" if number.adjusted() < 300 and number.as_tuple().exponent > -300 else str(number)  # type: ignore[operator]
    found = yaml.safe_load(file_bytes(tree_of(f'{{"n": {literal}}}', "yaml"), "yaml"))["n"]
    exact = Decimal(found) if isinstance(found, str) else Decimal(repr(found))
    assert exact == number


def test_trees_deeper_than_readers_follow_are_refused() -> None:
    deep: Any = "x"
    for _ in range(99):
        deep = [deep]
    assert yaml.safe_load(yaml_text({"a": deep}))
    with pytest.raises(TooDeepError):
        yaml_text({"a": [[deep]]})


def test_half_a_character_is_named_by_its_file(room: Room) -> None:
    room.sql("CREATE TABLE items (id int, tree json); INSERT INTO items VALUES (1, '\"\\ud83d\"')")
    with pytest.raises(Exception, match=r"The row of `1.yml` in `items` cannot be written as YAML: .*lone surrogate"):
        room.export()
