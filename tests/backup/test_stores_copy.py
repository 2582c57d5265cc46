"""A backup from one store to another: whole in both, or only in the first."""

import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actions.backup.folder_store import FolderStore
from actions.backup.manifest import (
    FORMAT,
    DatabaseProperties,
    LargeObjects,
    Manifest,
    StoredFile,
    TableContent,
)  # fmt: skip
from actions.backup.packing import DamagedError
from actions.backup.pipes import stored_file
from actions.backup.progress import Progress
from actions.backup.store import Kept, Store
from actions.backup.store_copy import copy_backup, stored_manifest
from actions.errors import BackoutError, RefusedError, UnavailableError
from tests.backup.object_storage import Asked, Fault, bucket, storage, way_to

NAME = "shop_20260131_030000_4f2a"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with storage() as found:
        yield found


@pytest.fixture
def source(tmp_path: Path) -> FolderStore:
    return FolderStore(path=tmp_path / "near")


@pytest.fixture
def target(tmp_path: Path) -> FolderStore:
    return FolderStore(path=tmp_path / "far")


def lay_down(store: Store, *, tables: int = 8, name: str = NAME) -> Manifest:
    """A backup as the store has it; its content is noise."""
    archive = stored_file(store.write(f"{name}/archive.pgdump", [os.urandom(2_000_000)]))
    files = [
        stored_file(store.write(f"{name}/rows/{number}.zst", [os.urandom(1000 * number)])) for number in range(tables)
    ]
    manifest = Manifest(
        name=name, service="shop", revisions=("a1",), taken_at=datetime(2026, 1, 31, 3, tzinfo=UTC), seconds=1,
        form="parallel", server_version=180000, tool_version="18.0", backout_version="0.1",
        database=DatabaseProperties(
            name="shop", owner="shop", encoding="UTF8", locale_provider="c", collate="C", ctype="C", locale=None,
            connection_limit=-1, comment=None, grants=None, settings=(),
        ),
        extensions=(), schema_hash="0", sequences=(), large_objects=LargeObjects(count=0, hash="0"),
        tables=tuple(
            TableContent(
                schema_name="public", name=f"t{number}", columns=("id",), rows=1, bytes=1, hash="0", file=file
            )
            for number, file in enumerate(files)
        ),
        materialised_views={}, files=(archive,), database_bytes=1,
    )  # fmt: skip
    store.write(f"{name}/manifest.json", [manifest.model_dump_json().encode()])
    return manifest


def contents(store: Store) -> dict[str, bytes]:
    return {each.key: b"".join(store.read(each.key)) for each in store.list()}


def test_a_copy_is_the_same_and_progress_is_told(source: FolderStore, target: FolderStore) -> None:
    manifest = lay_down(source)
    seen: list[Progress] = []
    assert copy_backup(NAME, source, target, seen.append) == manifest
    assert contents(target) == contents(source)
    assert max(each.bytes_done for each in seen) == manifest.stored_bytes
    assert {each.bytes_total for each in seen} == {manifest.stored_bytes}


def test_a_copy_to_a_bucket_and_back_is_the_same(source: FolderStore, target: FolderStore, port: int) -> None:
    lay_down(source)
    copy_backup(NAME, source, bucket(port))
    copy_backup(NAME, bucket(port), target)
    assert contents(target) == contents(source)
    assert stored_manifest(bucket(port), NAME) == stored_manifest(target, NAME)


class Order:
    """A folder that remembers in which order it was written."""

    def __init__(self, store: FolderStore) -> None:
        self.store, self.keys = store, list[str]()

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def write(self, key: str, chunks: Iterable[bytes]) -> Kept:
        kept = self.store.write(key, chunks)
        self.keys.append(key)
        return kept


def test_the_settings_of_an_encrypted_backup_are_copied_too(source: FolderStore, target: FolderStore) -> None:
    manifest = lay_down(source)
    sealed = stored_file(source.write(f"{NAME}/properties.json.age", [b"settings"]))
    changed = manifest.model_copy(update={"sealed": sealed})
    source.write(f"{NAME}/manifest.json", [changed.model_dump_json().encode()])
    copy_backup(NAME, source, target)
    assert contents(target) == contents(source)
    assert stored_manifest(target, NAME).stored_bytes == manifest.stored_bytes + len(b"settings")


def test_a_backup_of_a_newer_version_is_said_to_be_one(source: FolderStore) -> None:
    newer = {**lay_down(source).model_dump(mode="json"), "format": FORMAT + 1, "something_new": 1}
    source.write(f"{NAME}/manifest.json", [json.dumps(newer).encode()])
    with pytest.raises(BackoutError, match="newer Backout"):
        stored_manifest(source, NAME)


def test_the_manifest_is_written_last(source: FolderStore, target: FolderStore) -> None:
    lay_down(source)
    order = Order(target)
    copy_backup(NAME, source, order)  # type: ignore[arg-type]
    assert order.keys[-1] == f"{NAME}/manifest.json"
    assert len(order.keys) == 10


def test_a_damaged_file_is_not_copied_and_nothing_is_left(source: FolderStore, target: FolderStore) -> None:
    lay_down(source)
    damaged = source.path / NAME / "rows/5.zst"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    with pytest.raises(DamagedError, match=r"rows/5\.zst"):
        copy_backup(NAME, source, target)
    assert target.list() == ()
    assert len(source.list()) == 10


def test_a_target_that_fails_loses_nothing_of_the_source(source: FolderStore, port: int) -> None:
    lay_down(source)
    before = contents(source)

    def full(asked: Asked) -> Fault | None:
        return Fault(status=507) if "/rows/3.zst" in asked.line and asked.line.startswith("PUT") else None

    with way_to(port, full) as way, pytest.raises(UnavailableError, match="it is full"):
        copy_backup(NAME, source, bucket(way.port, "other", seconds=0.5))
    assert bucket(port, "other").list() == ()
    assert contents(source) == before


def test_what_is_there_already_is_left_and_another_of_that_name_is_refused(
    source: FolderStore, target: FolderStore
) -> None:
    lay_down(source)
    copy_backup(NAME, source, target)
    written = {path: path.stat().st_mtime_ns for path in target.path.rglob("*")}
    copy_backup(NAME, source, target)
    assert {path: path.stat().st_mtime_ns for path in target.path.rglob("*")} == written

    source.delete(NAME)
    lay_down(source)
    before = contents(target)
    with pytest.raises(RefusedError, match="another backup of that name"):
        copy_backup(NAME, source, target)
    assert contents(target) == before


def test_a_backup_without_a_manifest_is_none(source: FolderStore, target: FolderStore) -> None:
    lay_down(source)
    (source.path / NAME / "manifest.json").unlink()
    with pytest.raises(BackoutError, match=f"There is no {NAME}/manifest.json"):
        copy_backup(NAME, source, target)


def test_a_manifest_that_leads_elsewhere_is_refused(source: FolderStore, target: FolderStore) -> None:
    manifest = lay_down(source)
    for other in (
        manifest.model_copy(update={"name": "shop_20260131_030000_ffff"}),
        manifest.model_copy(update={"files": (StoredFile(key="shop_1/archive", bytes=1, sha256="0"),)}),
    ):
        source.write(f"{NAME}/manifest.json", [other.model_dump_json().encode()])
        with pytest.raises(DamagedError, match="belongs to another backup"):
            copy_backup(NAME, source, target)
    climbing = manifest.model_copy(update={"files": (StoredFile(key=f"{NAME}/../../a", bytes=1, sha256="0"),)})
    source.write(f"{NAME}/manifest.json", [climbing.model_dump_json().encode()])
    with pytest.raises(BackoutError, match="not the name"):
        copy_backup(NAME, source, target)
    assert target.list() == ()
