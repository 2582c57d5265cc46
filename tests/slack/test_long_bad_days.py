"""What takes minutes: Slack is away, or wants patience, for two real minutes in the middle of a run that goes on meanwhile; two
replicas to which everything is delivered twice. Each message is there once and shows the truth."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from bot.sandbox.sandbox import Sandbox
from tests.slack.serving import (
    MANIFEST,
    PLANTED,
    SLOW,
    Asked,
    Served,
    a_shop,
    mark,
    runs,
    said,
    served,
    since,
    wait_for,
)

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]

AWAY_SECONDS = 120


@pytest.fixture(scope="module", params=["socket", "http"])
def bot(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> Iterator[Served]:
    with Sandbox(manifest=MANIFEST) as sandbox, a_shop(postgres_server, patience="60s") as shop:
        with psycopg.connect(shop.url) as connection:
            connection.execute("INSERT INTO customers VALUES (900, %s)", [PLANTED])
        shop.start()
        with served(shop, sandbox, mode=request.param) as made:
            yield made


@pytest.fixture
def sandbox(bot: Served) -> Sandbox:
    """Each way has a Slack of its own, for each has a history of its own, whose first rollback is RB-1."""
    return bot.sandbox


def prepares(bot: Served, *, quiet_for: str) -> None:
    if bot.shop.revision() != "0003":
        bot.at_head()
    bot.says(policy={"quorum": 1}, writers={**bot.shop.entry()["writers"], "quiet_for": quiet_for})


def in_the_middle(bot: Served, ana: Any, lena: Any) -> Asked:
    asked = bot.asked(ana)
    asked.presses(lena, "Approve")
    runs(bot.shop, "prove-quiet")
    asked.message(ana, "live")
    return asked


def went_well(bot: Served, asked: Asked, ana: Any) -> dict[str, list[dict[str, Any]]]:
    asked.becomes("succeeded", 300)
    told = asked.is_told_once(ana, "went back")
    assert bot.shop.revision() == "0002"
    steps = [each for key, some in told.items() if key.startswith("steps:") for each in some]
    assert [each["ts"] for each in steps] == sorted(each["ts"] for each in steps)
    assert all(each["thread_ts"] == told["live"][0]["ts"] for each in steps)
    return told


@pytest.mark.parametrize(
    "turned",
    [
        pytest.param({"away": AWAY_SECONDS, "away_how": "refused"}, id="refused"),
        pytest.param({"away": AWAY_SECONDS, "away_how": "dropped"}, id="dropped"),
        pytest.param({"storm": AWAY_SECONDS}, id="storm"),
    ],
)
def test_two_minutes_in_the_middle_of_a_run(bot: Served, sandbox: Sandbox, turned: dict[str, Any]) -> None:
    ana, lena = sandbox.person("ana"), sandbox.person("lena")
    prepares(bot, quiet_for="170s")
    asked = in_the_middle(bot, ana, lena)
    before = mark(sandbox)
    sandbox.turn(**turned)
    wait_for(lambda: not _bad(sandbox), "it does not come back", AWAY_SECONDS + 60)
    assert asked.status() == "running"
    over = mark(sandbox)
    # Still in the middle of the run: what people see is brought up to date before its end.
    live = asked.told(ana)["live"][0]["ts"]
    wait_for(
        lambda: [each for each in since(sandbox, "call", over) if each["arguments"].get("ts") == live],
        "nothing was caught up with", SLOW,
    )  # fmt: skip
    bot.is_ready()
    wait_for(lambda: ana.types(f"/rollback show {asked.rollback}")["ok"], "nobody hears", SLOW)
    went_well(bot, asked, ana)
    refused = [each for each in since(sandbox, "call", over) if each["status"] == 429]
    assert not refused, "a flood"
    # While Slack wants patience it is left alone: nobody asks once a second.
    storm = [each for each in since(sandbox, "call", before) if each["status"] == 429]
    assert len(storm) < 60, len(storm)


def _bad(sandbox: Sandbox) -> bool:
    knobs = sandbox.slack.knobs
    return any(knobs.left(until) for until in (knobs.away_until, knobs.storm_until))


def test_two_replicas_to_which_everything_comes_twice(bot: Served, sandbox: Sandbox) -> None:
    ana, lena = sandbox.person("ana"), sandbox.person("lena")
    prepares(bot, quiet_for="5s")
    with served(bot.shop, sandbox, mode=bot.mode) as other:
        before = mark(sandbox)
        sandbox.turn(redeliver="all")
        asked = in_the_middle(bot, ana, lena)
        told = went_well(bot, asked, ana)
        assert len([key for key in told if key.startswith("voice:")]) == 1
        assert ana.types("/rollback status")["ok"]
        ana.waits_for(saying="No rollback is open", ephemeral=True, seconds=SLOW)
        answers = [each for each in ana.messages() if each["ephemeral"] and "No rollback is open" in said(each)]
        assert len(answers) == 1
        if bot.mode == "socket":
            heard = {each["connection"] for each in since(sandbox, "envelope", before)}
            assert len(heard) > 2, "one of them heard nothing"
        assert other.ready()[0] == 200
        sandbox.turn(redeliver="unacked")
        if bot.mode == "http":
            sandbox.connect_http(f"http://127.0.0.1:{bot.port}/slack/events")
