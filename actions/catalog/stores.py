"""Where backups are kept."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from actions.catalog.entry import Also, Named, shared
from actions.catalog.envref import EnvRef
from actions.catalog.kinds import by_key, tag
from actions.catalog.values import Flag, Line, LocalPath, WebAddress, matching, pattern


class FolderStore(Named):
    """A folder on the machine where Backout runs."""

    folder: LocalPath = Field(description="The folder; relative ones start at the catalog file's folder.")


_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"


class BucketStore(Named):
    """A bucket of S3-compatible object storage."""

    bucket: Annotated[
        str,
        matching(_BUCKET, "the name of a bucket (lower-case letters, digits, dots and hyphens)"),
        pattern(_BUCKET, "acme-backups"),
    ] = Field(description="The bucket.")
    prefix: Line = Field(default="backout", description="What every key in it begins with.")
    endpoint: WebAddress | None = Field(default=None, description="Address of the storage. Left out: Amazon's.")
    region: Line | None = Field(default=None, description="Region. Left out: what the environment says.")
    access_key: EnvRef | None = Field(
        default=None, description="Variable with the access key id. Left out: what the environment or machine provides."
    )
    secret_key: EnvRef | None = Field(default=None, description="Variable with the secret access key.")
    session_token: EnvRef | None = Field(default=None, description="Variable with a session token, where one is used.")
    path_style: Flag = Field(
        default=False, description="Put the bucket into the path and not the host name, as MinIO wants it."
    )


def _from_path(written: Any) -> Any:
    return {"folder": written} if isinstance(written, str) else written


_AnyStore = Annotated[
    Annotated[FolderStore, tag("folder")] | Annotated[BucketStore, tag("bucket")], by_key("folder", "bucket")
]

#: As written under `stores:`; a path alone is a folder.
Store = Annotated[_AnyStore, BeforeValidator(_from_path), Also(type="string", description="Short for `folder`.")]
#: As referred to by name, or written in place.
StoreRef = Annotated[_AnyStore, shared("stores", "store"), Also(type="string", description="A name under `stores:`.")]
