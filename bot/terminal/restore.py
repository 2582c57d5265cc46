"""What a restore is going to do and what is lost by it, before anybody says yes; and how it went."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actions.restore.intending import Intent
from actions.restore.loss import Loss, TableChange
from actions.restore.restoring import CameBack, CannotBackUp, FromDump
from actions.restore.swapping import Swapped
from bot.terminal.backups import advice_lines, state_word
from bot.wording.measures import count, length, span

#: The tables that lose most; the rest is a number.
MOST_TABLES = 8


def loss_page(loss: Loss) -> Iterator[RenderableType]:
    """The backup and the database as it is now, side by side."""
    old = Text(f"{span(loss.age)} old", style="bold red" if loss.too_old else "bold")
    yield Text.assemble("The backup is ", old, f", taken {loss.taken_at:%Y-%m-%d %H:%M} UTC.")
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for name in ("", "backup", "now", ""):
        table.add_column(name, justify="left" if not name else "right")
    about = "" if loss.exact else "about "
    table.add_row("revision", _revision(loss.revision_then), _revision(loss.revision_now), _same(loss))
    if not loss.counted:
        yield Padding(table, (0, 0, 0, 2))
        yield Text("How many rows the clone has is not known: it admits nobody.", style="dim")
        return
    table.add_row(
        "rows", f"{loss.rows_then:,}", f"{about}{loss.rows_now:,}",
        Text(f"{about or 'at least '}{count(loss.rows_lost, 'row')} would be lost" if loss.rows_lost else "", style="bold red"),
    )  # fmt: skip
    yield Padding(table, (0, 0, 0, 2))
    yield from _tables(loss.changed)
    yield Text(
        "Rows that were changed or deleted since then are again what they were, and of a table that lost some and got "
        "others only the difference is known; no number stands for these.", style="dim",
    )  # fmt: skip
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
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    for each in changed[:MOST_TABLES]:
        table.add_row(each.table, _change(each))
    yield Padding(table, (0, 0, 0, 2))
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


def intent_page(intent: Intent) -> Iterator[RenderableType]:
    """What is going to happen; what is lost; what else to think of."""
    yield Text(f"Restore of {intent.service} ({intent.environment})", style="bold")
    yield _source(intent)
    for note in intent.notes:
        yield Text(f"  {note}", style="dim")
    yield Text("\nWhat is going to happen", style="bold")
    yield from advice_lines(tuple(_steps(intent)))
    if intent.loss is not None:
        yield Text("\nWhat would be lost", style="bold")
        yield from loss_page(intent.loss)
    elif intent.no_loss_because:
        yield Text("\nWhat would be lost is not known", style="bold yellow")
        yield Text(f"  {intent.no_loss_because}")
    for warning in intent.warnings:
        yield Text(f"! {warning}", style="yellow")
    if intent.advice:
        yield Text("\nIt is older than the catalog's `max_age`", style="bold yellow")
        yield from advice_lines(intent.advice)


def _source(intent: Intent) -> Text:
    if isinstance(intent.content, FromDump):
        return Text(f"from the dump {intent.source}, taken {intent.taken_at:%Y-%m-%d %H:%M}")
    what = "the clone" if intent.is_clone else "backup"
    return Text(f"from {what} {intent.source}, ") + state_word(intent.state)


def _steps(intent: Intent) -> Iterator[str]:
    database, took = intent.database, intent.restore_seconds
    about = f", in about {length(took)}" if took else ""
    if intent.as_name is not None:
        yield f"A new database {intent.as_name} is made, filled{about}, and compared with what was backed up."
        yield f"{database}, the service's own, is not touched."
        return
    if intent.is_clone:
        yield f"Whoever is connected to {database} is ended; newcomers wait about a second."
        yield f"{database} and the clone change places, in one transaction. {database} as it is now is kept."
        return
    proven = ", and proven by restoring it elsewhere" if intent.in_place and intent.proves_safety else ""
    yield f"A safety backup of {database} as it is now is taken{proven}."
    if intent.in_place:
        yield f"In one transaction everything in {database} is dropped and the backup put in its place{about}."
        yield "Whoever uses it waits until that is over. Nothing is kept: the safety backup is the way back."
        return
    yield f"The backup comes into a new database beside it{about}, and is compared with what was backed up."
    yield f"Only then {database} and the new one change places, in one transaction: whoever is connected is ended."
    yield f"{database} as it is now is kept under another name, until you drop it."


def came_back_page(intent: Intent, came: CameBack) -> Iterator[RenderableType]:
    took = length(came.seconds)
    if intent.as_name is not None:
        yield Text(f"✓ Database {came.database} is there, filled and compared, after {took}.", style="green")
        yield Text("It is yours: drop it when you are done.", style="dim")
        return
    yield Text(f"✓ {intent.service} has its database back, after {took}.", style="bold green")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True, style="dim")
    facts.add_column(overflow="fold")
    facts.add_row("from", intent.source)
    if came.outage_seconds:
        facts.add_row("closed for", f"{length(came.outage_seconds)}; {count(came.ended_sessions, 'session')} ended")
    if isinstance(came.safety, str):
        facts.add_row("safety backup", came.safety)
    elif isinstance(came.safety, CannotBackUp):
        facts.add_row("safety backup", Text(f"none: {came.safety.why}", style="yellow"))
    if came.kept_as:
        facts.add_row("old database", f"{came.kept_as}, as it was")
    yield facts
    for warning in came.warnings:
        yield Text(f"! {warning}", style="yellow")
    if came.kept_as is None and isinstance(came.safety, str):
        yield Text("Look at the application now. The way back is the safety backup:")
        yield _command(intent.service, "--backup", came.safety, "--in-place")
    if came.kept_as:
        yield Text("Look at the application now. To undo it, in a second:")
        yield _command(intent.service, "--kept", came.kept_as)
        yield Text("When all is well:")
        yield _command(intent.service, "--drop-kept", came.kept_as)


def _command(*words: str) -> str:
    """To be copied: a database's name may have spaces and worse; and plain text is not broken at the terminal's width."""
    return f"  backout restore {shlex.join(words)}"


def kept_page(service: str, name: str, swapped: Swapped | None) -> Iterator[RenderableType]:
    if swapped is None:
        yield Text(f"Database {name} is dropped.")
        return
    yield Text(f"✓ {service} has {name} again; closed for {length(swapped.outage_seconds)}.", style="bold green")
    yield Text(f"What was there until now is kept as {swapped.kept_as}.")
    for warning in swapped.warnings:
        yield Text(f"! {warning}", style="yellow")


def came_back_facts(intent: Intent, came: CameBack) -> dict[str, Any]:
    loss = intent.loss
    return {
        "service": intent.service,
        "source": intent.source,
        "database": came.database,
        "kept_as": came.kept_as,
        "safety": came.safety if isinstance(came.safety, str) else None,
        "no_safety_because": came.safety.why if isinstance(came.safety, CannotBackUp) else None,
        "seconds": round(came.seconds, 3),
        "outage_seconds": round(came.outage_seconds, 3),
        "ended_sessions": came.ended_sessions,
        "warnings": list(came.warnings),
        "taken_at": intent.taken_at,
        "loss": None if loss is None else {
            "rows_then": loss.rows_then if loss.counted else None, "rows_before": loss.rows_now,
            "rows_lost_at_least": loss.rows_lost if loss.counted else None, "exact": loss.exact,
            "revision_then": list(loss.revision_then), "revision_before": list(loss.revision_now),
            "tables": {each.table: {"then": each.then, "before": each.now} for each in loss.changed},
        },
    }  # fmt: skip
