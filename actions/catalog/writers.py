"""What writes to a service's database, and how each is stopped and brought back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from actions.catalog.checks import Check
from actions.catalog.command import Command
from actions.catalog.durations import Duration, Pause
from actions.catalog.entry import Entry, sentence
from actions.catalog.kinds import by_key, tag
from actions.catalog.values import ComposeName, Flag, Identifier, KubernetesName, Line, LocalPath, Name
from actions.catalog.wording import shown


class _Writer(Entry):
    """What all writers share."""

    target: ClassVar[str]

    name: Line | None = Field(
        default=None, description="How the rest of the catalog refers to it. Left out: what it is called where it runs."
    )
    look: Check | None = Field(
        default=None, description="A check that must pass after it has come back, before the next one does."
    )

    @property
    def known_as(self) -> str:
        return self.name or str(getattr(self, self.target))


class WriterCommands(Entry):
    """The commands of a writer that has no supervisor we know."""

    stop: Command = Field(description="Stops it, and returns when it has stopped.")
    start: Command = Field(description="Starts it, and returns when it runs.")
    status: Command = Field(description="Ends with 0 while it runs, and otherwise when it does not.")


class CommandWriter(_Writer):
    """Anything that commands stop and start."""

    target: ClassVar[str] = "name"

    name: Name = Field(description="How the rest of the catalog refers to it.")
    command: WriterCommands = Field(description="How it is stopped, started and asked.")


class ProcessWriter(_Writer):
    """A process that writes its id to a file."""

    target: ClassVar[str] = "name"

    name: Name = Field(description="How the rest of the catalog refers to it.")
    process: Command = Field(description="The command that starts it again; it keeps running on its own.")
    pid_file: LocalPath = Field(description="The file in which it keeps its process id.")
    signal: Literal["TERM", "INT", "QUIT"] = Field(default="TERM", description="The signal that asks it to stop.")


class SystemdWriter(_Writer):
    """A systemd unit."""

    target: ClassVar[str] = "systemd"

    systemd: Line = Field(description="The unit, such as `traceo-mcp-server`.")
    user: Flag = Field(default=False, description="Whether it is a unit of the user (`systemctl --user`).")


class ComposeWriter(_Writer):
    """A compose service."""

    target: ClassVar[str] = "compose"

    compose: ComposeName = Field(description="The compose service to stop.")


class DeploymentWriter(_Writer):
    """A Deployment, scaled to zero and back to what it had."""

    target: ClassVar[str] = "deployment"

    deployment: KubernetesName = Field(description="The Deployment to scale to zero.")


class StatefulSetWriter(_Writer):
    """A StatefulSet, scaled to zero and back to what it had."""

    target: ClassVar[str] = "statefulset"

    statefulset: KubernetesName = Field(description="The StatefulSet to scale to zero.")


class CronJobWriter(_Writer):
    """A CronJob, suspended; a run that is under way is waited for or ended."""

    target: ClassVar[str] = "cronjob"

    cronjob: KubernetesName = Field(description="The CronJob to suspend.")
    running: Literal["wait", "end"] = Field(
        default="wait", description="Whether a run that is under way is waited for or ended."
    )


class AutoscalerWriter(_Writer):
    """A HorizontalPodAutoscaler, paused so that it does not scale a stopped writer up again."""

    target: ClassVar[str] = "hpa"

    hpa: KubernetesName = Field(description="The HorizontalPodAutoscaler to pause.")


class RoleWriter(_Writer):
    """A database role, kept out or made read-only by the server itself."""

    target: ClassVar[str] = "role"

    role: Identifier = Field(description="The role that writes.")
    how: Literal["connection-limit", "read-only"] = Field(
        default="connection-limit",
        description="`connection-limit` lets it in no more; `read-only` makes its transactions read-only by default.",
    )


KEYS: tuple[str, ...] = (
    "command", "process", "systemd", "compose", "deployment", "statefulset", "cronjob", "hpa", "role",
)  # fmt: skip

Writer = TypeAliasType(
    "Writer",
    Annotated[
        Annotated[CommandWriter, tag("command")]
        | Annotated[ProcessWriter, tag("process")]
        | Annotated[SystemdWriter, tag("systemd")]
        | Annotated[ComposeWriter, tag("compose")]
        | Annotated[DeploymentWriter, tag("deployment")]
        | Annotated[StatefulSetWriter, tag("statefulset")]
        | Annotated[CronJobWriter, tag("cronjob")]
        | Annotated[AutoscalerWriter, tag("hpa")]
        | Annotated[RoleWriter, tag("role")],
        by_key(*KEYS),
    ],
)


class Writers(Entry):
    """Everything that writes, in the order in which it is stopped. A list alone is short for `stop`."""

    short_form: ClassVar[str | None] = "stop"
    short_types: ClassVar[tuple[type, ...]] = (list, tuple)
    short_schema: ClassVar[Mapping[str, Any]] = {"type": "array"}

    stop: tuple[Writer, ...] = Field(default=(), description="The writers, in the order in which they are stopped.")
    resume_order: tuple[Line, ...] = Field(
        default=(), description="The names in the order in which they come back. Left out: the reverse of `stop`."
    )
    pause_between: Pause = Field(
        default=timedelta(0), description="How long to watch one that came back before the next one may."
    )
    stop_timeout: Duration = Field(
        default=timedelta(minutes=3), description="How long a writer may take to stop before the run gives up."
    )
    start_timeout: Duration = Field(
        default=timedelta(minutes=3), description="How long a writer may take to be ready again."
    )
    quiet_for: Duration = Field(
        default=timedelta(seconds=5), description="For how long the write counters must stand still to prove the quiet."
    )

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        names = [writer.known_as for writer in self.stop]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise sentence(f"Two writers are called {shown(twice[0])}.", "Give one of them a `name` of its own.")
        if self.resume_order and sorted(self.resume_order) != sorted(names) and set(self.resume_order) <= set(names):
            raise sentence("`resume_order` must name every writer once, so that none is left stopped.")
        return self

    @property
    def resumed(self) -> tuple[Writer, ...]:
        """The writers in the order in which they come back."""
        if not self.resume_order:
            return tuple(reversed(self.stop))
        by_name = {writer.known_as: writer for writer in self.stop}
        return tuple(by_name[name] for name in self.resume_order)
