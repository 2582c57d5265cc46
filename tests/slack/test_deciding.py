"""What people decide and look at in Slack, through its buttons and dialogs, with the real program behind them."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from bot.sandbox.sandbox import Sandbox
from tests.slack.serving import (
    FIRST,
    MANIFEST,
    PLANTED,
    SLOW,
    THIRD,
    Served,
    a_shop,
    runs,
    said,
    served,
    soon,
    wait_for,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

#: More to lose than a dialog shows on a page.
MANY = 45
SECOND = f"""
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0002", "0001"
NAMES = ["note"] + [f"extra_{{number:02}}" for number in range({MANY})]
def upgrade():
    for name in NAMES:
        op.add_column("orders", sa.Column(name, sa.Text))
def downgrade():
    for name in NAMES:
        op.drop_column("orders", name)
"""
ONE = {"quorum": 1}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(manifest=MANIFEST) as running:
        running.turn(limits_factor=5)
        yield running


@pytest.fixture(scope="module")
def running(postgres_server: EmbeddedPostgres, sandbox: Sandbox) -> Iterator[Served]:
    with a_shop(postgres_server, scripts=(FIRST, SECOND, THIRD), patience="60s") as shop:
        with psycopg.connect(shop.url) as connection:
            connection.execute("INSERT INTO customers VALUES (900, %s)", [PLANTED])
            every = ", ".join(f"extra_{number:02} = 'x'" for number in range(MANY))
            connection.execute(f"UPDATE orders SET note = %s, {every} WHERE id <= 100".encode(), [PLANTED])
        shop.start()
        with served(shop, sandbox) as made:
            yield made


@pytest.fixture
def bot(running: Served) -> Iterator[Served]:
    """At the newest revision, and with nobody's dialog open."""
    if running.shop.revision() != "0003":
        running.at_head()
    yield running
    for name in ("ana", "lena", "marco", "omar"):
        running.sandbox.person(name).closes(everything=True)


@pytest.fixture
def ana(sandbox: Sandbox) -> Any:
    return sandbox.person("ana")


@pytest.fixture
def lena(sandbox: Sandbox) -> Any:
    return sandbox.person("lena")


@pytest.fixture
def marco(sandbox: Sandbox) -> Any:
    return sandbox.person("marco")


@pytest.fixture
def omar(sandbox: Sandbox) -> Any:
    return sandbox.person("omar")


def refused(who: Any, words: str) -> None:
    """Only they hear it, and it is taken away before the next one."""
    who.waits_for(saying=words, ephemeral=True, seconds=SLOW)
    who.acts("reload")


def sick(bot: Served) -> list[dict[str, Any]]:
    return [{"http": f"http://127.0.0.1:{bot.shop.port}/health", "patience": "1s"}]


def test_after_a_failure_it_is_tried_again_when_the_service_was_mended(
    bot: Served, ana: Any, lena: Any, omar: Any
) -> None:
    bot.says(policy=ONE, checks=sick(bot))
    (bot.shop.folder / "sick").touch()
    asked = bot.asked(ana)
    asked.presses(lena, "Approve")
    asked.becomes("choosing")
    live = asked.offers(ana, "Retry", key="live")
    for words in ("*Restore*", "*Keep and resume*", "is lost", "it answers 500"):
        assert words in said(live)
    asked.presses(omar, "Retry", key="live")
    refused(omar, "may not")
    assert asked.status() == "choosing"
    (bot.shop.folder / "sick").unlink()
    asked.presses(ana, "Retry", key="live")
    asked.becomes("succeeded")
    told = asked.is_told_once(ana, "went back")
    chosen = next(each for key, each in told.items() if key.startswith("chosen:"))
    assert f"<@{ana.id}>" in said(chosen[0])
    assert "Retry" not in said(told["live"][0])
    assert bot.shop.revision() == "0002"


def test_after_a_failure_the_proven_backup_brings_everything_back(bot: Served, ana: Any, lena: Any) -> None:
    bot.says(policy=ONE, checks=sick(bot))
    before = bot.shop.ask("SELECT count(*) FROM customers")
    (bot.shop.folder / "sick").touch()
    asked = bot.asked(ana)
    asked.presses(lena, "Approve")
    asked.becomes("choosing")
    asked.presses(ana, "Restore", key="live")
    refused(ana, "may not")
    (bot.shop.folder / "sick").unlink()
    asked.presses(lena, "Restore", key="live")
    asked.becomes("failed")
    told = asked.is_told_once(ana, "failed")
    assert any(key.startswith("chosen:") for key in told)
    assert bot.shop.revision() == "0003"
    assert bot.shop.ask("SELECT count(*) FROM customers") == before
    wait_for(lambda: bot.shop.writes() and bot.shop.answers(), "the writers are not back")


def test_after_a_failure_it_is_kept_as_it_is_and_the_writers_come_back(bot: Served, ana: Any, lena: Any) -> None:
    bot.says(policy=ONE, checks=sick(bot))
    (bot.shop.folder / "sick").touch()
    asked = bot.asked(ana)
    asked.presses(lena, "Approve")
    asked.becomes("choosing")
    asked.presses(lena, "Keep and resume", key="live")
    asked.becomes("failed")
    asked.is_told_once(ana, "failed")
    assert bot.shop.revision() == "0002"
    wait_for(bot.shop.writes, "the writers are not back")


def test_it_is_stopped_in_the_middle_and_the_service_is_as_it_was(bot: Served, ana: Any, lena: Any) -> None:
    bot.says(policy=ONE, writers={**bot.shop.entry()["writers"], "quiet_for": "30s"})
    asked = bot.asked(ana)
    asked.presses(lena, "Approve")
    runs(bot.shop, "prove-quiet")
    asked.presses(ana, "Stop", key="live")
    asked.becomes("stopped")
    told = asked.is_told_once(ana, "stopped")
    assert any(key.startswith("stop:") for key in told)
    assert bot.shop.revision() == "0003"
    wait_for(lambda: bot.shop.writes() and bot.shop.answers(), "the writers are not back")


def test_a_failure_before_the_destructive_step_is_undone_before_people_s_eyes(bot: Served, ana: Any, lena: Any) -> None:
    bot.says(policy=ONE)
    asked = bot.asked(ana)
    with psycopg.connect(bot.shop.url, autocommit=True, application_name="forgotten worker"):
        asked.presses(lena, "Approve")
        asked.becomes("failed")
    told = asked.is_told_once(ana, "failed")
    assert "forgotten worker" in said(told["over"][0]) + said(told["live"][0])
    assert any(key.startswith("back:") for key in told)
    assert "Retry" not in str(told["live"][0]["blocks"])
    assert bot.shop.revision() == "0003"
    wait_for(lambda: bot.shop.writes() and bot.shop.answers(), "the writers are not back")


def test_after_a_halt_somebody_says_what_they_saw_and_it_goes_on(bot: Served, ana: Any, lena: Any, omar: Any) -> None:
    writers = {**bot.shop.entry()["writers"], "start_timeout": "2s", "quiet_for": "30s"}
    bot.says(policy=ONE, writers=writers)
    asked = bot.asked(ana)
    asked.presses(lena, "Approve")
    runs(bot.shop, "prove-quiet")
    page = bot.shop.folder / "web.py"
    page.rename(bot.shop.folder / "web.py.lost")
    asked.presses(ana, "Stop", key="live")
    asked.becomes("halted")
    asked.message(ana, "halted")
    (bot.shop.folder / "web.py.lost").rename(page)
    seen = {"What did you see?": "the file of the page was gone, it is back", "How does it go on?": "back"}

    asked.presses(omar, "I have looked…", key="live")
    omar.waits_for_modal(saying="What did you see?", seconds=SLOW)
    done = omar.submits(seen)
    assert not done.get("errors"), done
    assert done["ok"], done
    refused(omar, "may not")
    asked.presses(lena, "I have looked…", key="live")
    lena.waits_for_modal(saying="What did you see?", seconds=SLOW)
    short = lena.submits({**seen, "What did you see?": "?"})
    assert not short["ok"] or short.get("errors"), short
    assert asked.status() == "halted"
    assert lena.submits(seen)["ok"]
    asked.becomes("stopped")
    asked.is_told_once(ana, "stopped")
    assert bot.shop.revision() == "0003"
    wait_for(lambda: bot.shop.writes() and bot.shop.answers(), "the writers are not back")


def test_a_refusal_is_overridden_by_whom_the_policy_names_and_with_a_reason(
    bot: Served, ana: Any, lena: Any, marco: Any
) -> None:
    override = {"by": {"users": [lena.id]}, "approvals": 1, "reason_length": 20}
    bot.says(environment="production", policy={"quorum": 1, "window": "1s", "override": override})
    asked = bot.asked(ana)
    card = asked.offers(lena, "Override…")
    assert "Only an override lets it go ahead" in said(card)
    assert "'Approve'" not in str(card["blocks"])

    asked.presses(marco, "Override…")
    marco.waits_for_modal(saying="The policy refuses this", seconds=SLOW)
    assert marco.submits({"Why can it not wait?": "payments are down, nobody can wait"})["ok"]
    refused(marco, "may not override")

    asked.presses(lena, "Override…")
    lena.waits_for_modal(saying="The policy refuses this", seconds=SLOW)
    short = lena.submits({"Why can it not wait?": "now"})
    assert not short["ok"] or short.get("errors"), short
    assert asked.status() == "waiting"
    assert lena.submits({"Why can it not wait?": "payments are down, nobody can wait"})["ok"]
    asked.becomes("succeeded")
    told = asked.is_told_once(ana, "went back")
    voice = next(each for key, each in told.items() if key.startswith("voice:"))
    assert "overrid" in said(voice[0]).lower()
    assert "nobody can wait" in said(voice[0])
    assert "OVERRIDE" in bot.shop.backout("show", asked.rollback).stdout


def test_the_glass_is_broken_alone_after_its_time_and_the_channel_hears_of_it(
    bot: Served, ana: Any, marco: Any, omar: Any
) -> None:
    glass = {"by": {"users": [omar.id]}, "after": "1s", "up_to": "high"}
    bot.says(policy={"quorum": 2, "break_glass": glass})
    asked = bot.asked(ana)
    reason = {"Why can it not wait?": "nobody answers the phone"}
    asked.presses(marco, "Break the glass…")
    marco.waits_for_modal(saying="No approver can be reached", seconds=SLOW)
    marco.submits(reason)
    refused(marco, "may not break the glass")
    asked.presses(omar, "Break the glass…")
    omar.waits_for_modal(saying="No approver can be reached", seconds=SLOW)
    omar.submits(reason)
    voice = asked.message(ana, "voice")
    assert "glass" in said(voice).lower()
    assert "nobody answers the phone" in said(voice)
    wait_for(lambda: asked.status() in ("approved", "running"), f"it is {asked.status()}", SLOW)
    # One asked, one went ahead alone; whoever asked may end it at any time.
    asked.presses(ana, "Stop", key="live" if "live" in asked.told(ana) else "card")
    wait_for(lambda: asked.status() in ("stopped", "failed"), f"it is {asked.status()}", SLOW)
    asked.is_told_once(ana, "stop")


def test_everything_that_helps_to_decide_opens_from_the_card(
    bot: Served, sandbox: Sandbox, ana: Any, lena: Any
) -> None:
    bot.says(policy=ONE)
    asked = bot.asked(ana, "/rollback shop to 0001 because checkout fails")
    card = asked.offers(lena, "Show the ledger")
    assert "note" in said(card) or "orders" in said(card)

    asked.presses(lena, "Show the ledger")
    first = lena.waits_for_modal(saying="page 1 of 2", seconds=SLOW)
    assert "extra_00" in said(first)
    assert lena.presses("Next ▶", first)["ok"]
    second = lena.waits_for_modal(saying="page 2 of 2", seconds=SLOW)
    assert lena.presses("◀ Before", second)["ok"]
    first = lena.waits_for_modal(saying="page 1 of 2", seconds=SLOW)
    assert lena.presses("All of it as a file", first)["ok"]
    ledger = soon(lambda: [file for each in lena.direct() for file in each["files"]])[-1]
    assert ledger["name"] == f"{asked.rollback}-ledger.csv"
    assert ledger["lines"] > MANY
    lena.closes(everything=True)

    asked.presses(lena, "Show SQL")
    assert "DROP COLUMN" in said(lena.waits_for_modal(saying="DROP COLUMN", seconds=SLOW)).upper()
    lena.closes(everything=True)
    asked.presses(lena, "Show findings")
    lena.waits_for_modal(saying="page 1 of", seconds=SLOW)
    lena.closes(everything=True)

    shown = asked.digest()
    asked.presses(lena, "Rehearse with data")
    asked.is_asked_again(lena, after=shown)
    assert "'Rehearse with data'" not in str(asked.told(lena)["card"][0]["blocks"])
    shown = asked.digest()
    asked.presses(lena, "Change strategy…")
    lena.waits_for_modal(saying="is to go by", seconds=SLOW)
    assert lena.submits({"Which way instead?": "app-only"})["ok"]
    asked.is_asked_again(lena, "app-only", after=shown)

    for name, words in (("gwen", "not for guests"), ("sam", "other workspaces")):
        asked.presses(sandbox.person(name), "Reject…")
        refused(sandbox.person(name), words)
    assert asked.status() == "waiting"
    asked.presses(lena, "Reject…")
    lena.waits_for_modal(saying="Why not?", seconds=SLOW)
    assert lena.submits({"Why not?": "we fix it forward"})["ok"]
    asked.becomes("rejected")
    assert "we fix it forward" in said(asked.message(ana, "voice"))
    asked.presses(ana, "Post-mortem file")
    card = asked.told(ana)["card"][0]
    file = soon(lambda: [each for reply in ana.thread(card)[1:] for each in reply["files"]])[-1]
    assert file["name"].endswith(".md")
    assert "we fix it forward" in file["preview"] or file["lines"] > 10


def test_everything_that_can_be_said_is_answered_to_whoever_said_it(bot: Served, sandbox: Sandbox, ana: Any) -> None:
    bot.says(policy=ONE)
    said_so = {
        "help": "a dialog that asks for everything",
        "status": "open",
        "status shop": "open",
        "history": "",
        "history shop": "",
        "backups shop": "backup",
        "advise login is broken": "login is broken",
        "drill shop": "may not start a drill",
        "shpo": "Did you mean",
        "statsu": "Did you mean",
        "retry": "buttons Retry, Restore and Keep",
        "show RB-9999": "RB-9999",
        "😀 * <!channel> `x`": "",
    }
    hint = ana.state()["app"]["commands"][0]["usage_hint"]
    named = {each.split()[0] for each in hint.partition("REASON] | ")[2].split(" | ")}
    assert (
        named
        == {"help", "status", "history", "show", "backups", "advise", "drill"}
        <= {each.split()[0] for each in said_so}
    )
    for verb, words in said_so.items():
        ana.acts("reload")
        assert ana.types(f"/rollback {verb}")["ok"], verb
        ana.waits_for(saying=words, ephemeral=True, seconds=SLOW)
    gwen = sandbox.person("gwen")
    assert gwen.types("/rollback status")["ok"]
    gwen.waits_for(saying="not for guests", ephemeral=True, seconds=SLOW)
    # Slack itself lets nobody of another company say it.
    assert not sandbox.person("sam").types("/rollback shop")["ok"]


def test_the_dialog_asks_for_what_was_not_said(bot: Served, ana: Any) -> None:
    bot.says(policy=ONE)
    assert ana.types("/rollback")["ok"]
    ana.waits_for_modal(saying="What fails?", seconds=SLOW)
    assert ana.presses("service", ana.modal(), value="shop")["ok"]
    soon(lambda: "Now at" in said(ana.modal()) and ana.modal())
    assert "two, 2 steps back" in said(ana.modal()) or "0001" in str(ana.modal()["blocks"])
    done = ana.submits({"Or another revision": "nonsense!", "Why": "checkout fails"})
    assert done.get("errors"), done
    assert ana.submits({"Back to": "to:0001", "Or another revision": "", "Why": "checkout fails"})["ok"]
    ana.waits_for(saying="is being assessed", ephemeral=True, seconds=SLOW)
    asked = bot.newest()
    asked.presses(ana, "Stop")
    asked.becomes("stopped")
    assert asked.fact("SELECT target FROM rollbacks WHERE id = %s") == "0001"
    asked.is_told_once(ana, "stop")


def test_home_shows_what_happens_to_those_who_have_it_open(bot: Served, ana: Any, lena: Any, marco: Any) -> None:
    bot.says(policy=ONE)
    assert lena.opens_home()["ok"]
    home = lena.waits_for_home(saying="shop", seconds=SLOW)
    assert "0003" in said(home)
    assert lena.presses("Take it back…", home)["ok"]
    asks = lena.waits_for_modal(saying="What fails?", seconds=SLOW)
    soon(lambda: "0002" in said(lena.modal()))
    asks = lena.modal()
    assert lena.submits({"Why": "checkout fails"}, view=asks)["ok"]
    # Nobody opens it anew: it changes before their eyes.
    lena.waits_for_home(saying="1 rollback open", seconds=SLOW)
    number = soon(lambda: [each for each in lena.messages() if "Approve" in str(each["blocks"])])[-1]["metadata"]
    rollback = number["event_payload"]["rollback"]
    assert rollback in said(lena.home())
    card = next(
        each
        for each in marco.messages()
        if (each["metadata"] or {}).get("event_payload", {}).get("rollback") == rollback
    )
    assert marco.presses("Approve", card)["ok"]
    lena.waits_for_home(saying="No rollback is open", seconds=200)
    home = lena.waits_for_home(saying="0002", seconds=SLOW)
    assert rollback in said(home)
    assert "proven" in said(home).lower()


def test_nobody_answers_so_they_are_reminded_and_the_contacts_are_called_and_it_expires(bot: Served, ana: Any) -> None:
    bot.says(
        policy={"quorum": 1, "approval_expires": "20s"},
        escalation={"contacts": [{"title": "Database administrator", "how": "pager 7"}]},
    )
    asked = bot.asked(ana)
    asked.message(ana, "ask")
    asked.message(ana, "remind")
    assert "pager 7" in said(asked.message(ana, "unanswered"))
    asked.becomes("expired", 60)
    told = asked.is_told_once(ana, "expired")
    names = sorted(key.partition(":")[0] for key in told)
    assert names == ["ask", "card", "chain", "over", "remind", "unanswered"]


def test_a_rollback_has_a_channel_of_its_own_where_the_catalog_wants_it(bot: Served, ana: Any, lena: Any) -> None:
    bot.says(policy=ONE, channel={"fresh": "inc"})
    before = {each["id"] for each in lena.state()["channels"]}
    asked = bot.asked(ana)
    mine = soon(lambda: [each for each in lena.state()["channels"] if each["id"] not in before and each["is_member"]])
    assert mine[0]["name"] == f"inc-{asked.rollback.lower()}-shop"
    assert ana.id in soon(
        lambda: next(each for each in lena.state()["channels"] if each["id"] == mine[0]["id"])["members"]
    )
    card = ana.waits_for(f"#{mine[0]['name']}", saying="Approve", seconds=SLOW)
    assert ana.presses("Stop", card)["ok"]
    asked.becomes("stopped")
