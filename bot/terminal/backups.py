"""Backups as a table, as a card when one was made, and as facts for `--json`."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actions.history.values import BackupState
from actions.restore.checking import Condition
from actions.restore.listing import Listed, Listing, Place, There
from actions.restore.proving import Proof
from actions.restore.verdict import Checked
from bot.wording.measures import age, count, length, size

#: A sign beside each word: colour alone tells nothing to a printer or to colour-blind eyes.
LOOK: dict[BackupState | None, tuple[str, str, str]] = {
    BackupState.MAKING: ("…", "making", "cyan"),
    BackupState.MADE: ("○", "made", "yellow"),
    BackupState.PROVEN: ("✓", "proven", "green"),
    BackupState.FAILED: ("✗", "failed", "red"),
    BackupState.DELETED: ("-", "deleted", "dim"),
    None: ("?", "unknown", "yellow"),
}
SIGNS: dict[There, tuple[str, str]] = {
    There.KEPT: ("", ""),
    There.MISSING: ("✗", "bold red"),
    There.AWAY: ("?", "yellow"),
    There.COPYING: ("…", "cyan"),
    There.FAILED: ("✗", "red"),
    There.UNKNOWN: ("?", "dim"),
}
CONDITIONS: dict[Condition, tuple[str, str]] = {
    Condition.WHOLE: ("✓", "green"),
    Condition.DAMAGED: ("✗", "bold red"),
    Condition.MISSING: ("✗", "bold red"),
    Condition.AWAY: ("?", "yellow"),
}
NOTHING = "-"
MOST_FAULTS = 8


def state_word(state: BackupState | None) -> Text:
    sign, word, style = LOOK[state]
    return Text(f"{sign} {word}", style=style)


def listings_page(listings: Sequence[Listing], now: datetime, *, many: bool) -> Iterator[RenderableType]:
    """Each service with its stores by number, then its backups, the newest first."""
    for number, listing in enumerate(listings):
        if many:
            yield Text(f"{'' if number == 0 else chr(10)}{listing.service}", style="bold")
        if listing.backups:
            yield _Backups(listing=listing, now=now)
        else:
            yield Text(f"No backups of {listing.service} yet: backout backup {listing.service}")
        yield from _stores(listing)
        yield from _kept(listing, now)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Backups:
    """One line each where there is room, else the name on a line of its own: a name is never cut, it is to be copied.

    Not a `rich` table: there a remark would need a column, and would be cut or widen it.
    """

    listing: Listing
    now: datetime

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        rows = [_HEAD, *(self._row(each) for each in self.listing.backups)]
        widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
        narrow = sum(widths) + len(GAP) * (len(widths) - 1) > options.max_width
        if narrow:
            widths[0] = 1
        for number, row in enumerate(rows):
            if narrow and number:
                yield row[0]
            cells = [Text() if narrow else row[0], *row[1:]]
            yield Text(GAP).join(
                _aligned(cell, width, at) for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
            )
            if number:
                for remark in _remarks(self.listing.backups[number - 1]):
                    yield Padding(Text(remark, style="dim"), (0, 0, 0, 4))

    def _row(self, each: Listed) -> tuple[Text, ...]:
        return (
            Text(each.name), Text(age(each.taken_at, self.now)), Text(size(each.size_bytes)),
            Text((each.revision or NOTHING)[:8]), state_word(each.state), Text(restore_time(each)),
            _numbers(each, self.listing),
        )  # fmt: skip


_HEAD = tuple(Text(name, style="bold") for name in ("backup", "age", "size", "revision", "state", "restore", "in"))
_TO_THE_RIGHT = (1, 2, 5)
GAP = "  "


def _aligned(cell: Text, width: int, at: int) -> Text:
    padded = cell.copy()
    room = max(0, width - cell.cell_len)
    if at in _TO_THE_RIGHT:
        padded.pad_left(room)
    else:
        padded.pad_right(room)
    return padded


def restore_time(backup: Listed) -> str:
    """`41 s` as measured at its proof, `~ 41 s` in proportion to another's."""
    if backup.restore_seconds is None:
        return NOTHING
    return f"{'' if backup.restore_measured else '~ '}{length(backup.restore_seconds)}"


def _numbers(backup: Listed, listing: Listing) -> Text:
    """`1 2✗`: in which stores, by the numbers under the table."""
    text = Text()
    for place in backup.places:
        sign, style = SIGNS[place.there]
        elsewhere = "server" if backup.strategy == "clone" else "·"
        number = str(listing.stores.index(place.store) + 1) if place.store in listing.stores else elsewhere
        text.append(f"{' ' if text else ''}{number}{sign}", style=style)
    return text or Text(NOTHING)


def _remarks(backup: Listed) -> Iterator[str]:
    if backup.purpose and backup.purpose not in ("by hand", "schedule"):
        yield backup.purpose
    if backup.why:
        yield backup.why
    for place in backup.places:
        said = place.because is not None and backup.why is not None and place.because in backup.why
        if place.because and place.there is not There.AWAY and not said:
            yield f"{place.there} in {place.store}: {place.because}"


def _stores(listing: Listing) -> Iterator[Text]:
    for number, title in enumerate(listing.stores, 1):
        away = listing.away.get(title)
        if away:
            yield Text.assemble(f"{number} = {title}  ", (f"? does not answer: {away}", "yellow"))
        else:
            yield Text(f"{number} = {title}", style="dim")


def _kept(listing: Listing, now: datetime) -> Iterator[Text]:
    """They take room, and whoever closed the terminal after a restore finds their names here."""
    for each in listing.kept:
        yield Text(
            f"kept: {shlex.quote(each.name)}, {size(each.bytes)}, replaced {age(each.until, now)} ago: {each.because}"
        )
    if listing.kept:
        yield Text(f"    back in its place: backout restore {listing.service} --kept NAME", style="dim")
        yield Text(f"    gone for good:     backout restore {listing.service} --drop-kept NAME", style="dim")


def listed_facts(backup: Listed) -> dict[str, Any]:
    return {
        "name": backup.name,
        "service": backup.service,
        "strategy": backup.strategy,
        "taken_at": backup.taken_at,
        "state": backup.state or "unknown",
        "in_history": backup.state is not None,
        "why": backup.why,
        "purpose": backup.purpose,
        "revision": backup.revision,
        "size_bytes": backup.size_bytes,
        "rows": backup.rows,
        "restore_seconds": backup.restore_seconds,
        "restore_measured": backup.restore_measured,
        "stores": [place_facts(place) for place in backup.places],
    }


def checked_page(checked: Checked, service: str) -> Iterator[RenderableType]:
    yield Text.assemble((checked.name, "bold"), "  ") + state_word(checked.state)
    for copy in checked.copies:
        sign, style = CONDITIONS[copy.condition]
        what = f": {count(len(copy.faults), 'fault')}" if len(copy.faults) > 1 else ""
        amount = f", {size(copy.bytes)} read" if copy.condition is Condition.WHOLE else ""
        yield Text(f"{sign} {copy.store}: {copy.condition}{amount}{what}", style=style)
        for fault in copy.faults[:MOST_FAULTS]:
            yield Padding(Text(fault), (0, 0, 0, 4))
        if len(copy.faults) > MOST_FAULTS:
            yield Padding(
                Text(f"and {len(copy.faults) - MOST_FAULTS} more (--json has all)", style="dim"), (0, 0, 0, 4)
            )
    if checked.proved is not None:
        yield from _proof_lines(checked.proved)
    elif checked.not_proven:
        yield Text(f"? not proven: {checked.not_proven}", style="yellow")
    elif checked.fine:
        yield Text(
            f"That it can be restored is another question: backout backups {service} --check {checked.name} --prove",
            style="dim",
        )
    if checked.advice:
        yield Text("\nWhat to do", style="bold")
        yield from advice_lines(checked.advice)


def advice_lines(advice: Sequence[str]) -> Iterator[RenderableType]:
    for number, line in enumerate(advice, 1):
        table = Table.grid(padding=(0, 1))
        table.add_column(width=3, justify="right")
        table.add_column(overflow="fold")
        table.add_row(f"{number}.", line)
        yield table


def _proof_lines(proved: Proof) -> Iterator[RenderableType]:
    if not proved.faults:
        yield Text(f"✓ restored in {length(proved.restore_seconds)} and compared: all equal", style="green")
        return
    yield Text(f"✗ restored and compared: {count(len(proved.faults), 'difference')}", style="bold red")
    for fault in proved.faults[:MOST_FAULTS]:
        yield Padding(Text(fault), (0, 0, 0, 4))


def checked_facts(checked: Checked) -> dict[str, Any]:
    return {
        "name": checked.name,
        "state": checked.state or "unknown",
        "fine": checked.fine,
        "copies": [
            {"store": copy.store, "condition": copy.condition, "faults": list(copy.faults), "bytes": copy.bytes}
            for copy in checked.copies
        ],
        "proof": checked.proved.facts if checked.proved else None,
        "faults": list(checked.proved.faults) if checked.proved else [],
        "not_proven": checked.not_proven,
        "advice": list(checked.advice),
    }


def place_facts(place: Place) -> dict[str, Any]:
    return {"store": place.store, "state": place.there, "because": place.because}
