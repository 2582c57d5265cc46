"""A command of a service: which words, where, with what, for how long."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field, model_validator

from actions.catalog.durations import Duration
from actions.catalog.entry import Entry, sentence
from actions.catalog.values import Argv, Flag, Line, Variables


class Command(Entry):
    """A program with its arguments, run where the service runs. `[make, test]` is short for `argv`."""

    short_form: ClassVar[str | None] = "argv"
    short_types: ClassVar[tuple[type, ...]] = (list, tuple, str)
    short_schema: ClassVar[Mapping[str, Any]] = {
        "type": "array",
        "items": {"type": ["string", "number"]},
        "minItems": 1,
    }

    argv: Argv = Field(description="The program and its arguments as a list; nothing goes through a shell.")
    service: Line | None = Field(
        default=None,
        description="In which compose service, or workload of the cluster (`deployment/api`), it runs. "
        "Left out: on the machine where Backout runs, in the service's folder.",
    )
    one_off: Flag = Field(
        default=False, description="Run it in a fresh container of that service instead of the running one."
    )
    folder: Line | None = Field(
        default=None, description="Working folder; relative ones start at the service's folder."
    )
    env: Variables = Field(default_factory=dict, description="Environment variables to add: text or `${NAME}`.")
    timeout: Duration = Field(default=timedelta(minutes=10), description="After this time it is ended and has failed.")

    @model_validator(mode="after")
    def _one_off_needs_service(self) -> "Command":
        if self.one_off and self.service is None:
            raise sentence("`one_off` says nothing without a `service` to make the container from.")
        return self
