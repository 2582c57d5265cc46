"""What a backup says of itself: enough to find it, trust it, judge it and restore it without any other record.

`manifest.json` is written last, so a folder without one is not a backup. Sizes and hashes of the rows were taken in
the very snapshot that was dumped.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from actions.errors import BackoutError

#: Raised when an older Backout could not read what we write.
FORMAT = 1
FILE = "manifest.json"

Form = Literal["parallel", "plain"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class StoredFile(_Part):
    """One object of the backup, as it lies in the store: compressed, encrypted if it is."""

    key: str
    bytes: int
    sha256: str


class TableContent(_Part):
    """The rows of one table, as `COPY` writes them (one line a row), in the order in which they were dumped."""

    schema_name: str
    name: str
    #: In the order in which they stand in the file; generated columns are not among them.
    columns: tuple[str, ...]
    rows: int
    #: Of the text before compression.
    bytes: int
    #: xxh3-128 of that text.
    hash: str
    #: Where the rows are; None where another file (the archive, the plain script) has them.
    file: StoredFile | None


class LargeObjects(_Part):
    count: int
    #: Over number and content of each, in the order of their numbers.
    hash: str


class SequenceValue(_Part):
    schema_name: str
    name: str
    last_value: int
    is_called: bool


class Extension(_Part):
    name: str
    version: str
    schema_name: str


class Grant(_Part):
    """One entry of the database's own access list, as PostgreSQL writes it: `role=CTc/owner`."""

    text: str


class DatabaseSetting(_Part):
    """`ALTER DATABASE .. SET` (role is None) or `ALTER ROLE .. IN DATABASE .. SET`."""

    role: str | None
    text: str


class DatabaseProperties(_Part):
    """What belongs to the database itself and not to anything in it; a dump of its content does not have it."""

    name: str
    owner: str
    encoding: str
    locale_provider: str
    collate: str
    ctype: str
    locale: str | None
    connection_limit: int
    comment: str | None
    grants: tuple[Grant, ...] | None
    settings: tuple[DatabaseSetting, ...]


class SealedProperties(_Part):
    """What of them may be a secret; see `sealed.py`."""

    comment: str | None
    settings: tuple[DatabaseSetting, ...]


class Manifest(_Part):
    """`SERVICE_YYYYMMDD_HHMMSS_xxxx`, and everything about it."""

    format: Annotated[int, Field(ge=1)] = FORMAT
    name: str
    service: str
    #: The newest first where there are several heads; empty without alembic_version.
    revisions: tuple[str, ...]
    taken_at: datetime
    seconds: float
    strategy: Literal["dump"] = "dump"
    form: Form
    #: As pg_dump numbers it: 180004.
    server_version: int
    tool_version: str
    backout_version: str
    #: In an encrypted backup without comment and settings: these are `sealed`.
    database: DatabaseProperties
    extensions: tuple[Extension, ...]
    #: sha256 of the schema's own text, statement by statement; see `schema_text`.
    schema_hash: str
    tables: tuple[TableContent, ...]
    sequences: tuple[SequenceValue, ...]
    large_objects: LargeObjects
    #: Rows that people put into tables of extensions; sorted. The archive (or the script) has them.
    configuration: tuple[TableContent, ...] = ()
    #: By qualified name, the number of rows; None where not populated.
    materialised_views: dict[str, int | None]
    #: Everything but the files of single tables: the archive, or the plain script.
    files: tuple[StoredFile, ...]
    #: The public half of the key with which every file but this one is encrypted.
    encrypted_for: str | None = None
    #: Comment and settings of the database, where it is encrypted.
    sealed: StoredFile | None = None
    #: Size of the database when it was taken, as the server counts it.
    database_bytes: int
    #: In sentences: what of the database is not in it, such as passwords; who restores it has to bring that.
    left_out: tuple[str, ...] = ()
    #: Archives of compose volumes taken with it.
    volumes: tuple[StoredFile, ...] = ()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def stored_bytes(self) -> int:
        return sum(file.bytes for file in self.every_file)

    @property
    def every_file(self) -> tuple[StoredFile, ...]:
        """All that lies in the store beside the manifest."""
        sealed = (self.sealed,) if self.sealed else ()
        return (*self.files, *sealed, *(table.file for table in self.tables if table.file), *self.volumes)


class _Written(BaseModel):
    """By whom, whatever else there is."""

    model_config = ConfigDict(extra="ignore")

    format: Annotated[int, Field(ge=1)] = FORMAT


def read_manifest(text: bytes | str, *, where: str) -> Manifest:
    """BackoutError says which backup cannot be read, never what is in it."""
    try:
        if _Written.model_validate_json(text).format > FORMAT:
            raise BackoutError(
                "The backup was made by a newer Backout, and has parts that this one does not know",
                where=where,
                next_step="Use that version or a newer one, or choose an older backup.",
            )
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise BackoutError(
            f"The manifest cannot be read ({place}: {first['msg']})",
            where=where,
            next_step="Choose another backup; `backout backups SERVICE` lists them.",
        ) from None
