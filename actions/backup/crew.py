"""Several threads at work on one thing: the first that fails, or an order to stop, ends the work of all."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from threading import Event, Lock

from actions.backup.streams import ending
from actions.errors import BackoutError

#: How often an order to stop is looked for.
_GLANCE_SECONDS = 0.1


class Crew:
    """Good for one `run`."""

    def __init__(self, *, should_stop: Callable[[], bool], stopped: str) -> None:
        """`stopped`: the sentence to say when it was stopped from outside."""
        self._should_stop = should_stop
        self._stopped = stopped
        self._stopping = Event()
        self._interrupts: list[Callable[[], None]] = []
        self._lock = Lock()

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """All of them at once, each in its thread. When it returns or raises, all have ended."""
        with ThreadPoolExecutor(max_workers=len(tasks), thread_name_prefix="backout-crew") as pool:
            pending = {pool.submit(task) for task in tasks}
            try:
                while pending:
                    done, pending = wait(pending, timeout=_GLANCE_SECONDS, return_when=FIRST_EXCEPTION)
                    for each in done:
                        each.result()
                    self._obey(pending)
            except BaseException:
                self._stop(pending)
                raise

    def check(self) -> None:
        """Raises when the others have stopped; what it raises is seen by nobody."""
        if self._stopping.is_set():
            raise BackoutError(self._stopped)

    def watched(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, as long as the work goes on."""
        with ending(chunks):
            for chunk in chunks:
                self.check()
                yield chunk

    @contextlib.contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While inside, `interrupt` is called (from another thread, perhaps repeatedly) to end a long wait."""
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)

    def _obey(self, pending: set[Future[None]]) -> None:
        if pending and self._should_stop():
            raise BackoutError(self._stopped)

    def _stop(self, pending: set[Future[None]]) -> None:
        self._stopping.set()
        while pending:
            # Again and again: one may have come between two long waits.
            with self._lock:
                interrupts = tuple(self._interrupts)
            for interrupt in interrupts:
                interrupt()
            _, pending = wait(pending, timeout=_GLANCE_SECONDS)
