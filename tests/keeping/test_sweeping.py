"""What is left of a backup whose maker died: the truth in the history, nothing half-made in the stores."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from actions.history.audit import audit
from actions.history.backups import NewBackup, find_backup, list_backups, record_backup
from actions.history.database import History
from actions.history.liveness import claimed, forgotten, this_process
from actions.history.values import BackupState
from actions.restore.cloning_one import list_of
from actions.restore.listing import There
from actions.restore.premises import Premises
from actions.restore.sweeping import INTERRUPTED, sweep

ROOT = Path(__file__).parents[2]
Die = Callable[[str], None]


@pytest.fixture
def die_at(premises: Premises, history_url: str, stores: tuple[Path, Path], tmp_path: Path) -> Die:
    """Another process makes a backup, and is killed at this stage."""

    def die(stage: str) -> None:
        arguments = [history_url, str(tmp_path), str(stores[0]), str(stores[1]), stage]
        done = subprocess.run(
            [sys.executable, "-m", "tests.keeping.dying", *arguments], cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, "ORDERS_URL": premises.url}, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr

    return die


def swept(premises: Premises) -> tuple[str, ...]:
    return sweep(premises.history, lambda _: premises.stores, actor="test")


def test_one_that_was_killed_while_dumping_is_failed_and_nothing_of_it_is_left(
    premises: Premises, die_at: Die, stores: tuple[Path, Path]
) -> None:
    die_at("DUMP")
    (making,) = list_backups(premises.history)
    assert making.state is BackupState.MAKING
    assert swept(premises) == (making.name,)
    (failed,) = list_backups(premises.history)
    assert (failed.state, failed.because) == (BackupState.FAILED, INTERRUPTED)
    assert not list(stores[0].rglob("*.part"))
    assert not (stores[0] / making.name).exists()
    assert swept(premises) == ()
    assert audit(premises.history).whole


@pytest.mark.slow
def test_one_that_was_killed_while_copying_is_whole_in_the_first_store_and_says_that_the_second_has_none(
    premises: Premises, die_at: Die, stores: tuple[Path, Path]
) -> None:
    die_at("COPY")
    (made,) = list_backups(premises.history)
    assert made.state is BackupState.MADE
    assert swept(premises) == (made.name,)
    (listed,) = list_of(premises).backups
    assert listed.state is BackupState.MADE
    assert [(place.there, place.because) for place in listed.places] == [
        (There.KEPT, None), (There.FAILED, "the copy was interrupted"),
    ]  # fmt: skip
    assert not (stores[1] / made.name).exists()


def test_one_that_was_killed_while_it_was_proven_is_not_proven(premises: Premises, die_at: Die) -> None:
    die_at("RESTORE")
    swept(premises)
    (listed,) = list_of(premises).backups
    assert listed.state is BackupState.MADE
    assert all(place.there is There.KEPT for place in listed.places)


def test_one_that_was_whole_before_anybody_said_so_is_kept(premises: Premises, die_at: Die) -> None:
    die_at("COPY")
    (made,) = list_backups(premises.history)
    with premises.history.writing() as connection:
        # As if it had died a moment earlier.
        stores = f'{{"{premises.stores[0].title}": {{"state": "copying"}}}}'
        statement = "UPDATE backups SET state = 'making', manifest = NULL, stores = CAST(%s AS jsonb) WHERE name = %s"
        connection.exec_driver_sql(statement, (stores, made.name))
    assert swept(premises) == (made.name,)
    again = find_backup(premises.history, made.name)
    assert again is not None
    assert (again.state, again.because) == (BackupState.MADE, f"not proven: {INTERRUPTED}")
    assert again.manifest is not None


def a_backup(history: History, name: str, **maker: object) -> None:
    with history.writing() as connection:
        new = NewBackup(name=name, service="orders", strategy="dump", maker={**this_process(), **maker})
        record_backup(connection, new, actor="test")


def test_one_that_is_being_made_in_this_process_is_left_alone(premises: Premises) -> None:
    a_backup(premises.history, "orders_20261120_030000_aaaa")
    with claimed(premises.history, "orders_20261120_030000_aaaa") as claim:
        assert swept(premises) == ()
        assert not claim.lost
    assert swept(premises) == ("orders_20261120_030000_aaaa",)


def test_a_living_process_that_lost_its_connection_is_not_taken_for_dead(premises: Premises) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        import psutil

        started = psutil.Process(other.pid).create_time()
        a_backup(premises.history, "orders_20261120_030000_bbbb", pid=other.pid, started=started)
        assert swept(premises) == ()
        other.kill()
    assert swept(premises) == ("orders_20261120_030000_bbbb",)


def test_a_number_that_another_process_got_since_is_no_sign_of_life(premises: Premises) -> None:
    a_backup(premises.history, "orders_20261120_030000_cccc", pid=1, started=1.0)
    assert swept(premises) == ("orders_20261120_030000_cccc",)


def test_one_of_another_machine_is_left_alone_as_long_as_its_lock_is_held(
    premises: Premises,
) -> None:
    name = "orders_20261120_030000_dddd"
    a_backup(premises.history, name, host="another-machine")
    with claimed(premises.history, name), forgotten(premises.history) as dead:
        assert dead == ()


def test_whoever_was_declared_dead_is_told_so(premises: Premises, history_url: str) -> None:
    name = "orders_20261120_030000_eeee"
    a_backup(premises.history, name)
    lost = threading.Event()
    with claimed(premises.history, name) as claim:
        with psycopg.connect(history_url, autocommit=True) as other:
            other.execute("UPDATE backups SET state = 'failed' WHERE name = %s", [name])
        for _ in range(100):
            if claim.lost:
                lost.set()
                break
            lost.wait(0.1)
    assert lost.is_set()


def test_a_lock_that_was_lost_is_taken_again(premises: Premises, history_url: str) -> None:
    name = "orders_20261120_030000_ffff"
    a_backup(premises.history, name, host="another-machine")
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s::bigint"
    with claimed(premises.history, name), psycopg.connect(history_url, autocommit=True) as other:
        space = [0x0BAC0072]
        assert other.execute(held, space).fetchone() == (1,)
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s::bigint", space
        )
        pause = threading.Event()
        for _ in range(100):
            pause.wait(0.1)
            if other.execute(held, space).fetchone() == (1,):
                return
        pytest.fail("the lock was not taken again")
