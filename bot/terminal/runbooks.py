"""A declared runbook on a terminal: what of it is taken back, what it costs, and what people have to tick."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from actions.history.values import Rollback, Step
from actions.run.runbooks.tickable import tickables

#: The first so many of anything; the rest is a `--json` away.
MOST = 6


def runbook_page(book: Mapping[str, Any], risk: str, style: str) -> Iterator[RenderableType]:
    part = "" if book["target"] == "all" else f", {book['target']}"
    time = f", {book['expected_time']}" if book.get("expected_time") else ""
    note = f" ({book['risk_note']})" if book.get("risk_note") else ""
    yield Text.assemble(f"Runbook {book['title']}{part}: ", (f"{risk} risk", style), f"{note}{time}")
    for phase in book.get("phases") or []:
        about = [f"{phase['risk']} risk", phase.get("risk_note"), phase.get("expected_time"), phase.get("note")]
        yield Text(f"  phase {phase['title']}: {', '.join(str(each) for each in about if each)}", style="dim")
    kept = (book.get("scope") or {}).get("keeps") or []
    if kept:
        yield Text(f"  stays as it is: {', '.join(kept)}", style="dim")
    triggers = book.get("triggers") or []
    if triggers:
        more = f" and {len(triggers) - MOST} more" if len(triggers) > MOST else ""
        yield Text(f"  meant for: {'; '.join(triggers[:MOST])}{more}", style="dim")


def ticks_page(rollback: Rollback, steps: Sequence[Step]) -> Iterator[RenderableType]:
    """What the run stands still for."""
    waiting = [each for each in tickables(steps) if each.waits]
    if waiting:
        yield Text("\nA person has to tick this off:", style="bold")
    for each in waiting:
        yield Text(f"  {each.title}")
        yield Text(f'  backout tick {rollback.id} {each.step}     (or --fails "what you saw")', style="dim")
