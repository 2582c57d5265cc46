"""Whoever tells is killed between any two calls, or its answers are lost, or Slack is away: each message is there once."""

import threading
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from actions.history.database import History
from actions.history.lifecycle import Status
from tests.serve.conftest import eventually
from tests.slack.conftest import Telling, kill
from tests.slack.plain_slack import PlainSlack
from tests.slack.stories import STEPS, Story

WRITES = ("chat.postMessage", "chat.update", "conversations.create")
#: What the channel and the thread have at the end of a rollback that went well.
AT_THE_END = {"card", "started", "live", "over", "chain"}
PATIENCE = 90.0


def is_told_once(slack: PlainSlack, story: Story, *, steps: int = len(STEPS)) -> None:
    """Each message once, in order, showing the end."""
    found = slack.by_key()
    assert {key: len(each) for key, each in found.items() if len(each) > 1} == {}
    assert set(found) >= AT_THE_END
    told = [message for key, each in found.items() if key.startswith("steps:") for message in each]
    assert sum(message["text"].count("step ") for message in told) == steps
    assert all(message["thread_ts"] == found["live"][0]["ts"] for message in told)
    order = [message["metadata"]["event_payload"]["key"] for message in slack.messages]
    assert order.index("card") < order.index("started") < order.index("live") < order.index("over")
    assert "went back" in found["card"][0]["text"].lower() or "succeeded" in found["card"][0]["text"].lower()
    assert found["live"][0]["text"] != ""


class Killer:
    """Kills whoever tells at chosen calls, before they are done or after, and starts another."""

    def __init__(self, telling: Telling, strikes: dict[int, str]) -> None:
        self.telling, self.strikes = telling, strikes
        self.number, self.struck = 0, list[str]()
        self.lock = threading.Lock()
        self.process: BaseProcess = telling.start()
        telling.slack.before = self.before
        telling.slack.after = self.after

    def before(self, method: str, _: dict[str, Any]) -> str:
        if method not in WRITES:
            return "done"
        with self.lock:
            self.number += 1
            if self.strikes.get(self.number) != "before":
                return "done"
            self._kill(method)
        return "gone"

    def after(self, method: str, _: dict[str, Any]) -> None:
        with self.lock:
            if method in WRITES and self.strikes.get(self.number) == "after":
                self._kill(method)

    def _kill(self, method: str) -> None:
        self.struck.append(f"{method} {self.number}")
        del self.strikes[self.number]
        kill(self.process)
        self.process = self.telling.start()

    def end(self) -> None:
        kill(self.process)
        self.process.join()


@pytest.mark.parametrize(
    "strikes",
    [
        pytest.param({1: "after", 2: "before", 4: "after", 6: "after"}, id="here and there"),
        pytest.param(dict.fromkeys(range(1, 20), "after"), id="after each call", marks=pytest.mark.nightly),
        pytest.param(dict.fromkeys(range(1, 20, 2), "before"), id="before each call", marks=pytest.mark.nightly),
    ],
)
def test_whoever_tells_may_be_killed_between_any_two_calls(
    history: History, telling: Telling, slack: PlainSlack, strikes: dict[int, str]
) -> None:
    story = Story(history)
    story.goes_well()
    wanted = len(strikes)
    killer = Killer(telling, dict(strikes))
    try:
        eventually(telling.settled, PATIENCE)
    finally:
        killer.end()
    assert len(killer.struck) >= min(wanted, 4)
    is_told_once(slack, story)


def test_an_answer_that_was_lost_is_looked_for(history: History, telling: Telling, slack: PlainSlack) -> None:
    lost = Counter[str]()

    def lose(method: str, given: dict[str, Any]) -> str:
        key = f"{method} {(given.get('metadata') or {}).get('event_payload', {}).get('key')}"
        if method == "chat.postMessage" and not lost[key] and key.endswith(("card", "over", "live")):
            lost[key] += 1
            return "lost"
        return "done"

    slack.before = lose
    story = Story(history)
    story.goes_well()
    with telling.here():
        eventually(telling.settled, PATIENCE)
    assert sum(lost.values()) == 3
    is_told_once(slack, story)


def test_two_that_tell_say_everything_once_and_the_living_one_takes_over(
    history: History, telling: Telling, slack: PlainSlack
) -> None:
    both = [telling.start(), telling.start()]
    story = Story(history)
    story.waits()
    try:
        eventually(lambda: "card" in slack.by_key(), PATIENCE)
        kill(both[0])
        story.says_yes("U0ANA", "U0BEN")
        story.moves(Status.APPROVED)
        story.moves(Status.RUNNING)
        story.does(*STEPS)
        story.moves(Status.SUCCEEDED, outcome="Went back, and was seen to be well")
        eventually(telling.settled, PATIENCE)
    finally:
        for each in both:
            kill(each)
    is_told_once(slack, story)
    assert len(slack.by_key()) >= len(AT_THE_END) + 3


def test_what_was_said_just_before_a_crash_shows_the_end_that_came_before_anybody_else_could_tell(
    history: History, telling: Telling, slack: PlainSlack
) -> None:
    first = telling.start()
    slack.after = lambda method, _: kill(first) if method == "chat.postMessage" else None
    story = Story(history)
    story.waits()
    eventually(lambda: not first.is_alive(), PATIENCE)
    slack.after = lambda *_: None
    story.says_yes("U0ANA", "U0BEN")
    story.moves(Status.APPROVED)
    story.moves(Status.RUNNING)
    story.does(*STEPS)
    story.moves(Status.SUCCEEDED, outcome="Went back, and was seen to be well")
    # All that is left to say is said at one look.
    telling.post_gap = 0.0
    second = telling.start()
    try:
        eventually(telling.settled, PATIENCE)
    finally:
        kill(second)
    is_told_once(slack, story)


def test_after_an_absence_of_slack_people_get_the_state_and_not_the_film(
    history: History, telling: Telling, slack: PlainSlack
) -> None:
    here = threading.Event()
    slack.before = lambda *_: "done" if here.is_set() else "broken"
    here.set()
    story = Story(history)
    story.waits()
    with telling.here():
        eventually(lambda: any(key.startswith("ask:") for key in slack.by_key()), PATIENCE)
        here.clear()
        story.says_yes("U0ANA", "U0BEN")
        story.moves(Status.APPROVED)
        story.moves(Status.RUNNING)
        story.does("preflight", "stop-web")
        story.moves(Status.UNDOING, because="the disk is full")
        story.moves(Status.FAILED, outcome="The disk is full; everything that was done is undone")
        tried = len(slack.calls)
        eventually(lambda: len(slack.calls) >= tried + 4, PATIENCE)
        here.set()
        eventually(telling.settled, PATIENCE)
    found = slack.by_key()
    assert {key: len(each) for key, each in found.items() if len(each) > 1} == {}
    assert {"started", "live", "over", "chain"} <= set(found)
    # An edit or two of the card tell all that was missed, not one for each of the eight; those who look see the end.
    assert len([given for given in slack.made("chat.update") if given["ts"] == found["card"][0]["ts"]]) <= 6
    assert "disk is full" in str(found["over"][0]["blocks"])


def test_patience_is_given_where_it_is_asked_for_and_elsewhere_it_goes_on(
    history: History, telling: Telling, slack: PlainSlack
) -> None:
    asked: list[float] = []

    def storm(method: str, given: dict[str, Any]) -> str:
        if method == "chat.postMessage" and given["channel"] == "C0INCIDENTS" and not patient():
            asked.append(time.monotonic())
            return "later:2"
        return "done"

    def patient() -> bool:
        """As long after the first refusal as Slack asked for."""
        return bool(asked) and time.monotonic() > asked[0] + 2

    slack.before = storm
    held, free = Story(history), Story(history, "fresh-shop")
    for story in (held, free):
        story.goes_well()
    with telling.here():
        eventually(lambda: any(each["channel"] != "C0INCIDENTS" for each in slack.messages), PATIENCE)
        assert patient() or not any(each["channel"] == "C0INCIDENTS" for each in slack.messages)
        eventually(lambda: telling.settled(2), PATIENCE)
    assert len(asked) == 1
    channels = {each["channel"] for each in slack.messages}
    assert len(channels) == 2
    for channel in channels:
        keys = Counter(
            each["metadata"]["event_payload"]["key"] for each in slack.messages if each["channel"] == channel
        )
        assert set(keys.values()) == {1}


def test_a_message_that_somebody_removed_comes_back_with_the_truth(
    history: History, telling: Telling, slack: PlainSlack
) -> None:
    story = Story(history)
    story.waits()
    with telling.here():
        eventually(lambda: any(key.startswith("ask:") for key in slack.by_key()), PATIENCE)
        removed = slack.by_key()["card"][0]
        slack.messages.remove(removed)
        story.moves(Status.STOPPED, outcome="Stopped by U0RITA before anything was done")
        eventually(telling.settled, PATIENCE)
    assert [each["ts"] != removed["ts"] for each in slack.by_key()["card"]] == [True]
    assert "stopped" in slack.by_key()["card"][0]["text"].lower()


def test_a_channel_of_its_own_is_made_once_and_filled_with_those_it_concerns(
    history: History, telling: Telling, slack: PlainSlack
) -> None:
    slack.channels.append({"id": "C0OTHERS", "name": "inc-rb-1-fresh-shop", "creator": "U0SOMEBODY"})
    killer = Killer(telling, {1: "after"})  # the channel is made, and its id is not written down
    story = Story(history, "fresh-shop")
    story.waits()
    try:
        eventually(lambda: any(key.startswith("ask:") for key in slack.by_key()), PATIENCE)
        eventually(lambda: slack.made("conversations.invite"), PATIENCE)
    finally:
        killer.end()
    ours = [each for each in slack.channels if each.get("creator") == "U0BOT"]
    assert [each["name"] for each in ours] == ["inc-rb-1-fresh-shop-2"]
    assert {each["channel"] for each in slack.messages} == {ours[0]["id"]}
    assert set(slack.made("conversations.invite")[0]["users"].split(",")) == {"U0RITA", "U0ANA", "U0BEN"}


def test_a_channel_of_its_own_that_is_wanted_only_since_changes_nothing_about_everybody_s(
    history: History, telling: Telling, slack: PlainSlack
) -> None:
    story = Story(history)
    story.waits()
    with telling.here():
        eventually(lambda: any(key.startswith("ask:") for key in slack.by_key()), PATIENCE)
        telling.catalog.write_text(
            telling.catalog.read_text().replace('channel: "#incidents"', "channel: {fresh: inc}")
        )
        story.says_yes("U0ANA")
        eventually(lambda: any(key.startswith("voice:") for key in slack.by_key()), PATIENCE)
    assert not slack.made("conversations.setTopic")
    assert not slack.made("conversations.invite")


def test_approvers_are_called_once_reminded_once_and_then_the_contact(
    history: History, telling: Telling, slack: PlainSlack
) -> None:
    from datetime import timedelta

    story = Story(history)
    story.waits(lasting=timedelta(seconds=4))
    with telling.here():
        eventually(lambda: any(key.startswith("unanswered:") for key in slack.by_key()), PATIENCE)
        story.moves(Status.STOPPED, outcome="Stopped by U0RITA before anything was done")
        eventually(telling.settled, PATIENCE)
    said = [key.partition(":")[0] for key in slack.by_key()]
    assert said == ["card", "ask", "remind", "unanswered", "over", "chain"]
    mentions = {key.partition(":")[0]: str(each[0]) for key, each in slack.by_key().items()}
    assert "<@U0ANA>" in mentions["ask"]
    assert "<@U0DBA>" in mentions["unanswered"]
