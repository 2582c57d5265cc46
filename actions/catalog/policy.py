"""The rules a rollback has to keep. What a service's policy does not say follows from its environment."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field

from actions.catalog.durations import Duration
from actions.catalog.entry import ONE_OR_MANY, Also, Entry, Named, shared
from actions.catalog.people import People
from actions.catalog.risk import Environment, Risk
from actions.catalog.schedules import Window
from actions.catalog.tolerance import Allowance, Tolerance
from actions.catalog.values import AtLeastOne, Count, Flag

Ruling = Literal["allow", "refuse"]


class Quorum(Entry):
    """How many people must approve, by risk. The one who asked never counts."""

    none: Count = Field(default=1, description="When nothing is at risk.")
    low: Count = Field(default=1, description="At low risk.")
    medium: Count = Field(default=1, description="At medium risk.")
    high: Count = Field(default=2, description="At high risk.")
    critical: Count = Field(default=2, description="At critical risk.")

    def at(self, risk: Risk) -> int:
        """How many approvals a rollback of this risk needs."""
        return int(getattr(self, risk.value))


class Override(Entry):
    """Who may go ahead although the policy refuses. It is marked for ever. A team alone is short for `by`."""

    short_form: ClassVar[str | None] = "by"
    short_types: ClassVar[tuple[type, ...]] = (str, list, tuple)
    short_schema: ClassVar[Mapping[str, Any]] = {"type": ["string", "array"]}

    by: People = Field(description="Who may: a team, a group id, or user ids.")
    approvals: AtLeastOne = Field(default=1, description="How many of them must agree.")
    reason_length: AtLeastOne = Field(default=10, le=2000, description="How many characters the reason must have.")


class BreakGlass(Entry):
    """What may happen when the approvers cannot be reached: loud, and recorded. A team alone is short for `by`."""

    short_form: ClassVar[str | None] = "by"
    short_types: ClassVar[tuple[type, ...]] = (str, list, tuple)
    short_schema: ClassVar[Mapping[str, Any]] = {"type": ["string", "array"]}

    by: People = Field(description="Who may: a team, a group id, or user ids.")
    after: Duration = Field(
        default=timedelta(minutes=15), description="How long the approvers must have been asked in vain."
    )
    up_to: Risk = Field(default=Risk.HIGH, description="The greatest risk for which it may be used.")


def _same_for_all(written: Any) -> Any:
    if isinstance(written, int) and not isinstance(written, bool):
        return dict.fromkeys((risk.value for risk in Risk), written)
    return written


class Policy(Named):
    """The rules. Defaults are those of production; staging and development are milder."""

    window: Duration | None = Field(
        default=timedelta(minutes=5),
        description="Going back is allowed for this long after the revision was first seen live. Nothing: at any time.",
    )
    destructive: Ruling = Field(default="refuse", description="Whether a downgrade may destroy data that is there.")
    after_new_data: Ruling = Field(
        default="refuse", description="Whether one may go back after data was written with the new schema."
    )
    verified_backup: Flag = Field(default=True, description="Whether a backup must have been proven by restoring it.")
    rehearsal: Literal["none", "schema", "data"] = Field(
        default="schema",
        description="What the downgrade must have been tried on: nothing, the `schema`, or the `data`.",
    )
    quorum: Annotated[
        Quorum,
        BeforeValidator(_same_for_all),
        Also(type="integer", minimum=0, description="The same number for every risk."),
    ] = Field(default=Quorum(), description="How many must approve, by risk; a number alone is for every risk.")
    windows: Annotated[tuple[Window, ...], ONE_OR_MANY] = Field(
        default=(), description="Maintenance windows; outside of them a rollback is refused. Left out: any time."
    )
    override: Override | None = Field(
        default=None, description="Who may go ahead although the rules refuse. Left out: nobody."
    )
    break_glass: BreakGlass | None = Field(
        default=None, description="What is possible when no approver can be reached. Left out: nothing."
    )
    approval_expires: Duration = Field(
        default=timedelta(hours=1), description="How long a request waits for approval, and how long an approval holds."
    )
    growth: Allowance = Field(
        default=Tolerance(by=0),
        description="How much what would be lost may grow, per table or column, without another approval: `1%` of what was "
        "approved, or so many rows. Only rows that are written on and on; never a new table or a higher risk.",
    )
    after_failure: Literal["ask", "retry", "restore", "keep"] = Field(
        default="ask",
        description="After a failure behind the first destructive step: `ask` a person, `retry` once, `restore` the "
        "proven backup, or `keep` what is there and resume.",
    )

    def for_environment(self, environment: Environment) -> Self:
        """The same policy with the environment's rules for what it does not say itself."""
        milder = {key: value for key, value in _MILDER[environment].items() if key not in self.model_fields_set}
        quorum = _QUORUM[environment]
        if "quorum" in self.model_fields_set:
            said = self.quorum.model_fields_set
            quorum = quorum.model_copy(update={risk: getattr(self.quorum, risk) for risk in said})
        return self.model_copy(update={**milder, "quorum": quorum})


_MILDER: Final[Mapping[Environment, Mapping[str, object]]] = {
    Environment.PRODUCTION: {},
    Environment.STAGING: {"window": None, "destructive": "allow", "after_new_data": "allow"},
    Environment.DEVELOPMENT: {
        "window": None,
        "destructive": "allow",
        "after_new_data": "allow",
        "verified_backup": False,
        "rehearsal": "none",
    },
}
_QUORUM: Final[Mapping[Environment, Quorum]] = {
    Environment.PRODUCTION: Quorum(),
    Environment.STAGING: Quorum(none=0, low=0, medium=0, high=1, critical=1),
    Environment.DEVELOPMENT: Quorum(none=0, low=0, medium=0, high=0, critical=0),
}


#: As referred to by name, or written in place.
PolicyRef = Annotated[
    Policy, shared("policies", "policy"), Also(type="string", description="A name under `policies:`.")
]
