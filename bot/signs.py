"""Signs of life between the parts of `serve`: each says that it is there, and any of them may look.

Two numbers for each part, in memory that all of them share: when its process last ran, and when the loop that does its work
last turned, for parts that have one. Without a lock, for whoever is frozen must hold up nobody.
"""

import mmap
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.context import ForkContext, SpawnContext
from typing import Any

#: A fork has everything loaded; elsewhere the system's own libraries do not bear it.
CONTEXT: ForkContext | SpawnContext = (
    multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
)
#: The parts of `serve`, and whoever starts them and looks after them.
HEARING, ANSWERING, WORK, KEEPER = "hearing Slack", "answering", "the work", "serve"
EVERY_SECONDS = 1.0
#: Older than that, whoever it is about is of no use to people at the moment.
FRESH_SECONDS = 10.0
#: The keeper should have begun it anew long before.
GONE_SECONDS = 120.0


class Signs:
    def __init__(self, parts: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: one that all processes of a machine share."""
        self._clock = clock
        self._places = {name: place for place, name in enumerate((*parts, KEEPER))}
        self._lives, self._turns = _numbers(len(self._places)), _numbers(len(self._places))
        for part in self._places:
            self.lives(part)

    def lives(self, part: str) -> None:
        self._lives[self._places[part]] = self._clock()

    def turns(self, part: str) -> None:
        """Its loop begins another turn; from now on it is expected to go on."""
        self._turns[self._places[part]] = self._clock()

    def rests(self, part: str) -> None:
        """Its loop does not run, and is not expected to."""
        self._turns[self._places[part]] = 0.0

    def last(self, part: str) -> tuple[float, float]:
        """When it last lived, and when its loop last turned; 0 while it rests."""
        place = self._places[part]
        return self._lives[place], self._turns[place]

    def works(self, part: str) -> bool:
        """It lives, and its loop turns."""
        now = self._clock()
        return all(at and now - at < FRESH_SECONDS for at in self.last(part))

    def hangs(self, part: str) -> bool:
        """Its loop should turn, and has not for so long that only beginning anew would help."""
        turned = self.last(part)[1]
        return turned > 0 and self._clock() - turned > GONE_SECONDS

    def is_there(self, part: str) -> bool:
        return self._clock() - self.last(part)[0] < FRESH_SECONDS

    def all_there(self) -> bool:
        """Nobody is away for longer than it takes to begin anew, and somebody is there who sees to that."""
        now = self._clock()
        return all(now - at < GONE_SECONDS for at in self._lives)

    def keep_living(self, part: str) -> None:
        """In a thread, for as long as the process runs."""

        def live() -> None:
            while True:
                self.lives(part)
                time.sleep(EVERY_SECONDS)

        threading.Thread(target=live, name="signs-of-life", daemon=True).start()


def _numbers(count: int) -> Any:
    """In memory alone where it is inherited: that needs no file system, and no room in one."""
    if CONTEXT.get_start_method() == "fork":
        return memoryview(mmap.mmap(-1, count * 8)).cast("d")
    return CONTEXT.RawArray("d", count)
