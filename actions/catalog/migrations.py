"""Where a service's Alembic migrations are, what runs them, and how they are told which database to use."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from actions.catalog.durations import Duration
from actions.catalog.entry import Also, Entry
from actions.catalog.kinds import by_key, tag
from actions.catalog.values import (
    ComposeName,
    Flag,
    Identifier,
    KubernetesName,
    Line,
    VariableName,
    Variables,
    matching,
    pattern,
)


class RunWithPython(Entry):
    """A Python interpreter on the machine where Backout runs."""

    python: Line = Field(
        description="The interpreter that has the application and alembic, seen from the service's folder."
    )


class RunInCompose(Entry):
    """A compose service whose image holds the migrations."""

    compose: ComposeName = Field(
        description="The compose service whose image holds the application and its migrations."
    )
    one_off: Flag = Field(
        default=True,
        description="`true`: a fresh container (`compose run`), also while the service is stopped; "
        "`false`: the running one (`compose exec`).",
    )
    python: Line = Field(default="python", description="The interpreter in the container.")


class RunInImage(Entry):
    """A Kubernetes Job from a named image."""

    image: Line = Field(description="The image of the Job, such as `ghcr.io/acme/api:1.4.2`.")
    python: Line = Field(default="python", description="The interpreter in the image.")
    service_account: KubernetesName | None = Field(
        default=None, description="The Job's account. Left out: the platform's."
    )


_WORKLOAD = r"(?:deployment|statefulset|cronjob)/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
WorkloadRef = Annotated[
    str,
    matching(_WORKLOAD, "a workload such as `deployment/api`, `statefulset/db` or `cronjob/nightly`"),
    pattern(_WORKLOAD, "deployment/api"),
]


class RunLikeWorkload(Entry):
    """A Kubernetes Job made from a workload: its image, variables, secrets, account and resources."""

    workload: WorkloadRef = Field(
        description="The workload to take image, variables and secrets from: `deployment/api`."
    )
    container: KubernetesName | None = Field(
        default=None, description="Which container of its pod. Left out: the first."
    )
    python: Line = Field(default="python", description="The interpreter in the image.")


Runner = Annotated[
    Annotated[RunInCompose, tag("compose")]
    | Annotated[RunInImage, tag("image")]
    | Annotated[RunLikeWorkload, tag("workload")]
    | Annotated[RunWithPython, tag("python")],
    by_key("compose", "image", "workload", "python"),
]


class UrlInVariable(Entry):
    """The URL is read from an environment variable."""

    env: VariableName = Field(
        description="The environment variable in which `env.py` or the settings look for the URL."
    )
    scheme: Line | None = Field(
        default=None,
        description="Scheme that the application wants, such as `postgresql+asyncpg`. Left out: unchanged.",
    )


class UrlInArgument(Entry):
    """The URL is read from `alembic -x name=...`."""

    argument: Identifier = Field(description="The name in `alembic -x NAME=URL`, for an `env.py` that reads it.")
    scheme: Line | None = Field(
        default=None,
        description="Scheme that the application wants, such as `postgresql+asyncpg`. Left out: unchanged.",
    )


class UrlInOption(Entry):
    """The URL is read from an option of the alembic configuration."""

    option: Identifier = Field(description="The option of alembic's configuration, usually `sqlalchemy.url`.")
    scheme: Line | None = Field(
        default=None,
        description="Scheme that the application wants, such as `postgresql+asyncpg`. Left out: unchanged.",
    )


def _from_variable_name(written: Any) -> Any:
    return {"env": written} if isinstance(written, str) else written


UrlHandover = Annotated[
    Annotated[UrlInVariable, tag("env")]
    | Annotated[UrlInArgument, tag("argument")]
    | Annotated[UrlInOption, tag("option")],
    by_key("env", "argument", "option"),
    BeforeValidator(_from_variable_name),
    Also(type="string", description="Short for `env`: the environment variable."),
]


class Migrations(Entry):
    """The service's Alembic migrations. A path alone is short for `config`."""

    short_form: ClassVar[str | None] = "config"

    config: Line = Field(
        default="alembic.ini", description="`alembic.ini`, or `pyproject.toml`; relative paths start at `folder`."
    )
    section: Line = Field(default="alembic", description="The section of the configuration (`alembic --name`).")
    version_table: Identifier = Field(default="alembic_version", description="The table that holds the revision.")
    version_schema: Identifier | None = Field(
        default=None, description="The schema of that table. Left out: the first of the search path."
    )
    folder: Line | None = Field(
        default=None,
        description="Working folder for alembic, in the container or below the service's folder.",
    )
    run: Runner | None = Field(
        default=None,
        description="What runs alembic: `python`, `compose`, `image` or `workload`. "
        "Left out on `local`: `.venv/bin/python` or `venv/bin/python` in the folder, else `python3`.",
    )
    url: UrlHandover = Field(
        default=UrlInVariable(env="DATABASE_URL"),
        description="How the URL is handed over: `env` (a variable), `argument` (`-x name=`) or `option`.",
    )
    env: Variables = Field(default_factory=dict, description="Further environment variables that alembic needs.")
    timeout: Duration = Field(default=timedelta(hours=1), description="How long one revision may take altogether.")
