"""A process at work: takes on every rollback that has no living runner, each in a thread of its own.

The rows are the truth. A nudge only spares the next look its few seconds; losing every nudge loses nothing.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable

from actions.errors import BackoutError, UnavailableError
from actions.history.glance import Glance
from actions.history.leases import ANYTHING_OPEN, waiting_for_somebody
from actions.history.values import RollbackId
from actions.run.duties import Duties
from actions.run.runner import Crew, advance

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
#: How long the threads get when the process was asked to end; each lets its step end or stops it before.
LEAVE_SECONDS = 7.0


def owner_name() -> str:
    """Which process it was, for the record."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


class Shift:
    """Works until we are stopping."""

    def __init__(
        self, crew: Crew, stopping: threading.Event, *, duties: Duties | None = None, look_every: float = LOOK_EVERY_SECONDS,
        glance: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        """`glance` is called before each look, also while nothing is open: what must be noticed soon."""
        self._crew = crew
        self._duties = duties
        self._stopping = stopping
        self._look_every = look_every
        self._glance = glance
        self._owner = owner_name()
        self._lock = threading.Lock()
        self._at_work: dict[RollbackId, threading.Thread] = {}
        self._nudged = threading.Event()
        self._anything_open = Glance(crew.history, ANYTHING_OPEN)

    def nudge(self) -> None:
        """Look now: somebody asked for, approved or chose something."""
        self._nudged.set()

    def work(self) -> None:
        """Looks again and again; returns when we are stopping and everything was handed over."""
        with self._anything_open:
            self._look_again_and_again()
        self._leave()

    def _look_again_and_again(self) -> None:
        failed = False
        while not self._stopping.is_set():
            try:
                self._glance()
                self._look()
                failed = False
            except UnavailableError as error:
                # Whoever works on the queue beside us says so, once.
                log.debug("Cannot look for work: %s", error.what, extra={"event": "look_in_vain"})
            except BackoutError as error:
                log.log(logging.DEBUG if failed else logging.WARNING, "Cannot look for work: %s", error.what,
                        extra={"event": "look_failed"})  # fmt: skip
                failed = True
            self._rest()

    def _look(self) -> None:
        if not self._anything_open.look():
            return
        if self._duties is not None:
            self._duties.look()
        for rollback in waiting_for_somebody(self._crew.history):
            self._take_on(rollback)

    def _take_on(self, rollback: RollbackId) -> None:
        with self._lock:
            if rollback in self._at_work:
                return
            thread = threading.Thread(target=self._advance, args=(rollback,), name=f"run-{rollback}", daemon=True)
            self._at_work[rollback] = thread
        thread.start()

    def _advance(self, rollback: RollbackId) -> None:
        try:
            advance(self._crew, rollback, owner=self._owner, stopping=self._stopping)
        except BackoutError as error:
            log.warning("%s could not go on: %s", rollback, error.what, extra={"event": "run_interrupted"})
        except Exception:
            # The edge of a thread: the lease runs out by itself and somebody looks again.
            log.exception("%s could not go on", rollback, extra={"event": "run_crashed", "rollback": str(rollback)})
            self._stopping.wait(self._look_every)
        finally:
            with self._lock:
                self._at_work.pop(rollback, None)
            self._nudged.set()

    def _rest(self) -> None:
        if not self._at_work and not self._nudged.is_set():
            self._stopping.wait(self._look_every)
            return
        until = time.monotonic() + self._look_every
        while time.monotonic() < until and not self._stopping.is_set():
            if self._nudged.wait(0.2):
                self._nudged.clear()
                return

    def _leave(self) -> None:
        until = time.monotonic() + LEAVE_SECONDS
        with self._lock:
            threads = tuple(self._at_work.values())
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
