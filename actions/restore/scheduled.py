"""Backups that nobody has to ask for: `serve` looks every minute which are due, and takes them.

The history decides who takes which: a slot of a schedule can be written down once. So any number of processes may look,
each slot is answered once, and slots that passed while nobody looked are answered by one backup, not by many.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

import procrastinate

from actions.backup.naming import new_name
from actions.backup.slots import Due, LastTry, due
from actions.catalog.service import Service
from actions.errors import BackoutError, RefusedError, UnavailableError
from actions.history.backups import Learnt, NewBackup, last_scheduled, move_backup, record_backup
from actions.history.database import History
from actions.history.values import BackupState
from actions.redaction import redact
from actions.restore.backing_up import BackedUp, BackupOrder, back_up
from actions.restore.cloning_one import CloneWanted, clone_it
from actions.restore.letting_go import tidy
from actions.restore.premises import Premises
from actions.restore.sweeping import StoresOf, sweep

log = logging.getLogger(__name__)

#: The tasks' names in the queue.
TASK = "backout:backups:look"
TIDY_TASK = "backout:backups:tidy"
EVERY_MINUTE = "* * * * *"
HOURLY = "41 * * * *"
#: Backups at the same time in one process: each of them uses several cores and connections by itself.
AT_ONCE = 2
ACTOR = "schedule"
_TICK_SECONDS = 0.2

PremisesOf = Callable[[History, Service], Premises]


class NightWatch:
    """One for the life of a process. Takes the backups in threads of its own, so that the queue's are free."""

    def __init__(
        self, services: Iterable[Service], premises_of: PremisesOf, stores_of: StoresOf, stopping: threading.Event
    ) -> None:
        """`services` is gone through anew at each look."""
        self._every_service = services
        self._premises_of, self._stores_of = premises_of, stores_of
        self._stopping = stopping
        self._since = datetime.now(UTC)
        self._lock = threading.Lock()
        self._at_work: set[str] = set()
        self._turns: SimpleQueue[tuple[History, Service, Due]] = SimpleQueue()
        self._hands = 0

    def look(self, history: History) -> None:
        """Calls the dead what they are, and begins what is due. Returns at once; trouble is logged."""
        try:
            sweep(history, self._stores_of, actor=ACTOR)
        except UnavailableError as error:
            log.warning("The history cannot be looked at: %s", error.what, extra={"event": "backups_postponed"})
            return
        for service in self._services():
            found = self._due(history, service)
            if found is not None and self._claim(service.name):
                self._turns.put((history, service, found))
                self._lend_a_hand()

    def tidy(self, history: History) -> None:
        """Retention, for what a store that was away has left over."""
        for service in self._services():
            if self._stopping.is_set():
                return
            try:
                tidy(self._premises_of(history, service))
            except BackoutError as error:
                _say(service, "its retention waits", error, event="retention_postponed")

    def wait(self) -> None:
        """Until nothing is being taken any more; for the end of the process, and for tests."""
        while True:
            with self._lock:
                if not self._at_work:
                    return
            time.sleep(_TICK_SECONDS)

    def _services(self) -> tuple[Service, ...]:
        return tuple(each for each in self._every_service if each.database is not None)

    def _due(self, history: History, service: Service) -> Due | None:
        schedule = service.backups.schedule
        if schedule is None:
            return None
        last = last_scheduled(history, service.name)
        tried = None
        if last is not None and last.slot is not None:
            state = BackupState.PROVEN if last.state is BackupState.DELETED else last.state
            tried = LastTry(slot=last.slot, attempt=last.attempt or 1, state=state, at=last.updated_at)
        return due(schedule, datetime.now(UTC), tried, watching_since=self._since)

    def _claim(self, name: str) -> bool:
        with self._lock:
            if name in self._at_work:
                return False
            self._at_work.add(name)
            return True

    def _lend_a_hand(self) -> None:
        with self._lock:
            if self._hands >= AT_ONCE:
                return
            self._hands += 1
        # A daemon: a server that swallows packets must not decide when we may end.
        threading.Thread(target=self._work, name="night-watch", daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                history, service, found = self._turns.get_nowait()
            except Empty:
                with self._lock:
                    if self._turns.empty():
                        self._hands -= 1
                        return
                continue
            try:
                if not self._stopping.is_set():
                    self._take(history, service, found)
            finally:
                with self._lock:
                    self._at_work.discard(service.name)

    def _take(self, history: History, service: Service, found: Due) -> None:
        late = datetime.now(UTC) - found.slot
        log.info(
            "Backing up %s for %s%s", service.name, f"{found.slot:%Y-%m-%d %H:%M} UTC",
            f", {late.total_seconds() / 3600:.1f} h late" if late.total_seconds() > 3600 else "",
            extra={"event": "backup_started", "service": service.name, "attempt": found.attempt},
        )  # fmt: skip
        try:
            premises = self._premises_of(history, service)
            made = _as_the_catalog_says(premises, found, self._stopping)
        except RefusedError as error:
            # Another process has it; or the database refuses, which the history has as a failed one.
            _say(service, "its backup was not taken here", error, event="backup_refused")
        except BackoutError as error:
            self._record(history, service, found, error)
            _say(service, "its backup failed", error, event="backup_failed")
        except Exception:
            # The edge of a thread: nobody above could log it.
            log.exception("Backing up %s failed unexpectedly", service.name, extra={"event": "backup_failed"})
        else:
            _say_made(service, made)

    @staticmethod
    def _record(history: History, service: Service, found: Due, error: BackoutError) -> None:
        """A failure is on the record too, also one from before anything began."""
        name = new_name(service.name, datetime.now(UTC))
        new = NewBackup(
            name=name, service=service.name, strategy=service.backups.strategy, purpose="schedule",
            slot=found.slot, attempt=found.attempt,
        )  # fmt: skip
        with suppress(RefusedError, UnavailableError), history.writing() as connection:
            # Refused: it was written down where it failed.
            record_backup(connection, new, actor=ACTOR)
            move_backup(connection, name, BackupState.FAILED, Learnt(because=redact(error.what)), actor=ACTOR)


def _as_the_catalog_says(premises: Premises, found: Due, stopping: threading.Event) -> BackedUp | None:
    strategy, made = premises.rules.strategy, None
    if strategy != "clone":
        order = BackupOrder(purpose="schedule", slot=found.slot, attempt=found.attempt, should_stop=stopping.is_set)
        made = back_up(premises, order)
    if strategy == "dump":
        return made
    try:
        clone_it(premises, CloneWanted(purpose="schedule", slot=None if made else found.slot, attempt=found.attempt))
    except BackoutError as error:
        if made is None:
            raise
        _say(premises.service, "it has no new clone, only the dump", error, event="clone_failed")
    return made


def _say(service: Service, what: str, error: BackoutError, *, event: str) -> None:
    where = f"{error.where}: " if error.where else ""
    log.warning("%s: %s: %s%s", service.name, what, where, error.what, extra={"event": event, "service": service.name})


def _say_made(service: Service, made: BackedUp | None) -> None:
    if made is None:
        log.info("%s was cloned", service.name, extra={"event": "backup_made", "service": service.name})
        return
    about = {"service": service.name, "backup": made.name, "state": str(made.state)}
    if made.state is BackupState.PROVEN:
        log.info("Backup %s is proven", made.name, extra={"event": "backup_proven", **about})
    elif made.state is BackupState.FAILED:
        log.error("Backup %s failed: %s", made.name, made.because, extra={"event": "backup_failed", **about})
    else:
        log.warning("Backup %s is made, %s", made.name, made.because, extra={"event": "backup_made", **about})


def backups(watch: NightWatch, history: History) -> procrastinate.Blueprint:
    """The periodic tasks. Of two workers that think of the same minute, one gets a job; should both, the history
    decides."""
    blueprint = procrastinate.Blueprint()

    @blueprint.periodic(cron=EVERY_MINUTE)
    @blueprint.task(name=TASK.removeprefix("backout:"), queueing_lock=TASK)
    def look(timestamp: int) -> None:  # noqa: ARG001 because the queue hands over the minute; the look is at now
        watch.look(history)

    @blueprint.periodic(cron=HOURLY)
    @blueprint.task(name=TIDY_TASK.removeprefix("backout:"), queueing_lock=TIDY_TASK)
    def tidying(timestamp: int) -> None:  # noqa: ARG001
        watch.tidy(history)

    return blueprint
