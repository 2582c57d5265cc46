"""How we see that a service is well: pages, queries, commands, containers and files."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import TypeAliasType

from actions.catalog.command import Command
from actions.catalog.durations import Duration, Pause
from actions.catalog.entry import ONE_OR_MANY, Entry, sentence
from actions.catalog.kinds import by_key, tag
from actions.catalog.migrations import WorkloadRef
from actions.catalog.tolerance import Allowance
from actions.catalog.values import (
    AtLeastOne,
    Comparable,
    ComposeName,
    Count,
    Flag,
    Headers,
    InsidePath,
    Line,
    Revision,
    Text,
    WebAddress,
    matching,
    pattern,
)

_JSON_PATH = r"\.?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
JsonPath = Annotated[
    str, matching(_JSON_PATH, "a path into JSON such as `count` or `items.0.id`"), pattern(_JSON_PATH, ".count")
]


class _Check(Entry):
    """What all checks share."""

    title: Line | None = Field(default=None, description="How people call it. Left out: made from the check itself.")
    timeout: Duration = Field(default=timedelta(seconds=10), description="How long one try may take.")
    patience: Pause = Field(
        default=timedelta(0), description="For how long to try again until it passes; `0s` means once."
    )


class JsonExpectation(Entry):
    """What a JSON answer must hold."""

    path: JsonPath = Field(description="Where to look, with dots: `count`, `items.0.id`. A leading dot may stand.")
    equals: Comparable | None = Field(default=None, description="The value that must be there.")
    at_least: float | None = Field(default=None, allow_inf_nan=False, description="The smallest number that will do.")
    like_before: Flag = Field(default=False, description="Must be what it was before the rollback began.")
    same_as: Text | None = Field(default=None, description="A query; its single value is what must be there.")

    @model_validator(mode="after")
    def _says_what_is_expected(self) -> Self:
        if self.equals is None and self.at_least is None and not self.like_before and self.same_as is None:
            raise sentence("This says where to look, not what must be there.", "Add `equals`, `at_least` or `same_as`.")
        return self


class HttpCheck(_Check):
    """A page answers as it should."""

    http: WebAddress = Field(description="The address to ask.")
    method: Literal["GET", "HEAD", "POST"] = Field(default="GET", description="How to ask.")
    headers: Headers = Field(default_factory=dict, description="Headers to send; secrets as `${NAME}`.")
    status: int = Field(default=200, strict=True, ge=100, le=599, description="The status that it must answer with.")
    contains: Text | None = Field(default=None, description="Text that the answer must contain.")
    json_: JsonExpectation | None = Field(
        default=None, alias="json", description="What the JSON of the answer must hold."
    )
    patience: Pause = Field(default=timedelta(minutes=1), description="For how long to try again until it passes.")


class SqlCheck(_Check):
    """A query's single value is as it should be."""

    sql: Text = Field(description="A read-only query that gives one row with one value.")
    equals: Comparable | None = Field(default=None, description="The value that it must give.")
    at_least: float | None = Field(default=None, allow_inf_nan=False, description="The smallest number that will do.")
    at_most: float | None = Field(default=None, allow_inf_nan=False, description="The largest number that will do.")
    like_before: Flag = Field(default=False, description="Must give what it gave before the rollback began.")
    tolerance: Allowance | None = Field(
        default=None, description="How far from `equals` or from before it may be: a number, or a share such as `5%`."
    )

    @model_validator(mode="after")
    def _says_what_is_expected(self) -> Self:
        exact = self.equals is not None or self.like_before
        if not exact and self.at_least is None and self.at_most is None:
            raise sentence(
                "This query has no expected value.", "Add `equals`, `at_least`, `at_most` or `like_before: true`."
            )
        if self.tolerance is not None and not exact:
            raise sentence("`tolerance` needs `equals` or `like_before` to be measured from.")
        return self


class CommandCheck(_Check):
    """A command ends as it should."""

    command: Command = Field(description="The command, as a list of words.")
    exit_code: Count = Field(default=0, le=255, description="How it must end.")
    stdout_contains: Text | None = Field(default=None, description="Text that it must print.")
    timeout: Duration = Field(default=timedelta(minutes=5), description="How long one try may take.")


class ContainersCheck(_Check):
    """The compose project has the containers and networks it should have."""

    containers: Literal["running", "healthy"] = Field(
        description="What they must be: `running`, or also `healthy` where they have a health check."
    )
    services: Annotated[tuple[ComposeName, ...], ONE_OR_MANY] = Field(
        default=(), description="Which services must be up. Left out: all of the project."
    )
    count: AtLeastOne | None = Field(default=None, description="How many containers there must be.")
    networks: tuple[ComposeName, ...] = Field(default=(), description="Networks that must exist.")
    volumes: tuple[ComposeName, ...] = Field(default=(), description="Volumes that must exist.")
    quiet_logs: tuple[Line, ...] = Field(default=(), description="Words that must not stand in their latest log lines.")
    patience: Pause = Field(default=timedelta(minutes=2), description="For how long to try again until it passes.")


class FilesCheck(_Check):
    """A tree of files is complete and readable."""

    files: InsidePath = Field(description="Which files, under the service's folder: `requirements/*/definition.yml`.")
    parse: Literal["yaml", "json"] | None = Field(default=None, description="Read every one of them as this.")
    count: Count | None = Field(default=None, description="How many there must be.")
    at_least: Count | None = Field(default=None, description="How many there must be at the least.")
    same_as: Text | None = Field(default=None, description="A query; its single number is how many there must be.")


class ReadyCheck(_Check):
    """Workloads of the cluster have all their pods ready."""

    ready: Annotated[tuple[WorkloadRef, ...], ONE_OR_MANY] = Field(
        min_length=1, description="Workloads, such as `deployment/api`."
    )
    patience: Pause = Field(default=timedelta(minutes=3), description="For how long to try again until it passes.")


class RevisionCheck(_Check):
    """The database is at a revision."""

    revision: Revision = Field(description="The Alembic revision, `head`, or `target` for where the rollback goes.")


class PersonCheck(_Check):
    """Something that a person has to look at and tick off."""

    short_form: ClassVar[str | None] = "person"

    person: Line = Field(description="What to look at; a person ticks it in Slack or on the command line.")


Check = TypeAliasType(
    "Check",
    Annotated[
        Annotated[HttpCheck, tag("http")]
        | Annotated[SqlCheck, tag("sql")]
        | Annotated[CommandCheck, tag("command")]
        | Annotated[ContainersCheck, tag("containers")]
        | Annotated[FilesCheck, tag("files")]
        | Annotated[ReadyCheck, tag("ready")]
        | Annotated[RevisionCheck, tag("revision")],
        by_key("http", "sql", "command", "containers", "files", "ready", "revision"),
    ],
)


def _to_tick(written: Any) -> Any:
    return {"person": written} if isinstance(written, str) else written


#: A check of a runbook: automatic, or (written as plain text) for a person.
Validation = TypeAliasType(
    "Validation",
    Annotated[
        Annotated[HttpCheck, tag("http")]
        | Annotated[SqlCheck, tag("sql")]
        | Annotated[CommandCheck, tag("command")]
        | Annotated[ContainersCheck, tag("containers")]
        | Annotated[FilesCheck, tag("files")]
        | Annotated[ReadyCheck, tag("ready")]
        | Annotated[RevisionCheck, tag("revision")]
        | Annotated[PersonCheck, tag("person")],
        by_key("http", "sql", "command", "containers", "files", "ready", "revision", "person"),
        BeforeValidator(_to_tick),
    ],
)
