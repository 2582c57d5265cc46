"""What is put before people who decide on the command line: the assessment as it was kept, and the plan."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from actions.history.lifecycle import Status
from actions.history.values import Rollback, Step, StepStatus
from actions.run.offering import Choice, offers, where_the_writers_are
from bot.terminal.rollbacks import duration, status_word
from bot.terminal.runbooks import runbook_page, ticks_page
from bot.wording.assessed import lost_amount, lost_name, people_count
from bot.wording.rollbacks import STEP_SIGNS, minute, revisions, step_took

#: The first so many of anything; the rest is a `--json` away.
MOST = 6


def request_page(
    rollback: Rollback, shown: Mapping[str, Any] | None, steps: Sequence[Step]
) -> Iterator[RenderableType]:
    yield Text.assemble(
        (f"{rollback.id} ", "bold"), f"{rollback.service} ({rollback.environment}) ", revisions(rollback), "  "
    ) + status_word(rollback.status)
    if shown is not None and rollback.started_at is None:
        yield from _consequence(shown)
        yield from _policy(shown.get("policy") or {})
    if rollback.started_at is not None:
        yield Text("\nHow far it is" if rollback.live else "\nWhat was done", style="bold")
        yield steps_live(steps, None)
    elif steps:
        yield Text("\nWhat would be done", style="bold")
        yield plan_table(steps)
    if rollback.outcome:
        yield Text(f"\n{rollback.outcome}")
    yield from _next(rollback, steps)


def plan_table(steps: Sequence[Step]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2), show_header=False)
    for step in steps:
        mark = Text("  ▲ no way back from here without the backup", style="bold red") if step.destructive else Text("")
        table.add_row(Text(f"  {step.position}", style="dim"), Text(step.title), mark)
    return table


def _consequence(shown: Mapping[str, Any]) -> Iterator[RenderableType]:
    risk = str(shown.get("risk", "unknown"))
    style = {"none": "green", "low": "green", "medium": "yellow"}.get(risk, "bold red")
    book = shown.get("runbook")
    if book:
        yield from runbook_page(book, risk, style)
    else:
        yield Text.assemble(f"Strategy {shown.get('strategy', 'downgrade')}, ", (f"{risk} risk", style))
    lost = [entry for entry in shown.get("ledger") or [] if entry["rows"]]
    if lost:
        yield Text("\nWhat would be lost", style="bold")
        for entry in sorted(lost, key=lambda each: -each["rows"])[:MOST]:
            amount = lost_amount(entry["rows"], entry["column"], exact=entry["exact"])
            yield Text(f"  {lost_name(entry['table'], entry['column'])}: {amount}")
    elif not book or shown.get("path"):
        yield Text("Nothing that was counted would be lost.")
    findings = shown.get("findings") or []
    if findings:
        yield Text("\nWhat we found", style="bold")
        for finding in findings[:MOST]:
            yield Text(f"  {finding['severity']}  {finding['code']}  {finding['message']}")
        if len(findings) > MOST:
            yield Text(f"  and {len(findings) - MOST} more (--json)", style="dim")


def _policy(policy: Mapping[str, Any]) -> Iterator[RenderableType]:
    said = {
        "allow": "The policy allows it.",
        "approve": f"The policy wants the approval of {people_count(policy.get('approvals', 0))}.",
        "refuse": "The policy refuses it.",
    }.get(str(policy.get("verdict")), "")
    yield Text(f"\n{said}", style="bold")
    for reason in policy.get("reasons") or []:
        yield Text(f"  · {reason}")


def _next(rollback: Rollback, steps: Sequence[Step]) -> Iterator[RenderableType]:
    match rollback.status:
        case Status.WAITING:
            digest = (rollback.digest or "")[:16]
            until = f" until {minute(rollback.expires_at)} UTC" if rollback.expires_at else ""
            yield Text(f"\nWaiting for approval{until}:", style="bold")
            yield Text(f"  backout approve {rollback.id} --digest {digest}")
            yield Text(f"  backout reject {rollback.id} --because ...")
        case Status.ASSESSING | Status.APPROVED | Status.RUNNING | Status.UNDOING:
            yield from ticks_page(rollback, steps)
            yield Text(f"\nbackout status {rollback.id} --watch", style="dim")
        case Status.CHOOSING:
            yield from offers_page(rollback, steps)
        case Status.HALTED:
            yield Text("\nA person must look, then:", style="bold")
            yield Text(f'  backout resume {rollback.id} --onward | --back | --give-up --seen "what you found"')
        case _:
            yield Text(f"\nbackout show {rollback.id}", style="dim")


def offers_page(rollback: Rollback, steps: Sequence[Step]) -> Iterator[RenderableType]:
    """After a failure behind the point of no return: each way on, with what it costs."""
    yield Text(f"\n{where_the_writers_are(steps)} Nothing goes on before somebody chooses:", style="bold")
    commands = {
        Choice.RETRY: f"backout retry {rollback.id}", Choice.RESTORE: f"backout resume {rollback.id} --restore",
        Choice.KEEP: f"backout resume {rollback.id} --keep",
    }  # fmt: skip
    for offer in offers(steps):
        if not offer.possible:
            yield Text(f"  · {offer.what}", style="dim")
            continue
        takes = "" if offer.seconds is None else f" Takes about {duration(timedelta(seconds=offer.seconds))}."
        yield Text(f"  {commands[offer.choice]}")
        yield Text(f"      {offer.what}{takes}", style="dim")


STEP_STYLES: Mapping[StepStatus, str] = {
    StepStatus.DONE: "green", StepStatus.RUNNING: "cyan", StepStatus.FAILED: "red", StepStatus.UNDOING: "yellow",
    StepStatus.UNDONE: "dim", StepStatus.SKIPPED: "dim", StepStatus.STUCK: "bold red", StepStatus.PENDING: "dim",
}  # fmt: skip


def steps_live(steps: Sequence[Step], progress: Mapping[str, Any] | None) -> Table:
    """The live list: what is done, what runs, how long each took, how far the one of now is."""
    table = Table(box=None, pad_edge=False, padding=(0, 2), show_header=False)
    for step in steps:
        length = step_took(step)
        took = duration(length) if length is not None else ""
        more = ""
        if progress and progress.get("step") == step.name:
            share = progress.get("share")
            more = f"{progress.get('words', '')}{'' if share is None else f' {share:.0%}'}"
        if step.result and "left_out" in step.result:
            more = f"failed, and is optional: {step.result['left_out']}"
        if step.error:
            more = str(step.error.get("what", ""))
        expected = f"expected {duration(step.predicted)}" if isinstance(step.predicted, timedelta) and not took else ""
        table.add_row(
            Text(f"  {STEP_SIGNS[step.status]}", style=STEP_STYLES[step.status]),
            Text(step.title),
            Text(took or expected, style="dim"),
            Text(more, style="dim"),
        )
    return table
