"""YAML that every reader takes for the same thing, whether it follows YAML 1.1 or 1.2.

The usual writers quote by the rules of one version, and readers of the other take `1e3`, `no` or `22:30` for something
else. Here text stands without quotes only where nobody could doubt it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

#: What a mapping or list may be nested; readers give up not far beyond.
DEEPEST = 100
_WORDS = frozenset(
    {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nil", "nan", "inf", "infinity"}
)
#: Begins with a letter, so it is no number and no date.
_PLAIN = re.compile(r"[^\W\d_](?:[\w ./()+@&;!?=*%$,'-]*[\w./()+!?*%$'-])?")
#: What is on YAML's list of printable characters and does not end a line.
_UNPRINTABLE = re.compile(
    "[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
_SPACES_MATTER = re.compile(r"\A\s|^[ \t]+$|[ \t]+$|\n\n\Z", re.MULTILINE)
_LONGEST_SIMPLE_KEY = 120


class TooDeepError(ValueError):
    """The tree is nested deeper than readers follow."""


def yaml_text(tree: Mapping[str, object]) -> str:
    """A whole file: keys in their order, unicode as it is, a newline at the end."""
    if not tree:
        return "{}\n"
    lines: list[str] = []
    _mapping(tree, "", lines, 0)
    return "".join(lines)


def _mapping(tree: Mapping[str, object], indent: str, out: list[str], depth: int, lead: str | None = None) -> None:
    for key, value in tree.items():
        written = _one_line(key)
        start = indent if lead is None else lead
        lead = None
        if len(written) > _LONGEST_SIMPLE_KEY:
            out.append(f"{start}? {written}\n")
            start, written = indent, ""
        out.append(f"{start}{written}:")
        _value(value, indent, out, depth)


def _sequence(tree: Sequence[object], indent: str, out: list[str], depth: int) -> None:
    for value in tree:
        # A mapping begins on the line of its dash.
        if isinstance(value, Mapping) and value:
            _check(depth)
            _mapping(value, indent + "  ", out, depth + 1, lead=f"{indent}- ")
        else:
            out.append(f"{indent}-")
            _value(value, indent, out, depth)


def _value(value: object, indent: str, out: list[str], depth: int) -> None:
    if isinstance(value, str):
        out.append(_block(value, indent + "  ") if "\n" in value else f" {_one_line(value)}\n")
    elif isinstance(value, Mapping) and value:
        _check(depth)
        out.append("\n")
        _mapping(value, indent + "  ", out, depth + 1)
    elif isinstance(value, list | tuple) and value:
        _check(depth)
        out.append("\n")
        _sequence(value, indent + "  ", out, depth + 1)
    else:
        out.append(f" {_scalar(value)}\n")


def _check(depth: int) -> None:
    if depth >= DEEPEST:
        raise TooDeepError(f"nested deeper than {DEEPEST} levels")


def _scalar(value: object) -> str:  # noqa: PLR0911 - one return for each kind
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return int.__repr__(value)
        case Decimal():
            return _fraction(str(value))
        case float() if math.isnan(value):
            return ".nan"
        case float() if math.isinf(value):
            return ".inf" if value > 0 else "-.inf"
        case float():
            return _fraction(float.__repr__(value))
        case Mapping():
            return "{}"
        case list() | tuple():
            return "[]"
        case _:
            raise TypeError(f"{type(value).__name__} cannot be written")


def _fraction(digits: str) -> str:
    """With a point, and with a sign after the `e`: readers of YAML 1.1 take it for text otherwise."""
    mantissa, e, exponent = digits.lower().partition("e")
    if "." not in mantissa:
        mantissa += ".0"
    if e and exponent[0] not in "+-":
        exponent = "+" + exponent
    return mantissa + e + exponent


def _one_line(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + _UNPRINTABLE.sub(_escaped, text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _escaped(found: re.Match[str]) -> str:
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
    number = ord(found[0])
    if 0xD800 <= number <= 0xDFFF:
        raise UnicodeEncodeError("utf-8", found[0], 0, 1, "surrogates not allowed")
    return short.get(found[0]) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def _block(text: str, indent: str) -> str:
    """Several lines as they are, where that says exactly the same; in quotes where spaces or odd characters matter."""
    if _SPACES_MATTER.search(text) or _UNPRINTABLE.search(text.replace("\n", "")):
        return f" {_one_line(text)}\n"
    mark, body = ("|", text[:-1]) if text.endswith("\n") else ("|-", text)
    lines = "".join(f"{indent}{line}\n" if line else "\n" for line in body.split("\n"))
    return f" {mark}\n{lines}"
