"""The watch goes on behind the proof that nobody writes, so that a writer is found long before a backup is over.

It is there to be early. Whether anything was written is decided by whoever asks `still_quiet` before anything is destroyed.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg

from actions.errors import BackoutError, UnavailableError
from actions.history.canonical import JsonObject
from actions.writers.quiet import NotQuietError, onlooker

LOOK_SECONDS = 1.0
LEAVE_SECONDS = 5.0


class Watch:
    """What was seen so far."""

    def __init__(self, url: str, *, roles: Sequence[str], since: JsonObject) -> None:
        self._url, self._roles, self._since = url, roles, since
        self._over = threading.Event()
        self._trouble: NotQuietError | None = None

    @property
    def is_disturbed(self) -> bool:
        """What is being done meanwhile need not go on."""
        return self._trouble is not None

    @contextmanager
    def on(self) -> Iterator["Watch"]:
        """At once, and then every second. Raises NotQuietError at its end when somebody wrote, whatever came of what was
        done meanwhile."""
        thread = threading.Thread(target=self._look_on, name="quiet-watch", daemon=True)
        thread.start()
        try:
            yield self
        except BackoutError:
            self._end(thread)
            raise
        finally:
            self._over.set()
        self._end(thread)

    def _end(self, thread: threading.Thread) -> None:
        self._over.set()
        # A server that does not answer any more keeps nobody: the last look will say so.
        thread.join(LEAVE_SECONDS)
        if self._trouble is not None:
            raise self._trouble

    def _look_on(self) -> None:
        while not self._over.is_set() and not self.is_disturbed:
            # A database that does not answer tells nothing; whoever works on it says so, and the last look will.
            with suppress(UnavailableError, psycopg.Error), onlooker(
                self._url, roles=self._roles, since=self._since
            ) as look:  # fmt: skip
                while not self.is_disturbed:
                    try:
                        look()
                    except NotQuietError as error:
                        self._trouble = error
                    if self._over.wait(LOOK_SECONDS):
                        return
            self._over.wait(LOOK_SECONDS)
