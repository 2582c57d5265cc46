"""Where copies are kept: a folder, or S3-compatible object storage."""

import os
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from actions.errors import UnavailableError
from actions.redaction import redact

if TYPE_CHECKING:  # the driver itself is loaded when a store is used
    from obstore.store import S3Config
    from obstore.store import S3Store as Client


class Store(Protocol):
    """What every store can do."""

    def probe(self) -> str:
        """Write and remove something small; says in a sentence what was seen, or raises UnavailableError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderStore:
    path: Path

    def probe(self) -> str:
        trial = self.path / f".backout-{secrets.token_hex(4)}"
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, b"backout")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
                trial.unlink()
            free = shutil.disk_usage(self.path).free
        except OSError as error:
            raise UnavailableError(
                f"{self.path} cannot be written: {error.strerror}",
                next_step="Correct the store's path, or give Backout's user the right to write there.",
            ) from error
        return f"{self.path} is writable, {free / 1e9:,.0f} GB free"


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Store:
    bucket: str
    prefix: str = ""
    #: None means Amazon's own.
    endpoint: str | None = None
    region: str | None = None
    #: None means what the machine's environment gives: variables, profile, instance role.
    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    #: The bucket in the path and not the host name, as most stores but Amazon's want it.
    path_style: bool = False

    def __repr__(self) -> str:
        return f"S3Store(bucket={self.bucket!r}, prefix={self.prefix!r}, endpoint={self.endpoint!r})"

    def probe(self) -> str:
        import obstore
        from obstore.exceptions import BaseError

        name = f".backout-{secrets.token_hex(4)}"
        try:
            store = self._connect()
            obstore.put(store, name, b"backout")
            obstore.delete(store, name)
        except (BaseError, OSError, ValueError) as error:
            raise UnavailableError(
                f"Bucket {self.bucket} cannot be written: {_reason(error)}",
                next_step="Look at the store's bucket, endpoint, region and keys.",
            ) from error
        return f"bucket {self.bucket} is writable"

    def _connect(self) -> "Client":
        from obstore.store import S3Store as Client

        config: S3Config = {
            "region": self.region or "us-east-1",
            "virtual_hosted_style_request": not self.path_style and self.endpoint is None,
        }
        if self.endpoint:
            config["endpoint"] = self.endpoint
        if self.access_key and self.secret_key:
            config["access_key_id"] = self.access_key
            config["secret_access_key"] = self.secret_key
        if self.session_token:
            config["session_token"] = self.session_token
        plain_http = bool(self.endpoint and self.endpoint.startswith("http://"))
        return Client(
            self.bucket,
            prefix=self.prefix or None,
            config=config,
            client_options={"allow_http": plain_http, "timeout": "10s", "connect_timeout": "5s"},
            retry_config={"max_retries": 2},
        )


def _reason(error: Exception) -> str:
    """The storage's own code and sentence where it gave them; the client's text is pages long."""
    text = redact(str(error))
    said = re.findall(r"<(?:Code|Message)>([^<]+)</", text)
    lines = text.strip().splitlines() or [type(error).__name__]
    return ": ".join(said[:2]) if said else lines[0][:200]
