"""Names as Slack gives them. Those of people and channels are made from their names, so that a transcript can be read."""

import hashlib
import itertools
import re
import secrets
import string
from collections.abc import Callable

LETTERS = string.ascii_uppercase + string.digits
_count = itertools.count(1)


def readable(letter: str, name: str) -> str:
    """`U00000ANA` for ana: the same in every run."""
    clean = re.sub(r"[^A-Z0-9]", "", name.upper())
    if len(clean) > 10 or not clean:
        clean = clean[:6] + hashlib.sha256(name.encode()).hexdigest()[:4].upper()
    return letter + clean.rjust(8, "0")


def fresh(letter: str) -> str:
    return letter + "0" + "".join(secrets.choice(LETTERS) for _ in range(9))


def secret(length: int = 24) -> str:
    return secrets.token_hex(length // 2)


def short() -> str:
    """As Slack names blocks and elements that have no name."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(5))


def number() -> int:
    return next(_count)


class Timestamps:
    """Each message's own: never the same twice, never going back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> str:
        # As in Slack, the digits behind the point are a counter rather than a time.
        self._last = max(int(self._now() * 1e6), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
