"""Something that can be taken back, in one environment."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from actions.catalog.backups import Backups
from actions.catalog.checks import Check
from actions.catalog.database import Database
from actions.catalog.entry import ONE_OR_MANY, WITH_NAMES, Also, Named, sentence
from actions.catalog.exports import Export
from actions.catalog.matrix import MatrixRow
from actions.catalog.migrations import Migrations
from actions.catalog.people import Channel, Escalation, People
from actions.catalog.platform import Platform
from actions.catalog.policy import Policy, PolicyRef
from actions.catalog.release import Application
from actions.catalog.risk import Environment
from actions.catalog.runbooks import RunbookRef
from actions.catalog.values import Name, Text
from actions.catalog.writers import Writers


def _by_names(written: Any) -> Any:
    if isinstance(written, list | tuple) and all(isinstance(name, str) for name in written):
        return {name: name for name in written}
    return written


Runbooks = Annotated[
    dict[Name, RunbookRef],
    BeforeValidator(_by_names),
    Also(type="array", items={"type": "string"}, description="Names under `runbooks:`."),
    WITH_NAMES,
]


class Service(Named):
    """One service in one environment: where it lives and how it is taken back."""

    environment: Environment = Field(description="production, staging or development; it decides the default policy.")
    description: Text | None = Field(default=None, description="What the service is, for people who do not know it.")
    platform: Platform = Field(description="Where it runs: `local`, `compose` or `kubernetes`.")
    database: Database | None = Field(
        default=None, description="Its PostgreSQL database; the URL comes from a variable: `${DATABASE_URL}`."
    )
    migrations: Migrations | None = Field(default=None, description="Its Alembic migrations, usually `alembic.ini`.")
    writers: Writers = Field(
        default_factory=Writers, description="What writes to it, in the order in which it is stopped."
    )
    application: Application = Field(default=(), description="How the application is taken back to the release before.")
    backups: Backups = Field(default_factory=Backups, description="How backups are taken and kept.")
    checks: Annotated[tuple[Check, ...], ONE_OR_MANY] = Field(
        default=(), description="How we see that it is well: `http`, `sql`, `command` and others."
    )
    exports: Annotated[dict[Name, Export], WITH_NAMES] = Field(
        default_factory=dict, description="How rows of tables are written to files."
    )
    policy: PolicyRef = Field(
        default_factory=Policy, description="The rules, or the name of shared ones. Left out: those of the environment."
    )
    approvers: People | None = Field(
        default=None, description="Who may approve: a team, a Slack user group, or user ids. Left out: nobody can."
    )
    channel: Channel | None = Field(
        default=None, description='Slack channel for its rollbacks, in quotes: `"#incidents"`.'
    )
    escalation: Escalation = Field(default_factory=Escalation, description="Who is called when it does not get on.")
    runbooks: Runbooks = Field(default_factory=dict, description="Runbooks of its own, or names of shared ones.")
    matrix: tuple[MatrixRow, ...] = Field(default=(), description="From what people see to what should be taken back.")

    @field_validator("policy", mode="after")
    @classmethod
    def _complete_policy(cls, policy: Policy, info: ValidationInfo) -> Policy:
        return policy.for_environment(info.data.get("environment", Environment.PRODUCTION))

    @model_validator(mode="after")
    def _can_be_taken_back(self) -> Self:
        if self.migrations is not None and self.database is None:
            raise sentence("`migrations` need a `database`.", "Add `database: ${...}`.")
        if self.database is None and not self.application and not self.runbooks:
            raise sentence(
                "Nothing here could be taken back.", "Add a `database`, an `application` or a runbook under `runbooks`."
            )
        return self
