"""`kill -9` at any moment of a proof: never a false `proven`, and the next one who looks finds nothing left."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from actions.backup.folder_store import FolderStore
from actions.backup.manifest import Manifest
from actions.backup.scratch import ScratchServer
from actions.restore.own_folders import sweep
from actions.restore.proving import prove
from tests.conftest import server_folder
from tests.restore.killing import Nursery, moments, nursery
from tests.restore.proofs import Backup, back_up, fresh_database, scratch_of

HERE = __name__


@pytest.fixture(scope="module")
def shop(postgres_url: str) -> Iterator[Backup]:
    with fresh_database(postgres_url) as url, server_folder() as folder:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE people AS SELECT n AS id, md5(n::text) AS name FROM generate_series(1, 9000) n"
            )
            connection.execute("CREATE INDEX ON people (name)")
        yield back_up(url, postgres_url, folder)


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    with nursery(HERE) as found:
        yield found


def prove_and_write(*, manifest: str, store: str, admin_url: str, work: str, place: str, result: str) -> None:
    """What a child does. Only at its very end something is said."""
    backup = Backup(
        manifest=Manifest.model_validate_json(manifest), store=FolderStore(path=Path(store)), admin_url=admin_url,
        work=Path(work),
    )  # fmt: skip
    Path(result).write_text(json.dumps(prove(backup.proof(use=place)).state))


def kill_at_random_moments(backup: Backup, children: Nursery, folder: Path, *, place: str, times: int) -> None:
    result = folder / "result"
    given = {
        "manifest": backup.manifest.model_dump_json(), "store": str(backup.store.path), "admin_url": backup.admin_url,
        "work": str(backup.work), "place": place, "result": str(result),
    }  # fmt: skip
    killed = 0
    for moment in moments(times, 2.5):
        result.unlink(missing_ok=True)
        lived = children.start_and_kill(f"{HERE}:prove_and_write", after=moment, **given)
        killed += lived
        if result.exists():
            assert result.read_text() in ("", '"failed"'), "a damaged backup was said to be proven"
        sweep(backup.work)
        assert [each.name for each in backup.work.iterdir() if each.name != "workshops.lock"] == []
        assert _servers_in(backup.work) == []
    assert killed > 0, "none was caught in the middle"
    _nothing_is_left_beside(backup)


def _servers_in(folder: Path) -> list[int]:
    """Processes of throw-away servers, which die within moments of their maker."""
    until = time.monotonic() + 10
    while True:
        found = [
            process.pid
            for process in psutil.process_iter(["cmdline", "status"])
            if str(folder) in " ".join(process.info["cmdline"] or []) and process.info["status"] != "zombie"
        ]
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.05)


def _nothing_is_left_beside(backup: Backup) -> None:
    """Locks of the dead are given back when the server notices; the next one sweeps then."""
    until = time.monotonic() + 20
    while True:
        with ScratchServer(backup.admin_url):
            if not scratch_of(backup.admin_url):
                return
        assert time.monotonic() < until
        time.sleep(0.1)


def damaged(backup: Backup, folder: Path) -> Backup:
    return backup.copied(folder / "store").tampered("people", lambda rows: rows[:-1])


@pytest.mark.slow
@pytest.mark.parametrize("place", ["throw-away", "beside"])
def test_a_killed_proof_says_nothing_and_leaves_nothing(
    shop: Backup, children: Nursery, tmp_path: Path, place: str
) -> None:
    kill_at_random_moments(damaged(shop, tmp_path), children, tmp_path, place=place, times=2)
    assert prove(shop.proof(use=place)).is_proven


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", ["throw-away", "beside"])
def test_a_hundred_killed_proofs_say_nothing_and_leave_nothing(
    shop: Backup, children: Nursery, tmp_path: Path, place: str
) -> None:
    kill_at_random_moments(damaged(shop, tmp_path), children, tmp_path, place=place, times=50)


def test_a_server_in_use_is_not_swept_away(shop: Backup) -> None:
    seen = []

    def look(_: str) -> None:
        seen.extend(sweep(shop.work))

    assert prove(shop.proof(use="throw-away", before_comparing=look)).is_proven
    assert seen == []
