"""One backup from a store to another: what arrives is held against its manifest, which is written last there too."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Lock

from actions.backup.manifest import Manifest, StoredFile, read_manifest
from actions.backup.pipes import DamagedError, read_as_stored
from actions.backup.progress import Progress, Stage, Watcher, unwatched
from actions.backup.store import MANIFEST, Store
from actions.backup.streams import ending
from actions.errors import BackoutError, RefusedError

#: Files at once: the small ones are all waiting.
_AT_ONCE = 3
#: A manifest of ten thousand tables has 3 MB.
_LARGEST_MANIFEST = 256 << 20


def stored_manifest(store: Store, name: str) -> Manifest:
    """The manifest of a backup in this store. BackoutError when there is none, or it is another's."""
    return _read(_manifest_text(store, name), store, name)


def copy_backup(name: str, source: Store, target: Store, watch: Watcher = unwatched) -> Manifest:
    """After it the backup is in both; after an error it is whole in the source, and nothing of it is in the target.

    RefusedError when the target has another backup of that name; one that is there already is left as it is.
    """
    text = _manifest_text(source, name)
    manifest = _read(text, source, name)
    if _is_there(target, name, text):
        return manifest
    try:
        _copy_files(manifest, source, target, watch)
        target.write(f"{name}/{MANIFEST}", [text])
    except BaseException:
        with suppress(BackoutError):
            target.delete(name)
        raise
    return manifest


def _manifest_text(store: Store, name: str) -> bytes:
    pieces = store.read(f"{name}/{MANIFEST}")
    text = b""
    with ending(pieces):
        for piece in pieces:
            text += piece
            if len(text) > _LARGEST_MANIFEST:
                raise DamagedError("The manifest is too large to be one", where=f"{name} in {store.title}")
    return text


def _read(text: bytes, store: Store, name: str) -> Manifest:
    where = f"{name} in {store.title}"
    manifest = read_manifest(text, where=where)
    if manifest.name != name or not all(file.key.startswith(f"{name}/") for file in manifest.every_file):
        raise DamagedError(f"The manifest belongs to another backup, {manifest.name[:100]}", where=where)
    return manifest


def _is_there(target: Store, name: str, text: bytes) -> bool:
    key = f"{name}/{MANIFEST}"
    if all(each.key != key for each in target.list(key)):
        return False
    if _manifest_text(target, name) == text:
        return True
    raise RefusedError(
        "There is another backup of that name", where=f"{name} in {target.title}",
        next_step="Delete one of the two, if you are sure which one.",
    )  # fmt: skip


def _copy_files(manifest: Manifest, source: Store, target: Store, watch: Watcher) -> None:
    files = sorted(manifest.every_file, key=lambda file: -file.bytes)
    meter = _Meter(total=sum(file.bytes for file in files), watch=watch)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="backout-copy") as pool:
        running = [pool.submit(_copy_file, file, source, target, meter) for file in files]
        try:
            for each in running:
                each.result()
        except BaseException:
            meter.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def _copy_file(file: StoredFile, source: Store, target: Store, meter: "_Meter") -> None:
    kept = target.write(file.key, meter.of(read_as_stored(source, file)))
    if (kept.bytes, kept.sha256) != (file.bytes, file.sha256):
        raise DamagedError("What was written is not what was read", where=f"{file.key} in {target.title}")


class _StoppedError(BackoutError):
    """Another file of the backup could not be copied."""


class _Meter:
    """How far all of them together are; and the way to end them together."""

    def __init__(self, *, total: int, watch: Watcher, clock: Callable[[], float] = time.monotonic) -> None:
        self.stopped = Event()
        self._total = total
        self._watch = watch
        self._clock = clock
        self._began = clock()
        self._done = 0
        self._lock = Lock()

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        with ending(chunks):
            for chunk in chunks:
                if self.stopped.is_set():
                    raise _StoppedError("Another file of the backup could not be copied")
                yield chunk
                self._tell(len(chunk))

    def _tell(self, size: int) -> None:
        with self._lock:
            self._done += size
            now = Progress(
                stage=Stage.COPY, bytes_done=self._done, bytes_total=self._total, seconds=self._clock() - self._began
            )
        self._watch(now)
