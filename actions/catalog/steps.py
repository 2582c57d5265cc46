"""The steps of declared runbooks: each does one thing, and most know how to be undone."""

import re
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import TypeAliasType

from actions.catalog.checks import Validation
from actions.catalog.command import Command
from actions.catalog.durations import Duration
from actions.catalog.entry import ONE_OR_MANY, Entry, sentence
from actions.catalog.kinds import by_key, tag
from actions.catalog.problems import did_you_mean
from actions.catalog.values import (
    ComposeName,
    Flag,
    InsidePath,
    Line,
    Name,
    Revision,
    Text,
    VariableName,
    VariableValue,
    Version,
)

PLACEHOLDERS: Final = ("date", "time", "service", "rollback", "reason", "phases", "outcome", "duration", "requester")
ALL: Final = "all"


def _placeholders(text: str) -> str:
    for word in re.findall(r"\{([^{}]*)\}", text):
        if word not in PLACEHOLDERS:
            known = ", ".join(f"`{{{each}}}`" for each in PLACEHOLDERS)
            raise sentence(
                "A word in braces is not known here.", did_you_mean(word, PLACEHOLDERS) or f"Known: {known}."
            )
    return text


def is_compose_file(path: str) -> bool:
    return path.endswith((".yml", ".yaml"))


#: Text in which `{date}`, `{reason}` and their kin are filled in.
Template = Annotated[Text, AfterValidator(_placeholders)]
_Writers = Annotated[tuple[Line, ...], ONE_OR_MANY]


class _Step(Entry):
    """What all steps share."""

    title: Line | None = Field(default=None, description="What people read. Left out: made from the step itself.")
    undo: tuple["Step", ...] = Field(
        default=(), description="Steps that take it back. Left out: what the step knows itself, if it can be undone."
    )
    optional: Flag = Field(default=False, description="Whether the runbook goes on when this step fails.")


class RunStep(_Step):
    """Runs a command."""

    run: Command = Field(description="The command, as a list of words.")
    save_output: InsidePath | None = Field(default=None, description="A file that gets what it prints.")
    again_after_undo: Flag = Field(
        default=False,
        description="Whether it is run once more when the steps before it were undone: right for a build, which then "
        "belongs to the files that are back.",
    )


class StopStep(_Step):
    """Stops writers."""

    stop: _Writers = Field(min_length=1, description="Names of writers, or `all`.")


class StartStep(_Step):
    """Starts writers."""

    start: _Writers = Field(min_length=1, description="Names of writers, or `all`.")


class RestartStep(_Step):
    """Restarts writers."""

    restart: _Writers = Field(min_length=1, description="Names of writers, or `all`.")


class BuiltInStep(_Step):
    """One of the steps that the built-in runbooks are made of."""

    do: Literal[
        "stop-writers", "prove-quiet",
        "backup", "prove-backup", "rehearse", "downgrade", "restore", "verify", "release",
        "resume-writers",
    ] = Field(description="Which built-in step.")  # fmt: skip
    revision: Revision | None = Field(default=None, description="For `downgrade`: where to. Left out: as requested.")
    backup: Version | None = Field(
        default=None,
        description="For `restore`: which backup. Left out: the one that the request names (`--backup`), or the latest proven one.",
    )


class ExportStep(_Step):
    """Writes rows to files, as one of the service's exports says."""

    export: Name = Field(description="A name under the service's `exports`.")


class SettingStep(_Step):
    """Switches a setting; its old value is kept for the way back."""

    setting: VariableName = Field(description="The setting, such as `TRACEO_STORAGE_BACKEND`.")
    to: VariableValue = Field(description="What it is set to.")
    file: InsidePath = Field(
        default=".env", description="The file that holds it: a `.env` file, or a compose file (`.yml`, `.yaml`)."
    )
    service: ComposeName | None = Field(
        default=None, description="In a compose file: the service in whose `environment` it stands."
    )

    @model_validator(mode="after")
    def _compose_file_names_service(self) -> Self:
        if is_compose_file(self.file) != (self.service is not None):
            raise sentence(
                "A setting in a compose file needs the `service` in whose `environment` it stands; one in a `.env` file "
                "has none."
            )
        return self


class ComposeStep(_Step):
    """Tells docker compose to do something."""

    compose: Literal["up", "down", "stop", "start", "restart", "build", "pull"] = Field(
        description="What it should do."
    )
    services: Annotated[tuple[ComposeName, ...], ONE_OR_MANY] = Field(
        default=(), description="To which services. Left out: to all."
    )
    timeout: Duration = Field(default=timedelta(minutes=5), description="How long it may take.")


class RemoveNetworksStep(_Step):
    """Removes docker networks; compose makes them again."""

    remove_networks: tuple[ComposeName, ...] = Field(min_length=1, description="The networks, by their whole names.")


class SaveVolumesStep(_Step):
    """Archives named volumes into the service's backup stores."""

    save_volumes: tuple[ComposeName, ...] = Field(min_length=1, description="The volumes, by their whole names.")


class RestoreVolumesStep(_Step):
    """Makes named volumes again from their archives; what was in them is archived first."""

    restore_volumes: tuple[ComposeName, ...] = Field(min_length=1, description="The volumes, by their whole names.")
    replaces: tuple[ComposeName, ...] = Field(default=(), description="Volumes that are archived and removed for them.")
    backup: Version | None = Field(default=None, description="Which archive. Left out: the latest.")


class GitMarkStep(_Step):
    """Keeps the present state of the working tree under a branch or tag."""

    git_mark: Template = Field(description="Name of branch and tag; `{date}` and `{time}` are filled in.")
    kinds: tuple[Literal["branch", "tag"], ...] = Field(
        default=("branch", "tag"), min_length=1, description="Whether to make a branch, a tag, or both."
    )
    push_to: Line | None = Field(default=None, description="A remote to push them to. Left out: they stay here.")
    message: Template | None = Field(default=None, description="Message of the tag.")


class GitRestoreStep(_Step):
    """Takes files from an earlier commit; what they were is kept for the way back."""

    git_restore: Annotated[tuple[InsidePath, ...], ONE_OR_MANY] = Field(
        min_length=1, description="Files and folders; `.` is the whole tree."
    )
    ref: Version = Field(description="The commit, tag or branch to take them from, such as `HEAD~1`.")


class SqlStep(_Step):
    """Runs a statement that the runbook needs, such as making an extension again."""

    sql: Text = Field(description="The statement. It runs with the database's lock and statement timeouts.")


class CheckStep(_Step):
    """Goes on only when a check passes."""

    check: Validation = Field(description="The check; plain text is for a person to tick.")


class PersonStep(_Step):
    """Something that only a person can do."""

    person: Text = Field(description="What to do; a person confirms it in Slack or on the command line.")


class WaitStep(_Step):
    """Waits."""

    wait: Duration = Field(description="For how long.")


class LogStep(_Step):
    """Appends a line to a log that the team keeps itself."""

    log: Template = Field(description="What is written; `{date}`, `{reason}` and `{phases}` are filled in.")
    file: InsidePath = Field(description="The file that it is appended to.")


class RunbookStep(_Step):
    """Runs another runbook."""

    runbook: Name = Field(description="Which runbook of this service.")
    scope: Name | None = Field(default=None, description="Which scope or phase of it. Left out: all of it.")


KEYS: tuple[str, ...] = (
    "run", "stop", "start", "restart", "do", "export", "setting", "compose", "remove_networks", "save_volumes",
    "restore_volumes", "git_mark", "git_restore", "sql", "check", "person", "wait", "log", "runbook",
)  # fmt: skip

Step = TypeAliasType(
    "Step",
    Annotated[
        Annotated[RunStep, tag("run")]
        | Annotated[StopStep, tag("stop")]
        | Annotated[StartStep, tag("start")]
        | Annotated[RestartStep, tag("restart")]
        | Annotated[BuiltInStep, tag("do")]
        | Annotated[ExportStep, tag("export")]
        | Annotated[SettingStep, tag("setting")]
        | Annotated[ComposeStep, tag("compose")]
        | Annotated[RemoveNetworksStep, tag("remove_networks")]
        | Annotated[SaveVolumesStep, tag("save_volumes")]
        | Annotated[RestoreVolumesStep, tag("restore_volumes")]
        | Annotated[GitMarkStep, tag("git_mark")]
        | Annotated[GitRestoreStep, tag("git_restore")]
        | Annotated[SqlStep, tag("sql")]
        | Annotated[CheckStep, tag("check")]
        | Annotated[PersonStep, tag("person")]
        | Annotated[WaitStep, tag("wait")]
        | Annotated[LogStep, tag("log")]
        | Annotated[RunbookStep, tag("runbook")],
        by_key(*KEYS),
    ],
)
