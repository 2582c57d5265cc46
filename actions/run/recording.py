"""What a runner writes down: always under its lease, and never without having been able to."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from actions.errors import UnavailableError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.details import steps_of
from actions.history.leases import Lease, LostLeaseError, hold
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts, Move, lock_rollback, move
from actions.history.stepping import move_step, note_about_step, note_captured
from actions.history.values import Rollback, Step, StepStatus
from actions.history.wishes import note_escalation
from actions.run.pulse import Pulse

log = logging.getLogger(__name__)

T = TypeVar("T")
_TICK_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A rollback and its steps at one moment."""

    rollback: Rollback
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorder:
    """The pen of one runner. Everything raises LostLeaseError once somebody else may have taken over."""

    history: History
    lease: Lease
    pulse: Pulse

    def look(self) -> Seen:
        def look(connection: Connection) -> Seen:
            asked = hold(connection, self.lease)
            self.pulse.stop_by = self.pulse.stop_by or asked.stop_by
            rollback = lock_rollback(connection, self.lease.rollback)
            return Seen(rollback=rollback, steps=steps_of(connection, self.lease.rollback))

        return self.record(look)

    def step(
        self, step: Step, to: StepStatus, learnt: Mapping[str, object] | None = None, **details: str | bool
    ) -> Step:  # fmt: skip
        return self.record(
            lambda connection: move_step(connection, self.lease, step, to, learnt=learnt, details=details)
        )

    def failed(self, step: Step, error: JsonObject, *, because: str, call: tuple[str, ...] | None) -> None:
        """`call`: the contacts to be called for it."""

        def write(connection: Connection) -> None:
            details = {"because": because}
            move_step(connection, self.lease, step, StepStatus.FAILED, learnt={"error": error}, details=details)
            if call is not None:
                note_escalation(connection, self.lease.rollback, because=f"{step.title} failed", contacts=call)

        self.record(write)

    def captured(self, step: Step, captured: JsonObject) -> None:
        self.record(lambda connection: note_captured(connection, self.lease, step, captured))

    def note(self, step: Step, kind: str, details: JsonObject) -> None:
        self.record(lambda connection: note_about_step(connection, self.lease, step, kind, details))

    def move(self, to: Status, *, because: str | None = None, facts: Facts | None = None) -> None:
        details: JsonObject = {} if because is None else {"because": because}

        def write(connection: Connection) -> None:
            hold(connection, self.lease)
            moving = Move(to=to, actor=self.lease.owner, facts=facts or Facts(), details=details)
            move(connection, self.lease.rollback, moving)

        self.record(write)

    def record(self, write: Callable[[Connection], T]) -> T:
        """One transaction. While the history is away we wait, for as long as the lease is certainly ours."""
        while True:
            self.pulse.require()
            try:
                with self.history.writing() as connection:
                    return write(connection)
            except LostLeaseError:
                raise
            except UnavailableError as error:
                log.info("Waiting for the history: %s", error.what, extra={"event": "history_away"})
                time.sleep(_TICK_SECONDS)
