"""What the gate hears on a connection: PostgreSQL's messages, and how each statement ends. Standard library only."""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: UP006, UP035, UP045

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, List, Optional

if TYPE_CHECKING:
    from .keeper import Keeper

Json = Dict[str, Any]

#: Of no interest by themselves.
QUIET = re.compile(
    r"\s*(?:begin|start\s+transaction|commit|end|rollback|savepoint|release|deallocate|discard|close)\b[^;]*;?\s*\Z",
    re.IGNORECASE,
)


#: A kind of `AuthenticationRequest`: what mechanisms there are.
SASL = (10).to_bytes(4, "big")


class BeyondError(Exception):
    """A statement that would have effect beyond the scratch database."""


class Frames:
    """Cuts a stream into PostgreSQL's messages; whole ones only where somebody wants to read them."""

    def __init__(self, wanted: bytes, hear: Callable[[str, bytes], Optional[bytes]]) -> None:
        self._wanted, self._hear = wanted, hear
        self._kept = bytearray()
        self._skip = 0

    def through(self, chunk: bytes) -> bytes:
        """What may be passed on by now."""
        self._kept += chunk
        at = 0
        while True:
            step = min(self._skip, len(self._kept) - at)
            self._skip -= step
            at += step
            if self._skip or len(self._kept) - at < 5:
                break
            length = 1 + int.from_bytes(self._kept[at + 1 : at + 5], "big", signed=True)
            if length < 5:
                raise ValueError
            if self._kept[at] in self._wanted:
                if len(self._kept) - at < length:
                    break
                other = self._hear(chr(self._kept[at]), bytes(self._kept[at + 5 : at + length]))
                if other is not None:
                    self._kept[at + 1 : at + length] = (4 + len(other)).to_bytes(4, "big") + other
                    length = 5 + len(other)
                at += length
            else:
                self._skip = length
        passed = bytes(self._kept[:at])
        del self._kept[:at]
        return passed


def without_channel_binding(body: bytes) -> Optional[bytes]:
    """The server offers to bind a login to its TLS, which ends at the gate; a client without TLS takes that for an attack."""
    if body[:4] != SASL:
        return None
    kept = [name for name in body[4:].split(b"\0") if name and not name.endswith(b"-PLUS")]
    return SASL + b"".join(name + b"\0" for name in kept) + b"\0"


#: Among the statements that wait for their end: here the server will say that it is ready again.
READY: Json = {}


class Hearing:
    """Follows the statements of one connection, and how they end."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._client = Frames(b"QPBSF", self._asked)
        self._server = Frames(b"CERZ", self._answered)
        self._prepared: Dict[bytes, str] = {}
        self._waiting: Deque[Json] = deque()
        self._ended: List[Json] = []
        self._failed = False
        self.from_client, self.from_server = self._client.through, self._server.through

    def _asked(self, kind: str, body: bytes) -> None:
        if kind in "SF":
            self._waiting.append(READY)
            return
        if kind == "B":
            name = body.split(b"\0", 2)[1]
            self._note(self._prepared.get(name, ""), simple=False)
            return
        name, text = (b"", body) if kind == "Q" else body.split(b"\0", 2)[:2]
        sql = text.split(b"\0", 1)[0].decode(errors="replace")
        if self._keeper.is_beyond(sql):
            self._keeper.say("beyond")
            raise BeyondError
        if kind == "Q":
            self._note(sql, simple=True)
            self._waiting.append(READY)
        else:
            self._prepared[name] = sql

    def _note(self, sql: str, *, simple: bool) -> None:
        revision, within, hushed = self._keeper.ledge.read()
        self._waiting.append({
            "sql": sql, "revision": revision, "within": within, "hushed": hushed or not sql or bool(QUIET.match(sql)),
            "rows": None, "since": time.monotonic(), "simple": simple,
        })  # fmt: skip

    def _answered(self, kind: str, body: bytes) -> Optional[bytes]:
        if kind == "R":
            return without_channel_binding(body)
        if kind == "E":
            self._failed = True
        elif kind == "C":
            entry = self._waiting[0] if self._waiting else READY
            if entry is not READY:
                count = body.rstrip(b"\0").split()[-1]
                entry["rows"] = int(count) if count.isdigit() else entry["rows"]
                # A text with several statements has several endings.
                if not entry["simple"]:
                    self._ended.append(self._waiting.popleft())
        else:
            self._tell()
        return None

    def _tell(self) -> None:
        """The server is ready again: whatever was sent before has ended."""
        while self._waiting:
            entry = self._waiting.popleft()
            if entry is READY:
                break
            if entry["simple"] and not self._failed:
                self._ended.append(entry)
        for entry in self._ended:
            if not entry["hushed"]:
                self._keeper.tell(entry)
        self._ended.clear()
        self._failed = False
