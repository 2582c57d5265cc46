"""Carries one rollback along, step by step: ask the world, do, record. Whoever lives may go on where another died."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, assert_never

import psycopg

from actions.errors import BackoutError, RefusedError, UnavailableError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.leases import LEASE, LostLeaseError, claim, release
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts
from actions.history.stepping import count_attempt
from actions.history.values import Rollback, RollbackId, Step, StepStatus
from actions.run.action import Action, Actions, Answer, Done, Moment, NotYet, Partly, Unsure, Untouched, Waiting
from actions.run.deciding import AskPerson, DoStep, End, TurnBack, after_failure, next_back, next_forward
from actions.run.errors import failure_record, needs_eyes, worth_another_try
from actions.run.names import RESTORE
from actions.run.pulse import Pulse, elapsed_seconds
from actions.run.recording import Recorder, Seen

log = logging.getLogger(__name__)

T = TypeVar("T")
#: Between the tries of one step while something that it needs does not answer.
PAUSES_SECONDS = (2.0, 5.0, 15.0)
#: How long the world may stay silent before a person must look.
SILENCE_SECONDS = 120.0
#: A write that was refused because the row had moved on: look again, but not for ever.
SURPRISES = 5
_TICK_SECONDS = 0.2

#: Called for a rollback that ends: what is to be remembered of it.
Closing = Callable[[Rollback, tuple[Step, ...], Status], Facts]
#: What is done in a status that is not carried out in steps: assessing, approved.
Phase = Callable[[Recorder], None]


@dataclass(frozen=True, kw_only=True)
class Crew:
    """What runners work with."""

    history: History
    #: The actions for a service's rollback, by name.
    actions: Callable[[Rollback], Actions]
    phases: Mapping[Status, Phase]
    closing: Closing
    #: Whom to call when a service's rollback does not get on, in this order.
    contacts: Callable[[Rollback], tuple[str, ...]]
    lasting: timedelta = LEASE
    pauses: tuple[float, ...] = PAUSES_SECONDS


def advance(crew: Crew, rollback: RollbackId, *, owner: str, stopping: threading.Event) -> bool:
    """Goes on with it as far as possible; False when somebody else has it or there is nothing to do."""
    asked_at = elapsed_seconds()
    lease = claim(crew.history, rollback, owner=owner, lasting=crew.lasting)
    if lease is None:
        return False
    with Pulse(crew.history, lease, stopping, claimed_at=asked_at, lasting=crew.lasting) as pulse:
        pen = Recorder(history=crew.history, lease=lease, pulse=pulse)
        try:
            wake_in = _go_on(crew, pen, stopping)
        except LostLeaseError:
            log.warning("%s is carried on by another runner", rollback, extra={"event": "lease_lost"})
            return True
    release(crew.history, lease, wake_in=wake_in)
    return True


def _go_on(crew: Crew, pen: Recorder, stopping: threading.Event) -> timedelta | None:
    """Until nothing is left to do; how long it only has to wait, where it does."""
    surprises = 0
    while not stopping.is_set():
        pen.pulse.require()
        turn = _Turn(crew, pen)
        try:
            if not turn.take():
                return turn.wake_in
            surprises = 0
        except RefusedError as error:
            # A person was faster, or a write of ours was kept although we did not hear of it.
            surprises += 1
            if surprises > SURPRISES:
                raise
            log.info("%s: looking again (%s)", pen.lease.rollback, error.what, extra={"event": "run_surprised"})
    return None


class _Turn:
    """One piece of work on a rollback, from one look at it."""

    def __init__(self, crew: Crew, pen: Recorder) -> None:
        self._crew = crew
        self._pen = pen
        self._pulse = pen.pulse
        self._seen: Seen = pen.look()
        #: Set when a step waits: nobody has to look before.
        self.wake_in: timedelta | None = None

    def take(self) -> bool:
        """False when nothing is left to do for a runner."""
        status = self._seen.rollback.status
        if status is Status.RUNNING:
            return self._forward()
        if status is Status.UNDOING:
            return self._back()
        if phase := self._crew.phases.get(status):
            phase(self._pen)
            return self._pen.look().rollback.status is not status
        return False

    def _forward(self) -> bool:
        following = next_forward(self._seen.steps, stop_by=self._pulse.stop_by)
        match following:
            case DoStep():
                return self._do(following)
            case End():
                self._end(following.status)
            case TurnBack() | AskPerson():
                self._turn(following)
            case _:
                assert_never(following)
        return True

    def _do(self, following: DoStep) -> bool:
        """False when our process ends before the step does: another runner asks the world and goes on."""
        step = following.step
        if following.begun and not self._may_be_done_again(step):
            return self.wake_in is None
        step = self._pen.step(step, StepStatus.RUNNING, count_attempt())
        try:
            result = self._try(step)
        except NotYet as pause:
            self.wake_in = pause.waiting.look_again
            return False
        except BackoutError as error:
            self._pulse.require()
            if self._pulse.shutting_down and self._pulse.stop_by is None:
                return False
            self._failed(step, error)
            return True
        self._pen.step(step, StepStatus.DONE, {"result": result})
        return True

    def _may_be_done_again(self, step: Step) -> bool:
        """It was begun before, by us or by a runner that died: what does the world say?"""
        match self._ask(step):
            case Done(result=result):
                self._pen.step(step, StepStatus.DONE, {"result": result, "error": None}, found_done=True)
                return False
            case Unsure(why=why):
                self._halt(f"{step.title}: {why}")
                return False
            case Waiting(look_again=look_again):
                self.wake_in = look_again
                return False
            case Untouched() | Partly():
                return True

    def _try(self, step: Step) -> JsonObject:
        """Once; and again while something does not answer, as long as the world says that this is safe."""
        moment = self._moment(step, self._pulse.must_stop)
        for pause in self._crew.pauses:
            try:
                return _guarded(self._do_it, moment)
            except UnavailableError as error:
                if not worth_another_try(error) or self._pulse.must_stop():
                    raise
                self._pen.note(step, "tried_in_vain", {"because": error.what, "again_in": pause})
                self._wait(pause)
                answer = self._ask(step)
                if isinstance(answer, Done):
                    return answer.result
                if isinstance(answer, Unsure):
                    raise
        return _guarded(self._do_it, moment)

    def _failed(self, step: Step, error: BackoutError) -> None:
        answer = self._ask(step)
        if isinstance(answer, Done) and self._pulse.stop_by is None:
            self._pen.step(step, StepStatus.DONE, {"result": answer.result}, found_done=True)
            return
        because = f"{step.title}: {error.what}"
        # A backup that cannot be restored leaves nothing else to fall back on: nobody waits for a second attempt.
        calls = step.action == RESTORE and self._pulse.stop_by is None
        call = self._crew.contacts(self._seen.rollback) if calls else None
        self._pen.failed(step, failure_record(error), because=error.what, call=call)
        if isinstance(answer, Unsure):
            self._halt(f"{because}. {answer.why}")
        elif needs_eyes(error):
            self._halt(because)
        else:
            untouched = isinstance(answer, Untouched)
            self._turn(after_failure(self._pen.look().steps, step, untouched=untouched, because=because))

    def _back(self) -> bool:
        following = next_back(self._seen.steps, stop_by=self._pulse.stop_by)
        if isinstance(following, End):
            self._end(following.status)
            return True
        step = self._pen.step(following.step, StepStatus.UNDOING)
        try:
            self._undo(step)
        except BackoutError as error:
            self._pulse.require()
            if self._pulse.shutting_down:
                return False
            self._pen.step(step, StepStatus.STUCK, {"error": failure_record(error)}, because=error.what)
            self._halt(f"{step.title} could not be undone: {error.what}")
            return True
        self._pen.step(step, StepStatus.UNDONE)
        return True

    def _undo(self, step: Step) -> None:
        moment = self._moment(step, self._pulse.must_let_go)
        for pause in self._crew.pauses:
            try:
                return _guarded(self._undo_it, moment)
            except BackoutError as error:
                if self._pulse.must_let_go():
                    raise
                self._pen.note(step, "undone_in_vain", {"because": error.what, "again_in": pause})
                self._wait(pause)
        return _guarded(self._undo_it, moment)

    def _ask(self, step: Step) -> Answer:
        """With patience: a server that restarts answers again soon."""
        moment = self._moment(step, self._pulse.must_let_go)
        until = time.monotonic() + SILENCE_SECONDS
        while True:
            try:
                return _guarded(self._ask_it, moment)
            except BackoutError as error:
                self._pulse.require()
                if time.monotonic() > until or not worth_another_try(error):
                    return Unsure(why=f"It cannot be seen what was done: {error.what}")
                self._wait(1.0)

    # Putting an action together may ask the world, too: it is as much a part of each try as what the action does.

    def _do_it(self, at: Moment) -> JsonObject:
        return self._action(at.step).do(at)

    def _undo_it(self, at: Moment) -> None:
        return self._action(at.step).undo(at)

    def _ask_it(self, at: Moment) -> Answer:
        return self._action(at.step).ask(at)

    def _action(self, step: Step) -> Action:
        return self._crew.actions(self._seen.rollback)[step.action]

    def _moment(self, step: Step, should_stop: Callable[[], bool]) -> Moment:
        pen, rollback = self._pen, self._seen.rollback

        def progress(share: float | None, words: str) -> None:
            self._pulse.progress = {"step": step.name, "share": share, "words": words}

        return Moment(
            rollback=rollback,
            step=step,
            others={each.name: each for each in self._seen.steps},
            should_stop=should_stop,
            leaving=self._pulse.must_let_go,
            capture=lambda captured: pen.captured(step, captured),
            note=lambda kind, details: pen.note(step, kind, details),
            progress=progress,
        )

    def _turn(self, turn: TurnBack | AskPerson) -> None:
        self._pen.move(Status.UNDOING if isinstance(turn, TurnBack) else Status.CHOOSING, because=turn.because)

    def _halt(self, because: str) -> None:
        self._pen.move(Status.HALTED, because=because, facts=Facts(outcome=because))

    def _end(self, status: Status) -> None:
        self._pen.move(status, facts=self._crew.closing(self._seen.rollback, self._seen.steps, status))

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._pulse.must_let_go():
            time.sleep(_TICK_SECONDS)
        self._pulse.require()


def _guarded(call: Callable[[Moment], T], moment: Moment) -> T:
    """The edge of a run: a mistake of ours ends as a failure with a reference, not as a dead runner."""
    try:
        return call(moment)
    except (BackoutError, NotYet):
        raise
    except psycopg.OperationalError as error:
        if not _was_hung_up(error):
            raise _unexpected(error) from error
        raise UnavailableError(
            "A database ended the connection in the middle", next_step="See that it runs."
        ) from error
    except Exception as error:
        raise _unexpected(error) from error


def _was_hung_up(error: psycopg.OperationalError) -> bool:
    """By a server that ends or is gone, whoever asked it what: the world is asked, and it is tried again."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P0"))


def _unexpected(error: Exception) -> BackoutError:
    reference = secrets.token_hex(4)
    log.exception("A step failed unexpectedly (%s)", reference, extra={"event": "step_crashed"})
    return BackoutError(
        f"something unexpected went wrong ({type(error).__name__}, reference {reference})",
        next_step="The log line with this reference has the details. Please report it.",
    )
