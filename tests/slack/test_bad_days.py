"""Bad days, in the middle of a run, with the real program: Slack is away or wants patience, delivers everything twice, drops
its connections; a part of us dies or hangs, or a whole replica does. Each message is there once and shows the truth.

The local Slack takes as much as the real one does, and no more.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from bot.sandbox.person import NothingCameError
from bot.sandbox.sandbox import Sandbox
from tests.slack.serving import (
    ANSWERING,
    HEARING,
    MANIFEST,
    PLANTED,
    SLOW,
    WORK,
    Asked,
    Served,
    a_shop,
    mark,
    runs,
    said,
    served,
    since,
    soon,
    wait_for,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]


@pytest.fixture(scope="module", params=["socket", pytest.param("http", marks=pytest.mark.nightly)])
def running(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> Iterator[Served]:
    with Sandbox(manifest=MANIFEST) as sandbox, a_shop(postgres_server, patience="60s", quiet_for="4s") as shop:
        with psycopg.connect(shop.url) as connection:
            connection.execute("INSERT INTO customers VALUES (900, %s)", [PLANTED])
        shop.start()
        with served(shop, sandbox, mode=request.param) as made:
            made.says(policy={"quorum": 1})
            yield made


@pytest.fixture
def sandbox(running: Served) -> Sandbox:
    """Each way has a Slack of its own, for each has a history of its own, whose first rollback is RB-1."""
    return running.sandbox


#: Those whose HTTP half is not left to the night.
in_both_modes = pytest.mark.parametrize("running", ["socket", "http"], indirect=True)
in_socket_mode = pytest.mark.parametrize("running", ["socket"], indirect=True)


@pytest.fixture
def bot(running: Served) -> Iterator[Served]:
    if running.shop.revision() != "0003":
        running.at_head()
    yield running
    # Slack lets an app connect ten times in five minutes, and that is over now.
    running.sandbox.advance(301)
    running.sandbox.turn(storm=0, away=0, redeliver="unacked", lose_answers=0, link_disabled=False, limits_factor=1)


def in_the_middle(bot: Served, ana: Any, lena: Any) -> Asked:
    """Approved, the writers are stopped, and nothing was destroyed yet."""
    asked = bot.asked(ana)
    asked.presses(lena, "Approve")
    runs(bot.shop, "prove-quiet")
    asked.message(ana, "live")
    return asked


def went_well(bot: Served, asked: Asked, ana: Any) -> dict[str, list[dict[str, Any]]]:
    asked.becomes("succeeded")
    told = asked.is_told_once(ana, "went back")
    assert bot.shop.revision() == "0002"
    order = [key.partition(":")[0] for key, _ in sorted(told.items(), key=lambda each: each[1][0]["ts"])]
    assert order[0] == "card"
    assert order.index("started") < order.index("live") < order.index("over")
    return told


@pytest.mark.parametrize("how", ["refused", "dropped"])
def test_slack_is_away_for_the_rest_of_a_run(bot: Served, sandbox: Sandbox, ana: Any, lena: Any, how: str) -> None:
    asked = in_the_middle(bot, ana, lena)
    silences = len(bot.lines("slack_away"))
    sandbox.turn(away=3600, away_how=how)
    if bot.mode == "socket":
        wait_for(lambda: bot.ready()[1].get("slack") is False, f"{bot.ready()}", SLOW)
    assert bot.ready()[1]["work"] is True
    assert bot.health() == 200
    asked.becomes("succeeded")
    assert "over" not in asked.told(ana)
    before = mark(sandbox)
    sandbox.turn(away=0)
    told = went_well(bot, asked, ana)
    bot.is_ready()
    # What was missed comes in order and without a flood: no call was one too many.
    calls = since(sandbox, "call", before)
    assert not [each for each in calls if each["status"] == 429]
    assert len([each for each in calls if each["method"] == "chat.postMessage"]) < 12
    steps = [each for key, some in told.items() if key.startswith("steps:") for each in some]
    assert [each["ts"] for each in steps] == sorted(each["ts"] for each in steps)
    assert all(each["thread_ts"] == told["live"][0]["ts"] for each in steps)
    # It is in the log once, not once for each call.
    assert len(bot.lines("slack_away")) - silences <= 1
    assert not [line for line in bot.lines("log") if line["level"] == "error"]


def test_slack_wants_patience_for_a_while(bot: Served, sandbox: Sandbox, ana: Any, lena: Any) -> None:
    asked = in_the_middle(bot, ana, lena)
    before = mark(sandbox)
    sandbox.turn(storm=8)
    wait_for(lambda: not sandbox.slack.knobs.left(sandbox.slack.knobs.storm_until), "the storm does not end", 60)
    refused = [each for each in since(sandbox, "call", before) if each["status"] == 429]
    # Each method is left alone for as long as Slack asked, in that channel.
    assert len(refused) <= 8, [each["method"] for each in refused]
    went_well(bot, asked, ana)


def test_answers_are_lost_after_slack_took_the_messages(bot: Served, sandbox: Sandbox, ana: Any, lena: Any) -> None:
    sandbox.turn(lose_answers=4, lose_methods=["chat.postMessage"])
    asked = in_the_middle(bot, ana, lena)
    wait_for(lambda: sandbox.slack.knobs.lose_answers == 0, "nothing was lost", SLOW)
    went_well(bot, asked, ana)


@in_both_modes
def test_everything_is_delivered_twice(bot: Served, sandbox: Sandbox, ana: Any, lena: Any) -> None:
    before = mark(sandbox)
    sandbox.turn(redeliver="all")
    asked = in_the_middle(bot, ana, lena)
    assert lena.opens_home()["ok"]
    assert ana.types("/rollback status")["ok"]
    ana.waits_for(saying=asked.rollback, ephemeral=True, seconds=SLOW)
    told = went_well(bot, asked, ana)
    assert len([key for key in told if key.startswith("voice:")]) == 1
    answers = [each for each in ana.messages() if each["ephemeral"] and f"{asked.rollback}: " in said(each)]
    assert len(answers) == 1, [said(each) for each in answers]
    # A dialog that was sent twice opens one rollback.
    bot.at_head()
    assert ana.types("/rollback")["ok"]
    ana.waits_for_modal(saying="What fails?", seconds=SLOW)
    assert len(ana.views()) == 1
    assert ana.presses("service", ana.modal(), value="shop")["ok"]
    soon(lambda: "Now at" in said(ana.modal()) and ana.modal())
    assert ana.submits({"Back to": "to:0001", "Why": "checkout fails"})["ok"]
    asked.message(ana, "chain")
    wait_for(lambda: bot.newest().rollback != asked.rollback, "nothing was opened", SLOW)
    again = bot.newest()
    again.presses(ana, "Stop")
    again.becomes("stopped")
    again.is_told_once(ana, "stop")
    assert bot.newest().rollback == again.rollback
    envelopes = since(sandbox, "envelope", before)
    keys = [each["payload"].get("trigger_id") or each["payload"].get("event_id") for each in envelopes]
    assert len(keys) >= 2 * len(set(keys)) >= 8, "not everything came twice"
    assert len([each for each in envelopes if each.get("retry_attempt")]) >= len(set(keys))


@in_socket_mode
def test_connections_are_refreshed_dropped_and_disabled(bot: Served, sandbox: Sandbox, ana: Any, lena: Any) -> None:
    # Slack lets an app connect ten times in five minutes; nobody is to wait for that here.
    sandbox.turn(limits_factor=10)
    asked = in_the_middle(bot, ana, lena)
    for goodbye in ("warning", "refresh_requested"):
        sandbox.turn(disconnect=goodbye)
        # Somebody hears it, whichever connection there is.
        wait_for(lambda: ana.types(f"/rollback show {asked.rollback}")["ok"], f"nobody hears after {goodbye}", SLOW)
    sandbox.run(sandbox.slack.sockets.drop())
    wait_for(lambda: ana.types("/rollback status")["ok"], "nobody hears after the drop", SLOW)
    went_well(bot, asked, ana)

    sandbox.turn(disconnect="link_disabled")
    wait_for(lambda: bot.ready()[1].get("slack") is False, f"{bot.ready()}", SLOW)
    sandbox.turn(link_disabled=False)
    bot.is_ready()
    assert ana.types("/rollback help")["ok"]


@in_both_modes
def test_each_part_is_killed_in_turn(bot: Served, ana: Any, lena: Any) -> None:
    asked = in_the_middle(bot, ana, lena)
    for name in (ANSWERING, HEARING, WORK):
        ended = len(bot.lines("part_ended"))
        bot.part(name).kill()
        bot.wait_for_line("part_ended", ended + 1)
        bot.is_ready()
    told = went_well(bot, asked, ana)
    assert "live" in told
    assert ana.types("/rollback status")["ok"]


@in_both_modes
def test_parts_that_hang_are_missed_at_once_and_replaced(bot: Served, ana: Any, lena: Any) -> None:
    asked = in_the_middle(bot, ana, lena)
    hanging = [bot.part(WORK), bot.part(ANSWERING)]
    for each in hanging:
        each.suspend()
    wait_for(lambda: bot.ready()[1].get("work") is False, f"{bot.ready()}", SLOW)
    wait_for(lambda: bot.ready()[1].get("answering") is False, f"{bot.ready()}", SLOW)
    status, facts = bot.ready()
    assert (status, facts["status"]) == (503, "not ready")
    assert bot.health() == 200, "it mends itself"
    bot.is_ready()
    assert {line["part"] for line in bot.lines("part_hangs")} == {WORK, ANSWERING}
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in hanging)
    went_well(bot, asked, ana)


@in_both_modes
def test_whoever_hears_slack_hangs(bot: Served, ana: Any, lena: Any) -> None:
    asked = in_the_middle(bot, ana, lena)
    hangs = len(bot.lines("part_hangs"))
    bot.part(HEARING).suspend()
    missed = ana.types("/rollback status")
    assert (missed["ok"], missed["error"]) == (False, "operation_timeout")
    # An event comes again by itself, until it is acknowledged.
    assert lena.opens_home()["ok"]
    bot.wait_for_line("part_hangs", hangs + 1)
    bot.is_ready()
    for later in (61, 301):
        bot.sandbox.advance(later)
        with suppress(NothingCameError):
            lena.waits_for_home(saying="shop", seconds=SLOW / 2)
            break
    else:
        pytest.fail("it did not come again")
    wait_for(lambda: ana.types("/rollback status")["ok"], "nobody hears any more", SLOW)
    went_well(bot, asked, ana)


def test_only_a_restart_would_help_when_even_the_one_that_looks_after_the_parts_hangs(
    bot: Served, ana: Any, lena: Any
) -> None:
    asked = in_the_middle(bot, ana, lena)
    work, keeper = bot.part(WORK), psutil.Process(bot.process.pid)
    work.suspend()
    keeper.suspend()
    try:
        wait_for(lambda: bot.health() == 503, "it looks well", 240)
        assert bot.ready()[0] == 503
    finally:
        keeper.resume()
    # It looks again, and sees to the one that still hangs.
    wait_for(lambda: bot.health() == 200, "it is not well again", SLOW)
    bot.is_ready()
    assert not work.is_running() or work.status() == psutil.STATUS_ZOMBIE
    # What had to be answered within those minutes was not: then it was undone, and people are told so.
    wait_for(lambda: asked.status() in ("succeeded", "failed"), f"{asked.rollback} does not end", 200)
    succeeded = asked.status() == "succeeded"
    asked.is_told_once(ana, "went back" if succeeded else "failed")
    assert bot.shop.revision() == ("0002" if succeeded else "0003")
    wait_for(lambda: bot.shop.writes() and bot.shop.answers(), "the writers are not back")


def test_one_of_two_replicas_is_killed(bot: Served, sandbox: Sandbox, ana: Any, lena: Any) -> None:
    with served(bot.shop, sandbox, mode=bot.mode) as other:
        asked = in_the_middle(bot, ana, lena)
        other.kill()
        if bot.mode == "http":  # a balancer sees to that
            sandbox.connect_http(f"http://127.0.0.1:{bot.port}/slack/events")
        went_well(bot, asked, ana)
        wait_for(lambda: ana.types("/rollback status")["ok"], "nobody hears any more", SLOW)


def test_a_drill_whose_process_is_killed_is_not_forgotten(bot: Served, ana: Any, lena: Any) -> None:
    def reports() -> list[dict[str, Any]]:
        return [each for each in ana.messages() if not each["ephemeral"] and "Rollback test" in said(each)]

    ended, restored = len(bot.lines("part_ended")), len(reports())
    assert lena.types("/rollback drill shop")["ok"]
    lena.waits_for(saying="has begun", ephemeral=True, seconds=SLOW)
    bot.part(ANSWERING).kill()
    bot.wait_for_line("part_ended", ended + 1)
    lost = ana.waits_for(saying="did not come to its end", ephemeral=False, seconds=SLOW)
    assert f"<@{lena.id}>" in said(lost)
    bot.is_ready()

    assert lena.types("/rollback drill shop")["ok"]
    done = soon(lambda: [each for each in reports() if "points" in said(each)][restored:], 180)[-1]
    assert "all 8 points passed" in said(done)
    assert len([each for each in ana.messages() if "did not come to its end" in said(each)]) == 1
    scratch = "SELECT count(*) FROM pg_database WHERE datname LIKE 'backout_%'"
    wait_for(lambda: bot.shop.ask(scratch) == 0, "its copies are still there", SLOW)
