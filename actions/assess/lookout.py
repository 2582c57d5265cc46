"""Looks at every service of the catalog, minute by minute, and notes which revision is live.

How long a revision has been live, and what was written since, is something that only a look at the time can tell.
"""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue

import procrastinate

from actions.assess.seen_before import note_live_revision
from actions.catalog.service import Service
from actions.errors import BackoutError, UnavailableError
from actions.history.database import History
from actions.history.values import Sighting

log = logging.getLogger(__name__)

#: The task's name in the queue.
TASK = "backout:sightings:note"
EVERY_MINUTE = "* * * * *"
#: Services are asked at the same time; most of it is waiting for somebody's answer.
AT_ONCE = 8
#: A look is over before the next one begins.
WITHIN = timedelta(seconds=50)
#: How soon a look notices that we are stopping.
_TICK_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class _Report:
    service: str
    sighting: Sighting | None = None
    trouble: BackoutError | None = None


class Lookout:
    """One for the life of a process: it remembers who did not answer, so that the log says it once."""

    def __init__(self, services: Iterable[Service], environ: Mapping[str, str], stopping: threading.Event) -> None:
        """`services` is gone through anew at each look."""
        self._services = services
        self._environ = environ
        self._stopping = stopping
        self._lock = threading.Lock()
        self._being_asked: set[str] = set()
        self._trouble: dict[str, str] = {}

    def look(self, history: History, *, within: timedelta = WITHIN) -> None:
        """Notes the live revision of every service. One that fails or hangs is logged and does not hinder the others.

        Returns when all have answered, when the time is over, or at once when we are stopping.
        """
        waiting = self._not_being_asked()
        reports: SimpleQueue[_Report] = SimpleQueue()
        over = threading.Event()
        self._start_asking(history, waiting.values(), reports, over)
        deadline = time.monotonic() + within.total_seconds()
        while waiting and not self._stopping.is_set() and time.monotonic() < deadline:
            with suppress(Empty):
                report = reports.get(timeout=_TICK_SECONDS)
                waiting.pop(report.service, None)
                if report.trouble is not None and report.trouble.where == history.where:
                    log.warning(
                        "What is live could not be noted: %s",
                        report.trouble.what,
                        extra={"event": "sightings_postponed"},
                    )
                    waiting.clear()
                else:
                    self._say(report)
        over.set()
        if not self._stopping.is_set():
            for name in waiting:
                self._say(_Report(service=name, trouble=UnavailableError("no answer in time")))

    def _not_being_asked(self) -> dict[str, Service]:
        with self._lock:
            return {
                each.name: each
                for each in self._services
                if each.database is not None and each.migrations is not None and each.name not in self._being_asked
            }

    def _start_asking(
        self, history: History, services: Iterable[Service], reports: SimpleQueue[_Report], over: threading.Event
    ) -> None:
        turns: SimpleQueue[Service] = SimpleQueue()
        for service in services:
            turns.put(service)
        # Daemons, not a pool: the interpreter waits for a pool's threads, and a server that swallows packets
        # would decide when we may end.
        for number in range(min(AT_ONCE, turns.qsize())):
            asking = threading.Thread(
                target=self._ask_in_turn, args=(history, turns, reports, over), name=f"lookout-{number}", daemon=True
            )
            asking.start()

    def _ask_in_turn(
        self, history: History, turns: SimpleQueue[Service], reports: SimpleQueue[_Report], over: threading.Event
    ) -> None:
        with suppress(Empty):
            while not over.is_set():
                service = turns.get_nowait()
                with self._lock:
                    self._being_asked.add(service.name)
                try:
                    reports.put(self._ask(history, service))
                finally:
                    with self._lock:
                        self._being_asked.discard(service.name)

    def _ask(self, history: History, service: Service) -> _Report:
        try:
            sighting = note_live_revision(history, service, self._environ, source="periodic")
        except BackoutError as error:
            return _Report(service=service.name, trouble=error)
        except Exception as error:
            # The edge of a thread: nobody above could log it, and the other services must be asked all the same.
            log.exception(
                "Looking at %s failed unexpectedly", service.name,
                extra={"event": "sighting_failed", "service": service.name},
            )  # fmt: skip
            return _Report(service=service.name, trouble=BackoutError(f"unexpected {type(error).__name__}"))
        return _Report(service=service.name, sighting=sighting)

    def _say(self, report: _Report) -> None:
        """Trouble when it begins or changes, its end, and every revision that is new."""
        name, about = report.service, {"service": report.service}
        with self._lock:
            before = self._trouble.pop(name, None)
            if report.trouble is not None:
                self._trouble[name] = report.trouble.what
        if report.trouble is not None:
            level = logging.DEBUG if before == report.trouble.what else logging.WARNING
            said = "Which revision of %s is live could not be seen: %s"
            log.log(level, said, name, report.trouble.what, extra={"event": "sighting_missed", **about})
            return
        if before is not None:
            log.info("%s can be looked at again", name, extra={"event": "sighting_resumed", **about})
        seen = report.sighting
        if seen is not None and seen.first_seen == seen.last_seen:
            more = {"event": "revision_seen", "revision": seen.revision, **about}
            log.info("%s: revision %s is live now", name, seen.revision or "base", extra=more)


def sightings(lookout: Lookout, history: History) -> procrastinate.Blueprint:
    """The periodic task. Of two workers that think of the same minute, one gets a job.

    It has a queueing lock but no lock: jobs of minutes that nobody worked do not pile up, and a job that died with
    its worker stands in nobody's way. Two looks at once are harmless.
    """
    blueprint = procrastinate.Blueprint()

    @blueprint.periodic(cron=EVERY_MINUTE)
    @blueprint.task(name=TASK.removeprefix("backout:"), queueing_lock=TASK)
    def note(timestamp: int) -> None:  # noqa: ARG001 because the queue hands over the minute; the look is at now
        lookout.look(history)

    return blueprint
