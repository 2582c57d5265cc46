"""What a restore says to somebody who is tired: numbers that do not make up for each other, commands that can be copied."""

import shlex
from datetime import UTC, datetime, timedelta
from io import StringIO

from rich.console import Console

from actions.restore.intending import Intent
from actions.restore.loss import LiveNow, Loss, Then, compare
from actions.restore.restoring import CameBack
from bot.terminal.restore import came_back_page, loss_page

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def lost(now: dict[str, int], *, then: dict[str, int], estimated: frozenset[str] = frozenset()) -> Loss:
    live = LiveNow(rows=now, estimated=estimated, revisions=("a1",), database_bytes=1, sessions=0)
    return compare(Then(rows=then, taken_at=NOON, revisions=("a1",)), live, now=NOON, max_age=timedelta(days=1))


def said_of(loss: Loss) -> str:
    console = Console(file=StringIO(), width=120)
    console.print(*loss_page(loss), sep="\n")
    return console.file.getvalue()  # type: ignore[attr-defined]  # because it is a StringIO


def test_rows_that_come_back_in_one_table_do_not_hide_those_that_are_lost_in_another() -> None:
    loss = lost(
        {"public.orders": 1100, "public.bills": 800, "public.new": 5}, then={"public.orders": 1000, "public.bills": 900}
    )
    assert loss.rows_lost == 105
    assert "at least 105 rows would be lost" in said_of(loss)


def test_an_estimate_is_called_one_and_nothing_lost_says_nothing() -> None:
    assert "about 100 rows would be lost" in said_of(
        lost({"public.orders": 1100}, then={"public.orders": 1000}, estimated=frozenset({"public.orders"}))
    )
    assert "would be lost" not in said_of(lost({"public.orders": 900}, then={"public.orders": 1000}))


def test_the_commands_after_a_restore_can_be_copied_whatever_the_database_is_called() -> None:
    kept = "Agent's DB; $(reboot) of a very long name_before_20260102_120000"
    intent = Intent(
        service="orders", environment="production", database="x", as_name=None, source="orders_1", taken_at=NOON, state=None,
        notes=(), loss=None, no_loss_because=None, warnings=(), advice=(), restore_seconds=None, is_clone=False, content="x",
    )  # fmt: skip
    came = CameBack(database="x", kept_as=kept, safety="orders_2", seconds=1.0)
    commands = [each for each in came_back_page(intent, came) if isinstance(each, str)]
    assert [shlex.split(each) for each in commands] == [
        ["backout", "restore", "orders", "--kept", kept], ["backout", "restore", "orders", "--drop-kept", kept],
    ]  # fmt: skip
