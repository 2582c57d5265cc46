"""One text for one value: the JSON that hashes are made of.

Keys sorted by code point, no spaces, UTF-8 as it is, numbers as Python prints them (which read back as the
same number). What PostgreSQL's `jsonb` could not hold, or what another reader could read differently, is
refused when it is written rather than found when it is audited: NaN and infinities, lone surrogates, the NUL
character, keys that are not text, numbers of a thousand digits, nests a hundred deep.
"""

import json
import math
from collections.abc import Mapping, Sequence

from actions.errors import ConfigurationError

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
JsonObject = Mapping[str, Json]

DEEPEST = 100
LONGEST_NUMBER = 10**1000

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


class UnwritableError(ConfigurationError):
    """The value cannot be written down so that everybody reads the same."""


def encode(value: Json) -> str:
    """The one text of this value; UnwritableError when it has none."""
    return _encode(_plain(value, None, 0))


def encode_read(value: Json) -> str:
    """`encode` for what came out of a `jsonb` column: it was checked when it went in, and this is ten times faster."""
    return _encode(value)


def decode(text: str) -> Json:
    """The value of a text; UnwritableError unless the text is exactly what `encode` would print."""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise UnwritableError("This is not JSON, or nested too deeply") from exc
    if encode(value) != text:
        raise UnwritableError("This JSON is not in the canonical form")
    return value


#: How to come to a value: the way to what holds it, and its key there. Spelled out only for an error.
_Way = tuple["_Way", str | int] | None


def _plain(value: Json, way: _Way, depth: int) -> Json:
    """A copy made of dict, list and plain values only, each checked."""
    if isinstance(value, str):
        return _text(value, way)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -LONGEST_NUMBER < value < LONGEST_NUMBER:
            raise _refused(way, "a number of more than a thousand digits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _refused(way, "not a finite number")
        return float(value)
    return _nest(value, way, depth + 1)


def _nest(value: Json, way: _Way, depth: int) -> Json:
    if depth > DEEPEST:
        raise _refused(None, f"nested more than {DEEPEST} deep")
    if isinstance(value, dict | Mapping):
        return {_key(key, way): _plain(inner, (way, key), depth) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, (way, place), depth) for place, inner in enumerate(value)]
    raise _refused(way, f"a {type(value).__name__}, which JSON does not have")


def _key(key: str, way: _Way) -> str:
    if not isinstance(key, str):
        raise _refused(way, "a key that is not text")
    return _text(key, way)


def _text(value: str, way: _Way) -> str:
    if "\0" in value:
        raise _refused(way, "the NUL character, which PostgreSQL cannot store")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refused(way, "half a character (a lone surrogate)") from None
    return str.__str__(value)


def _refused(way: _Way, why: str) -> UnwritableError:
    where = ""
    while way is not None:
        way, key = way
        where = f"/{key}{where}"
    # The way can hold the very character that cannot be printed.
    shown = where.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return UnwritableError(f"A value cannot be written down: {why}", where=shown or None)
