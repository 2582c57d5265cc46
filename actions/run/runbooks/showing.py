"""A runbook as people and machines see it: what is taken back, what it costs, when it is the right one, what is checked."""

from collections.abc import Sequence
from typing import Any

from actions.catalog.checks import PersonCheck
from actions.catalog.durations import Span
from actions.history.canonical import JsonObject
from actions.history.details import PlannedStep
from actions.run.runbooks.drafting import Draft
from actions.run.runbooks.selection import Selection
from actions.run.runbooks.specs import kind_of
from actions.run.runbooks.tickable import FOR_PERSON
from actions.verify.titles import title_of


def shown_runbook(selection: Selection, drafts: Sequence[Draft], plan: Sequence[PlannedStep]) -> JsonObject:
    """Part of an assessment's JSON form."""
    book, scope = selection.runbook, selection.scope
    return {
        "name": book.name, "title": book.title or book.name, "description": book.description, "target": selection.target,
        "scope": {"name": scope.name, "title": scope.title or scope.name, "keeps": list(scope.keeps)} if scope else None,
        "phases": [
            {
                "name": phase.name, "title": phase.title or phase.name, "risk": phase.risk.value,
                "risk_note": phase.risk_note, "expected_time": said_time(phase.expected_time), "note": phase.note,
            }
            for phase in selection.phases
        ],
        "risk": selection.risk.value, "risk_note": selection.risk_note, "expected_time": said_time(selection.expected_time),
        "expected_seconds": seconds(selection.expected_time), "triggers": list(selection.triggers),
        "checks": [
            {"title": title_of(each.step.check), "automatic": not isinstance(each.step.check, PersonCheck), "step": each.name}
            for each in drafts if each.kind == "check"
        ],
        "steps": [
            {
                "name": step.name, "title": step.title, "kind": step.parameters.get("kind") or step.action,
                "part": step.parameters.get("part"), "for_person": bool(step.parameters.get(FOR_PERSON)),
                "optional": _flag(step, "optional"), "no_way_back": step.destructive,
            }
            for step in plan
        ],
    }  # fmt: skip


def said_time(span: Span | None) -> str | None:
    return None if span is None else str(span)


def seconds(span: Span | None) -> JsonObject | None:
    if span is None:
        return None
    return {"at_least": span.at_least.total_seconds(), "at_most": span.at_most.total_seconds()}


def kinds_in(steps: Sequence[Any]) -> tuple[str, ...]:
    return tuple(kind_of(step) for step in steps)


def _flag(step: PlannedStep, name: str) -> bool:
    record = step.parameters.get("step")
    return bool(record.get(name)) if isinstance(record, dict) else False
