"""What a restore is going to do and what is lost by it, before anybody says yes; and how it went."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actions.restore.loss import Loss, TableChange
from bot.terminal.measures import count, span

#: The tables that lose most; the rest is a number.
MOST_TABLES = 8


def loss_page(loss: Loss) -> Iterator[RenderableType]:
    """The backup and the database as it is now, side by side."""
    old = Text(f"{span(loss.age)} old", style="bold red" if loss.too_old else "bold")
    yield Text.assemble("The backup is ", old, f", taken {loss.taken_at:%Y-%m-%d %H:%M} UTC.")
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 2), header_style="dim")
    for name in ("", "backup", "now", ""):
        table.add_column(name, justify="left" if not name else "right")
    about = "" if loss.exact else "about "
    more = loss.rows_now - loss.rows_then
    table.add_row("revision", _revision(loss.revision_then), _revision(loss.revision_now), _same(loss))
    table.add_row(
        "rows", f"{loss.rows_then:,}", f"{about}{loss.rows_now:,}",
        Text(f"{about}{count(more, 'row')} would be lost" if more > 0 else "", style="bold red"),
    )  # fmt: skip
    yield table
    yield from _tables(loss.changed)
    yield Text("Rows that were changed since then go back to what they were; no number stands for these.", style="dim")
    if loss.sessions:
        yield Text(f"{count(loss.sessions, 'session')} connected now; they are ended when the databases are swapped.")


def _revision(revisions: Sequence[str]) -> str:
    return ", ".join(revisions) or "-"


def _same(loss: Loss) -> Text:
    if set(loss.revision_then) == set(loss.revision_now):
        return Text("the same")
    return Text("another: the application must fit the backup's", style="yellow")


def _tables(changed: Sequence[TableChange]) -> Iterator[RenderableType]:
    if not changed:
        yield Text("Every table has as many rows as then.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 2), show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    for each in changed[:MOST_TABLES]:
        table.add_row(each.table, _change(each))
    yield table
    if len(changed) > MOST_TABLES:
        yield Padding(Text(f"and {len(changed) - MOST_TABLES} more tables", style="dim"), (0, 0, 0, 2))


def _change(each: TableChange) -> Text:
    about = "" if each.exact else "about "
    if each.then is None:
        return Text(f"not in the backup; {about}{count(each.now or 0, 'row')} now", style="red")
    if each.now is None:
        return Text(f"comes back with {count(each.then, 'row')}")
    if each.difference > 0:
        return Text(f"{about}{each.difference:,} more now than then ({each.then:,})", style="red")
    return Text(f"{about}{-each.difference:,} come back ({each.then:,} then)")


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
