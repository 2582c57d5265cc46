"""A drill's report on one screen: the verdict, then point by point."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actions.restore.drill import Drill, Outcome, Point
from bot.wording.measures import count, length

LOOK: dict[Outcome, tuple[str, str]] = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.SKIPPED: ("-", "yellow"),
    Outcome.NOT_RUN: ("○", "cyan"),
}


def drill_page(drill: Drill, report: Mapping[str, object]) -> Iterator[RenderableType]:
    yield Text(f"Rollback test of {drill.service} ({drill.environment}){', dry run' if drill.dry_run else ''}", "bold")
    for point in drill.points:
        yield _line(point)
        yield from _more(point)
    yield _verdict(drill)
    yield from _files(report)


def _line(point: Point) -> RenderableType:
    sign, style = LOOK[point.outcome]
    table = Table.grid(padding=(0, 1))
    table.add_column(width=2)
    table.add_column(width=1)
    table.add_column(overflow="fold")
    said = Text.assemble(
        (point.title, "bold" if point.outcome is Outcome.FAILED else ""), ": ", (point.said, _plain(style))
    )
    if point.seconds >= 1:
        said.append(f"  ({length(point.seconds)})", style="dim")
    table.add_row(f"{point.number}.", Text(sign, style=style), said)
    return table


def _plain(style: str) -> str:
    return "" if style in ("green", "cyan") else style


def _more(point: Point) -> Iterator[RenderableType]:
    if point.next_step:
        yield Padding(Text(f"→ {point.next_step}"), (0, 0, 0, 5))
    steps = point.details.get("would_run")
    for step in steps if isinstance(steps, list) else ():
        yield Padding(Text(str(step), style="dim"), (0, 0, 0, 5))


def _verdict(drill: Drill) -> Text:
    passed = sum(point.outcome is Outcome.PASSED for point in drill.points)
    took = f" in {length(drill.seconds)}"
    if drill.passed and drill.dry_run:
        return Text(
            f"{passed} of {count(len(drill.points), 'point')} passed{took}; the restore was not run.", style="green"
        )
    if drill.passed:
        return Text(f"All {count(len(drill.points), 'point')} passed{took}: it can be brought back.", style="green")
    bad = [str(point.number) for point in drill.points if point.outcome in (Outcome.FAILED, Outcome.SKIPPED)]
    return Text(
        f"Not passed: {', '.join(bad)} of {len(drill.points)}. Do not count on a restore before that is mended.",
        style="bold red",
    )


def _files(report: Mapping[str, object]) -> Iterator[Text]:
    files = report.get("files")
    if isinstance(files, dict):
        for name in ("report", "page", "backup"):
            if files.get(name):
                yield Text(f"{name:<6}  {files[name]}", style="dim")
