"""Backups in S3-compatible object storage. The one module that names the client for it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from secrets import token_hex
from typing import TYPE_CHECKING

from actions.backup.bucket_address import bucket_url, can_carry_a_bucket
from actions.backup.bucket_errors import explained, refuses_checksums
from actions.backup.bucket_source import Source, drained, first_part
from actions.backup.bucket_uploads import BucketAccess, Upload, abort_uploads
from actions.backup.naming import parse
from actions.backup.store import MANIFEST, Kept, Listed, checked, missing
from actions.backup.streams import ending
from actions.errors import BackoutError, UnavailableError

if TYPE_CHECKING:  # the client itself is loaded when a store is used
    from obstore.store import S3Config, S3Credential
    from obstore.store import S3Store as Client

#: One part of an upload, and how many of one object are on their way at once, beside the one that is being filled: five
#: objects at once must fit into memory even where the network is slow.
PART = 12 << 20
PARTS_AT_ONCE = 1
#: S3's own limit; with our parts an object of 125 GB.
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
        source = Source(key=checked(key), chunks=chunks, title=self.title, most=self.part_bytes * MOST_PARTS)
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
        self._abort(folder, lambda _: True)

    def sweep(self) -> int:
        """Only what is called as our backups are: others may use the same bucket."""
        before = datetime.now(UTC) - FORGOTTEN
        start = len(self._whole(""))
        return self._abort(
            "", lambda upload: upload.begun_at < before and parse(upload.key[start:].partition("/")[0]) is not None
        )

    def _upload(self, source: Source) -> None:
        import obstore

        client = _connect(self, checksums=_takes_checksums(self))
        pieces = iter(source)
        first = first_part(pieces, self.part_bytes)
        if sum(map(len, first)) < self.part_bytes:
            obstore.put(client, source.key, b"".join(first), use_multipart=False)
        else:
            whole = drained(first, pieces)
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

    def _whole(self, key: str) -> str:
        """As the bucket itself has it."""
        return f"{self.prefix.strip('/')}/{key}".lstrip("/")

    def _abort(self, folder: str, chosen: Callable[[Upload], bool]) -> int:
        if not self.access_key or not self.secret_key:
            return 0
        access = BucketAccess(
            url=self.url, region=self.region or "us-east-1",
            access_key=self.access_key, secret_key=self.secret_key, session_token=self.session_token,
        )  # fmt: skip
        return abort_uploads(access, self._whole(folder), chosen)

    @property
    def url(self) -> str:
        """The bucket's own address."""
        return bucket_url(self.bucket, endpoint=self.endpoint, region=self.region, in_path=self.in_path)

    @property
    def in_path(self) -> bool:
        return self.path_style or not can_carry_a_bucket(self.endpoint)

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


def _is_hidden(key: str) -> bool:
    return any(part.startswith(".") for part in key.split("/"))
