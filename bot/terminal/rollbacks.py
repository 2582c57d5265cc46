"""Rollbacks as tables and pages of a terminal, and as facts for `--json`."""

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from actions.history.lifecycle import Status
from actions.history.queries import Story
from actions.history.values import Event, Rollback, RollbackId

#: A sign beside each word: colour alone tells nothing to a printer or to colour-blind eyes.
LOOK: dict[Status, tuple[str, str]] = {
    Status.ASSESSING: ("…", "cyan"),
    Status.WAITING: ("?", "yellow"),
    Status.APPROVED: ("✓", "cyan"),
    Status.RUNNING: ("▶", "cyan"),
    Status.UNDOING: ("↶", "yellow"),
    Status.CHOOSING: ("?", "bold yellow"),
    Status.HALTED: ("■", "bold red"),
    Status.SUCCEEDED: ("✓", "green"),
    Status.FAILED: ("✗", "red"),
    Status.STOPPED: ("-", "dim"),
    Status.REFUSED: ("✗", "yellow"),
    Status.REJECTED: ("✗", "yellow"),
    Status.EXPIRED: ("-", "dim"),
}


def status_word(status: Status) -> Text:
    sign, style = LOOK[status]
    return Text(f"{sign} {status}", style=style)


def minute(moment: datetime | None) -> str:
    """In UTC, to the minute: what everybody in a call understands."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "-"


def duration(length: timedelta | None) -> str:
    if length is None:
        return "-"
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{length.total_seconds():.1f} s"
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h {rest // 60:02} min" if hours else f"{rest // 60} min {rest % 60:02} s"


def revisions(rollback: Rollback) -> str:
    if rollback.from_revision is None and rollback.to_revision is None:
        return f"→ {rollback.target}"
    return f"{(rollback.from_revision or '?')[:12]} → {(rollback.to_revision or '?')[:12]}"


def rollbacks_table(rollbacks: Iterable[Rollback]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "when (UTC)", "service", "revisions", "risk", "status", "by", "took"):
        table.add_column(name, no_wrap=name != "service")
    for each in rollbacks:
        took = each.finished_at - (each.started_at or each.requested_at) if each.finished_at else None
        table.add_row(
            str(each.id), minute(each.requested_at), each.service, revisions(each), each.risk or "-",
            status_word(each.status), each.requester, duration(took),
        )  # fmt: skip
    return table


def story_page(story: Story) -> Iterator[RenderableType]:
    """One rollback: what and why, how it went step by step, who said what, and every entry about it."""
    rollback = story.rollback
    yield Text.assemble((f"{rollback.id} ", "bold"), f"{rollback.service} ({rollback.environment})  ") + status_word(
        rollback.status
    )
    facts = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _facts(rollback):
        facts.add_row(Text(name, style="dim"), Text(value))
    yield facts
    if story.steps:
        yield _steps_table(story)
    if story.approvals:
        yield _voices_table(story)
    yield _events_table(story.events)
    if story.more_after is not None:
        yield f"More entries: backout show {rollback.id} --after {story.more_after}"


def _facts(rollback: Rollback) -> Iterator[tuple[str, str]]:
    yield "asked", f"{minute(rollback.requested_at)} by {rollback.requester}"
    if rollback.reason:
        yield "because", rollback.reason
    yield "from → to", revisions(rollback)
    yield "runbook", rollback.runbook + (f", strategy {rollback.strategy}" if rollback.strategy else "")
    if rollback.risk:
        yield "risk", str(rollback.risk)
    for name, moment in (("started", rollback.started_at), ("finished", rollback.finished_at)):
        if moment:
            yield name, minute(moment)
    if rollback.outcome:
        yield "outcome", rollback.outcome


def _steps_table(story: Story) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="Steps", title_justify="left")
    for name in ("", "step", "status", "tries", "took"):
        table.add_column(name)
    for step in story.steps:
        took = step.finished_at - step.started_at if step.finished_at and step.started_at else None
        table.add_row(str(step.position), step.title, str(step.status), str(step.attempts or "-"), duration(took))
    return table


def _voices_table(story: Story) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="Decisions", title_justify="left")
    for name in ("when (UTC)", "who", "said", "note"):
        table.add_column(name)
    for voice in story.approvals:
        notes = [voice.reason or "", "override" if voice.override else "", voice.voided_because or ""]
        note = ", ".join(part for part in notes if part)
        table.add_row(minute(voice.given_at), voice.person, str(voice.voice), note)
    return table


def _events_table(events: Iterable[Event]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="Record", title_justify="left")
    for name in ("entry", "when (UTC)", "what", "by"):
        table.add_column(name)
    for event in events:
        table.add_row(str(event.seq), event.at.strftime("%Y-%m-%d %H:%M:%S"), event.kind, event.actor)
    return table


def facts_of(value: Any) -> Any:
    """A frozen value as JSON facts: names of fields as they are, RB-numbers as people write them."""
    if isinstance(value, RollbackId):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return {name: facts_of(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, list | tuple):
        return [facts_of(each) for each in value]
    return value
