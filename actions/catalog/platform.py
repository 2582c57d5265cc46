"""Where a service runs, and so where its commands run and what stops and starts there."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from actions.catalog.entry import ONE_OR_MANY, Also, Entry
from actions.catalog.kinds import by_kind, tag
from actions.catalog.values import ComposeName, InsidePath, KubernetesName, Line, LocalPath, Variables


class LocalPlatform(Entry):
    """Processes on the machine where Backout runs."""

    kind: Literal["local"] = Field(default="local", description="`local`: processes on this machine.")
    folder: LocalPath = Field(
        default=Path(), description="The service's folder; relative ones start at the catalog file's folder."
    )
    env_file: InsidePath | None = Field(default=None, description="A `.env` file whose variables every command gets.")
    env: Variables = Field(default_factory=dict, description="Environment variables that every command gets.")


class ComposePlatform(Entry):
    """Containers of a docker compose project."""

    kind: Literal["compose"] = Field(default="compose", description="`compose`: a docker compose project.")
    folder: LocalPath = Field(
        default=Path(), description="The project's folder; relative ones start at the catalog file's folder."
    )
    files: Annotated[tuple[InsidePath, ...], ONE_OR_MANY] = Field(
        default=(), description="Compose files, in order. Left out: what compose finds by itself."
    )
    project: ComposeName | None = Field(
        default=None, description="Project name. Left out: what compose makes of the folder."
    )
    profiles: tuple[ComposeName, ...] = Field(default=(), description="Profiles to switch on.")
    env_file: Annotated[tuple[InsidePath, ...], ONE_OR_MANY] = Field(
        default=(), description="`.env` files handed to compose, in order."
    )
    context: Line | None = Field(default=None, description="Docker context, for an engine on another machine.")
    command: Literal["docker compose", "docker-compose"] | None = Field(
        default=None, description="Which of the two programs to use. Left out: whichever is here, the newer one first."
    )
    env: Variables = Field(default_factory=dict, description="Environment variables that compose and commands get.")


class KubernetesPlatform(Entry):
    """Workloads in a namespace of a cluster."""

    kind: Literal["kubernetes"] = Field(default="kubernetes", description="`kubernetes`: a namespace of a cluster.")
    namespace: KubernetesName = Field(description="The namespace in which the service lives.")
    context: Line | None = Field(default=None, description="Context of the kubeconfig. Left out: its current one.")
    kubeconfig: LocalPath | None = Field(
        default=None, description="A kubeconfig file. Left out: the usual one, or the pod's own account in a cluster."
    )
    service_account: KubernetesName | None = Field(
        default=None, description="Account for our Jobs. Left out: that of the workload they are made from."
    )
    gitops: Literal["warn", "pause"] = Field(
        default="warn",
        description="When Argo CD or Flux would undo what we do: `warn` in the assessment, or `pause` it for the run.",
    )


def _from_word(written: Any) -> Any:
    return {"kind": written} if isinstance(written, str) else written


KINDS: tuple[str, ...] = ("local", "compose", "kubernetes")

Platform = Annotated[
    Annotated[LocalPlatform, tag("local")]
    | Annotated[ComposePlatform, tag("compose")]
    | Annotated[KubernetesPlatform, tag("kubernetes")],
    by_kind(*KINDS),
    BeforeValidator(_from_word),
    Also(type="string", enum=["local", "compose"], description="Short for a platform with nothing but its kind."),
]
