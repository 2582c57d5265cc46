"""How far a long piece of work has come, told through one callback. The terminal draws a bar of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What is being done now, in words that can be shown."""

    DUMP = "Backing up"
    COPY = "Copying to the second store"
    RESTORE = "Restoring"
    COMPARE = "Comparing"
    CHECK = "Reading what was stored"
    INDEX = "Building indexes and constraints"
    CLONE = "Cloning"
    SWAP = "Swapping"
    EXPORT = "Exporting"


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """One moment of it. What is not known is None."""

    stage: Stage
    #: Bytes of the database's own size, before compression.
    bytes_done: int = 0
    bytes_total: int | None = None
    tables_done: int = 0
    tables_total: int | None = None
    seconds: float = 0.0

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; a total is an estimate, so it may be reached before the end."""
        if not self.bytes_total:
            return None
        return min(1.0, self.bytes_done / self.bytes_total)

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far."""
        fraction = self.fraction
        if not fraction or self.seconds < 1:
            return None
        return self.seconds / fraction - self.seconds


#: Called from any thread, often; must be quick and must not raise.
Watcher = Callable[[Progress], None]


def unwatched(_: Progress) -> None:
    """For those whom nobody watches."""
