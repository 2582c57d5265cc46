"""One backup from beginning to end: taken, written down, copied, kept; and what is left when it is not."""

import shutil
import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from actions.backup.progress import Progress, Stage
from actions.errors import RefusedError, UnavailableError
from actions.history.audit import audit
from actions.history.backups import find_backup, list_backups
from actions.history.database import History
from actions.history.in_use import in_use
from actions.history.values import BackupState
from actions.restore.backing_up import BackupOrder, StoppedError, back_up
from actions.restore.cloning_one import list_of
from actions.restore.letting_go import let_go
from actions.restore.listing import There
from actions.restore.premises import Premises
from tests.keeping.conftest import ROWS, MakePremises

UNPROVEN = BackupOrder(prove=False)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_a_backup_lies_in_every_store_and_the_history_knows_what_is_in_it(
    premises: Premises, stores: tuple[Path, Path]
) -> None:
    made = back_up(premises, UNPROVEN)
    assert (made.state, made.manifest.rows) == (BackupState.MADE, ROWS)
    assert [(place.store, place.there) for place in made.places] == [(str(each), There.KEPT) for each in stores]
    for folder in stores:
        assert (folder / made.name / "manifest.json").exists()
    record = find_backup(premises.history, made.name)
    assert record is not None
    assert (record.state, record.revision, record.purpose) == (BackupState.MADE, "aaa1", "by hand")
    assert record.manifest is not None
    assert record.manifest["tables"] == {"public.alembic_version": 1, "public.customers": 300, "public.bills": 900}
    assert audit(premises.history).whole


def test_every_stage_is_told(premises: Premises) -> None:
    told: list[Progress] = []
    back_up(premises, BackupOrder(prove=False, watch=told.append))
    assert {each.stage for each in told} >= {Stage.DUMP, Stage.COPY}


def test_a_store_that_cannot_be_written_costs_the_other_nothing(premises: Premises, stores: tuple[Path, Path]) -> None:
    stores[0].write_text("a file where a folder should be")
    made = back_up(premises, UNPROVEN)
    assert [(place.store, place.there) for place in made.places] == [
        (str(stores[1]), There.KEPT), (str(stores[0]), There.FAILED),
    ]  # fmt: skip
    assert str(stores[0]) in str(made.places[1].because)
    (listed,) = list_of(premises).backups
    assert {place.store: place.there for place in listed.places}[str(stores[1])] is There.KEPT


def test_without_any_store_nothing_is_made_and_the_failure_is_on_the_record(
    premises: Premises, stores: tuple[Path, Path]
) -> None:
    for each in stores:
        each.write_text("a file where a folder should be")
    with pytest.raises(UnavailableError, match="cannot be written"):
        back_up(premises, UNPROVEN)
    (record,) = list_backups(premises.history)
    assert record.state is BackupState.FAILED
    assert "cannot be written" in str(record.because)


def test_a_database_that_hides_rows_makes_a_failed_backup_and_leaves_nothing(
    make_premises: MakePremises, orders_url: str, stores: tuple[Path, Path]
) -> None:
    with psycopg.connect(orders_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE humble_orders LOGIN PASSWORD 'tr0ub4dor'")
    try:
        humble = orders_url.replace(orders_url.split("//")[1].split("@", maxsplit=1)[0], "humble_orders:tr0ub4dor")
        premises = make_premises()
        around = Premises(
            history=premises.history, service=premises.service, stores=premises.stores, home=premises.home,
            environ={**premises.environ, "ORDERS_URL": humble}, actor="test",
        )  # fmt: skip
        with pytest.raises(RefusedError, match="may not read"):
            back_up(around, UNPROVEN)
    finally:
        with psycopg.connect(orders_url, autocommit=True) as connection:
            connection.execute("DROP ROLE humble_orders")
    (record,) = list_backups(premises.history)
    assert (record.state, "tr0ub4dor" in str(record.because)) == (BackupState.FAILED, False)
    assert not files_in(stores[0])
    assert list_of(premises).backups[0].places == ()


def test_stopped_in_the_middle_it_says_so_and_leaves_nothing(premises: Premises, stores: tuple[Path, Path]) -> None:
    stop = threading.Event()

    def watch(now: Progress) -> None:
        if now.stage is Stage.DUMP:
            stop.set()

    with pytest.raises(StoppedError, match="nothing of it is left"):
        back_up(premises, BackupOrder(prove=False, watch=watch, should_stop=stop.is_set))
    (record,) = list_backups(premises.history)
    assert (record.state, record.because) == (BackupState.FAILED, "stopped")
    assert not files_in(stores[0])


def test_stopped_while_it_is_copied_the_first_store_has_it_and_the_second_does_not(
    premises: Premises, stores: tuple[Path, Path]
) -> None:
    stop = threading.Event()

    def watch(now: Progress) -> None:
        if now.stage is Stage.COPY:
            stop.set()

    made = back_up(premises, BackupOrder(prove=False, watch=watch, should_stop=stop.is_set))
    assert [(place.there, place.because) for place in made.places] == [(There.KEPT, None), (There.FAILED, "stopped")]
    assert (stores[0] / made.name / "manifest.json").exists()
    assert not files_in(stores[1])


def test_older_ones_go_as_the_catalog_says(make_premises: MakePremises, stores: tuple[Path, Path]) -> None:
    premises = make_premises(keep="2")
    names = [back_up(premises, UNPROVEN).name for _ in range(3)]
    assert sorted(path.name for path in stores[0].iterdir()) == sorted(names[1:])
    assert sorted(path.name for path in stores[1].iterdir()) == sorted(names[1:])
    record = find_backup(premises.history, names[0])
    assert record is not None
    assert (record.state, record.because) == (BackupState.DELETED, "let go by its retention")
    assert [each.name for each in list_of(premises).backups] == list(reversed(names[1:]))
    assert audit(premises.history).whole


def test_one_that_is_being_restored_is_not_let_go_before_that_is_over(
    make_premises: MakePremises, stores: tuple[Path, Path]
) -> None:
    premises = make_premises(keep="{last: 1, min_age: 0s}")
    oldest = back_up(premises, BackupOrder(prove=False, keep=False)).name
    back_up(premises, BackupOrder(keep=False))
    with in_use(premises.history, oldest), in_use(premises.history, oldest):
        held = let_go(premises)
    assert (held.gone, dict(held.postponed)) == ((), {oldest: "it is being restored or proven"})
    assert (stores[0] / oldest).exists()
    assert let_go(premises).gone == (oldest,)


def test_a_history_that_went_away_meanwhile_does_not_spoil_what_was_restored(history: History) -> None:
    with in_use(history, "orders_20260102_030405_aaaa"), history.writing() as connection:
        ended = connection.execute(
            text(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
            )
        ).scalar()
    assert ended


def test_one_slot_of_a_schedule_is_answered_once(premises: Premises) -> None:
    now = premises.now()
    order = BackupOrder(prove=False, slot=now, attempt=1)
    back_up(premises, order)
    with pytest.raises(RefusedError, match="another process"):
        back_up(premises, order)
    back_up(premises, BackupOrder(prove=False, slot=now, attempt=2))
    assert len(list_backups(premises.history)) == 2


def test_a_backup_that_a_store_has_lost_is_called_missing_there(premises: Premises, stores: tuple[Path, Path]) -> None:
    made = back_up(premises, UNPROVEN)
    other = back_up(premises, UNPROVEN)
    shutil.rmtree(stores[0] / made.name)
    listed = {each.name: each for each in list_of(premises).backups}
    assert [place.there for place in listed[made.name].places] == [There.MISSING, There.KEPT]
    assert [place.there for place in listed[other.name].places] == [There.KEPT, There.KEPT]
    assert listed[made.name].restorable


def test_a_store_that_lost_everything_at_once_counts_as_away_and_costs_the_other_one_nothing(
    make_premises: MakePremises, stores: tuple[Path, Path]
) -> None:
    premises = make_premises(keep="2")
    names = [back_up(premises, UNPROVEN).name for _ in range(2)]
    unmounted = stores[0].rename(stores[0].with_name("unmounted"))
    for listed in list_of(premises).backups:
        assert [place.there for place in listed.places] == [There.AWAY, There.KEPT]
        assert "is it mounted" in str(listed.places[0].because)
    assert not let_go(premises).gone
    assert {path.name for path in stores[1].iterdir()} == set(names)
    if stores[0].exists():
        shutil.rmtree(stores[0])
    unmounted.rename(stores[0])
    assert [place.there for place in list_of(premises).backups[0].places] == [There.KEPT, There.KEPT]


def test_a_backup_that_the_history_does_not_know_is_read_from_its_manifest(premises: Premises, orders_url: str) -> None:
    made = back_up(premises, UNPROVEN)
    with premises.history.writing() as connection:
        from sqlalchemy import text

        connection.execute(text("DELETE FROM backups"))
    (listed,) = list_of(premises).backups
    assert (listed.name, listed.state, listed.why) == (made.name, None, "not in the history")
    assert (listed.rows, listed.revision, listed.size_bytes) == (ROWS, "aaa1", made.manifest.stored_bytes)
    assert listed.restorable


def test_stopped_while_it_is_proven_it_is_made_and_not_proven(premises: Premises) -> None:
    stop = threading.Event()

    def watch(now: Progress) -> None:
        if now.stage is Stage.RESTORE:
            stop.set()

    made = back_up(premises, BackupOrder(watch=watch, should_stop=stop.is_set))
    assert (made.state, made.because) == (BackupState.MADE, "not proven: stopped")


def test_what_a_disk_changed_before_the_proof_makes_it_failed(premises: Premises, stores: tuple[Path, Path]) -> None:
    def watch(now: Progress) -> None:
        if now.stage is Stage.COPY and now.bytes_done == now.bytes_total:
            archive = next(stores[0].rglob("archive*"))
            whole = archive.read_bytes()
            archive.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])

    made = back_up(premises, BackupOrder(watch=watch))
    assert made.state is BackupState.FAILED
    assert made.proved is not None
    record = find_backup(premises.history, made.name)
    assert record is not None
    assert (record.state, record.proven_at) == (BackupState.FAILED, None)
    assert str(record.because).startswith("the proof found differences: ")


def test_a_proven_backup_says_how_long_a_restore_takes(premises: Premises) -> None:
    made = back_up(premises, BackupOrder())
    assert made.state is BackupState.PROVEN
    (listed,) = list_of(premises).backups
    assert listed.restore_measured
    assert listed.restore_seconds is not None
    assert 0 < listed.restore_seconds < 60
