"""Does every value of one type fit into another? Judged from the types alone; what does not fit is counted live."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Fit(StrEnum):
    """How the values of a column fare when its type changes. The later members are the worse ones."""

    #: Every value survives, and could be turned back.
    KEEPS = "keeps"
    #: No value is refused, but some may come out as a neighbour: rounded, cut to the day, without its duplicate keys.
    ROUNDS = "rounds"
    #: Some value may be refused or cut off.
    NARROWS = "narrows"
    #: Types that we know nothing about, or that have nothing in common.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Type:
    base: str
    arguments: tuple[int, ...]
    dimensions: str


_SHAPE = re.compile(
    r"(?P<base>.+?)(?:\((?P<arguments>-?\d+(?:,-?\d+)?)\))?(?P<zone> with(?:out)? time zone)?(?P<dimensions>(?:\[\])*)"
)
_LARGEST = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
#: Decimal digits that survive, whole numbers that are exact, and digits before the point that fit at all.
_FLOATS = {"real": (6, 2**24, 37), "double precision": (15, 2**53, 307)}
_TEXTS = frozenset({"text", "character varying", "character", "citext"})
_MOMENTS = frozenset({"timestamp without time zone", "timestamp with time zone", "date"})
_TIMED = _MOMENTS | {"time without time zone", "time with time zone", "interval"}


def fit(before: str, after: str) -> Fit:
    """How values of the type `before` fare in a column of the type `after` (both as `format_type` prints them)."""
    was, now = _parsed(before), _parsed(after)
    if was == now:
        return Fit.KEEPS
    if now.base in _TEXTS and not now.dimensions:
        return _into_text(was, now)
    if was.dimensions != now.dimensions:
        return Fit.UNKNOWN
    return _between(was, now)


def _between(was: _Type, now: _Type) -> Fit:
    if was.base in _TEXTS:
        return _text_into_text(was, now) if now.base in _TEXTS else Fit.NARROWS
    if _is_number(was) and _is_number(now):
        return _numbers(was, now)
    if was.base in _TIMED and now.base in _TIMED:
        return _moments(was, now)
    return {("json", "jsonb"): Fit.ROUNDS, ("jsonb", "json"): Fit.KEEPS}.get((was.base, now.base), Fit.UNKNOWN)


def _parsed(name: str) -> _Type:
    found = _SHAPE.fullmatch(name)
    if found is None:
        return _Type(base=name, arguments=(), dimensions="")
    base = found["base"] + (found["zone"] or "")
    arguments = tuple(int(argument) for argument in (found["arguments"] or "").split(",") if argument)
    if base.endswith(".citext"):
        base = "citext"
    return _Type(base=base, arguments=arguments, dimensions=found["dimensions"])


def _into_text(was: _Type, now: _Type) -> Fit:
    if was.base in _TEXTS and not was.dimensions:
        return _text_into_text(was, now)
    # Everything has a text that can be read back, if there is room for it.
    return Fit.NARROWS if now.arguments else Fit.KEEPS


def _text_into_text(was: _Type, now: _Type) -> Fit:
    if not now.arguments:
        return Fit.KEEPS
    if not was.arguments or was.arguments > now.arguments:
        return Fit.NARROWS
    # Blanks at the end mean nothing in char(n), and are lost on the way into it.
    return Fit.ROUNDS if now.base == "character" and was.base != "character" else Fit.KEEPS


def _is_number(kind: _Type) -> bool:
    return kind.base in _LARGEST or kind.base in _FLOATS or kind.base == "numeric"


def _numbers(was: _Type, now: _Type) -> Fit:
    if was.base in _FLOATS:
        return _from_float(now)
    if now.base == "numeric" and not now.arguments:
        return Fit.KEEPS
    if was.base == "numeric" and not was.arguments:
        return Fit.NARROWS
    if now.base in _FLOATS:
        return _into_float(was, now)
    if was.base in _LARGEST:
        room = _LARGEST[now.base] if now.base in _LARGEST else 10 ** _whole_digits(now)
        return Fit.KEEPS if _LARGEST[was.base] <= room else Fit.NARROWS
    return _decimals(was, now)


def _from_float(now: _Type) -> Fit:
    if now.base == "double precision":
        return Fit.KEEPS
    # No float is exactly a decimal; it may be too large, or none at all, for everything that has limits.
    return Fit.ROUNDS if now.base == "numeric" and not now.arguments else Fit.NARROWS


def _into_float(was: _Type, now: _Type) -> Fit:
    digits, exact, room = _FLOATS[now.base]
    if was.base in _LARGEST:
        return Fit.KEEPS if _LARGEST[was.base] <= exact else Fit.ROUNDS
    if _whole_digits(was) > room:
        return Fit.NARROWS
    return Fit.KEEPS if was.arguments[0] <= digits else Fit.ROUNDS


def _decimals(was: _Type, now: _Type) -> Fit:
    if now.base != "numeric":
        # A decimal may be NaN, which no integer is.
        return Fit.NARROWS
    room = _whole_digits(now) - _whole_digits(was)
    if _scale(now) >= _scale(was):
        return Fit.KEEPS if room >= 0 else Fit.NARROWS
    # Rounding 9.99 up needs one digit more.
    return Fit.ROUNDS if room > 0 else Fit.NARROWS


def _whole_digits(kind: _Type) -> int:
    return kind.arguments[0] - _scale(kind)


def _scale(kind: _Type) -> int:
    return kind.arguments[1] if len(kind.arguments) > 1 else 0


def _moments(was: _Type, now: _Type) -> Fit:
    if was.base == now.base:
        precision_was = was.arguments[0] if was.arguments else 6
        precision_now = now.arguments[0] if now.arguments else 6
        return Fit.KEEPS if precision_was <= precision_now else Fit.ROUNDS
    if was.base in _MOMENTS and now.base in _MOMENTS:
        # A date may lie further away than any timestamp; nobody's does.
        return Fit.KEEPS if was.base == "date" else Fit.ROUNDS
    # The time of day can be taken from a timestamp, and nothing else from anything else.
    return Fit.ROUNDS if was.base.startswith("timestamp") and now.base == "time without time zone" else Fit.UNKNOWN
