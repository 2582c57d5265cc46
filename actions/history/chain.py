"""How entries hang together: each one's hash covers the hash before it and its own text."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from actions.errors import ConfigurationError

#: What the first entry hangs on.
GENESIS = bytes(32)

_HEAD = re.compile(r"(?P<seq>[0-9]{1,18}):(?P<prefix>[0-9a-f]{12,64})")


def link(previous: bytes, body: bytes) -> bytes:
    """The hash of an entry with this text (in UTF-8) that follows on the entry with that hash."""
    return sha256(previous + body).digest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """A place in the chain and (the beginning of) its hash, short enough to be copied from a message.

    Printed as `10482:9f3c0a6be1d2`. Twelve digits are enough: whoever forges a chain cannot choose its hash,
    and would have to try 2^48 of them.
    """

    seq: int
    prefix: str

    @classmethod
    def of(cls, seq: int, entry_hash: bytes) -> Self:
        return cls(seq=seq, prefix=entry_hash.hex())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` prints, with up to 64 digits, also with the quotes and spaces of a message around it."""
        found = _HEAD.fullmatch(text.strip().strip("`'\"").strip().lower())
        if not found:
            raise ConfigurationError(
                f"{text[:80]!r} is not the head of a chain",
                next_step="Write it as it was posted, like 10482:9f3c0a6be1d2.",
            )
        return cls(seq=int(found["seq"]), prefix=found["prefix"])

    def matches(self, entry_hash: bytes) -> bool:
        """Is this the hash that was noted?"""
        return entry_hash.hex().startswith(self.prefix)

    def __str__(self) -> str:
        return f"{self.seq}:{self.prefix[:12]}"
