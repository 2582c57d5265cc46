"""People speak: each gets an answer, and each answer is written down."""

import secrets
import threading
from datetime import UTC, datetime, timedelta

import pytest

from actions.approve.people import Identity, Role, Roles
from actions.approve.voices import Counted, Rejected, TurnedAway
from actions.catalog.platform import LocalPlatform
from actions.catalog.policy import Policy
from actions.catalog.service import Service
from actions.errors import ConfigurationError, RefusedError
from actions.history.audit import audit
from actions.history.database import History
from actions.history.leases import claim, renew
from actions.history.lifecycle import Status
from actions.history.queries import show
from actions.history.rollbacks import Facts, Move, RollbackRequest, move, open_rollback
from actions.history.shown import NewAssessment, keep_shown
from actions.history.values import Risk, RollbackId, Voice
from actions.run.answering import Speaker, Vote, Way, expire_overdue, look_after_halt, stop, vote

SERVICE = Service.model_construct(name="shop", platform=LocalPlatform(), policy=Policy(), approvers=None)
APPROVE = Vote(voice=Voice.APPROVE, digest="d1")


def lead(name: str) -> Speaker:
    return Speaker(identity=Identity(id=name, where="slack"), roles=Roles(held=frozenset({Role.APPROVER})))


ANN = Speaker(identity=Identity(id="ann", where="slack"), roles=Roles(held=frozenset()))
BOB, CAROL = lead("bob"), lead("carol")


@pytest.fixture
def waiting(history: History) -> RollbackId:
    request = RollbackRequest(
        request_key=secrets.token_hex(8), service="shop", environment="production", requester="ann", target="-1"
    )
    rollback = open_rollback(history, request).rollback.id
    with history.writing() as connection:
        shown = NewAssessment(
            rollback=rollback,
            digest="d1",
            strategy="downgrade",
            seal={},
            shown={"risk": "high", "policy": {"verdict": "approve"}},
        )
        keep_shown(connection, shown, actor="backout")
        facts = Facts(
            digest="d1", approvals_needed=2, risk=Risk.HIGH, expires_at=datetime.now(UTC) + timedelta(hours=1)
        )
        move(connection, rollback, Move(to=Status.WAITING, actor="backout", facts=facts))
    return rollback


def status_of(history: History, rollback: RollbackId) -> Status:
    return show(history, rollback).rollback.status


def kinds_of(history: History, rollback: RollbackId) -> list[str]:
    return [event.kind for event in show(history, rollback).events]


def test_two_leads_approve_and_it_may_begin(history: History, waiting: RollbackId) -> None:
    assert vote(history, SERVICE, waiting, BOB, APPROVE) == Counted(have=1, need=2, enough=False)
    assert status_of(history, waiting) is Status.WAITING
    assert vote(history, SERVICE, waiting, CAROL, APPROVE) == Counted(have=2, need=2, enough=True)
    assert status_of(history, waiting) is Status.APPROVED


def test_of_many_who_approve_at_the_same_moment_each_counts_once_and_it_begins_once(
    history: History, waiting: RollbackId
) -> None:
    ready, outcomes = threading.Barrier(6), []

    def approve(name: str) -> None:
        ready.wait()
        outcomes.append(vote(history, SERVICE, waiting, lead(name), APPROVE))

    people = [
        threading.Thread(target=approve, args=(name,)) for name in ("bob", "bob", "bob", "carol", "carol", "dave")
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    counted = [outcome for outcome in outcomes if isinstance(outcome, Counted)]
    assert sorted((outcome.have, outcome.enough) for outcome in counted) == [(1, False), (2, True)]
    assert kinds_of(history, waiting).count("rollback.approved") == 1
    assert kinds_of(history, waiting).count("voice.turned_away") == 4
    assert audit(history).whole


@pytest.mark.parametrize(
    ("speaker", "said", "why"),
    [
        (lead("ann"), APPROVE, "asked for it"),
        (ANN, Vote(voice=Voice.REJECT, digest="d1"), "may not reject"),
        (BOB, Vote(voice=Voice.APPROVE, digest="d0"), "have changed"),
    ],
)
def test_a_voice_that_does_not_count_is_answered_and_written_down(
    history: History, waiting: RollbackId, speaker: Speaker, said: Vote, why: str
) -> None:
    outcome = vote(history, SERVICE, waiting, speaker, said)
    assert isinstance(outcome, TurnedAway)
    assert why in outcome.why
    assert kinds_of(history, waiting)[-1] == "voice.turned_away"
    assert status_of(history, waiting) is Status.WAITING


def test_an_approval_that_arrives_twice_counts_once(history: History, waiting: RollbackId) -> None:
    vote(history, SERVICE, waiting, BOB, APPROVE)
    assert isinstance(vote(history, SERVICE, waiting, BOB, APPROVE), TurnedAway)
    assert status_of(history, waiting) is Status.WAITING


def test_one_no_ends_it_with_its_reason(history: History, waiting: RollbackId) -> None:
    said = Vote(voice=Voice.REJECT, digest="d1", reason="we fix it forward")
    assert vote(history, SERVICE, waiting, BOB, said) == Rejected()
    assert show(history, waiting).rollback.outcome == "Rejected by bob: we fix it forward"
    assert isinstance(vote(history, SERVICE, waiting, CAROL, APPROVE), TurnedAway)


def test_what_nobody_decided_in_time_expires_and_takes_no_voice(history: History, waiting: RollbackId) -> None:
    with history.writing() as connection:
        move(connection, waiting, Move(to=Status.ASSESSING, actor="backout"))
        facts = Facts(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        move(connection, waiting, Move(to=Status.WAITING, actor="backout", facts=facts))
    outcome = vote(history, SERVICE, waiting, BOB, APPROVE)
    assert isinstance(outcome, TurnedAway)
    assert "time to decide" in outcome.why
    assert expire_overdue(history) == (waiting,)
    assert expire_overdue(history) == ()
    assert status_of(history, waiting) is Status.EXPIRED


def test_whoever_asked_may_stop_what_waits(history: History, waiting: RollbackId) -> None:
    assert stop(history, waiting, ANN).status is Status.STOPPED
    with pytest.raises(RefusedError, match="over: stopped"):
        stop(history, waiting, ANN)
    assert isinstance(vote(history, SERVICE, waiting, BOB, APPROVE), TurnedAway)


def test_a_stranger_stops_nothing(history: History, waiting: RollbackId) -> None:
    eve = Speaker(identity=Identity(id="eve", where="terminal"), roles=Roles(held=frozenset()))
    with pytest.raises(RefusedError, match="may stop it"):
        stop(history, waiting, eve)
    assert claim_is_free_of_wishes(history, waiting)


def claim_is_free_of_wishes(history: History, rollback: RollbackId) -> bool:
    with history.writing() as connection:
        move(connection, rollback, Move(to=Status.APPROVED, actor="backout"))
    lease = claim(history, rollback, owner="runner")
    assert lease is not None
    return renew(history, lease).stop_by is None


def test_there_is_nothing_to_stop_where_there_is_no_rollback(history: History) -> None:
    with pytest.raises(ConfigurationError, match="There is no RB-999"):
        stop(history, RollbackId(999), ANN)


def test_after_a_halt_somebody_who_may_looks_and_says_how_it_goes_on(history: History, waiting: RollbackId) -> None:
    with history.writing() as connection:
        for to in (Status.APPROVED, Status.RUNNING, Status.HALTED):
            move(connection, waiting, Move(to=to, actor="backout"))
    with pytest.raises(RefusedError, match="in a sentence"):
        look_after_halt(history, waiting, BOB, Way.BACK, seen="ok")
    with pytest.raises(RefusedError, match="role approver"):
        look_after_halt(history, waiting, ANN, Way.BACK, seen="the revision is the old one")
    after = look_after_halt(history, waiting, BOB, Way.GIVE_UP, seen="restored by hand from the nightly copy")
    assert after.status is Status.FAILED
    assert after.outcome is not None
    assert "nightly copy" in after.outcome
