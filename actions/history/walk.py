"""Following the chain, entry by entry. Pure: entries in, findings out; the memory it needs is that of the
rollbacks that are open at once, whatever the length of the chain."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from actions.history.chain import GENESIS, link
from actions.history.lifecycle import FINAL
from actions.history.values import RollbackId

#: Number, text (in UTF-8) and hash of an entry, as the database holds them.
RawEntry = tuple[int, bytes, bytes]


#: The end of an entry that tells of a change of a row. (Reading all of it as JSON would take most of the time of
#: an audit.) It can only be the end of the entry itself, not of a value inside it: nothing but the entry's own
#: brace comes after the number.
_ROW = re.compile(
    rb'"rollback":([0-9]+),"row":\{"after":"([0-9a-f]{64})","before":(?:null|"([0-9a-f]{64})"),"status":"([a-z]+)"\}'
    rb',"seq":[0-9]+\}\Z'
)
_LONGEST_ROW = 300
_FINAL = frozenset(status.encode() for status in FINAL)


class Flaw(StrEnum):
    """What does not fit."""

    #: The text of an entry is not the one that was hashed.
    CHANGED = "changed"
    #: The hash of an entry is not that of its text.
    HASH = "hash"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    #: A rollback's row is not as its last entry left it.
    ROW_CHANGED = "row-changed"
    #: A rollback's row is there, its entries are not.
    ROW_UNRECORDED = "row-unrecorded"
    #: A rollback's entries are there, its row is not.
    ROW_REMOVED = "row-removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that does not fit, and where."""

    flaw: Flaw
    #: The entry that it shows at, if it shows at one.
    seq: int | None = None
    rollback: RollbackId | None = None
    text: str


class ChainWalk:
    """Where a walk along the chain has come to."""

    def __init__(self) -> None:
        self.seq = 0
        self.hash = GENESIS
        #: The hash before the last one: what an entry hangs on if the last one does not belong there.
        self.hash_before = GENESIS
        #: How many rollbacks the entries tell the beginning of.
        self.opened = 0
        self.findings: list[Finding] = []
        self._seals: dict[bytes, bytes] = {}

    def follow(self, entries: Sequence[RawEntry]) -> int:
        """Walks along as far as the entries fit; returns how many did. (Kept flat: it runs per entry.)"""
        last, before, expected = self.hash, self.hash_before, self.seq
        for seq, body, stored in entries:
            if seq != expected + 1 or sha256(last + body).digest() != stored or not body.endswith(b',"seq":%d}' % seq):
                break
            before, last, expected = last, stored, seq
            # Text inside a value has its quotes escaped, so this can only be a key.
            if b'"row":{' in body:
                self._note_row(seq, body)
        walked = expected - self.seq
        self.hash, self.hash_before, self.seq = last, before, expected
        return walked

    def _note_row(self, seq: int, body: bytes) -> None:
        found = _ROW.search(body, max(0, len(body) - _LONGEST_ROW))
        if found is None:  # a value that happens to have such a key
            return
        number, after, before, status = found.groups()
        if before is None:
            self.opened += 1
        if self._seals.get(number) != before:
            name = RollbackId(int(number))
            text = f"The row of {name} was changed by hand some time before entry {seq}"
            self.findings.append(Finding(flaw=Flaw.ROW_CHANGED, seq=seq, rollback=name, text=text))
        if status in _FINAL:
            self._seals.pop(number, None)
        else:
            self._seals[number] = after


def own_number(body: bytes) -> int | None:
    """The number that an entry's text gives itself."""
    try:
        entry: Any = json.loads(body)
    except ValueError:
        return None
    number = entry.get("seq") if isinstance(entry, dict) else None
    return number if isinstance(number, int) else None


def diagnose(walk: ChainWalk, entry: RawEntry, following: RawEntry | None, *, missing: bool) -> Finding:
    """Says what is wrong with the first entry that does not fit.

    `missing`: no other entry says that it is the one whose place this is.
    """
    place, body, stored = entry
    expected = walk.seq + 1
    if place != expected:
        return _removed(expected, place - 1)
    said = own_number(body)
    if said is not None and said < place:
        # It says that it was here before the last one came; if it hangs on the one before, so it was.
        culprit = place - 1 if link(walk.hash_before, body) == stored else place
        return Finding(flaw=Flaw.INSERTED, seq=culprit, text=f"Entry {culprit} was inserted later")
    if said is not None and said > place:
        if missing:
            return _removed(place, said - 1)
        return Finding(flaw=Flaw.REORDERED, seq=place, text=f"At place {place} stands what was written as entry {said}")
    return _same_place(walk, entry, following)


def _same_place(walk: ChainWalk, entry: RawEntry, following: RawEntry | None) -> Finding:
    place, body, _ = entry
    if following is not None:
        _, next_body, next_stored = following
        if link(walk.hash, next_body) == next_stored:
            return Finding(flaw=Flaw.INSERTED, seq=place, text=f"Entry {place} was inserted later")
        if link(link(walk.hash, body), next_body) == next_stored:
            text = f"The hash of entry {place} was changed; its text was not"
            return Finding(flaw=Flaw.HASH, seq=place, text=text)
    text = f"Entry {place} was changed"
    if place > 1:
        text += f", or entry {place - 1} was changed together with its hash"
    return Finding(flaw=Flaw.CHANGED, seq=place, text=text)


def _removed(first: int, last: int) -> Finding:
    text = f"Entry {first} is missing" if first == last else f"Entries {first} to {last} are missing"
    return Finding(flaw=Flaw.REMOVED, seq=first, text=text)
