from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from actions.errors import ConfigurationError, RefusedError
from actions.history.audit import audit
from actions.history.backups import NEXT, Learnt, NewBackup, list_backups, move_backup, record_backup
from actions.history.database import History
from actions.history.details import GivenVoice, PlannedStep, give_voice, void_voices, write_plan
from actions.history.lifecycle import Status
from actions.history.queries import recent, show
from actions.history.rollbacks import Move, Opened, move
from actions.history.sightings import latest_sighting, note_sighting
from actions.history.values import BackupState, RollbackId, StepStatus, Voice

Ask = Callable[..., Opened]


@pytest.fixture
def ten(history: History, ask: Ask) -> list[RollbackId]:
    """Ten rollbacks, of services a and b in turn, the first eight stopped."""
    made = []
    for n in range(10):
        made.append(ask("ab"[n % 2]).rollback.id)
        if n < 8:
            with history.writing() as connection:
                move(connection, made[-1], Move(to=Status.STOPPED, actor="U1"))
    return made


def test_recent_lists_the_newest_first_and_pages(history: History, ten: list[RollbackId]) -> None:
    first = recent(history, limit=4)
    assert [r.id for r in first] == ten[:5:-1]
    assert [r.id for r in recent(history, before=first[-1].id)] == ten[5::-1]


def test_recent_narrows_by_service_and_status(history: History, ten: list[RollbackId]) -> None:
    assert [r.id for r in recent(history, service="a")] == ten[8::-2]
    assert [r.id for r in recent(history, status=Status.ASSESSING)] == [ten[9], ten[8]]
    assert [r.id for r in recent(history, service="b", status=Status.STOPPED, limit=2)] == [ten[7], ten[5]]
    assert recent(history, service="nobody") == ()


PLAN = (
    PlannedStep(name="stop-writers", title="Stop the writers", action="writers.stop", parameters={"only": ["cron"]}),
    PlannedStep(
        name="downgrade",
        title="Downgrade",
        action="alembic.downgrade",
        destructive=True,
        predicted=timedelta(seconds=9),
    ),
)


def test_a_plan_is_shown_with_its_rollback_and_can_be_replaced_until_it_begins(
    history: History, superuser: psycopg.Connection, ask: Ask
) -> None:
    rollback = ask().rollback.id
    for plan in (PLAN[:1], PLAN):
        with history.writing() as connection:
            write_plan(connection, rollback, plan, actor="assess")
    story = show(history, rollback)
    assert [(s.position, s.name, s.destructive, s.status) for s in story.steps] == [
        (1, "stop-writers", False, StepStatus.PENDING),
        (2, "downgrade", True, StepStatus.PENDING),
    ]
    assert story.steps[0].parameters == {"only": ["cron"]}
    assert story.steps[1].predicted == timedelta(seconds=9)
    superuser.execute("UPDATE steps SET status = 'running' WHERE position = 1")
    with pytest.raises(RefusedError, match="has begun"), history.writing() as connection:
        write_plan(connection, rollback, PLAN, actor="assess")


def voice(person: str, digest: str = "d1") -> GivenVoice:
    return GivenVoice(person=person, voice=Voice.APPROVE, digest=digest, roles=["lead"])


def test_a_person_has_one_voice_until_it_is_void(history: History, ask: Ask) -> None:
    rollback = ask().rollback.id
    for person in ("U2", "U3"):
        with history.writing() as connection:
            assert give_voice(connection, rollback, voice(person)).roles == ("lead",)
    with pytest.raises(RefusedError, match="U2 has answered already"), history.writing() as connection:
        give_voice(connection, rollback, voice("U2"))
    with history.writing() as connection:
        assert void_voices(connection, rollback, actor="run", because="the scripts changed") == 2
        assert void_voices(connection, rollback, actor="run", because="the scripts changed") == 0
        give_voice(connection, rollback, voice("U2", "d2"))
    story = show(history, rollback)
    assert [(a.person, a.digest, a.voided_because) for a in story.approvals] == [
        ("U2", "d1", "the scripts changed"),
        ("U3", "d1", "the scripts changed"),
        ("U2", "d2", None),
    ]
    assert [event.kind for event in story.events[1:]] == [
        "voice.approve", "voice.approve", "voices.voided", "voice.approve",
    ]  # fmt: skip
    assert audit(history).whole


def test_a_sighting_lasts_while_the_revision_stays_and_a_new_one_begins_when_it_changes(
    history: History, superuser: psycopg.Connection
) -> None:
    first = note_sighting(history, "a", "r1", {"orders": 10}, "check")
    later = note_sighting(history, "a", "r1", {"orders": 25}, "sweep")
    assert later.id == first.id
    assert later.counters == {"orders": 10}
    assert later.first_seen == first.first_seen
    assert later.last_seen > first.last_seen
    note_sighting(history, "b", "r1", {}, "check")
    second = note_sighting(history, "a", "r2", {"orders": 30}, "sweep")
    assert latest_sighting(history, "a") == second
    back = note_sighting(history, "a", "r1", {"orders": 31}, "sweep")
    assert back.id not in {first.id, second.id}
    assert latest_sighting(history, "a") == back
    assert latest_sighting(history, "unknown") is None
    assert superuser.execute("SELECT count(*) FROM sightings").fetchone() == (4,)


def test_a_backup_goes_from_making_to_proven_and_the_record_tells_it(history: History, ask: Ask) -> None:
    rollback = ask("a").rollback.id
    new = NewBackup(name="a_20261120_110000", service="a", strategy="dump", rollback=rollback, stores={"folder": {}})
    with history.writing() as connection:
        assert record_backup(connection, new, actor="run").state is BackupState.MAKING
    with history.writing() as connection:
        move_backup(connection, new.name, BackupState.MADE, Learnt(size_bytes=5_000_000_000), actor="run")
        proven = move_backup(connection, new.name, BackupState.PROVEN, Learnt(manifest={"orders": 3}), actor="run")
    assert (proven.size_bytes, proven.manifest, proven.rollback) == (5_000_000_000, {"orders": 3}, rollback)
    assert proven.made_at is not None
    assert proven.proven_at is not None
    assert list_backups(history, service="a") == (proven,)
    assert list_backups(history, service="b") == ()
    kinds = [event.kind for event in show(history, rollback).events]
    assert kinds[1:] == ["backup.making", "backup.made", "backup.proven"]
    assert audit(history).whole


def test_a_backup_is_never_called_proven_before_it_was_made(history: History) -> None:
    with history.writing() as connection:
        record_backup(connection, NewBackup(name="n", service="a", strategy="dump"), actor="run")
    with pytest.raises(RefusedError, match="n is making; it cannot become proven"), history.writing() as connection:
        move_backup(connection, "n", BackupState.PROVEN, Learnt(), actor="run")
    with pytest.raises(ConfigurationError, match="no backup m"), history.writing() as connection:
        move_backup(connection, "m", BackupState.MADE, Learnt(), actor="run")
    assert set(NEXT) == set(BackupState)
