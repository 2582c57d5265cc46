"""A world of files: what a step does is a file that is there or not. What happened is kept in a log beside them."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from actions.errors import BackoutError, HaltedError, UnavailableError
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.history.details import PlannedStep, write_plan
from actions.history.leases import LEASE
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts, Move, RollbackRequest, move, open_rollback
from actions.history.values import Rollback, RollbackId, Step
from actions.run.action import Answer, Done, Moment, Partly, Unsure, Untouched
from actions.run.names import RESTORE
from actions.run.runner import Crew

TROUBLE = {"fails": BackoutError, "halts": HaltedError, "away": UnavailableError}


@dataclass(frozen=True)
class FileAction:
    """Makes `NAME`, in two halves with a pause between, so that a kill can fall in the middle."""

    folder: Path

    def ask(self, at: Moment) -> Answer:
        if self._trouble(at, "unsure"):
            return Unsure(why="the file cannot be read")
        text = self._file(at).read_text() if self._file(at).exists() else ""
        return {"": Untouched(), "half": Partly(what="half of it"), "whole": Done(result={"found": True})}[text]

    def do(self, at: Moment) -> JsonObject:
        self._log("do", at)
        for kind, error in TROUBLE.items():
            if self._trouble(at, kind):
                raise error(f"{at.step.name} {kind}")
        if self._trouble(at, "hung_up"):
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        if self._trouble(at, "crashes"):
            raise ZeroDivisionError("a mistake of ours")
        at.capture({"was": "absent"})
        self._write(at, "half")
        until = time.monotonic() + float(at.step.parameters.get("seconds", 0))
        while time.monotonic() < until:
            if at.should_stop():
                self._log("stopped", at)
                raise BackoutError("it was stopped")
            time.sleep(0.01)
        if self._trouble(at, "fails_late"):
            raise BackoutError(f"{at.step.name} fails late")
        self._write(at, "whole")
        return {"made": at.step.name}

    def undo(self, at: Moment) -> None:
        self._log("undo", at)
        if self._trouble(at, "stuck"):
            raise BackoutError("the file does not go away")
        self._file(at).unlink(missing_ok=True)

    def _file(self, at: Moment) -> Path:
        return self.folder / f"{at.rollback.id}.{at.step.name}"

    def _write(self, at: Moment, text: str) -> None:
        fresh = self.folder / f".{at.rollback.id}.{at.step.name}.{os.getpid()}.{threading.get_ident()}"
        fresh.write_text(text)
        fresh.rename(self._file(at))

    def _trouble(self, at: Moment, kind: str) -> bool:
        """A file `STEP.KIND` with a number says how often it still happens; one that is empty, that it always does."""
        cause = self.folder / f"{at.step.name}.{kind}"
        if not cause.exists():
            return False
        left = cause.read_text().strip()
        if left:
            cause.write_text(str(int(left) - 1)) if int(left) > 1 else cause.unlink()
        return True

    def _log(self, what: str, at: Moment) -> None:
        with (self.folder / "log").open("a") as log:
            log.write(f"{what} {at.step.name}\n")


CONTACTS = ("Database administrator (pager 7)", "CTO (pager 1)")


def closing(rollback: Rollback, steps: tuple[Step, ...], status: Status) -> Facts:
    return Facts(outcome=f"{status} after {sum(1 for step in steps if step.attempts)} steps")


def crew(history: History, folder: Path, *, lasting: float = LEASE.total_seconds()) -> Crew:
    action = FileAction(folder)
    return Crew(
        history=history, actions=lambda _: {"file": action, RESTORE: action}, phases={}, closing=closing,
        contacts=lambda _: CONTACTS, lasting=LEASE * (lasting / LEASE.total_seconds()), pauses=(0.1, 0.2, 0.3),
    )  # fmt: skip


def started(history: History, *steps: PlannedStep, service: str = "content-api") -> RollbackId:
    """A rollback that people have approved and that runs."""
    request = RollbackRequest(
        request_key=os.urandom(8).hex(), service=service, environment="production", requester="ann", target="-1"
    )
    rollback = open_rollback(history, request).rollback.id
    with history.writing() as connection:
        write_plan(connection, rollback, steps, actor="backout")
        for status in (Status.APPROVED, Status.RUNNING):
            move(connection, rollback, Move(to=status, actor="backout"))
    return rollback


def step(name: str, *, action: str = "file", destructive: bool = False, seconds: float = 0) -> PlannedStep:
    return PlannedStep(
        name=name, title=name.capitalize(), action=action, destructive=destructive, parameters={"seconds": seconds}
    )
