"""How long a copy may take, and who may end it before."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from actions.errors import BackoutError, UnavailableError
from actions.platforms.port import Ended


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    #: On the monotonic clock.
    until: float
    should_stop: Callable[[], bool] | None = None

    def left(self) -> timedelta:
        return timedelta(seconds=max(0.001, self.until - time.monotonic()))

    def ended(self) -> Ended:
        """Whether it is at its end now, and by what."""
        if time.monotonic() >= self.until:
            return Ended.DEADLINE
        return Ended.STOPPED if self.should_stop is not None and self.should_stop() else Ended.BY_ITSELF

    def check(self, ended: Ended) -> None:
        """Raises unless it came to its own end."""
        if ended is Ended.STOPPED:
            raise BackoutError("Copying the database was stopped", next_step="Nothing was changed in it.")
        if ended is Ended.DEADLINE:
            raise UnavailableError(
                "Copying the database did not end in time and was stopped",
                next_step="Look at what `backout copy` and pg_dump wait for in pg_stat_activity, then try again.",
            )
