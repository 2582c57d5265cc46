"""Copies on the same server: written down like any other backup, listed, brought back, and few."""

import psycopg
import pytest

from actions.backup.cloning import Guests
from actions.backup.connecting import place_of
from actions.errors import ConfigurationError, RefusedError
from actions.history.backups import find_backup, list_backups
from actions.history.values import BackupState
from actions.restore.bringing_back import bring_back
from actions.restore.cloning_one import Cloned, CloneWanted, clone_it, list_of
from actions.restore.intending import Wanted, intend
from actions.restore.listing import There
from actions.restore.premises import Premises


def a_clone(premises: Premises) -> Cloned:
    return clone_it(premises, CloneWanted())


def drop_what_is_beside(premises: Premises) -> None:
    with psycopg.connect(premises.url, autocommit=True) as connection:
        live = place_of(premises.url)[2]
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) AND datname <> %s", [live, live]
        ).fetchall()
        for (name,) in found:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]  # a name of ours


@pytest.fixture(autouse=True)
def _nothing_is_left(premises: Premises):  # type: ignore[no-untyped-def]
    yield
    drop_what_is_beside(premises)


def test_a_clone_is_listed_with_where_it_is_and_its_revision(premises: Premises) -> None:
    cloned = a_clone(premises)
    (listed,) = list_of(premises).backups
    assert (listed.name, listed.state, listed.revision) == (cloned.name, BackupState.MADE, "aaa1")
    assert [(place.store, place.there) for place in listed.places] == [(cloned.clone.name, There.KEPT)]


def test_only_the_newest_clone_is_kept(premises: Premises) -> None:
    first, second = a_clone(premises), a_clone(premises)
    assert second.let_go == (first.name,)
    assert [each.name for each in list_of(premises).backups] == [second.name]
    record = find_backup(premises.history, first.name)
    assert record is not None
    assert record.state is BackupState.DELETED


def test_who_is_in_the_way_is_named_and_the_failure_is_on_the_record(premises: Premises) -> None:
    with psycopg.connect(premises.url, application_name="the shop"):
        with pytest.raises(RefusedError, match="the shop"):
            a_clone(premises)
        clone_it(premises, CloneWanted(guests=Guests.WAIT))
    assert [each.state for each in list_backups(premises.history)] == [BackupState.MADE, BackupState.FAILED]


def test_a_clone_that_came_back_is_no_backup_any_more(premises: Premises) -> None:
    cloned = a_clone(premises)
    with psycopg.connect(premises.url) as connection:
        connection.execute("DELETE FROM bills")
    wanted = Wanted(backup=cloned.name)
    intent = intend(premises, wanted)
    assert intent.is_clone
    came = bring_back(premises, intent, wanted)
    with psycopg.connect(premises.url) as connection:
        assert connection.execute("SELECT count(*) FROM bills").fetchone() == (900,)
    assert came.kept_as is not None
    assert list_of(premises).backups == ()


def test_a_clone_has_no_bytes_to_check_and_no_place_beside(premises: Premises) -> None:
    cloned = a_clone(premises)
    with pytest.raises(ConfigurationError, match="is a clone"):
        intend(premises, Wanted(backup=cloned.name, as_name="elsewhere"))
