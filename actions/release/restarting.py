"""Writers that are restarted once the application was taken back, so that they run the older release.

Those that the run has stopped stay so: it brings them back itself, later and in its own order.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from actions.history.canonical import Json, JsonObject
from actions.release.port import Release, ShouldStop
from actions.writers.port import Writer


@dataclass(frozen=True, kw_only=True)
class Restarting:
    release: Release
    writers: Mapping[str, Writer]

    def look(self) -> JsonObject:
        restarted: dict[str, Json] = {name: writer.look() for name, writer in self.writers.items()}
        return {**self.release.look(), "restart": restarted}

    def is_back(self, was: JsonObject) -> bool | None:
        return self.release.is_back(was) if not _running(was) else None

    def take_back(self, was: JsonObject, should_stop: ShouldStop) -> None:
        self.release.take_back(was, should_stop)
        self._restart(was, should_stop)

    def bring_again(self, was: JsonObject, should_stop: ShouldStop) -> None:
        self.release.bring_again(was, should_stop)
        self._restart(was, should_stop)

    def _restart(self, was: JsonObject, should_stop: ShouldStop) -> None:
        running = _running(was)
        for name, writer in self.writers.items():
            if name in running:
                writer.stop(should_stop)
                writer.start(running[name], should_stop)


def _running(was: JsonObject) -> dict[str, JsonObject]:
    seen = was.get("restart")
    listed = seen.items() if isinstance(seen, dict) else ()
    return {name: each for name, each in listed if isinstance(each, dict) and each.get("running")}
