"""What each person's client is told, in order, so that a page that was away can catch up."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    kind: str
    data: Json


class Journal:
    """Numbers go up over all readers, so that one number is a moment of the whole workspace."""

    def __init__(self, kept: int = KEPT) -> None:
        self.last = 0
        self._entries: defaultdict[str, deque[Entry]] = defaultdict(lambda: deque(maxlen=kept))
        self._grew = asyncio.Event()

    def tell(self, reader: str, kind: str, data: Json) -> None:
        self.last += 1
        self._entries[reader].append(Entry(self.last, kind, data))
        grew, self._grew = self._grew, asyncio.Event()
        grew.set()

    def since(self, reader: str, number: int) -> list[Entry]:
        """What came after; a single `reset` when some of it is no longer kept."""
        entries = self._entries[reader]
        if number > self.last or (len(entries) == entries.maxlen and number < entries[0].number - 1):
            return [Entry(self.last, "reset", {})]
        found: list[Entry] = []
        for entry in reversed(entries):
            if entry.number <= number:
                break
            found.append(entry)
        return found[::-1]

    def kept(self, reader: str) -> list[Entry]:
        return list(self._entries[reader])

    async def follow(self, reader: str, number: int, idle: float = 15.0) -> AsyncIterator[Entry | None]:
        """For ever. None when nothing has come for so many seconds, so that a dead stream is noticed."""
        while True:
            grew = self._grew
            for entry in self.since(reader, number):
                number = entry.number
                yield entry
            try:
                async with asyncio.timeout(idle):
                    await grew.wait()
            except TimeoutError:
                yield None
