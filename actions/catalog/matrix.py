"""The decision matrix: from what people see to what should be taken back."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from actions.catalog.durations import ExpectedTime
from actions.catalog.entry import ONE_OR_MANY, Entry, sentence
from actions.catalog.risk import Risk
from actions.catalog.values import Line, Name, Text


class MatrixRow(Entry):
    """One failure and the answer to it."""

    failure: Line = Field(description="What people see: `container start fails`.")
    also: Annotated[tuple[Line, ...], ONE_OR_MANY] = Field(default=(), description="Other words for it.")
    runbook: Name | None = Field(
        default=None,
        description="`downgrade`, `restore`, `app-only`, or a runbook of the service. Left out: a person decides.",
    )
    scope: Name | None = Field(default=None, description="Which scope or phase of the runbook. Left out: all of it.")
    risk: Risk | None = Field(default=None, description="none, low, medium, high or critical. Left out: the runbook's.")
    duration: ExpectedTime | None = Field(default=None, description="How long it takes: `5m`, or `15m-30m`.")
    advice: Text | None = Field(default=None, description="What else to say, or what to look at first.")

    @model_validator(mode="after")
    def _answers(self) -> Self:
        if self.runbook is None and self.advice is None:
            raise sentence("This row has no answer.", "Add `runbook` or `advice`.")
        if self.scope is not None and self.runbook is None:
            raise sentence("`scope` needs the `runbook` that it is part of.")
        return self
