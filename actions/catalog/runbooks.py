"""Runbooks that a team declares: phases that can be taken back alone, in part, or all together."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from actions.catalog.checks import Validation
from actions.catalog.durations import ExpectedTime
from actions.catalog.entry import ONE_OR_MANY, WITH_NAMES, Also, Named, sentence, shared
from actions.catalog.risk import Risk
from actions.catalog.steps import Step
from actions.catalog.values import Flag, Line, Name, Text

#: The runbooks that every service has; a declared one cannot take their names.
BUILT_IN: tuple[str, ...] = ("downgrade", "restore", "app-only")


class _Procedure(Named):
    """What phases and scopes share: when, what, how it is checked, what it costs."""

    title: Line | None = Field(default=None, description="What people read. Left out: the name.")
    triggers: tuple[Line, ...] = Field(default=(), description="What people see when this is what they need.")
    steps: tuple[Step, ...] = Field(default=(), description="What is done, in this order.")
    checks: tuple[Validation, ...] = Field(
        default=(), description="What must hold afterwards: checks, or plain text for a person to tick."
    )
    risk: Risk = Field(default=Risk.MEDIUM, description="none, low, medium, high or critical.")
    risk_note: Line | None = Field(default=None, description="Why: `file-based, no data loss`.")
    expected_time: ExpectedTime | None = Field(default=None, description="How long it takes: `10m`, or `15m-30m`.")
    undo: tuple[Step, ...] = Field(
        default=(), description="Steps that take it back as a whole. Left out: the steps' own undoing, in reverse."
    )


class Phase(_Procedure):
    """A part of a runbook that can be taken back alone."""

    needs: Annotated[tuple[Name, ...], ONE_OR_MANY] = Field(
        default=(), description="Phases that must be taken back before this one."
    )
    note: Text | None = Field(default=None, description="What else to know.")


class Scope(_Procedure):
    """A named selection: some phases, or steps of its own."""

    phases: tuple[Name, ...] | Literal["all"] = Field(
        default=(), description="The phases that are taken back, in this order, or `all`; then its own `steps`."
    )
    keeps: tuple[Name, ...] = Field(default=(), description="Phases that stay as they are; shown to people.")
    when: tuple[Line, ...] = Field(default=(), description="When to choose it.")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.phases and not self.steps:
            raise sentence("This scope does nothing.", "Add `phases` or `steps`.")
        return self


class Runbook(Named):
    """A recipe of the team's own. A list of steps alone is short for `steps`."""

    short_form: ClassVar[str | None] = "steps"
    short_types: ClassVar[tuple[type, ...]] = (list, tuple)
    short_schema: ClassVar[Mapping[str, Any]] = {"type": "array"}

    title: Line | None = Field(default=None, description="What people read. Left out: the name.")
    description: Text | None = Field(default=None, description="What it is for.")
    before: tuple[Step, ...] = Field(
        default=(), description="Steps before whichever phases are chosen, such as backups."
    )
    phases: Annotated[dict[Name, Phase], WITH_NAMES] = Field(
        default_factory=dict, description="Its phases, in the order in which they were made."
    )
    steps: tuple[Step, ...] = Field(default=(), description="The steps of a runbook that has no phases.")
    scopes: Annotated[dict[Name, Scope], WITH_NAMES] = Field(
        default_factory=dict, description="Named selections of phases, full or partial."
    )
    after: tuple[Step, ...] = Field(default=(), description="Steps after whichever phases were chosen, such as a log.")
    checks: tuple[Validation, ...] = Field(default=(), description="What must hold at the end.")
    risk: Risk = Field(default=Risk.MEDIUM, description="Of the whole: none, low, medium, high or critical.")
    expected_time: ExpectedTime | None = Field(default=None, description="Of the whole: `10m`, or `15m-30m`.")
    triggers: tuple[Line, ...] = Field(default=(), description="What people see when this is what they need.")
    reverse: Flag = Field(default=True, description="Whether `all` phases are taken back from the last to the first.")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.phases and not self.steps:
            raise sentence("This runbook does nothing.", "Add `steps` or `phases`.")
        return self


RunbookRef = Annotated[
    Runbook, shared("runbooks", "runbook"), Also(type="string", description="A name under `runbooks:`.")
]
