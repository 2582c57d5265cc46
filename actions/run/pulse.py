"""The heartbeat of a run: renews the lease, hears of a wish to stop, and knows when everything must be let go.

`must_stop` is asked by whatever takes long, several times a second. It says yes as soon as we cannot be sure any more
that nobody else has taken over, judged by how long ago the last renewal was answered.
"""

import logging
import threading
import time
from datetime import timedelta
from typing import Self

from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.leases import LEASE, Lease, LostLeaseError, renew

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.5
#: We let go so much before the database would give it to another.
MARGIN = timedelta(seconds=4)
_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
#: How long a step may go on when the process was asked to end.
GRACE_SECONDS = 4.0


def elapsed_seconds() -> float:
    """Since some moment. No clock of the wall, which people set; and where there is one, a clock that counts the time
    in which the machine slept, for the database goes on counting too."""
    return time.clock_gettime(_CLOCK)


class Pulse:
    """Use as a context: it beats until the end."""

    def __init__(
        self, history: History, lease: Lease, stopping: threading.Event, *, claimed_at: float, lasting: timedelta = LEASE,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:  # fmt: skip
        """`claimed_at`: by `elapsed_seconds`, from before the claim was sent; we may be held up at any moment after it."""
        self._history = history
        self._lease = lease
        self._stopping = stopping
        self._lasting = lasting
        self._grace = grace_seconds
        self._safe_for = (lasting - min(MARGIN, lasting / 4)).total_seconds()
        self._held_at = claimed_at
        self._over = threading.Event()
        self._lost = threading.Event()
        self._stopping_since: float | None = None
        self._thread = threading.Thread(target=self._beat, name=f"pulse-{lease.rollback}", daemon=True)
        #: Who asked to stop, once somebody did.
        self.stop_by: str | None = None
        #: How far the step of now has come; told with the next beat.
        self.progress: JsonObject | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def lost(self) -> bool:
        """It is not ours any more, or may not be."""
        if elapsed_seconds() - self._held_at > self._safe_for:
            self._lost.set()
        return self._lost.is_set()

    @property
    def shutting_down(self) -> bool:
        """Our process was asked to end, and the time for what is under way is over."""
        if not self._stopping.is_set():
            return False
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()
        return time.monotonic() - self._stopping_since > self._grace

    def must_stop(self) -> bool:
        """For steps that go forward."""
        return self.lost or self.stop_by is not None or self.shutting_down

    def must_let_go(self) -> bool:
        """For undoing, which a wish to stop does not end."""
        return self.lost or self.shutting_down

    def require(self) -> None:
        """Nothing more is touched when it is lost."""
        if self.lost:
            raise LostLeaseError(f"Another runner may have taken {self._lease.rollback} over")

    def _beat(self) -> None:
        pause = min(BEAT_SECONDS, self._lasting.total_seconds() / 5)
        while not self._over.wait(pause):
            asked_at = elapsed_seconds()
            try:
                self.stop_by = renew(self._history, self._lease, lasting=self._lasting, progress=self.progress).stop_by
                self._held_at = asked_at
            except LostLeaseError:
                self._lost.set()
                return
            except BackoutError as error:
                # Away for a moment; `lost` becomes true by itself when it lasts.
                log.debug("The lease of %s could not be renewed: %s", self._lease.rollback, error.what)
