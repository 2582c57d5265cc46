"""Which part of a runbook is meant: all of it, a scope, or phases; in which order, at what risk, for how long. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from actions.catalog.durations import Span
from actions.catalog.risk import Risk
from actions.catalog.runbooks import Phase, Runbook, Scope
from actions.errors import ConfigurationError, RefusedError

ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A group of steps that belong together: a phase, a scope's own steps, or the steps of a runbook without phases."""

    name: str
    title: str
    steps: tuple[Any, ...]
    checks: tuple[Any, ...]
    #: Takes all of it back; empty: its steps' own undoing, in reverse.
    undo: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    runbook: Runbook
    #: As it is written down in the request: `all`, a scope's name, or phases with commas between.
    target: str
    scope: Scope | None
    #: In the order in which they are taken back.
    phases: tuple[Phase, ...]
    parts: tuple[Part, ...]
    risk: Risk
    risk_note: str | None
    expected_time: Span | None
    triggers: tuple[str, ...]
    #: What must hold at the end, after that of each part.
    checks: tuple[Any, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What is taken back, for logs and people."""
        return tuple(phase.name for phase in self.phases) or ((self.scope.name,) if self.scope else ())


def target_of(scope: str | None, phases: Sequence[str]) -> str:
    """How a request writes down what somebody chose."""
    return scope or ",".join(phases) or ALL


def select(runbook: Runbook, target: str, *, already: Collection[str] = ()) -> Selection:
    """`already`: phases that earlier rollbacks took back. ConfigurationError names what there is, RefusedError what is missing."""
    if target in runbook.scopes:
        return _scope(runbook, runbook.scopes[target], already)
    if target != ALL:
        return _phases(runbook, tuple(name.strip() for name in target.split(",") if name.strip()), target, already)
    if runbook.phases:
        return _phases(runbook, tuple(runbook.phases), ALL, already)
    part = Part(name=runbook.name, title=runbook.title or runbook.name, steps=runbook.steps, checks=(), undo=())
    return Selection(
        runbook=runbook, target=ALL, scope=None, phases=(), parts=(part,), risk=runbook.risk, risk_note=None,
        expected_time=runbook.expected_time, triggers=runbook.triggers, checks=runbook.checks,
    )  # fmt: skip


def _scope(runbook: Runbook, scope: Scope, already: Collection[str]) -> Selection:
    wanted = tuple(runbook.phases) if scope.phases == ALL else scope.phases
    phases = _ordered(runbook, tuple(wanted), already, given=scope.phases != ALL) if wanted else ()
    parts = tuple(_part(phase) for phase in phases)
    if scope.steps:
        own = Part(
            name=scope.name, title=scope.title or scope.name, steps=scope.steps, checks=scope.checks, undo=scope.undo
        )
        parts = (*parts, own)
    elif scope.checks:
        parts = (*parts, Part(name=scope.name, title=scope.title or scope.name, steps=(), checks=scope.checks, undo=()))
    said = "risk" in scope.model_fields_set or not phases
    return Selection(
        runbook=runbook, target=scope.name, scope=scope, phases=phases, parts=parts,
        risk=scope.risk if said else _worst(phases),
        risk_note=scope.risk_note or _note(phases), expected_time=scope.expected_time or _sum(phases),
        triggers=(*scope.triggers, *scope.when), checks=runbook.checks,
    )  # fmt: skip


def _phases(runbook: Runbook, names: tuple[str, ...], target: str, already: Collection[str]) -> Selection:
    unknown = [name for name in names if name not in runbook.phases]
    if unknown or not names:
        there = ", ".join([*runbook.scopes, *runbook.phases]) or "nothing but the whole of it"
        raise ConfigurationError(
            f"Runbook {runbook.name} has no scope or phase {', '.join(unknown)}", next_step=f"It has: {there}."
        )
    phases = _ordered(runbook, names, already, given=False)
    whole = len(phases) == len(runbook.phases)
    own = "risk" in runbook.model_fields_set and whole
    return Selection(
        runbook=runbook, target=target, scope=None, phases=phases, parts=tuple(_part(phase) for phase in phases),
        risk=runbook.risk if own else _worst(phases), risk_note=_note(phases),
        expected_time=(runbook.expected_time if whole else None) or _sum(phases),
        triggers=tuple(dict.fromkeys(line for phase in phases for line in phase.triggers)), checks=runbook.checks,
    )  # fmt: skip


def _ordered(
    runbook: Runbook, names: tuple[str, ...], already: Collection[str], *, given: bool
) -> tuple[Phase, ...]:  # fmt: skip
    """Each after those that it needs; otherwise as given, or from the last made to the first."""
    order = list(names) if given else [name for name in runbook.phases if name in names]
    if not given and runbook.reverse:
        order.reverse()
    placed: list[str] = []

    def place(name: str) -> None:
        if name in placed:
            return
        for needed in runbook.phases[name].needs:
            if needed in names:
                place(needed)
            elif needed not in already:
                both = ",".join(dict.fromkeys([needed, *names]))
                raise RefusedError(
                    f"{name} needs {needed} to be taken back before it, and no rollback has done that",
                    next_step=f"Ask for both: --phases {both}",
                )
        placed.append(name)

    for name in order:
        place(name)
    return tuple(runbook.phases[name] for name in placed)


def _part(phase: Phase) -> Part:
    return Part(
        name=phase.name, title=phase.title or phase.name, steps=phase.steps, checks=phase.checks, undo=phase.undo
    )


def _worst(phases: Sequence[Phase]) -> Risk:
    return max((phase.risk for phase in phases), key=lambda risk: risk.rank, default=Risk.MEDIUM)


def _note(phases: Sequence[Phase]) -> str | None:
    notes = [phase.risk_note for phase in sorted(phases, key=lambda each: -each.risk.rank) if phase.risk_note]
    return notes[0] if notes else None


def _sum(phases: Sequence[Phase]) -> Span | None:
    """Of those that say it; None where nobody does."""
    spans = [phase.expected_time for phase in phases if phase.expected_time is not None]
    if not spans:
        return None
    return Span(
        at_least=sum((span.at_least for span in spans), timedelta()),
        at_most=sum((span.at_most for span in spans), timedelta()),
    )
