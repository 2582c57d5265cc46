"""Backups that nobody asks for: one per slot, whoever looks; a failure is on the record and tried again."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from actions.errors import ConfigurationError
from actions.history.backups import NewBackup, last_scheduled, list_backups, move_backup, record_backup
from actions.history.database import History
from actions.history.values import BackupState
from actions.restore.premises import Premises
from actions.restore.scheduled import NightWatch
from tests.keeping.conftest import MakePremises

Watch = Callable[..., NightWatch]


@pytest.fixture
def scheduled(make_premises: MakePremises) -> Premises:
    return make_premises(schedule='"0 * * * *"')


def watch_over(premises: Premises, stopping: threading.Event | None = None) -> NightWatch:
    return NightWatch([premises.service], lambda *_: premises, lambda _: premises.stores, stopping or threading.Event())


def an_earlier_one(history: History, *, hours_ago: float, state: BackupState = BackupState.MADE) -> datetime:
    """One that answered the slot of so many hours ago."""
    slot = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours_ago)
    new = NewBackup(name=f"orders_{slot:%Y%m%d_%H%M%S}_abcd", service="orders", strategy="dump", slot=slot, attempt=1)
    with history.writing() as connection:
        record_backup(connection, new, actor="test")
        move_backup(connection, new.name, state, {}, actor="test")
    return slot


def attempts(history: History) -> list[tuple[int | None, BackupState]]:
    return [(each.attempt, each.state) for each in list_backups(history)]


def test_a_slot_is_answered_once_however_often_and_by_whomever_it_is_looked_at(scheduled: Premises) -> None:
    an_earlier_one(scheduled.history, hours_ago=30)
    several = [watch_over(scheduled) for _ in range(3)]
    for each in [*several, *several]:
        each.look(scheduled.history)
    for each in several:
        each.wait()
    found = list_backups(scheduled.history)
    # One for the latest slot, and none for the twenty-nine before it.
    assert [(each.purpose, each.state) for each in found[:-1]] == [("schedule", BackupState.PROVEN)]
    last = last_scheduled(scheduled.history, "orders")
    assert last is not None
    assert last.slot is not None
    assert timedelta(0) <= datetime.now(UTC) - last.slot < timedelta(hours=1)


def test_a_new_schedule_takes_nothing_before_its_first_slot(scheduled: Premises) -> None:
    watch = watch_over(scheduled)
    watch.look(scheduled.history)
    watch.wait()
    assert list_backups(scheduled.history) == ()


def test_a_service_without_a_schedule_is_left_alone(premises: Premises) -> None:
    an_earlier_one(premises.history, hours_ago=30)
    watch = watch_over(premises)
    watch.look(premises.history)
    watch.wait()
    assert len(list_backups(premises.history)) == 1


def test_a_failure_is_on_the_record_and_not_tried_again_at_once(
    scheduled: Premises, stores: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    an_earlier_one(scheduled.history, hours_ago=30)
    for each in stores:
        each.write_text("in the way")
    watch = watch_over(scheduled)
    for _ in range(3):
        watch.look(scheduled.history)
        watch.wait()
    assert attempts(scheduled.history)[0] == (1, BackupState.FAILED)
    assert len(list_backups(scheduled.history)) == 2
    assert "its backup failed" in caplog.text


def test_after_a_pause_it_is_tried_again(scheduled: Premises, stores: tuple[Path, Path]) -> None:
    an_earlier_one(scheduled.history, hours_ago=30)
    stores[0].write_text("in the way")
    stores[1].write_text("in the way")
    watch = watch_over(scheduled)
    watch.look(scheduled.history)
    watch.wait()
    for each in stores:
        each.unlink()
    with scheduled.history.writing() as connection:
        connection.execute(text("UPDATE backups SET updated_at = updated_at - interval '6 minutes'"))
    watch.look(scheduled.history)
    watch.wait()
    assert attempts(scheduled.history)[:2] == [(2, BackupState.PROVEN), (1, BackupState.FAILED)]


def test_what_fails_before_anything_began_is_on_the_record_too(scheduled: Premises) -> None:
    an_earlier_one(scheduled.history, hours_ago=30)

    def nothing(*_: object) -> Premises:
        raise ConfigurationError("The environment variable `ORDERS_KEY` is not set")

    watch = NightWatch([scheduled.service], nothing, lambda _: (), threading.Event())
    for _ in range(2):
        watch.look(scheduled.history)
        watch.wait()
    found = list_backups(scheduled.history)
    assert [(each.state, each.because) for each in found[:-1]] == [
        (BackupState.FAILED, "The environment variable `ORDERS_KEY` is not set")
    ]


def test_when_we_are_stopping_nothing_is_begun(scheduled: Premises) -> None:
    an_earlier_one(scheduled.history, hours_ago=30)
    stopping = threading.Event()
    stopping.set()
    watch = watch_over(scheduled, stopping)
    watch.look(scheduled.history)
    watch.wait()
    assert len(list_backups(scheduled.history)) == 1


def test_what_retention_could_not_do_is_done_when_the_store_is_back(
    make_premises: MakePremises, stores: tuple[Path, Path], environ: Mapping[str, str]
) -> None:
    from actions.restore.backing_up import BackupOrder, back_up

    premises = make_premises(keep="1")
    first = back_up(premises, BackupOrder(prove=False)).name
    away = stores[1].with_name("away")
    stores[1].rename(away)
    stores[1].write_text("in the way")
    back_up(premises, BackupOrder(prove=False))
    stores[1].unlink()
    away.rename(stores[1])
    assert (stores[1] / first).exists()
    watch_over(premises).tidy(premises.history)
    assert not (stores[0] / first).exists()
    assert not (stores[1] / first).exists()
