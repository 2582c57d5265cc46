"""A service's PostgreSQL database and how we may work with it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo

from actions.catalog.durations import Duration
from actions.catalog.entry import Entry, InEditor, expected
from actions.catalog.envref import SCHEMA as REFERENCE_SCHEMA
from actions.catalog.envref import EnvRef, parse_reference
from actions.catalog.kinds import by_key, tag
from actions.catalog.values import ComposeName, Identifier, Line, TableName


def _scratch(written: Any, info: ValidationInfo) -> str | EnvRef:
    if written in ("beside", "embedded") and isinstance(written, str):
        return written
    if isinstance(written, EnvRef) or (isinstance(written, str) and written.startswith("$")):
        return parse_reference(written, info)
    raise expected("`beside`, `embedded` or a reference such as `${SCRATCH_URL}`")


Scratch = Annotated[
    Literal["beside", "embedded"] | EnvRef,
    PlainValidator(_scratch),
    PlainSerializer(str, return_type=str),
    InEditor({"anyOf": [{"enum": ["beside", "embedded"]}, REFERENCE_SCHEMA]}),
]


class ToolsInContainer(Entry):
    """Client programs in a running compose service."""

    compose: ComposeName = Field(description="The compose service whose container has `pg_dump`.")


class ToolsInImage(Entry):
    """`pg_dump` in a container made for the purpose, on compose."""

    image: Line = Field(description="An image on the engine that has `pg_dump`, such as `postgres:16`.")


Tools = Annotated[
    Annotated[ToolsInContainer, tag("compose")] | Annotated[ToolsInImage, tag("image")], by_key("compose", "image")
]


class Database(Entry):
    """The database that is taken back. `${NAME}` alone is short for `url`."""

    short_form: ClassVar[str | None] = "url"
    short_schema: ClassVar[Mapping[str, Any]] = REFERENCE_SCHEMA

    url: EnvRef = Field(
        description="Variable with the database's URL as Backout reaches it, for example `${DATABASE_URL}`."
    )
    inside_url: EnvRef | None = Field(
        default=None,
        description="Variable with its URL as containers or pods reach it. Left out: the same as `url`.",
    )
    admin_url: EnvRef | None = Field(
        default=None, description="Variable with a URL whose role may create and rename databases. Left out: `url`."
    )
    role: Identifier | None = Field(
        default=None, description="The role with which the application connects. Left out: the one in `url`."
    )
    scratch: Scratch = Field(
        default="beside",
        description="Where throw-away copies are made: `beside` the database on its server, on the `embedded` one, "
        "or on the server of a referenced URL.",
    )
    lock_timeout: Duration = Field(
        default=timedelta(seconds=5), description="How long a downgrade waits for a lock before it tries again later."
    )
    statement_timeout: Duration = Field(
        default=timedelta(minutes=15), description="How long one statement of a downgrade may take."
    )
    written_at: dict[TableName, Identifier] = Field(
        default_factory=dict,
        description="Per table, the column that says when a row was written; it shows what came after the deploy.",
    )
    tools: Tools | None = Field(
        default=None,
        description="On compose, where `pg_dump` runs: in a `compose` service or a container of an `image`. "
        "Left out: on the machine where Backout runs.",
    )
