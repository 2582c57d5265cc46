"""What a process remembers of its own assessments: what the downgrade did to a copy of the schema.

A service that is in use has other rows a moment later, so an approval is looked at again and again: before the run, and
while nobody may write. What the downgrade does to an empty copy does not depend on rows. Where the world is the same but
for them, and the rehearsal is no older than `sameness` takes for fresh, it is not rehearsed anew, and the service stands
still for that much less. Nothing of it outlives the process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from actions.assess.assessment import Rehearsed
from actions.history.canonical import JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """Of one service; the newest one counts."""

    #: As somebody may ask for it: in the words of the first question, and by the revision that was found.
    targets: frozenset[str]
    #: See `sameness`: what it was about.
    marked: JsonObject
    rehearsed: Rehearsed


class Memory:
    """For all runners of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, Remembered] = {}

    def of(self, service: str, target: str) -> Remembered | None:
        with self._lock:
            found = self._kept.get(service)
        return found if found is not None and target in found.targets else None

    def keep(self, service: str, targets: Sequence[str], marked: JsonObject, rehearsed: Rehearsed) -> None:
        with self._lock:
            self._kept[service] = Remembered(targets=frozenset(targets), marked=marked, rehearsed=rehearsed)

    def forget(self, service: str) -> None:
        with self._lock:
            self._kept.pop(service, None)
