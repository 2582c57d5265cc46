"""What the history keeps about backups beyond their state."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from actions.downgrade.target_lock import target_lock
from actions.errors import RefusedError
from actions.history.backups import (
    Learnt,
    NewBackup,
    list_backups,
    move_backup,
    needed_by_rollbacks,
    record_backup,
)
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.rollbacks import Facts, Move, RollbackRequest, move, open_rollback
from actions.history.schema import downgrade_history, history_revision, newest_revision, upgrade_history
from actions.history.values import BackupState, RollbackId
from actions.restore.backing_up import BackupOrder, back_up
from actions.restore.intending import Wanted, intend
from actions.restore.premises import Premises


def a_backup(history: History, name: str, rollback: RollbackId | None = None) -> str:
    with history.writing() as connection:
        record_backup(
            connection, NewBackup(name=name, service="orders", strategy="dump", rollback=rollback), actor="test"
        )
        move_backup(connection, name, BackupState.MADE, Learnt(), actor="test")
    return name


def ask(history: History, service: str = "orders") -> RollbackId:
    request = RollbackRequest(
        request_key=f"key-{service}", service=service, environment="production", requester="ana", target="-1"
    )
    return open_rollback(history, request).rollback.id


def test_a_backup_that_was_taken_for_an_open_rollback_or_is_named_in_it_is_needed(history: History) -> None:
    rollback = ask(history)
    taken = a_backup(history, "orders_20261120_030000_aaaa", rollback)
    named = a_backup(history, "orders_20261120_040000_bbbb")
    a_backup(history, "orders_20261120_050000_cccc")
    with history.writing() as connection:
        predicted = Facts(predicted={"steps": [{"restore": {"from": named}}]})
        move(connection, rollback, Move(to=Status.WAITING, actor="test", facts=predicted))
    assert needed_by_rollbacks(history, "orders") == {taken: rollback, named: rollback}
    assert needed_by_rollbacks(history, "billing") == {}
    with history.writing() as connection:
        move(connection, rollback, Move(to=Status.REJECTED, actor="test"))
    assert needed_by_rollbacks(history, "orders") == {}


def test_one_that_was_let_go_is_listed_only_when_it_is_asked_for_and_never_comes_back(history: History) -> None:
    name = a_backup(history, "orders_20261120_030000_aaaa")
    with history.writing() as connection:
        gone = move_backup(connection, name, BackupState.DELETED, Learnt(because="let go"), actor="test")
    assert gone.deleted_at is not None
    assert list_backups(history) == ()
    assert [each.name for each in list_backups(history, deleted=True)] == [name]
    with pytest.raises(RefusedError, match="is deleted"), history.writing() as connection:
        move_backup(connection, name, BackupState.PROVEN, Learnt(), actor="test")


def test_the_migration_goes_down_without_taking_what_is_gone_for_what_is_there(database_url: str) -> None:
    upgrade_history(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO backups (name, service, strategy, state, stores) VALUES ('n', 'a', 'dump', 'deleted', '{}')"
        )
    downgrade_history(database_url, "0003")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state, because FROM backups").fetchone() == ("failed", "deleted")
    upgrade_history(database_url)
    assert history_revision(database_url) == newest_revision()


def test_without_the_history_the_lock_of_a_running_rollback_still_keeps_a_restore_away(premises: Premises) -> None:
    made = back_up(premises, BackupOrder(prove=False))
    alone = replace(premises, without_history="it does not answer")
    with (
        target_lock(premises.url, within=timedelta(0), should_stop=lambda: False),
        pytest.raises(RefusedError, match="Another runner still works on this database"),
    ):
        intend(alone, Wanted(backup=made.name))
    assert intend(alone, Wanted(backup=made.name)).source == made.name
