"""Rollbacks whose record is written by hand, entry by entry: what a run writes, without a run."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from actions.approve.people import Identity, Role, Roles
from actions.catalog.catalog import Catalog
from actions.catalog.loading import load_catalog
from actions.history.database import History
from actions.history.details import GivenVoice, PlannedStep, give_voice, write_plan
from actions.history.leases import claim, release
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts, Move, RollbackRequest, move, open_rollback
from actions.history.stepping import move_step
from actions.history.values import Risk, RollbackId, StepStatus, Voice
from actions.run.answering import Speaker

CATALOG = """
services:
  shop:
    environment: production
    platform: {kind: local, folder: .}
    database: ${SHOP_URL}
    approvers: [U0ANA, U0BEN]
    channel: "#incidents"
    escalation: {contacts: [{title: Database administrator, who: U0DBA}]}
  fresh-shop:
    environment: production
    platform: {kind: local, folder: .}
    database: ${SHOP_URL}
    approvers: [U0ANA, U0BEN]
    channel: {fresh: inc}
"""
DIGEST = "ab" * 32
STEPS = ("preflight", "stop-web", "back-up", "downgrade", "close")


def catalog_in(folder: object) -> Catalog:
    file = Path(str(folder)) / "backout.yml"
    file.write_text(CATALOG)
    return load_catalog(file, {})


def as_it_is_now(file: Path) -> Callable[[], Catalog]:
    """What the file says; read anew when it says something else."""
    known: dict[str, Catalog] = {}

    def read() -> Catalog:
        text = file.read_text()
        if text not in known:
            known[text] = load_catalog(file, {})
        return known[text]

    return read


class Story:
    """One rollback, told step by step by whoever calls."""

    def __init__(self, history: History, service: str = "shop", requester: str = "U0RITA") -> None:
        self.history = history
        request = RollbackRequest(
            request_key=secrets.token_hex(8), service=service, environment="production", requester=requester,
            target="-1", reason="checkout fails since 14:02",
        )  # fmt: skip
        self.id: RollbackId = open_rollback(history, request).rollback.id

    def waits(self, *, people: int = 2, lasting: timedelta = timedelta(hours=1)) -> None:
        planned = [
            PlannedStep(name=name, title=name.title(), action=name, destructive=name == "downgrade") for name in STEPS
        ]
        with self.history.writing() as connection:
            write_plan(connection, self.id, planned, actor="backout")
            facts = Facts(
                from_revision="0003", to_revision="0002", strategy="downgrade", digest=DIGEST, risk=Risk.LOW,
                approvals_needed=people, expires_at=datetime.now(UTC) + lasting,
            )  # fmt: skip
            move(connection, self.id, Move(to=Status.WAITING, actor="backout", facts=facts))

    def says_yes(self, *people: str) -> None:
        for person in people:
            with self.history.writing() as connection:
                give_voice(connection, self.id, GivenVoice(person=person, voice=Voice.APPROVE, digest=DIGEST))

    def moves(self, to: Status, because: str | None = None, **facts: str) -> None:
        details = {} if because is None else {"because": because}
        with self.history.writing() as connection:
            moving = Move(to=to, actor="backout", details=details, facts=Facts(**facts))  # type: ignore[typeddict-item]
            move(connection, self.id, moving)

    def does(self, *names: str) -> None:
        """Steps that begin and end."""
        from actions.history.queries import show

        lease = claim(self.history, self.id, owner="the test")
        assert lease is not None
        for step in show(self.history, self.id).steps:
            if step.name in names:
                with self.history.writing() as connection:
                    move_step(connection, lease, step, StepStatus.RUNNING)
                with self.history.writing() as connection:
                    move_step(connection, lease, step, StepStatus.DONE)
        release(self.history, lease)

    def goes_well(self) -> None:
        """From asked to succeeded."""
        self.waits()
        self.says_yes("U0ANA", "U0BEN")
        self.moves(Status.APPROVED)
        self.moves(Status.RUNNING)
        self.does(*STEPS)
        self.moves(Status.SUCCEEDED, outcome="Went back, and was seen to be well")


def speaker(person: str, *roles: Role) -> Speaker:
    return Speaker(identity=Identity(id=person, where="slack"), roles=Roles(held=frozenset(roles)))
