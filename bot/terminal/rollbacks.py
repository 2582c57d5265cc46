"""Rollbacks as tables and pages of a terminal, and as facts for `--json`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import is_dataclass
from datetime import timedelta
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from actions.history.lifecycle import Status
from actions.history.queries import Story
from actions.history.values import Event, Rollback, RollbackId
from actions.history.wishes import CALLED, CALLED_NEXT
from bot.wording.rollbacks import (
    SIGNS,
    about,
    minute,
    revisions,
    short_actor,
    step_state,
    step_took,
    to_be_called,
    took,
    troubles,
    voice_note,
)

STYLES: dict[Status, str] = {
    Status.ASSESSING: "cyan",
    Status.WAITING: "yellow",
    Status.APPROVED: "cyan",
    Status.RUNNING: "cyan",
    Status.UNDOING: "yellow",
    Status.CHOOSING: "bold yellow",
    Status.HALTED: "bold red",
    Status.SUCCEEDED: "green",
    Status.FAILED: "red",
    Status.STOPPED: "dim",
    Status.REFUSED: "yellow",
    Status.REJECTED: "yellow",
    Status.EXPIRED: "dim",
}


def status_word(status: Status) -> Text:
    return Text(f"{SIGNS[status]} {status}", style=STYLES[status])


def duration(length: timedelta | None) -> str:
    if length is None:
        return "-"
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{length.total_seconds():.1f} s"
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h {rest // 60:02} min" if hours else f"{rest // 60} min {rest % 60:02} s"


def rollbacks_table(rollbacks: Iterable[Rollback]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "when (UTC)", "service", "revisions", "risk", "status", "by", "took"):
        table.add_column(name, no_wrap=name != "service")
    for each in rollbacks:
        table.add_row(
            str(each.id), minute(each.requested_at), each.service, revisions(each), each.risk or "-",
            status_word(each.status), each.requester, duration(took(each)),
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
    if rollback.status is Status.CHOOSING:
        from bot.terminal.shown import offers_page

        yield from offers_page(rollback, story.steps)
    yield from _contacts(story.events)
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
    for name in ("", "step", "status", "tries", "expected", "took"):
        table.add_column(name, no_wrap=name != "step", justify="right" if name in ("expected", "took") else "left")
    for step in story.steps:
        table.add_row(
            str(step.position),
            step.title,
            step_state(step),
            str(step.attempts or "-"),
            duration(step.predicted),
            duration(step_took(step)),
        )
        for said in troubles(step):
            table.add_row("", Text(f"  {said}", style="red"))
    return table


def _contacts(events: Iterable[Event]) -> Iterator[RenderableType]:
    for event in events:
        if event.kind == CALLED:
            yield Text(f"Escalated {minute(event.at)} UTC: {event.details.get('because')}", style="bold red")
            yield Text(f"  Call, in this order: {to_be_called(event)}")
        elif event.kind == CALLED_NEXT:
            yield Text(
                f"  Since {minute(event.at)} UTC: {event.details.get('contact')}; {event.details.get('because')}"
            )


def _voices_table(story: Story) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="Decisions", title_justify="left")
    for name in ("when (UTC)", "who", "said", "note"):
        table.add_column(name)
    for voice in story.approvals:
        table.add_row(minute(voice.given_at), voice.person, str(voice.voice), voice_note(voice))
    return table


def _events_table(events: Sequence[Event]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="Record", title_justify="left")
    days = sorted({event.at.date() for event in events})
    one_day = len(days) == 1
    for name in ("entry", f"{days[0]} UTC" if one_day else "when (UTC)"):
        table.add_column(name, no_wrap=True)
    table.add_column("what", overflow="fold")
    table.add_column("by", no_wrap=True)
    for event in events:
        when = event.at.strftime("%H:%M:%S" if one_day else "%Y-%m-%d %H:%M:%S")
        said = Text(event.kind, style=_ENTRY_LOOK.get(event.kind.rpartition(".")[2], ""))
        table.add_row(
            str(event.seq), when, said + Text(f"  {about(event)}".rstrip(), style="dim"), short_actor(event.actor)
        )
    return table


#: What must not be overlooked among many.
_ENTRY_LOOK = {
    "failed": "red",
    "stuck": "bold red",
    "halted": "bold red",
    "choosing": "bold yellow",
    "turned_away": "yellow",
}


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
