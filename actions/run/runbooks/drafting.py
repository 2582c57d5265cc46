"""From a part of a runbook to the steps of a plan, before anything was looked at. Pure.

Built-in steps keep the names and actions of the built-in runbooks, because the actions find each other by them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from actions.catalog.checks import PersonCheck
from actions.catalog.runbooks import BUILT_IN
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.history.canonical import JsonObject
from actions.run.runbooks.selection import ALL, Part, Selection, select
from actions.run.runbooks.specs import from_record, kind_of, to_record
from actions.run.runbooks.tickable import FOR_PERSON
from actions.run.runbooks.wording import title
from actions.run.steps.writers import resume_step, stop_step

BEGIN_PART, SETTLE, CAPTURE = "begin-part", "settle", "capture-values"
#: A start of what this run has stopped.
RESUME = "resume"
_WRITERS = {"stop-writers": "stop", "resume-writers": "start"}
#: Kinds that change files which something else runs from.
_CHANGES = frozenset({"git_restore", "setting", "export", "run"})
_RUNS_FROM = frozenset({"restart"})
_COMPOSE_RUNS_FROM = frozenset({"restart", "up"})
_BEFORE, _AFTER = "before", "after"


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One step to be. `kind` is what a declared step does, or one of the three that stand around them."""

    name: str
    kind: str
    title: str
    step: Any = None
    parameters: JsonObject = field(default_factory=dict)


def draft(service: Service, selection: Selection) -> tuple[Draft, ...]:
    """Everything in its order: before, each part with its checks, the checks of the whole, after."""
    book, found = selection.runbook, _Names()
    drafts: list[Draft] = []
    drafts += _group(service, _BEFORE, book.before, found)
    for part in selection.parts:
        drafts += _part(service, part, found)
    closing = selection.checks
    if not closing and not any(part.checks for part in selection.parts):
        closing = service.checks
    drafts += _checks("end", closing, found)
    drafts += _group(service, _AFTER, book.after, found)
    if any(_compares(each) for each in drafts):
        drafts.insert(0, Draft(name="capture", kind=CAPTURE, title="Note what the checks compare with"))
    return tuple(drafts)


def _part(service: Service, part: Part, found: "_Names") -> Iterator[Draft]:
    drafts = [*_group(service, part.name, part.steps, found), *_checks(part.name, part.checks, found)]
    undone_by = None
    if part.undo:
        undone_by = found.free(f"{part.name}-begin")
        records = [to_record(step) for step in singles(service, part.undo)]
        yield Draft(
            name=undone_by,
            kind=BEGIN_PART,
            title=f"Begin {part.title}",
            parameters={"undo": records, "part": part.name},
        )
    for each in drafts:
        yield replace(each, parameters={**each.parameters, "undone_by": undone_by}) if undone_by else each


def _group(service: Service, group: str, steps: Sequence[Any], found: "_Names") -> list[Draft]:
    drafts = [each for step in steps for each in _expanded(service, group, step, found)]
    again = _again(drafts)
    if again:
        settle = Draft(
            name=found.free(f"{group}-settle"), kind=SETTLE, title="Note what has to be restarted on the way back",
            parameters={"again": [each.name for each in again]},
        )  # fmt: skip
        drafts.insert(0, settle)
    return [replace(each, parameters={"part": group, **each.parameters}) for each in drafts]


def _again(drafts: Sequence[Draft]) -> list[Draft]:
    """What ran on files that were changed before it in the same group."""
    changed, again, taken_down = False, [], False
    for each in drafts:
        # What was taken down in the same group comes up again by itself, when that is undone.
        comes_anyway = taken_down and each.kind == "compose" and each.step.compose == "up"
        if changed and _runs_from_files(each) and not comes_anyway:
            again.append(each)
        changed = changed or each.kind in _CHANGES
        taken_down = taken_down or (each.kind == "compose" and each.step.compose == "down" and not each.step.services)
    return again


def _runs_from_files(each: Draft) -> bool:
    if each.step is not None and each.step.undo:
        return False
    if each.kind == "run":
        return bool(each.step.again_after_undo)
    if each.kind == "compose":
        return each.step.compose in _COMPOSE_RUNS_FROM
    return each.kind in _RUNS_FROM


def _expanded(service: Service, group: str, step: Any, found: "_Names") -> Iterator[Draft]:
    if kind_of(step) == "runbook":
        yield from _included(service, group, step, found)
        return
    if kind_of(step) == "do" and step.do in _WRITERS:
        step = from_record({_WRITERS[step.do]: [ALL]})
    for each in singles(service, (step,)):
        kind = kind_of(each)
        parameters: JsonObject = {}
        if each.undo:
            each = each.model_copy(update={"undo": singles(service, each.undo)})  # noqa: PLW2901
        if kind in ("stop", "start", "restart"):
            parameters = {"writer": getattr(each, kind)[0]}
        if kind == "person" or (kind == "check" and isinstance(each.check, PersonCheck)):
            parameters = {FOR_PERSON: True}
        kind, name = _named(kind, each, group, found)
        yield Draft(name=name, kind=kind, title=title(each), step=each, parameters=parameters)


def _named(kind: str, step: Any, group: str, found: "_Names") -> tuple[str, str]:
    """What stops a writer and brings it back is found again by its name, also by what is chosen after a failure."""
    number = found.number(group)
    if kind == "stop":
        return kind, found.free(stop_step(step.stop[0]))
    if kind == "start" and found.has(stop_step(step.start[0])):
        return RESUME, found.free(resume_step(step.start[0]))
    return kind, found.free(f"{group}-{number}-{kind.replace('_', '-')}")


def _included(service: Service, group: str, step: Any, found: "_Names") -> Iterator[Draft]:
    if step.runbook in BUILT_IN:
        for built_in in _BUILT_IN_STEPS[step.runbook]:
            yield from _expanded(service, group, from_record({"do": built_in}), found)
        return
    book = service.runbooks.get(step.runbook)
    if book is None:
        raise ConfigurationError(f"There is no runbook {step.runbook}", where=f"service {service.name}")
    inner = select(book, step.scope or ALL, already=tuple(book.phases))
    yield from _group(service, f"{group}-{book.name}-before", book.before, found)
    for part in inner.parts:
        yield from _part(service, part, found)
    yield from _checks(book.name, inner.checks, found)
    yield from _group(service, f"{group}-{book.name}-after", book.after, found)


_BUILT_IN_STEPS = {
    "downgrade": ("stop-writers", "prove-quiet", "backup", "rehearse", "downgrade", "verify", "release", "resume-writers"),
    "restore": ("stop-writers", "prove-quiet", "restore", "verify", "release", "resume-writers"),
    "app-only": ("release",),
}  # fmt: skip


def singles(service: Service, steps: Iterable[Any]) -> tuple[Any, ...]:
    """Each writer in a step of its own, so that each is noted and undone by itself."""
    found = []
    for step in steps:
        kind = kind_of(step)
        if kind not in ("stop", "start", "restart"):
            found.append(step)
            continue
        order = service.writers.stop if kind != "start" else service.writers.resumed
        named = getattr(step, kind)
        names = [each.known_as for each in order] if ALL in named else list(named)
        several = len(names) > 1
        for name in names:
            update = {kind: (name,), "title": None if several else step.title}
            found.append(step.model_copy(update=update))
    return tuple(found)


def _checks(group: str, checks: Sequence[Any], found: "_Names") -> Iterator[Draft]:
    """What we can see comes first: a person is not asked about what is known to be broken."""
    ordered = sorted(checks, key=lambda check: isinstance(check, PersonCheck))
    for number, check in enumerate(ordered, start=1):
        step = from_record({"check": to_record(check)})
        parameters: JsonObject = {"part": group, "validation": True}
        if isinstance(check, PersonCheck):
            parameters = {**parameters, FOR_PERSON: True}
        yield Draft(
            name=found.free(f"{group}-check-{number}"),
            kind="check",
            title=title(step),
            step=step,
            parameters=parameters,
        )


def _compares(each: Draft) -> bool:
    if each.kind != "check":
        return False
    check = each.step.check
    inner = getattr(check, "json_", None)
    return bool(getattr(check, "like_before", False) or (inner is not None and inner.like_before))


class _Names:
    """Unique in a plan, and counted in each group."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def free(self, name: str) -> str:
        number, free = 1, name
        while free in self._taken:
            number += 1
            free = f"{name}-{number}"
        self._taken.add(free)
        return free

    def has(self, name: str) -> bool:
        return name in self._taken

    def number(self, group: str) -> int:
        self._counts[group] = self._counts.get(group, 0) + 1
        return self._counts[group]
