"""Backups in S3-compatible object storage. The one module that names the client for it."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from actions.backup.bucket_errors import explained, refuses_checksums
from actions.backup.bucket_uploads import BucketAccess, abort_uploads
from actions.backup.store import MANIFEST, Kept, Listed, checked, missing
from actions.backup.streams import ending
from actions.errors import BackoutError, UnavailableError

if TYPE_CHECKING:  # the client itself is loaded when a store is used
    from obstore.store import S3Config, S3Credential
    from obstore.store import S3Store as Client

#: One part of an upload, and how many of one object are on their way at once, beside the one that is being filled.
PART = 16 << 20
PARTS_AT_ONCE = 1
#: S3's own limit; with our parts an object of 167 GB.
MOST_PARTS = 10_000
#: One request for reading, and how many of one object are on their way at once.
RANGE = 8 << 20
RANGES_AT_ONCE = 2
#: No upload takes so long; one that is older has lost its writer.
FORGOTTEN = timedelta(days=2)
#: While nobody waits for a whole backup.
_SHORTLY = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Store:
    bucket: str
    prefix: str = ""
    #: None means Amazon's own.
    endpoint: str | None = None
    region: str | None = None
    #: None means what the machine's environment gives: variables, profile, instance role.
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    #: The bucket in the path and not the host name, as MinIO wants it.
    path_style: bool = False
    #: How long one request is tried again while the storage refuses, drops or fails.
    patience: timedelta = timedelta(minutes=3)
    #: How long one request may take, with a whole part in it.
    answer_within: timedelta = timedelta(minutes=2)
    part_bytes: int = PART

    @property
    def title(self) -> str:
        return f"{self.bucket}/{self.prefix}".rstrip("/")

    def probe(self) -> str:
        import obstore

        name = f".backout-{token_hex(4)}"
        with self._failing("written"):
            client = _connect(self, shortly=True)
            obstore.put(client, name, b"backout")
            obstore.delete(client, name)
        return f"bucket {self.bucket} is writable"

    def free_bytes(self) -> int | None:
        return None

    def write(self, key: str, chunks: Iterable[bytes]) -> Kept:
        source = _Source(key=checked(key), chunks=chunks, title=self.title, most=self.part_bytes * MOST_PARTS)
        with ending(chunks):
            try:
                with self._failing("written"):
                    self._upload(source)
            except BaseException:
                # An answer that was lost may have been a success.
                with suppress(BackoutError), self._failing("changed"):
                    self._remove(key)
                if source.error is not None:
                    raise source.error from None
                raise
        return source.kept

    def read(self, key: str) -> Iterator[bytes]:
        import obstore

        with self._failing("read"):
            client = _connect(self)
            try:
                size = obstore.head(client, checked(key))["size"]
            except FileNotFoundError:
                raise missing(key, self.title) from None
        starts = iter(range(0, size, RANGE))
        coming: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(RANGES_AT_ONCE, thread_name_prefix="backout-bucket") as pool:
            try:
                while True:
                    while len(coming) < RANGES_AT_ONCE and (start := next(starts, None)) is not None:
                        coming.append(pool.submit(self._range, client, key, start, min(start + RANGE, size)))
                    if not coming:
                        return
                    yield coming.popleft().result()
            finally:
                for each in coming:
                    each.cancel()

    def list(self, prefix: str = "") -> tuple[Listed, ...]:
        import obstore

        # The client's prefix ends at a slash; ours ends anywhere.
        folder = prefix.rpartition("/")[0]
        found = []
        with self._failing("read"):
            for page in obstore.list(_connect(self), prefix=folder or None):
                found += [Listed(key=each["path"], bytes=each["size"]) for each in page]
        ours = [each for each in found if each.key.startswith(prefix) and not _is_hidden(each.key)]
        return tuple(sorted(ours, key=lambda each: each.key))

    def delete(self, prefix: str) -> None:
        import obstore

        folder = f"{checked(prefix)}/"
        with self._failing("changed"):
            # Without its manifest it is no backup any more, should we not come to the end.
            self._remove(f"{folder}{MANIFEST}")
            keys = [each.key for each in self.list(folder)]
            if keys:
                obstore.delete(_connect(self), keys)
        self._abort(folder, timedelta(0))

    def sweep(self) -> int:
        return self._abort("", FORGOTTEN)

    def _upload(self, source: "_Source") -> None:
        import obstore

        client = _connect(self, checksums=_takes_checksums(self))
        pieces = iter(source)
        first = _first(pieces, self.part_bytes)
        if sum(map(len, first)) < self.part_bytes:
            obstore.put(client, source.key, b"".join(first), use_multipart=False)
        else:
            whole = _drained(first, pieces)
            obstore.put(client, source.key, whole, chunk_size=self.part_bytes, max_concurrency=PARTS_AT_ONCE)
        stored = obstore.head(client, source.key)["size"]
        if stored != source.kept.bytes:
            raise UnavailableError(
                f"Bucket {self.bucket} kept {stored:,} bytes of {source.key}, and was given {source.kept.bytes:,}",
                next_step="Try again; if it stays so, look for what changes the traffic on the way.",
            )

    def _range(self, client: "Client", key: str, start: int, end: int) -> bytes:
        import obstore

        with self._failing("read"):
            piece = bytes(obstore.get_range(client, key, start=start, end=end))
        if len(piece) != end - start:
            raise UnavailableError(f"Bucket {self.bucket} gave less of {key} than it has", next_step="Try again.")
        return piece

    def _remove(self, key: str) -> None:
        import obstore

        with suppress(FileNotFoundError):
            obstore.delete(_connect(self, shortly=True), key)

    def _abort(self, folder: str, age: timedelta) -> int:
        if not self.access_key or not self.secret_key:
            return 0
        access = BucketAccess(
            url=self.url, region=self.region or "us-east-1",
            access_key=self.access_key, secret_key=self.secret_key, session_token=self.session_token,
        )  # fmt: skip
        before = datetime.now(UTC) - age
        whole = f"{self.prefix.strip('/')}/{folder}".lstrip("/")
        return abort_uploads(access, whole, lambda upload: age == timedelta(0) or upload.begun_at < before)

    @property
    def url(self) -> str:
        """The bucket's own address."""
        endpoint = self.endpoint or f"https://s3.{self.region or 'us-east-1'}.amazonaws.com"
        parts = urlsplit(endpoint.rstrip("/"))
        if self.in_path:
            return f"{parts.scheme}://{parts.netloc}{parts.path}/{self.bucket}"
        return f"{parts.scheme}://{self.bucket}.{parts.netloc}{parts.path}"

    @property
    def in_path(self) -> bool:
        """Also where the host is a number or a machine's short name, of which there are no others below."""
        host = (urlsplit(self.endpoint).hostname or "") if self.endpoint else "amazonaws.com"
        return self.path_style or "." not in host or _is_number(host)

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            hint = ""
            if self.endpoint and not self.in_path:
                hint = " `path_style: true` is for storage that wants the bucket in the path."
            raise explained(error, self.bucket, what, hint=hint) from error


@dataclass(kw_only=True, slots=True)
class _Source:
    """What is to be written, counted as the client takes it. The client's error must not hide the source's own."""

    key: str
    chunks: Iterable[bytes]
    title: str
    most: int
    error: BaseException | None = None
    size: int = 0
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self.chunks:
                self.sha256.update(chunk)
                self.size += len(chunk)
                if self.size > self.most:
                    raise BackoutError(  # noqa: TRY301
                        f"{self.key} is larger than one object of this storage can be", where=self.title,
                        next_step="Choose a folder as store, for this service.",
                    )  # fmt: skip
                yield chunk
        except GeneratorExit:
            raise
        except BaseException as error:
            self.error = error
            raise

    @property
    def kept(self) -> Kept:
        return Kept(key=self.key, bytes=self.size, sha256=self.sha256.hexdigest())


@lru_cache(maxsize=32)
def _connect(store: S3Store, *, shortly: bool = False, checksums: bool = False) -> "Client":
    from obstore.store import S3Store as Client

    config: S3Config = {
        "virtual_hosted_style_request": not store.in_path,
        # Every storage knows how to delete one object, not every one how to delete many.
        "disable_bulk_delete": True,
    }
    if checksums:
        config["checksum_algorithm"] = "SHA256"
    if store.endpoint:
        config["endpoint"] = store.endpoint if store.in_path else store.url
    if store.region:
        config["region"] = store.region
    plain_http = bool(store.endpoint and store.endpoint.startswith("http://"))
    return Client(
        store.bucket,
        prefix=store.prefix or None,
        config=config,
        credential_provider=_keys_of(store),
        client_options={
            "allow_http": plain_http, "connect_timeout": "5s",
            "timeout": min(store.answer_within, _SHORTLY) if shortly else store.answer_within,
        },
        retry_config={
            "max_retries": 2 if shortly else 10,
            "retry_timeout": min(store.patience, _SHORTLY) if shortly else store.patience,
            "backoff": {
                "init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10), "base": 2
            },
        },
    )  # fmt: skip


def _keys_of(store: S3Store) -> "Callable[[], S3Credential] | None":
    """All of them, and no other: given one by one, a token of the environment would go with keys that are not its own."""
    if not store.access_key or not store.secret_key:
        return None
    keys: S3Credential = {
        "access_key_id": store.access_key, "secret_access_key": store.secret_key, "expires_at": None,
    }  # fmt: skip
    if store.session_token:
        keys["token"] = store.session_token
    return lambda: keys


@lru_cache(maxsize=32)
def _takes_checksums(store: S3Store) -> bool:
    """Tried with something small before the first upload: a stream cannot be sent a second time."""
    import obstore

    name = ".backout-trial"
    try:
        obstore.put(_connect(store, checksums=True), name, b"backout")
    except (obstore.exceptions.BaseError, OSError) as error:
        if not refuses_checksums(error):
            raise
        obstore.put(_connect(store), name, b"backout")
        return False
    finally:
        with suppress(obstore.exceptions.BaseError, OSError):  # writing may be allowed where deleting is not
            obstore.delete(_connect(store, shortly=True), name)
    return True


def _first(pieces: Iterator[bytes], size: int) -> deque[bytes]:
    """So many bytes or a little more, as they came; less where there are no more."""
    first: deque[bytes] = deque()
    length = 0
    while length < size and (piece := next(pieces, None)) is not None:
        first.append(piece)
        length += len(piece)
    return first


def _drained(first: deque[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    """Both, one after the other; what was taken is not held any longer."""
    while first:
        yield first.popleft()
    yield from rest


def _is_hidden(key: str) -> bool:
    return any(part.startswith(".") for part in key.split("/"))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
