"""One writer, whatever it is."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from actions.history.canonical import JsonObject

ShouldStop = Callable[[], bool]


class Writer(Protocol):
    """Every method looks first; calling one twice does no harm."""

    @property
    def name(self) -> str: ...

    def look(self) -> JsonObject:
        """What is there now, as far as it must be brought back; it always has `running`."""

    def is_stopped(self) -> bool:
        """Nothing of it can write any more."""

    def stop(self, should_stop: ShouldStop) -> None:
        """Returns when it is stopped; BackoutError when it does not within its time."""

    def start(self, was: JsonObject, should_stop: ShouldStop) -> str | None:
        """Brings back what `look` saw; returns when it runs. Without effect when it did not run then.

        Words, where somebody changed it meanwhile and that was left as it is.
        """


@runtime_checkable
class Watched(Protocol):
    """A writer that can say how it has been doing since it came back."""

    def trouble(self) -> str | None:
        """What went wrong with it, if anything did."""
