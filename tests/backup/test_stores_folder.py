"""A folder as store: what is written is there for good, what fails or is killed leaves nothing."""

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from actions.backup.folder_store import FolderStore
from actions.errors import BackoutError, UnavailableError
from tests.conftest import server_folder

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system, or become another")


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def endless() -> Iterator[bytes]:
    while True:
        yield os.urandom(1 << 18)


@contextmanager
def small_file_system(size: str = "3m") -> Iterator[Path]:
    with server_folder() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(path=tmp_path / "backups")


def test_what_is_written_is_read_again_and_private(store: FolderStore) -> None:
    content = os.urandom(3_000_000)
    kept = store.write("shop_1/rows/1.zst", [content[:10], b"", content[10:]])
    assert (kept.key, kept.bytes) == ("shop_1/rows/1.zst", len(content))
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    assert b"".join(store.read("shop_1/rows/1.zst")) == content
    assert stat.S_IMODE((store.path / "shop_1/rows/1.zst").stat().st_mode) == 0o600
    for folder in (store.path, store.path / "shop_1", store.path / "shop_1/rows"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert everything(store.path) == ["shop_1", "shop_1/rows", "shop_1/rows/1.zst"]


def test_listing_is_by_any_beginning_and_in_order_of_the_keys(store: FolderStore) -> None:
    assert store.list() == ()
    for key in ("shop_2/b", "shop_2/a/x", "shop_2/a.x", "shop_10/a", "other/a"):
        store.write(key, [b"x"])
    assert [each.key for each in store.list("shop_")] == ["shop_10/a", "shop_2/a.x", "shop_2/a/x", "shop_2/b"]
    assert [each.key for each in store.list("shop_2/a/")] == ["shop_2/a/x"]
    assert store.list("shop_3") == ()
    assert [each.bytes for each in store.list("other")] == [1]


def test_deleting_takes_one_backup_and_not_its_neighbour(store: FolderStore) -> None:
    for key in ("shop_1/manifest.json", "shop_1/rows/a", "shop_12/a"):
        store.write(key, [b"x"])
    store.delete("shop_1")
    store.delete("shop_1")
    assert everything(store.path) == ["shop_12", "shop_12/a"]


def test_what_is_not_there_is_said_to_be_missing(store: FolderStore) -> None:
    store.write("shop_1/a", [b"x"])
    for key in ("shop_1/b", "shop_2/a", "shop_1", "shop_1/a/b"):
        with pytest.raises(BackoutError, match=f"There is no {key}"):
            next(store.read(key))


@pytest.mark.parametrize("key", ["../a", "/a", "a//b", "a/../../b", ".hidden/a", "a/b\n", "", "ä/b", "a\\b", "a/\0"])
def test_a_key_that_could_be_somewhere_else_is_refused(store: FolderStore, key: str) -> None:
    for call in (lambda: next(store.read(key)), lambda: store.write(key, [b"x"]), lambda: store.delete(key)):
        with pytest.raises(BackoutError, match="not the name"):
            call()


class BrokenError(Exception):
    pass


def test_a_source_that_fails_leaves_nothing_and_is_closed(store: FolderStore) -> None:
    closed = []

    def failing(error: Exception) -> Iterator[bytes]:
        try:
            yield b"some of it"
            raise error
        finally:
            closed.append(error)

    # An error of the source is not one of the folder, whatever its class.
    for error in (BrokenError("broke"), OSError(errno.ENOSPC, "elsewhere")):
        with pytest.raises(type(error)):
            store.write("shop_1/rows/a", failing(error))
    assert len(closed) == 2
    assert everything(store.path) == []


@as_root
def test_a_full_disk_is_said_and_leaves_nothing() -> None:
    with small_file_system() as folder:
        store = FolderStore(path=folder / "backups")
        store.write("shop_1/a", [b"x"])
        source = endless()
        with pytest.raises(UnavailableError, match="is full") as caught:
            store.write("shop_2/rows/a", source)
        assert "Free some room" in (caught.value.next_step or "")
        assert next(source, None) is None
        assert everything(store.path) == ["shop_1", "shop_1/a"]
        store.write("shop_2/rows/a", [bytes(2_000_000)])


@as_root
def test_a_read_only_file_system_is_said_and_what_is_on_it_can_be_read() -> None:
    with small_file_system() as folder:
        store = FolderStore(path=folder / "backups")
        store.write("shop_1/a", [b"x"])
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        for call in (lambda: store.write("shop_1/b", [b"x"]), lambda: store.delete("shop_1"), store.probe):
            with pytest.raises(UnavailableError, match="Read-only file system") as caught:
                call()
            assert "mount it for writing" in (caught.value.next_step or "")
        assert b"".join(store.read("shop_1/a")) == b"x"
        assert [each.key for each in store.list()] == ["shop_1/a"]


@as_root
def test_a_folder_without_rights_is_said() -> None:
    with server_folder() as folder:
        store = FolderStore(path=folder / "backups")
        store.write("shop_1/a", [b"x"])
        folder.chmod(0o755)
        os.seteuid(65534)
        try:
            for call in (
                lambda: store.write("shop_1/b", [b"x"]), lambda: next(store.read("shop_1/a")), store.list,
                lambda: store.delete("shop_1"), FolderStore(path=folder / "other").probe,
            ):  # fmt: skip
                with pytest.raises(UnavailableError, match="Permission denied") as caught:
                    call()
                assert "the right to" in (caught.value.next_step or "")
        finally:
            os.seteuid(0)
        assert everything(store.path) == ["shop_1", "shop_1/a"]


WRITER = """
import sys, time
from pathlib import Path
from actions.backup.folder_store import FolderStore
def endless():
    yield bytes(1 << 20)
    print("on its way", flush=True)
    time.sleep(60)
FolderStore(path=Path(sys.argv[1])).write("shop_1/rows/a", endless())
"""


def test_a_killed_writer_leaves_nothing_that_is_listed_and_is_swept_away_but_never_a_living_one(
    store: FolderStore,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store.path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "on its way\n"
        assert store.sweep() == 0
        assert len(everything(store.path)) == 3
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    assert store.list() == ()
    assert store.sweep() == 1
    assert everything(store.path) == []


def test_a_killed_writers_half_file_goes_with_its_backup(store: FolderStore) -> None:
    store.write("shop_1/a", [b"x"])
    (store.path / "shop_1/.rows.0123456789ab.part").write_bytes(b"half")
    assert [each.key for each in store.list("shop_1")] == ["shop_1/a"]
    store.delete("shop_1")
    assert everything(store.path) == []


def test_sweeping_takes_nothing_that_others_put_there(store: FolderStore) -> None:
    store.write("shop_1/a", [b"x"])
    for name in (".other.part", ".a.xyz.part", "video.0123456789ab.part"):
        (store.path / name).write_bytes(b"another program's")
    before = everything(store.path)
    assert store.sweep() == 0
    assert everything(store.path) == before


def test_free_room_is_told_also_before_the_folder_is_there(store: FolderStore) -> None:
    free = store.free_bytes()
    assert free is not None
    assert free > 0
    assert not store.path.exists()


def test_many_write_into_one_backup_at_once_while_another_sweeps(store: FolderStore) -> None:
    with ThreadPoolExecutor(6) as pool:
        writing = [pool.submit(store.write, f"shop_1/rows/{number}", [b"x" * number]) for number in range(60)]
        failing = [pool.submit(store.write, f"shop_1/rows/f{number}", _broken()) for number in range(60)]
        for _ in range(30):
            store.sweep()
        for each in writing:
            each.result()
        assert all(isinstance(each.exception(), BrokenError) for each in failing)
    assert [each.bytes for each in sorted(store.list(), key=lambda each: each.bytes)] == list(range(60))


def _broken() -> Iterator[bytes]:
    yield b"x"
    raise BrokenError("broke")
