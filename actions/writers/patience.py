"""Waiting for something to become true, with an end."""

import time
from collections.abc import Callable
from datetime import timedelta

from actions.errors import BackoutError

_TICK_SECONDS = 0.02


def wait_until(
    holds: Callable[[], bool], *, within: timedelta, should_stop: Callable[[], bool], otherwise: BackoutError
) -> None:  # fmt: skip
    """Raises `otherwise` when it does not come true in time; BackoutError when we are stopped meanwhile."""
    until = time.monotonic() + within.total_seconds()
    pause = _TICK_SECONDS
    while not holds():
        if should_stop():
            raise BackoutError("It was stopped while it waited")
        if time.monotonic() >= until:
            raise otherwise
        time.sleep(pause)
        pause = min(pause * 1.25, 1.0)
