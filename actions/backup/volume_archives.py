"""Archives of named volumes in the service's stores: `volumes.SERVICE/VOLUME/TIME.tar.gz`, proven by reading them back.

Each has a small description beside it that is written last: what has none is half an archive and counts for nothing.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from actions.backup.encrypting import decrypt, encrypt
from actions.backup.encryption import Keys, keys_of
from actions.backup.store import Store
from actions.backup.stores import chosen_stores
from actions.catalog.service import Service
from actions.errors import BackoutError
from actions.platforms.volumes import Fingerprint, Volumes, Witnessed, fingerprint

_TIME = "%Y%m%d_%H%M%S"


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeArchive:
    name: str
    volume: str
    made_at: datetime
    files: int
    bytes: int
    digest: str
    encrypted: bool
    #: What it was made for.
    purpose: str
    #: Of what a volume held before another archive came into it: never "the latest" that somebody wants back.
    is_safety: bool


class ChangedMeanwhileError(BackoutError):
    """Somebody writes to the volume; another try may be luckier."""


@dataclass(frozen=True, kw_only=True)
class VolumeArchives:
    service: Service
    stores: tuple[Store, ...]
    environ: Mapping[str, str] = field(repr=False)

    def save(
        self, volumes: Volumes, volume: str, *, purpose: str, name: str, is_safety: bool = False, freeze: bool = True
    ) -> VolumeArchive:
        """Into every store, then read back and compared. Whatever runs on it stands still meanwhile; or, without `freeze`,
        goes on, and what was read counts only if it is still the same at the end."""
        made_at = datetime.now(UTC).replace(microsecond=0)
        keys = self._keys()
        key = self._key(volume, name)
        with volumes.standing_still(volume) if freeze else nullcontext():
            first, *others = self.stores
            first.delete(key)
            passing = Witnessed(volumes.content(volume))
            first.write(f"{key}/content", _sealed(_zipped(passing), keys))
        live = passing.fingerprint()
        if not freeze and fingerprint(volumes.content(volume)) != live:
            first.delete(key)
            raise ChangedMeanwhileError(
                f"The volume {volume} was written to while it was read, so what was read is of no one moment",
                next_step="`save_volumes` in a runbook lets what runs on it stand still meanwhile.",
            )
        for store in others:
            store.delete(key)
            store.write(f"{key}/content", first.read(f"{key}/content"))
        for store in self.stores:
            if self._read_back(store, key, keys) != live:
                raise BackoutError(
                    f"The archive of {volume} in {store.title} is not what the volume holds",
                    next_step="Look at the store.",
                )
            described = {
                "volume": volume, "made_at": made_at.isoformat(), "files": live.files, "bytes": live.bytes,
                "digest": live.digest, "encrypted": keys is not None, "purpose": purpose, "safety": is_safety,
            }  # fmt: skip
            store.write(f"{key}/archive.json", [json.dumps(described).encode()])
        return VolumeArchive(
            name=name, volume=volume, made_at=made_at, files=live.files, bytes=live.bytes, digest=live.digest,
            encrypted=keys is not None, purpose=purpose, is_safety=is_safety,
        )  # fmt: skip

    def copy(self, archive: VolumeArchive, source: Store, target: Store) -> None:
        """Into one more store, read back there and compared."""
        key, described = self._key(archive.volume, archive.name), b"".join(source.read(self._about(archive)))
        target.delete(key)
        target.write(f"{key}/content", source.read(f"{key}/content"))
        if self._read_back(target, key, self._keys() if archive.encrypted else None).digest != archive.digest:
            raise BackoutError(f"The archive of {archive.volume} in {target.title} is not what the volume holds")
        target.write(self._about(archive), [described])

    def let_go(self, name: str) -> None:
        """Of every volume, those of this name."""
        for store in self.stores:
            keys = {each.key.rpartition("/")[0] for each in store.list(f"volumes.{self.service.name}/")}
            for key in sorted(keys):
                if key.rpartition("/")[2] == name:
                    store.delete(key)

    def listed(self, volume: str) -> tuple[VolumeArchive, ...]:
        """Whole ones, the newest first; of every store."""
        found: dict[str, VolumeArchive] = {}
        for store in self.stores:
            prefix = f"{self._folder(volume)}/"
            for each in store.list(prefix):
                name = each.key.removeprefix(prefix).partition("/")[0]
                if each.key.endswith("/archive.json") and name not in found:
                    found[name] = self._described(store, volume, name)
        return tuple(sorted(found.values(), key=lambda each: (each.made_at, each.name), reverse=True))

    def find(self, volume: str, name: str | None = None) -> VolumeArchive | None:
        """The one of that name (or its beginning), else the newest that was made on purpose."""
        for each in self.listed(volume):
            wanted = not each.is_safety if name is None else each.name == name or each.name.startswith(name)
            if wanted:
                return each
        return None

    def bring_back(self, volumes: Volumes, archive: VolumeArchive, volume: str) -> None:
        """Into a volume that is there and empty; read back from the volume itself and compared."""
        key, keys = self._key(archive.volume, archive.name), self._keys()
        trouble: BackoutError | None = None
        for store in self.stores:
            try:
                volumes.fill(
                    volume, _unzipped(_opened(store.read(f"{key}/content"), keys if archive.encrypted else None))
                )
                break
            except BackoutError as error:
                trouble = error
        else:
            raise trouble or BackoutError(f"The archive {archive.name} of {volume} is in no store")
        if fingerprint(volumes.content(volume)).digest != archive.digest:
            raise BackoutError(
                f"The volume {volume} is not what its archive {archive.name} holds", next_step="Try an older archive."
            )

    def _read_back(self, store: Store, key: str, keys: Keys | None) -> Fingerprint:
        return fingerprint(_unzipped(_opened(store.read(f"{key}/content"), keys)))

    def _described(self, store: Store, volume: str, name: str) -> VolumeArchive:
        said = json.loads(b"".join(store.read(f"{self._key(volume, name)}/archive.json")))
        return VolumeArchive(
            name=name, volume=volume, made_at=datetime.fromisoformat(said["made_at"]), files=int(said["files"]),
            bytes=int(said["bytes"]), digest=str(said["digest"]), encrypted=bool(said["encrypted"]),
            purpose=str(said["purpose"]), is_safety=bool(said.get("safety")),
        )  # fmt: skip

    def _keys(self) -> Keys | None:
        return keys_of(self.service.backups.encryption_key, self.environ)

    def _folder(self, volume: str) -> str:
        return f"volumes.{self.service.name}/{volume}"

    def _about(self, archive: VolumeArchive) -> str:
        return f"{self._key(archive.volume, archive.name)}/archive.json"

    def _key(self, volume: str, name: str) -> str:
        return f"{self._folder(volume)}/{name}"


def archives_of(service: Service, environ: Mapping[str, str], home: Path) -> VolumeArchives:
    return VolumeArchives(service=service, environ=environ, stores=chosen_stores(service, environ, home / "backups"))


def archive_name(now: datetime, mark: str) -> str:
    """Sorts by time; the mark tells those of one second apart."""
    return f"{now.astimezone(UTC).strftime(_TIME)}_{mark}"


def _zipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(level=3, wbits=31)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def _unzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            if piece := unpacker.decompress(chunk):
                yield piece
    except (zlib.error, gzip.BadGzipFile) as error:
        raise BackoutError("The archive is damaged: it cannot be unpacked") from error
    if not unpacker.eof:
        raise BackoutError("The archive is damaged: its end is missing")


def _sealed(chunks: Iterator[bytes], keys: Keys | None) -> Iterator[bytes]:
    return encrypt(chunks, keys.recipient) if keys else chunks


def _opened(chunks: Iterator[bytes], keys: Keys | None) -> Iterator[bytes]:
    return decrypt(chunks, keys) if keys else chunks
