"""The Home tab: what is open, every service, what was last. One view, the same for everybody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from actions.history.values import BackupRecord, BackupState, Rollback
from bot.render.blocks import button, context, divider, header, row, section
from bot.render.buttons import Button, Dialog, Page, decode_service
from bot.render.foreign import code, foreign, plain
from bot.render.limits import fit_view
from bot.render.lists import BACKUP_WORDS, rollback_line, show_button
from bot.render.message import Block, View
from bot.render.people import moment
from bot.render.states import state
from bot.wording.measures import age, count

#: Services on one page: with everything else under a hundred blocks.
ON_A_PAGE: Final = 25
MOST_OPEN: Final = 20
MOST_RECENT: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceNow:
    """One service as Home shows it. None: not known."""

    name: str
    environment: str
    revision: str | None
    since: datetime | None
    backup: BackupRecord | None
    open: Rollback | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePage:
    #: All of them; which are shown is a matter of the page.
    services: tuple[ServiceNow, ...]
    recent: tuple[Rollback, ...]
    at: datetime
    page: int = 1


def home(shown: HomePage) -> View:
    return fit_view({"type": "home", "callback_id": Dialog.HOME.value, "blocks": list(_blocks(shown))})


def pages(services: int) -> int:
    return max(1, -(-services // ON_A_PAGE))


def _blocks(shown: HomePage) -> Iterator[Block]:
    open_ones = [each.open for each in shown.services if each.open is not None]
    yield header("Backout")
    yield section(_verdict(open_ones, len(shown.services)), name="verdict")
    yield row(
        button("Take a service back…", Button.START, spoken="Open the dialog for a new rollback", style="primary"),
    )  # fmt: skip
    if open_ones:
        yield header("Open now")
        for each in open_ones[:MOST_OPEN]:
            yield section(rollback_line(each, shown.at), name="open", accessory=show_button(each))
        if len(open_ones) > MOST_OPEN:
            yield context(f"… ({len(open_ones) - MOST_OPEN} more: `/rollback status`)")
    yield from _services(shown)
    yield header("Last rollbacks")
    if not shown.recent:
        yield section("None yet.")
    for each in shown.recent[:MOST_RECENT]:
        yield section(rollback_line(each, shown.at), name="recent", accessory=show_button(each))
    yield context(f"As of {moment(shown.at)}. `/rollback help` has everything that can be said.")


def _verdict(open_ones: Sequence[Rollback], services: int) -> str:
    if not services:
        return "The catalog has no services yet: describe one in `backout.yml`, and it appears here."
    if not open_ones:
        return f"🟢 *No rollback is open.* {count(services, 'service')} can be taken back."
    return f"🔔 *{count(len(open_ones), 'rollback')} open.*"


def _services(shown: HomePage) -> Iterator[Block]:
    last = pages(len(shown.services))
    page = min(max(shown.page, 1), last)
    here = shown.services[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    if not here:
        return
    yield divider()
    yield header(f"Services{f', page {page} of {last}' if last > 1 else ''}")
    for each in here:
        yield _service(each, shown.at)
    if last > 1:
        before = [
            button("◀ Before", Button.HOME_BEFORE, Page(number=page - 1).encode(), spoken=f"Services, page {page - 1}")
        ]
        after = [
            button("Next ▶", Button.HOME_PAGE, Page(number=page + 1).encode(), spoken=f"Services, page {page + 1}")
        ]
        yield row(*(before if page > 1 else []), *(after if page < last else []), name="pages")
    yield divider()


def _service(each: ServiceNow, at: datetime) -> Block:
    start = button(
        "Take it back…",
        Button.START,
        decode_service(each.name) or "",
        spoken=f"Open the dialog to take {plain(each.name, 40)} back",
    )
    there = f"at {code(each.revision, 40)}" if each.revision else "revision not known"
    since = f", since {moment(each.since)}" if each.since else ""
    lines = [
        f"*{foreign(each.name, 60)}* ({foreign(each.environment, 20)}) {there}{since}",
        _backup(each.backup, at),
    ]
    if each.open is not None:
        lines.append(f"🔔 {each.open.id} {state(each.open.status)}")
    return section("\n".join(lines), name="service", accessory=start if each.open is None else show_button(each.open))


def _backup(backup: BackupRecord | None, at: datetime) -> str:
    if backup is None:
        return "⚠️ No backup is known."
    taken = age(backup.made_at or backup.started_at, at)
    if backup.state is BackupState.PROVEN:
        return f"Last backup {taken} old: {BACKUP_WORDS[backup.state]}"
    return f"⚠️ Last backup {taken} old: {BACKUP_WORDS[backup.state]}"
