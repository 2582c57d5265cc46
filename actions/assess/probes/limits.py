"""How much of the live server's time probes may take."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

#: What a scan reads in a second at least; slower than most servers, so that what is begun is also finished.
SCANNED_PER_SECOND = 200 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Times. Existence is asked first and for everything, counts take what is left."""

    #: The first look at a big table: what is there in plenty is found at once.
    first_look: timedelta = timedelta(milliseconds=50)
    #: One exact answer.
    probe: timedelta = timedelta(milliseconds=400)
    #: All answers of one kind of question together: losses, and again what was written since the deploy.
    total: timedelta = timedelta(milliseconds=1200)
    #: All estimates together. They read statistics only.
    estimates: timedelta = timedelta(milliseconds=300)
    #: One question to the catalogs.
    catalogs: timedelta = timedelta(milliseconds=5000)
    #: Beyond all of these a server that is alive has answered; then we hang up.
    grace: timedelta = timedelta(seconds=5)
    #: Waiting for somebody else's lock.
    lock: timedelta = timedelta(milliseconds=1000)


class Purse:
    """Time that is spent once."""

    def __init__(self, whole: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + whole.total_seconds()

    @property
    def left(self) -> timedelta:
        return timedelta(seconds=max(0.0, self._end - self._clock()))

    def slice(self, wanted: timedelta) -> timedelta | None:
        """At most what is wanted and what is left; None when that is nothing worth starting with."""
        given = min(wanted, self.left)
        return given if given >= timedelta(milliseconds=2) else None


def scans_within(size: int | None, given: timedelta) -> bool:
    """Will a scan of so many bytes be done in this time? Unknown sizes are big."""
    return size is not None and size <= given.total_seconds() * SCANNED_PER_SECOND
