"""What goes wrong while a backup is taken: it ends soon, says why, and leaves nothing behind."""

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from actions.backup.folder_store import FolderStore
from actions.backup.programs import ClientPrograms
from actions.backup.taking import take
from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError, UnavailableError
from tests.backup.by_hand import Meddling, another, backed_up, bring_back, fill_large, order, whole_dump
from tests.conftest import server_folder


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def assert_nothing_is_left(folder: Path) -> None:
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    children = psutil.Process().children(recursive=True)
    assert [child.name() for child in children if child.name() in ("psql", "pg_dump", "pg_restore")] == []


@pytest.mark.parametrize("form", ["parallel", "plain"])
@pytest.mark.by_day(1)
def test_what_is_written_meanwhile_does_not_get_in(database_url: str, form: str, tmp_path: Path) -> None:
    fill_large(database_url, rows=20_000)
    run(database_url, "CREATE TABLE little AS SELECT 1 AS a")
    expected = whole_dump(database_url)
    stop = threading.Event()

    def keep_writing() -> None:
        while not stop.is_set():
            run(
                database_url,
                "INSERT INTO large VALUES (-1, 'new'); DELETE FROM larger WHERE n % 7 = 0; DELETE FROM little",
            )

    writer = threading.Thread(target=keep_writing)

    def start(*_: object) -> None:
        """Called for the first time when the first rows have been read: the snapshot is older than all that is written."""
        if not writer.ident:
            writer.start()
            time.sleep(0.3)

    try:
        manifest = backed_up(database_url, tmp_path, form=form, watch=start, jobs=1).manifest
    finally:
        stop.set()
        writer.join()
    with another(database_url) as target:
        bring_back(manifest, tmp_path, target)
        assert whole_dump(target) == expected
    assert [table.rows for table in manifest.tables if table.name == "little"] == [1]


def test_a_table_that_somebody_changes_is_named_with_who_it_is(database_url: str, tmp_path: Path) -> None:
    run(database_url, "CREATE TABLE busy (a int); CREATE TABLE other (a int)")
    with psycopg.connect(database_url, application_name="migration of tonight") as changing:
        changing.execute("ALTER TABLE busy ADD COLUMN b int")
        with pytest.raises(BackoutError, match=r"public\.busy by process .*migration of tonight") as refused:
            backed_up(database_url, tmp_path, lock_timeout=timedelta(milliseconds=300))
        assert "ALTER TABLE" in (refused.value.next_step or "")
    assert_nothing_is_left(tmp_path)


def test_a_change_of_a_table_that_comes_meanwhile_waits_and_does_not_stop_the_backup(
    database_url: str, tmp_path: Path
) -> None:
    fill_large(database_url, rows=20_000)
    changing = threading.Thread(target=run, args=(database_url, "TRUNCATE large; ALTER TABLE larger ADD COLUMN x int"))

    def happens() -> None:
        changing.start()
        wait_until_somebody_waits(database_url)

    store = Meddling(path=tmp_path, happens=happens)
    manifest = take(order(database_url, tmp_path, store=store, jobs=2)).manifest
    changing.join()
    assert store.done
    assert [table.columns for table in manifest.tables if table.name == "larger"] in ([("n", "t")], [("n", "t", "x")])
    with another(database_url) as target:
        bring_back(manifest, tmp_path, target)
        rows = 20_000 if manifest.rows == 40_000 else 0
        with psycopg.connect(target) as connection:
            assert connection.execute("SELECT count(*) FROM large").fetchone() == (rows,)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedAtTheStart(FolderStore):
    """Its room is asked for when the snapshot is held and nobody else has begun; then a table is to be changed."""

    url: str
    changes: list[threading.Thread]
    times: int = 1
    statement: str = "ALTER TABLE larger ADD COLUMN x{} int"

    def free_bytes(self) -> int | None:
        if len(self.changes) < self.times:
            statement = self.statement.format(len(self.changes))
            self.changes.append(threading.Thread(target=run, args=(self.url, statement)))
            self.changes[-1].start()
            wait_until_somebody_waits(self.url)
        return None


def test_who_would_begin_behind_a_change_that_waits_for_us_lets_it_through_and_begins_again(
    database_url: str, tmp_path: Path
) -> None:
    """Everybody who wants that table waits behind the change: that must not last."""
    fill_large(database_url, rows=1_000)
    store = ChangedAtTheStart(path=tmp_path, url=database_url, changes=[])
    started = time.monotonic()
    manifest = take(order(database_url, tmp_path, store=store)).manifest
    store.changes[0].join(5)
    assert not store.changes[0].is_alive()
    assert time.monotonic() - started < 10
    assert [table.columns for table in manifest.tables if table.name == "larger"] == [("n", "t", "x0")]
    with another(database_url) as target:
        bring_back(manifest, tmp_path, target)
        assert whole_dump(target) == whole_dump(database_url)


def test_pg_dump_alone_waiting_behind_a_change_lets_it_through_too(database_url: str, tmp_path: Path) -> None:
    """Nobody but pg_dump locks what holds no rows itself."""
    run(database_url, "CREATE TABLE events (n int) PARTITION BY RANGE (n)")
    store = ChangedAtTheStart(
        path=tmp_path, url=database_url, changes=[], statement="BEGIN; LOCK TABLE ONLY events; COMMIT"
    )
    started = time.monotonic()
    take(order(database_url, tmp_path, store=store))
    store.changes[0].join(5)
    assert not store.changes[0].is_alive()
    assert time.monotonic() - started < 10


def test_changes_without_end_are_an_error_and_leave_nothing_behind(database_url: str, tmp_path: Path) -> None:
    fill_large(database_url, rows=1_000)
    store = ChangedAtTheStart(path=tmp_path, url=database_url, changes=[], times=10)
    with pytest.raises(UnavailableError) as failed:
        take(order(database_url, tmp_path, store=store, lock_timeout=timedelta(milliseconds=200)))
    assert "changes that table" in (failed.value.next_step or "")
    assert 1 < len(store.changes) < 10
    for change in store.changes:
        change.join()
    assert_nothing_is_left(tmp_path)


def wait_until_somebody_waits(url: str) -> None:
    until = time.monotonic() + 10
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute(
            "SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()"
        ).fetchall():
            assert time.monotonic() < until
            time.sleep(0.01)


def test_a_server_that_goes_away_is_said_and_nothing_stays(tmp_path: Path) -> None:
    with server_folder() as folder, EmbeddedPostgres(folder / "server") as server:
        url = server.url()
        fill_large(url, rows=100_000)
        number = int((server.data / "postmaster.pid").read_text().split()[0])
        store = Meddling(path=tmp_path, happens=lambda: _kill_all(number))
        started = time.monotonic()
        with pytest.raises(UnavailableError) as failed:
            take(order(url, tmp_path, store=store))
        assert store.done
        assert time.monotonic() - started < 20
        assert url.split(":")[2].split("@")[0] not in str(failed.value)
    assert_nothing_is_left(tmp_path)


def _kill_all(postmaster: int) -> None:
    for process in [psutil.Process(postmaster), *psutil.Process(postmaster).children()]:
        process.kill()


def test_a_statement_that_is_cancelled_is_said_in_the_servers_words(database_url: str, tmp_path: Path) -> None:
    fill_large(database_url, rows=100_000)
    cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'backout: reading rows'"
    store = Meddling(path=tmp_path, happens=lambda: run(database_url, cancel))
    with pytest.raises(BackoutError, match=r"rows of public\.large.*canceling statement due to user request"):
        take(order(database_url, tmp_path, store=store))
    assert_nothing_is_left(tmp_path)


def test_a_lost_snapshot_is_an_error_even_when_every_row_was_read(database_url: str, tmp_path: Path) -> None:
    fill_large(database_url, rows=20_000)
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'backout: holding a snapshot'"
    )
    store = Meddling(path=tmp_path, happens=lambda: run(database_url, end))
    with pytest.raises(BackoutError):
        take(order(database_url, tmp_path, store=store))
    assert_nothing_is_left(tmp_path)


@pytest.mark.parametrize("form", ["parallel", "plain"])
@pytest.mark.by_day(1)
def test_an_order_to_stop_is_followed_soon(database_url: str, form: str, tmp_path: Path) -> None:
    fill_large(database_url)
    stop = threading.Event()
    with pytest.raises(BackoutError, match="was stopped"):
        backed_up(database_url, tmp_path, form=form, watch=lambda _: stop.set(), should_stop=stop.is_set)
    assert_nothing_is_left(tmp_path)


def test_a_store_that_fails_is_the_error_and_nothing_else_is(database_url: str, tmp_path: Path) -> None:
    fill_large(database_url, rows=20_000)

    def fail() -> None:
        raise UnavailableError("The disk is full")

    with pytest.raises(UnavailableError, match="The disk is full"):
        take(order(database_url, tmp_path, store=Meddling(path=tmp_path, happens=fail)))
    assert_nothing_is_left(tmp_path)


def test_programs_that_are_not_there_are_named(database_url: str, tmp_path: Path) -> None:
    nowhere = ClientPrograms(folder=tmp_path / "bin", major=18, minor=4)
    with pytest.raises(UnavailableError, match=r"psql|pg_dump|pg_restore") as failed:
        backed_up(database_url, tmp_path / "store", programs=nowhere)
    assert "Install" in (failed.value.next_step or "")
    assert FolderStore(path=tmp_path / "store").list() == ()


def test_a_server_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://somebody:tr0ub4dor@localhost:1/shop"
    programs = ClientPrograms(folder=tmp_path, major=18, minor=4)
    with pytest.raises(UnavailableError, match="does not answer") as failed:
        backed_up(url, tmp_path, programs=programs)
    assert "tr0ub4dor" not in str(failed.value)
