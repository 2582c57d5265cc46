"""Lengths of time as people write them: `30s`, `5m`, `2h`, `1h30m`, `1d`."""

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer

from actions.catalog.entry import Entry, InEditor, expected
from actions.catalog.scalars import Fraction, Whole

_UNITS: Final = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PART: Final = r"[0-9]{1,6}(?:w|d|h|ms|m|s)"
_DURATION: Final = re.compile(f"(?:{_PART})+")
_EXAMPLES: Final = "a length of time such as `30s`, `5m`, `2h` or `1d`"
PATTERN: Final = f"^({_PART})+$"


def parse_duration(text: str) -> timedelta | None:
    """The time a text stands for; nothing if it is not one. Units go from large to small, each at most once."""
    if not _DURATION.fullmatch(text):
        return None
    parts = re.findall(r"([0-9]+)([a-z]+)", text)
    order = [list(_UNITS).index(unit) for _, unit in parts]
    if order != sorted(set(order)):
        return None
    return timedelta(milliseconds=sum(int(count) * _UNITS[unit] for count, unit in parts))


def spell_duration(length: timedelta) -> str:
    """The shortest spelling that `parse_duration` reads back as the same time."""
    left = round(length / timedelta(milliseconds=1))
    spelled = ""
    for unit, milliseconds in _UNITS.items():
        if unit == "w":
            continue
        count, left = divmod(left, milliseconds)
        spelled += f"{count}{unit}" if count else ""
    return spelled or "0s"


def _duration(written: Any) -> timedelta:
    if isinstance(written, timedelta):
        return written
    if isinstance(written, Whole | Fraction | int | float) and not isinstance(written, bool):
        raise expected(_EXAMPLES, "Write the unit after the number.")
    length = parse_duration(written) if isinstance(written, str) else None
    if length is None:
        raise expected(_EXAMPLES)
    return length


def _longer_than_nothing(written: Any) -> timedelta:
    length = _duration(written)
    if not length:
        raise expected(f"{_EXAMPLES}, longer than nothing")
    return length


_SPELLED = PlainSerializer(spell_duration, return_type=str)
_SCHEMA = InEditor({"type": "string", "pattern": PATTERN, "examples": ["30s", "5m", "2h", "1d"]})

#: A time that is longer than nothing.
Duration = Annotated[timedelta, BeforeValidator(_longer_than_nothing), _SPELLED, _SCHEMA]
#: A time that may be nothing (`0s`).
Pause = Annotated[timedelta, BeforeValidator(_duration), _SPELLED, _SCHEMA]


class Span(Entry):
    """How long something takes, from a good day to a bad one."""

    at_least: Pause = Field(description="On a good day.")
    at_most: Duration = Field(description="On a bad day.")

    def __str__(self) -> str:
        low, high = spell_duration(self.at_least), spell_duration(self.at_most)
        return high if low == high else f"{low} to {high}"


def _span(written: Any) -> Any:
    if isinstance(written, Span):
        return written
    what = "a length of time such as `5m`, or a range such as `15m-30m`"
    low, dash, high = written.partition("-") if isinstance(written, str) else ("", "", "")
    least, most = parse_duration(low.strip()), parse_duration((high if dash else low).strip())
    if least is None or not most:
        raise expected(what)
    if least > most:
        raise expected(f"{what}, with the shorter time first")
    return Span(at_least=least, at_most=most)


#: Written `5m` or `15m-30m`.
ExpectedTime = Annotated[
    Span,
    BeforeValidator(_span),
    PlainSerializer(lambda span: f"{spell_duration(span.at_least)}-{spell_duration(span.at_most)}", return_type=str),
    InEditor({"type": "string", "pattern": rf"^({_PART})+\s*(-\s*({_PART})+)?$", "examples": ["5m", "15m-30m"]}),
]
