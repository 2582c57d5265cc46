"""How long a restore may take, who may end it, and how far it has come: asked and told between two pieces of work."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from actions.backup.progress import Progress, Stage, Watcher, unwatched
from actions.errors import UnavailableError


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it must be over."""

    #: On the monotonic clock.
    until: float
    should_stop: Callable[[], bool] = lambda: False

    @classmethod
    def lasting(cls, deadline: timedelta, should_stop: Callable[[], bool] | None = None) -> "Limits":
        return cls(until=time.monotonic() + deadline.total_seconds(), should_stop=should_stop or (lambda: False))

    @property
    def left(self) -> timedelta:
        return timedelta(seconds=max(0.001, self.until - time.monotonic()))

    @property
    def are_reached(self) -> bool:
        return time.monotonic() >= self.until or self.should_stop()

    def check(self) -> None:
        """UnavailableError once it must end: it says nothing about the backup, and trying again is safe."""
        if self.should_stop():
            raise UnavailableError("It was stopped before its end, as was asked")
        if time.monotonic() >= self.until:
            raise UnavailableError(
                "It did not end in time and was stopped", next_step="Give it more time, or a machine with less to do."
            )

    def within(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, as long as there is time."""
        for chunk in chunks:
            self.check()
            yield chunk


class Meter:
    """Counts what several threads have done of one stage, and tells the watcher."""

    def __init__(
        self, stage: Stage, *, watch: Watcher = unwatched, bytes_total: int = 0, tables_total: int = 0
    ) -> None:
        self._stage, self._watch = stage, watch
        self._bytes_total, self._tables_total = bytes_total, tables_total
        self._bytes = self._tables = 0
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._tell()

    def add(self, size: int) -> None:
        with self._lock:
            self._bytes += size
            self._tell()

    def finish_table(self) -> None:
        with self._lock:
            self._tables += 1
            self._tell()

    def reach(self, tables: int) -> None:
        """For those who count themselves: so many of them are done now."""
        with self._lock:
            self._tables = max(self._tables, min(tables, self._tables_total))
            self._tell()

    def over(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, counted as they pass."""
        for chunk in chunks:
            self.add(len(chunk))
            yield chunk

    def _tell(self) -> None:
        self._watch(
            Progress(
                stage=self._stage,
                bytes_done=self._bytes,
                bytes_total=self._bytes_total or None,
                tables_done=self._tables,
                tables_total=self._tables_total or None,
                seconds=time.monotonic() - self._started,
            )
        )
