"""What a plain word in YAML is: text, number, true, false or nothing, by the core schema of YAML 1.2.

PyYAML follows YAML 1.1, where `no` and `on` are booleans and `22:30` is the number 1350. People who write
opening hours and country codes are surprised by that, and a surprised catalog is a dangerous one.
"""

import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 30


class Whole(int):
    """A whole number that remembers its spelling: the revision `0005` must be able to stay `0005`."""

    spelled: str

    def __new__(cls, value: int, spelled: str) -> "Whole":
        number = super().__new__(cls, value)
        number.spelled = spelled
        return number


class Fraction(float):
    """A number with a point or an exponent that remembers its spelling: the tag `1.10` is not `1.1`."""

    spelled: str

    def __new__(cls, value: float, spelled: str) -> "Fraction":
        number = super().__new__(cls, value)
        number.spelled = spelled
        return number


Scalar = str | Whole | Fraction | bool | None


def plain(text: str) -> Scalar:  # noqa: PLR0911 - one return for each kind
    """The value of a plain (unquoted) word."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if len(text) > _LONGEST_NUMBER:
        return text
    if _WHOLE.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return Whole(int(text, base), text)
    if _FRACTION.fullmatch(text):
        return Fraction(float(text.lower().replace(".inf", "inf").replace(".nan", "nan")), text)
    return text
