"""What values of PostgreSQL are in a file: from the JSON that the server makes of a row to a tree that can be written.

The server's JSON is right for most types: text, whole numbers, arrays, times by ISO 8601, trees. Three need us: numbers
with more digits than readers keep, numbers that are none (NaN, infinity), and bytes.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from actions.files.yaml_text import yaml_text

Format = Literal["yaml", "json"]
_WHOLE_LIMIT = 2**63
_WHOLE_DIGITS = 19
_NOT_A_NUMBER: Mapping[str, float] = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


@dataclass(frozen=True, slots=True)
class Plain:
    """As the server's JSON has it."""


@dataclass(frozen=True, slots=True)
class Number:
    """May be NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Written as base64."""


@dataclass(frozen=True, slots=True)
class Items:
    """An array, of any number of dimensions."""

    of: "Shape"


@dataclass(frozen=True, slots=True)
class Fields:
    """A composite type."""

    of: Mapping[str, "Shape"]


Shape = Plain | Number | Bytes | Items | Fields


def shaped(value: Any, shape: Shape, form: Format) -> Any:
    """The value as it is written."""
    match shape:
        case Number() if isinstance(value, str) and form == "yaml":
            return _NOT_A_NUMBER.get(value, value)
        case Bytes() if isinstance(value, str):
            return base64.b64encode(bytes.fromhex(value.removeprefix("\\x"))).decode()
        case Items() if isinstance(value, list):
            return [shaped(item, shape if isinstance(item, list) else shape.of, form) for item in value]
        case Fields() if isinstance(value, dict):
            return {key: shaped(item, shape.of.get(key, Plain()), form) for key, item in value.items()}
        case _:
            return value


def needs_care(shape: Shape) -> bool:
    """Whether `shaped` can change anything."""
    match shape:
        case Plain():
            return False
        case Items():
            return needs_care(shape.of)
        case Fields():
            return any(needs_care(each) for each in shape.of.values())
        case _:
            return True


def _whole(digits: str) -> int | float | str:
    """Whole numbers of 64 bits are numbers; beyond, readers lose digits, and it is written as text."""
    if digits == "-0":
        return -0.0
    if len(digits) <= _WHOLE_DIGITS + 1 and -_WHOLE_LIMIT <= int(digits) < _WHOLE_LIMIT:
        return int(digits)
    return digits


def _fraction(digits: str) -> Decimal | str:
    """A number where readers keep every digit of it, else text."""
    if len(digits) > 400:
        return digits
    exact, kept = Decimal(digits), float(digits)
    return exact if Decimal(repr(kept)) == exact else digits


def tree_of(text: str, form: Format) -> Any:
    """JSON, read without losing a digit. ValueError when it is none; RecursionError when it is too deep."""
    constant: Callable[[str], Any] = _NOT_A_NUMBER.__getitem__ if form == "yaml" else str
    return json.loads(text, parse_int=_whole, parse_float=_fraction, parse_constant=constant)


def file_bytes(tree: Mapping[str, object], form: Format) -> bytes:
    """The whole file. ValueError (also for half a character of unicode), RecursionError when it is too deep."""
    if form == "yaml":
        return yaml_text(tree).encode()
    return (json.dumps(tree, ensure_ascii=False, indent=2, default=_as_json, allow_nan=False) + "\n").encode()


def _as_json(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} cannot be written")
