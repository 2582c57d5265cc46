"""What people ask, decide and look at in Slack, through its buttons and dialogs, with the real program behind them."""

import time
from typing import Any

import pytest

from bot.sandbox.sandbox import Sandbox
from tests.slack.room import MANY, ONE, refused
from tests.slack.serving import SLOW, Served, said, soon, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


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
    time.sleep(1.1)  # the second that the approvers have
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
