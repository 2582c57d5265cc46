"""An Alembic that has been started ahead of its time.

A process that goes down or up spends most of its time on being started and loading libraries. It can do that while
another one works: it stands behind its own gate with Alembic loaded, and nothing of the project, until the word is given.
So each way is still a process of its own, and neither sees what the other left in its memory.
"""

from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread

from actions.downgrade.order import GO, Order, carry_out
from actions.downgrade.told import Told
from actions.platforms.port import Commands


class Standby:
    """Use as a context: whoever was not given the word is dismissed at the end."""

    def __init__(self, order: Order, commands: Commands, *, should_stop: Callable[[], bool] | None = None) -> None:
        self._order, self._commands, self._should_stop = order, commands, should_stop
        self._word: bytes | None = None
        self._dismissed = Event()
        self._told: Told | None = None
        self._failure: BaseException | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> "Standby":
        return self

    def __exit__(self, *_: object) -> None:
        self._dismissed.set()
        if self._thread is not None:
            self._thread.join()

    def get_ready(self) -> None:
        """Starts it, at the first call."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name="standby", daemon=True)
            self._thread.start()

    def go(self) -> Told:
        """See `carry_out`."""
        self.get_ready()
        self._word = GO
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure
        if self._told is None:
            raise AssertionError("it ended with neither an answer nor a failure")
        return self._told

    def _work(self) -> None:
        # The catalog's limit is for its work; while it waits the limit of whoever goes first counts as well.
        order = replace(self._order, deadline=self._order.deadline * 2)
        try:
            self._told = carry_out(order, self._commands, should_stop=self._is_over, word=lambda: self._word)
        except BaseException as error:  # noqa: BLE001  the thread that waits for the answer raises it
            self._failure = error

    def _is_over(self) -> bool:
        return self._dismissed.is_set() or (self._should_stop is not None and self._should_stop())
