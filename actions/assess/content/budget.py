"""How long a comparison may take, and whether somebody wants it to end."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


def _nobody_stops() -> bool:
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """Ends at a moment of its clock, or when it is told to."""

    #: By `clock`; None: no limit.
    until: float | None = None
    clock: Callable[[], float] = time.monotonic
    #: Asked often, from the calling thread.
    stopped: Callable[[], bool] = _nobody_stops

    @classmethod
    def lasting(
        cls,
        duration: timedelta,
        *,
        clock: Callable[[], float] = time.monotonic,
        stopped: Callable[[], bool] = _nobody_stops,
    ) -> "Budget":
        return cls(until=clock() + duration.total_seconds(), clock=clock, stopped=stopped)

    def over(self) -> str | None:
        """Why it is over, or None while it is not."""
        if self.stopped():
            return "stopped"
        if self.until is not None and self.clock() >= self.until:
            return "no time left"
        return None


UNLIMITED = Budget()


class OutOfBudgetError(Exception):
    """The budget ended in the middle of something; never leaves this folder."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
