"""Answers to `/rollback status`, `history` and `backups`."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from actions.history.values import BackupState, Rollback
from actions.restore.listing import Listed, Listing, There
from bot.render.blocks import button, context, header, row, section
from bot.render.buttons import Button, Page
from bot.render.foreign import code, foreign, plain, worded
from bot.render.message import Block, Message, message
from bot.render.people import moment, person, with_names
from bot.render.states import state
from bot.wording.measures import age, count, length, size
from bot.wording.rollbacks import revisions, took

#: As many as fit with room to spare.
MOST = 15
BACKUP_WORDS = {
    BackupState.MAKING: "⏳ being made", BackupState.MADE: "🟡 complete, not proven",
    BackupState.PROVEN: "✅ proven by restoring it", BackupState.FAILED: "❌ failed", BackupState.DELETED: "🗑️ deleted",
    None: "❔ not known to the history",
}  # fmt: skip


def open_ones(rollbacks: Sequence[Rollback], at: datetime, *, service: str | None = None) -> Message:
    if not rollbacks:
        text = f"🟢 No rollback of {foreign(service, 60)} is open." if service else "🟢 No rollback is open."
        return message(text, section(text), row(_start()))
    text = f"{count(len(rollbacks), 'rollback')} open: {', '.join(f'{r.id} {foreign(r.service, 40)}' for r in rollbacks[:5])}"
    blocks = [_line(each, at) for each in rollbacks[:MOST]]
    return message(text, header(f"{count(len(rollbacks), 'rollback')} open"), *blocks, *_more(len(rollbacks) - MOST))


def history_page(rollbacks: Sequence[Rollback], *, service: str | None, more: bool, at: datetime) -> Message:
    """The newest first; `more`: a button for older ones."""
    of = f" of {plain(service, 60)}" if service else ""
    if not rollbacks:
        text = f"No rollbacks of {foreign(service, 60)} yet." if service else "No rollbacks yet."
        return message(text, section(text))
    last = rollbacks[:MOST][-1]
    blocks = [_line(each, at) for each in rollbacks[:MOST]]
    said = f" of {foreign(service, 60)}" if service else ""
    text = f"Rollbacks{said}, the newest first: {rollbacks[0].id} {state(rollbacks[0].status)}"
    older = [row(button(
        "Older ones", Button.HISTORY_PAGE, Page(before=last.id, service=service).encode(), spoken=f"Rollbacks before {last.id}",
    ))] if more or len(rollbacks) > MOST else []  # fmt: skip
    return message(text, header(f"Rollbacks{of}"), *blocks, *older)


def _line(each: Rollback, at: datetime) -> Block:
    return section(rollback_line(each, at), name="rollback", accessory=show_button(each))


def rollback_line(each: Rollback, at: datetime) -> str:
    """Which, how it stands or ended, along what, by whom, when."""
    took_ = took(each)
    time = f", in {length(took_.total_seconds())}" if took_ is not None and each.started_at else ""
    open_for = f", open for {age(each.requested_at, at)}" if each.live else ""
    outcome = f"\n{with_names(worded(each.outcome, 200))}" if each.outcome else ""
    risk = f", {each.risk} risk" if each.risk else ""
    return (
        f"*{each.id}* {foreign(each.service, 60)} ({foreign(each.environment, 20)}): *{state(each.status)}*{time}{open_for}\n"
        f"{code(revisions(each), 60)}{risk}. By {person(each.requester)} {moment(each.requested_at)}{outcome}"
    )


def show_button(each: Rollback) -> Block:
    return button("Show", Button.SHOW, str(each.id), spoken=f"Show {each.id} of {plain(each.service, 40)}")


def _start() -> Block:
    return button("Take a service back…", Button.START, spoken="Open the dialog for a new rollback")


def _more(left: int) -> Iterator[Block]:
    if left > 0:
        yield context(f"… ({left} more)")


def backups_page(listing: Listing, at: datetime) -> Message:
    name = foreign(listing.service, 60)
    proven = next((each for each in listing.backups if each.state is BackupState.PROVEN and each.restorable), None)
    if not listing.backups:
        text = f"⚠️ There is no backup of {name}."
        return message(
            text, section(f"{text}\n→ At a terminal: {code(f'backout backup {listing.service}')}"), *_away(listing)
        )
    verdict = (
        f"✅ {name}: the newest proven backup is {age(proven.taken_at, at)} old."
        if proven is not None
        else f"⚠️ {name}: no backup is proven. None was ever restored, so none can be counted on."
    )
    blocks = [section(_backup(each, at), name="backup") for each in listing.backups[:MOST]]
    return message(
        verdict, section(f"*{verdict}*", name="verdict"), *blocks, *_more(len(listing.backups) - MOST), *_away(listing)
    )


def _backup(each: Listed, at: datetime) -> str:
    lost = [place for place in each.places if place.there not in (There.KEPT, There.COPYING)]
    trouble = "".join(
        f"\n⚠️ {foreign(place.store, 60)}: {foreign(place.because or str(place.there), 160)}" for place in lost[:3]
    )
    why = f" ({foreign(each.why, 160)})" if each.why else ""
    back = ""
    if each.restore_seconds is not None:
        measured = "" if each.restore_measured else "about "
        back = f", back in {measured}{length(each.restore_seconds)}"
    at_revision = f", at {code(each.revision, 40)}" if each.revision else ""
    for_ = f", {foreign(each.purpose, 60)}" if each.purpose else ""
    return (
        f"*{BACKUP_WORDS[each.state]}*{why}, {age(each.taken_at, at)} old, {size(each.size_bytes)}{back}{at_revision}{for_}\n"
        f"{code(each.name, 120)}{trouble}"
    )


def _away(listing: Listing) -> Iterator[Block]:
    for store, why in list(listing.away.items())[:5]:
        yield context(
            f"🔌 The store {foreign(store, 80)} does not answer, so nobody knows what it has: {foreign(why, 200)}"
        )
