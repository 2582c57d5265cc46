"""Ctrl-C once: stop in an orderly way. Twice: at once, as if we did not listen."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click


class Stop:
    """Asked between two pieces of work. A plain flag: a signal must not wait for a lock of whom it interrupted."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        return self.asked


@contextmanager
def stoppable() -> Iterator[Stop]:
    """SIGINT and SIGTERM set the flag; the next one acts as usual."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _: FrameType | None) -> None:
        stop.asked = True
        for each, old in before.items():
            signal.signal(each, old)
        if number == signal.SIGINT and sys.stderr.isatty():
            click.echo("\nStopping in an orderly way (Ctrl-C again: at once) ...", err=True)

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, old in before.items():
            signal.signal(number, old)
