"""The sandbox's time: the machine's, moved forward when a test wants three seconds, or five minutes, to have passed."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class TooLateError(Exception):
    """Nothing came in time."""


class Clock:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def sleep(self, seconds: float) -> None:
        until = self.now() + seconds
        while (left := until - self.now()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._moved.wait()
            except TimeoutError:
                return

    async def within(self, seconds: float, what: Awaitable[T]) -> T:
        """TooLateError when it takes longer; what was awaited is cancelled then."""
        working = asyncio.ensure_future(what)
        sleeping = asyncio.ensure_future(self.sleep(seconds))
        try:
            await asyncio.wait({working, sleeping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise TooLateError
        finally:
            sleeping.cancel()
            working.cancel()
