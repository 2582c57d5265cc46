"""Where copies are kept, as the catalog says: folders and S3-compatible object storage, several at once."""

from collections.abc import Mapping
from pathlib import Path

from actions.backup.bucket_store import S3Store
from actions.backup.folder_store import FolderStore
from actions.backup.store import Kept, Listed, Store
from actions.catalog.service import Service
from actions.catalog.stores import BucketStore as BucketEntry
from actions.catalog.stores import FolderStore as FolderEntry
from actions.errors import ConfigurationError
from actions.redaction import learn_secret

__all__ = ["FolderStore", "Kept", "Listed", "S3Store", "Store", "chosen_stores", "open_store"]


def chosen_stores(service: Service, environ: Mapping[str, str], default_folder: Path) -> tuple[Store, ...]:
    """The service's stores, the first one first; the folder where the catalog names none."""
    entries = service.backups.stores
    if not entries:
        return (FolderStore(path=default_folder),)
    return tuple(open_store(entry, environ) for entry in entries)


def open_store(entry: FolderEntry | BucketEntry, environ: Mapping[str, str]) -> Store:
    """The real store that an entry of the catalog describes; nothing is asked of it yet.

    What the entry leaves out comes from the environment. ConfigurationError when a variable is not set.
    """
    if isinstance(entry, FolderEntry):
        return FolderStore(path=entry.folder)
    access_key, secret_key, session_token = _keys(entry, environ)
    return S3Store(
        bucket=entry.bucket, prefix=entry.prefix.strip("/"), path_style=entry.path_style,
        endpoint=entry.endpoint or _first(environ, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        region=entry.region or _first(environ, "AWS_REGION", "AWS_DEFAULT_REGION"),
        access_key=access_key, secret_key=secret_key, session_token=session_token,
    )  # fmt: skip


def _keys(entry: BucketEntry, environ: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    """All three from one place: a session token belongs to the keys with which it was given."""
    if (entry.access_key is None) != (entry.secret_key is None):
        raise ConfigurationError(
            "A store's `access_key` and `secret_key` go together, and one is missing",
            where=f"bucket {entry.bucket}", next_step="Set both, or none and let the machine provide them.",
        )  # fmt: skip
    token = entry.session_token.resolve(environ) if entry.session_token else None
    if entry.access_key and entry.secret_key:
        keys = (entry.access_key.resolve(environ), entry.secret_key.resolve(environ), token)
    else:
        given = _first(environ, "AWS_ACCESS_KEY_ID"), _first(environ, "AWS_SECRET_ACCESS_KEY")
        if not all(given):  # a role of the machine, which the client asks for
            return None, None, token
        keys = (
            environ["AWS_ACCESS_KEY_ID"],
            environ["AWS_SECRET_ACCESS_KEY"],
            token or _first(environ, "AWS_SESSION_TOKEN"),
        )
    for secret in keys[1:]:
        learn_secret(secret)
    return keys


def _first(environ: Mapping[str, str], *names: str) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)
