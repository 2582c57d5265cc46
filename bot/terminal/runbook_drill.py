"""What a runbook would do, and how its rehearsal went, on a terminal."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from actions.run.runbooks.drilling import How, Rehearsal
from actions.run.runbooks.previewing import Preview, said_command

#: So many files of one step are named; all of them are in `--json`.
FILES = 12
LOOK = {How.DONE: ("✓", "green"), How.LOOKED_AT: ("○", "cyan"), How.FAILED: ("✗", "bold red")}


def runbook_drill_page(done: Rehearsal) -> Iterator[RenderableType]:
    part = "" if done.target == "all" else f", {done.target}"
    how = "what would be done" if done.dry_run else "rehearsed in a throw-away tree"
    yield Text(f"Runbook {done.runbook}{part} of {done.service} ({done.environment}): {how}", "bold")
    for number, each in enumerate(done.previews, start=1):
        yield from _step(number, each)
    if done.findings:
        yield Text("\nWhat we found", style="bold")
        for finding in done.findings:
            yield Text(f"  {finding['severity']}  {finding['code']}  {finding['message']}")
    if done.points:
        yield Text("\nHow it went", style="bold")
        for point in done.points:
            sign, style = LOOK[point.how]
            yield Text.assemble((f"  {sign} ", style), point.title, (f"  {point.said}", "dim"))
    verdict = "It can be done." if done.passed else "It could not be done like this."
    yield Text(f"\n{verdict} Nothing of the service was touched.", style="bold" if done.passed else "bold red")


def _step(number: int, each: Preview) -> Iterator[RenderableType]:
    marks = [
        mark for mark, is_so in (
            ("a person", each.for_person), ("optional", each.optional), ("no way back", each.no_way_back),
        ) if is_so
    ]  # fmt: skip
    yield Text.assemble((f"{number:>3}  ", "dim"), each.title, (f"  ({', '.join(marks)})" if marks else "", "yellow"))
    for command in each.commands:
        yield Text(f"       $ {said_command(command)}")
    if each.statement:
        yield Text(f"       SQL: {each.statement}")
    for name in each.files[:FILES]:
        yield Text(f"       file {name}", style="dim")
    if len(each.files) > FILES:
        yield Text(f"       and {len(each.files) - FILES} more files", style="dim")
    if each.undo != ("nothing to undo",):
        yield Text(f"       undo: {'; '.join(each.undo)}", style="dim")
