"""What is damaged in the store makes a proof fail, with a clear reason; what is wrong elsewhere says nothing of the backup."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from actions.backup.encryption import new_key, read_keys
from actions.backup.manifest import StoredFile
from actions.backup.pipes import WrongKeyError
from actions.errors import UnavailableError
from actions.history.values import BackupState
from actions.restore.proving import prove
from tests.conftest import server_folder
from tests.restore.disks import small_disk
from tests.restore.proofs import Backup, back_up, fresh_database, scratch_of

SHOP = """
CREATE TABLE people (id int PRIMARY KEY, name text);
INSERT INTO people SELECT n, 'name ' || md5(n::text) FROM generate_series(1, 20000) n;
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents);
INSERT INTO parents VALUES (1); INSERT INTO children VALUES (1, 1);
"""


@pytest.fixture(scope="module")
def shop(postgres_url: str) -> Iterator[Backup]:
    with fresh_database(postgres_url) as url, server_folder() as folder:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SHOP.encode())
        yield back_up(url, postgres_url, folder)


def turned(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        pytest.param(turned, "damaged", id="one byte is another"),
        pytest.param(cut, "cut off", id="its end is missing"),
        pytest.param(Path.unlink, "There is no", id="the file is missing"),
    ],
)
@pytest.mark.parametrize("which", ["rows", "archive"])
def test_a_damaged_file_in_the_store_fails_the_proof(
    shop: Backup, tmp_path: Path, which: str, damage: Callable[[Path], None], says: str
) -> None:
    copy = shop.copied(tmp_path / "store")
    file = _rows(copy) if which == "rows" else copy.manifest.files[0]
    damage(copy.file(file))
    proof = prove(copy.proof())
    assert proof.state is BackupState.FAILED
    assert says in proof.why
    assert file.key in proof.why
    assert proof.faults == (proof.why,)
    assert not list(copy.work.glob("archive-*"))


def _rows(backup: Backup) -> StoredFile:
    file = backup.table("people").file
    assert file
    return file


def test_rows_that_are_no_rows_fail_the_proof_without_being_shown(shop: Backup, tmp_path: Path) -> None:
    copy = shop.copied(tmp_path / "store")
    copy = copy.tampered("people", lambda rows: [*rows[:3], b"jane.doe\tis not a number\n", *rows[3:]])
    proof = prove(copy.proof())
    assert proof.state is BackupState.FAILED
    assert "The rows of public.people could not be restored" in proof.why
    assert "jane" not in proof.why


def test_rows_that_break_their_own_foreign_key_fail_the_proof(postgres_url: str) -> None:
    """Such a backup cannot be brought back as it is, so nobody should rely on it."""
    with fresh_database(postgres_url) as url, server_folder() as folder:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SHOP.encode())
            connection.execute("SET session_replication_role = replica; DELETE FROM parents")
        proof = prove(back_up(url, postgres_url, folder).proof())
        assert proof.state is BackupState.FAILED
        assert "children_parent_fkey" in proof.why


def test_without_the_right_key_nothing_is_said_of_the_backup(postgres_url: str) -> None:
    right, wrong = (read_keys(new_key().secret, where="test") for _ in range(2))
    with fresh_database(postgres_url) as url, server_folder() as folder:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SHOP.encode())
        backup = back_up(url, postgres_url, folder, keys=right)
        for keys in (wrong, None):
            with pytest.raises(WrongKeyError, match="key"):
                prove(backup.proof(keys=keys))


@pytest.mark.slow
def test_a_server_that_goes_away_in_the_middle_says_nothing_of_the_backup(shop: Backup) -> None:
    """A throw-away server is killed at several moments of the proof; there is no other place to go on."""
    outcomes = set()
    for delay in (0.0, 0.3, 0.7, 1.1):
        with _killer_of_the_server(shop.work, delay):
            try:
                outcomes.add(prove(shop.proof(use="throw-away")).state)
            except UnavailableError:
                outcomes.add("unavailable")
        assert [each.name for each in shop.work.iterdir()] == ["workshops.lock"]
    assert "unavailable" in outcomes
    assert BackupState.FAILED not in outcomes


@contextmanager
def _killer_of_the_server(work: Path, delay: float) -> Iterator[None]:
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.01):
            for file in work.glob("workshop-*/data/postmaster.pid"):
                lines = file.read_text().splitlines() if file.exists() else []
                if len(lines) > 7 and lines[7].strip() == "ready" and not over.wait(delay):
                    # The proof may have ended during the delay, and its server with it.
                    with suppress(ProcessLookupError):
                        os.kill(int(lines[0]), signal.SIGQUIT)
                    return

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_copy_that_admits_nobody_any_more_says_nothing_of_the_backup(shop: Backup, postgres_url: str) -> None:
    def shut_the_door(_: str) -> None:
        (copy,) = scratch_of(postgres_url)
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [copy])
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(copy)))

    with pytest.raises(UnavailableError):
        prove(shop.proof(before_comparing=shut_the_door))


@pytest.mark.parametrize("megabytes", [1, 30, 64])
def test_a_full_disk_where_the_proof_is_made_says_nothing_of_the_backup(shop: Backup, megabytes: int) -> None:
    with small_disk(megabytes) as disk:
        order = shop.proof(use="throw-away")
        backup = Backup(manifest=shop.manifest, store=shop.store, admin_url=shop.admin_url, work=disk / "work")
        order = backup.proof(use="throw-away")
        started = time.monotonic()
        try:
            proof = prove(order)
            assert proof.is_proven
            assert megabytes == 64
        except UnavailableError:
            assert megabytes < 64
        assert time.monotonic() - started < 60
        left = [each.name for each in (disk / "work").iterdir()] if (disk / "work").exists() else []
        assert left in ([], ["workshops.lock"])


def test_a_place_without_room_is_not_chosen(shop: Backup) -> None:
    huge = shop.with_manifest(database_bytes=1 << 50)
    assert prove(huge.proof(use="either")).where == "beside the database"
