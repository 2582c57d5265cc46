"""How the application is taken back to the release it was before."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from actions.catalog.command import Command
from actions.catalog.durations import Duration
from actions.catalog.entry import ONE_OR_MANY, Entry
from actions.catalog.kinds import by_key, tag
from actions.catalog.values import (
    AtLeastOne,
    ComposeName,
    InsidePath,
    KubernetesName,
    Line,
    VariableName,
    VariableValue,
    Version,
)


class _Release(Entry):
    """What all ways back share."""

    restart: Annotated[tuple[Line, ...], ONE_OR_MANY] = Field(
        default=(), description="Writers (by name) to restart afterwards, so that they run the older release."
    )


class CommandRelease(_Release):
    """A command takes the application back, and another undoes that."""

    command: Command = Field(description="Takes the application back.")
    undo: Command | None = Field(
        default=None, description="Brings the newer release again. Left out: it cannot be undone."
    )


class DeploymentRelease(_Release):
    """`kubectl rollout undo` of a Deployment."""

    deployment: KubernetesName = Field(description="The Deployment to roll back.")
    to_revision: AtLeastOne | None = Field(
        default=None, description="The revision of its rollout history. Left out: the one before."
    )
    timeout: Duration = Field(default=timedelta(minutes=5), description="How long the rollout may take.")


class ImageRelease(_Release):
    """An image tag in a `.env` file or compose file is set back."""

    image_tag: ComposeName = Field(
        description="The variable of the `.env` file, or the service of the compose file, that holds the tag."
    )
    file: InsidePath = Field(
        default=".env", description="The file that holds it; its old value is kept for the way back."
    )
    to: Version = Field(description="The tag to go back to, or `previous` for the one that ran before.")


class GitRelease(_Release):
    """Files are taken from an earlier commit, then built."""

    git: Version = Field(description="The commit, tag or branch to take files from, such as `HEAD~1` or `v1.4`.")
    paths: Annotated[tuple[InsidePath, ...], ONE_OR_MANY] = Field(
        default=(), description="Which files and folders. Left out: the whole tree."
    )
    build: tuple[Command, ...] = Field(default=(), description="Commands that build it, in order.")


class SettingRelease(_Release):
    """A setting in a `.env` file is switched."""

    setting: VariableName = Field(description="The setting, such as `TRACEO_STORAGE_BACKEND`.")
    to: VariableValue = Field(description="What it is set to.")
    file: InsidePath = Field(
        default=".env", description="The file that holds it; its old value is kept for the way back."
    )


ReleaseStep = Annotated[
    Annotated[CommandRelease, tag("command")]
    | Annotated[DeploymentRelease, tag("deployment")]
    | Annotated[ImageRelease, tag("image_tag")]
    | Annotated[GitRelease, tag("git")]
    | Annotated[SettingRelease, tag("setting")],
    by_key("command", "deployment", "image_tag", "git", "setting"),
]


#: The application: what is done to take it back, in order.
Application = Annotated[tuple[ReleaseStep, ...], ONE_OR_MANY]
