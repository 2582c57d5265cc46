"""One way of taking the application back, whatever it is."""

from collections.abc import Callable
from typing import Protocol

from actions.history.canonical import JsonObject

ShouldStop = Callable[[], bool]


class Release(Protocol):
    """Every method looks first where it can; calling one twice does no harm, also after a crash in its middle."""

    def look(self) -> JsonObject:
        """What is there now, as far as it must be brought again: old values, revisions. Kept before anything changes."""

    def is_back(self, was: JsonObject) -> bool | None:
        """Whether all of it is done; None where that cannot be seen, and it is done again."""

    def take_back(self, was: JsonObject, should_stop: ShouldStop) -> None:
        """To the older release. BackoutError when it does not work."""

    def bring_again(self, was: JsonObject, should_stop: ShouldStop) -> None:
        """To what `look` saw; without effect when nothing was done."""
