"""The whole program is killed between any two calls to Slack, and begins anew: each message is there once, and shows the truth.

A rollback from the request to its end, with the real `serve` of several processes, over sockets and over HTTP. By day none of
it: `test_each_message_once.py` has whoever tells alone.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from bot.sandbox.sandbox import Sandbox
from tests.slack.asked import Asked
from tests.slack.between import Between, When, between
from tests.slack.serving import MANIFEST, PLANTED, Served, a_shop, said, served, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

#: Whoever hears nothing for so long tries again.
AGAIN_SECONDS = 15.0
#: More calls than one rollback makes; and than one makes in which somebody is killed at every so-and-so-manieth.
MOST, ENOUGH, GAP = 40, 200, 9


@dataclass
class Struck:
    served: Served
    between: Between
    #: What a rollback is called to people, that nobody was struck in: kinds of messages, and the steps.
    whole: "Heard | None" = None


@dataclass(frozen=True)
class Heard:
    kinds: Counter[str]
    steps: Counter[str]
    calls: int


@pytest.fixture(scope="module", params=["socket", "http"])
def struck(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> Iterator[Struck]:
    with Sandbox(manifest=MANIFEST) as sandbox, between(sandbox.slack.slack_address) as calls:
        # A program that begins anew every few seconds asks for more connections than Slack allows; that is not the matter here.
        sandbox.turn(limits_factor=20)
        with a_shop(postgres_server, patience="60s") as shop:
            with psycopg.connect(shop.url) as connection:
                connection.execute("INSERT INTO customers VALUES (900, %s)", [PLANTED])
            shop.start()
            with served(shop, sandbox, mode=request.param, SLACK_API_URL=calls.url) as bot:
                bot.says(policy={"quorum": 1})
                made = Struck(bot, calls)
                made.whole = _goes_back(made, {})
                yield made


def _goes_back(struck: Struck, blows: dict[int, When], strike: Callable[[], None] | None = None) -> Heard:
    """A rollback from the request to its end. People whose words came to nothing say them again."""
    bot = struck.served
    ana, lena = (bot.sandbox.person(name) for name in ("ana", "lena"))
    if bot.shop.revision() != "0003":
        bot.at_head()
    before = _count(bot)
    struck.between.counts_anew(blows, strike or bot.begins_anew)
    _insists(lambda: ana.types("/rollback shop because checkout fails"), lambda: _count(bot) > before)
    asked = bot.newest()
    _insists(lambda: _presses(asked, lena), lambda: asked.status() not in ("requested", "assessing", "waiting"))
    asked.becomes("succeeded", 400)
    found = asked.is_told_once(ana, "went back")
    assert _count(bot) == before + 1
    assert bot.shop.revision() == "0002"
    _shows_the_truth(asked, found)
    heard = Heard(_kinds(found), _steps(found), len(struck.between.made))
    bot.is_ready()
    return heard


def _count(bot: Served) -> int:
    with psycopg.connect(bot.shop.history_url, application_name="the test") as connection:
        row = connection.execute("SELECT count(*) FROM rollbacks").fetchone()
    return int(row[0]) if row else 0


def _insists(act: Callable[[], Any], done: Callable[[], bool]) -> None:
    for _ in range(12):
        act()
        try:
            wait_for(done, "again", AGAIN_SECONDS)
        except AssertionError:
            continue
        return
    pytest.fail("nobody heard, however often it was said")


def _presses(asked: Asked, who: Any) -> None:
    card = asked.told(who).get("card")
    if card and "'Approve'" in str(card[0]["blocks"]):
        who.presses("Approve", card[0])


def _kinds(found: dict[str, list[Any]]) -> Counter[str]:
    return Counter(key.partition(":")[0] for key in found if not key.startswith("steps:"))


def _steps(found: dict[str, list[Any]]) -> Counter[str]:
    """Each step with the word for how it ended, however many share a message."""
    told = [message for key, some in found.items() if key.startswith("steps:") for message in some]
    return Counter(re.sub(r"(under )?[\d.,]+", "#", line) for each in told for line in each["text"].splitlines())


def _shows_the_truth(asked: Asked, found: dict[str, list[Any]]) -> None:
    card, live = found["card"][0], found["live"][0]
    assert "'Approve'" not in str(card["blocks"])
    assert "'Stop'" not in str(live["blocks"])
    assert "went back" in said(card).lower()
    everything = [each for key, some in found.items() if key.startswith("steps:") or key == "chain" for each in some]
    assert all(each["thread_ts"] == live["ts"] for each in everything)
    order = [key.partition(":")[0] for key, _ in sorted(found.items(), key=lambda each: each[1][0]["ts"])]
    assert order.index("card") < order.index("started") < order.index("live") < order.index("over")


def _some(some: int) -> list[Any]:
    """The others are for the night."""
    return [pytest.param(first, marks=[] if first == some else pytest.mark.nightly) for first in range(1, GAP + 1)]


@pytest.mark.parametrize("first", _some(5))
def test_it_is_killed_again_and_again(struck: Struck, first: int) -> None:
    """Before a call and after one by turns; over all cases, at every call."""
    turns: tuple[When, When] = ("before", "after")
    blows = {number: turns[(place + first) % 2] for place, number in enumerate(range(first, ENOUGH, GAP))}
    heard = _goes_back(struck, blows)
    assert len(struck.between.struck) >= 3
    _is_the_same(struck, heard)


@pytest.mark.nightly
@pytest.mark.parametrize("number", range(1, MOST))
@pytest.mark.parametrize("when", ["after", "before"])
def test_it_is_killed_at_one_call(struck: Struck, number: int, when: When) -> None:
    heard = _goes_back(struck, {number: when})
    assert struck.between.struck or heard.calls < number
    _is_the_same(struck, heard)


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(1, GAP + 1, 3))
def test_of_two_replicas_the_one_and_the_other_are_killed_by_turns(struck: Struck, first: int) -> None:
    """Which of them made the call is left to chance; the one that made it hears no answer in either case."""
    bot = struck.served
    with served(bot.shop, bot.sandbox, mode=bot.mode, SLACK_API_URL=struck.between.url) as other:
        by_turns = cycle((bot, other))
        blows: dict[int, When] = dict.fromkeys(range(first, ENOUGH, GAP), "after")
        heard = _goes_back(struck, blows, lambda: next(by_turns).begins_anew())
        assert len(struck.between.struck) >= 3
        _is_the_same(struck, heard)
        other.is_ready()
        if bot.mode == "http":
            bot.sandbox.connect_http(f"http://127.0.0.1:{bot.port}/slack/events")


def _is_the_same(struck: Struck, heard: Heard) -> None:
    """People were told the same as of a rollback in which nobody was struck. What was true for a moment in which nobody could
    say it is not said later."""
    whole = struck.whole
    assert whole is not None
    assert heard.kinds - whole.kinds == Counter()
    assert set(whole.kinds - heard.kinds) <= {"ask"}
    assert heard.steps == whole.steps
