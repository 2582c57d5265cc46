"""What fails, and how people go on from there in Slack: its buttons and dialogs, with the real program behind them."""

from typing import Any

import psycopg
import pytest

from tests.slack.room import ONE, refused
from tests.slack.serving import SLOW, Served, runs, said, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


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
