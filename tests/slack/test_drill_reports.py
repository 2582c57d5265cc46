"""Whoever asked for a drill hears how it ended, once, also when the process that did it is gone."""

from datetime import timedelta
from typing import Any

import psycopg

from actions.history.database import History
from actions.history.drills import begin, end, waited_for
from actions.history.processes import BETWEEN, this_process
from bot.render.notices import not_here
from tests.serve.conftest import eventually
from tests.slack.conftest import Telling
from tests.slack.plain_slack import PlainSlack

PLACE = "C0INCIDENTS"


def of_a_dead_process(url: str) -> None:
    """Its number was given anew since."""
    machine, numbering, number, started = this_process().split(BETWEEN)
    owner = BETWEEN.join((machine, numbering, number, str(int(started) - 1000)))
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE drills SET owner = %s", [owner])


def is_told(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM drills WHERE told_at IS NULL").fetchone()
    return row == (0,)


def test_a_drill_whose_process_died_is_told_as_one_that_says_nothing(
    history: History, history_url: str, telling: Telling, slack: PlainSlack
) -> None:
    begin(history, service="shop", requester="U0ANA", place=PLACE)
    of_a_dead_process(history_url)
    with telling.here():
        eventually(lambda: is_told(history_url))
    (said,) = slack.messages
    assert said["channel"] == PLACE
    assert "did not come to its end" in said["text"]
    assert "<@U0ANA>" in str(said["blocks"])


def test_one_that_goes_on_is_waited_for_and_a_report_whose_answer_was_lost_is_said_once(
    history: History, history_url: str, telling: Telling, slack: PlainSlack
) -> None:
    number = begin(history, service="shop", requester="U0ANA", place=PLACE)
    lost: list[str] = []

    def lose(method: str, _: dict[str, Any]) -> str:
        if method == "chat.postMessage" and not lost:
            lost.append(method)
            return "lost"
        return "done"

    slack.before = lose
    with telling.here():
        eventually(lambda: slack.made("auth.test"))
        assert not slack.messages
        with history.writing() as connection:
            end(connection, number, dict(not_here("It is well").payload))
        eventually(lambda: is_told(history_url))
    assert lost
    assert [message["text"] for message in slack.messages] == ["⛔ It is well."]


def test_where_it_may_not_be_said_whoever_asked_hears_it_directly(
    history: History, history_url: str, telling: Telling, slack: PlainSlack
) -> None:
    number = begin(history, service="gone", requester="U0ANA", place="C0CLOSED")
    with history.writing() as connection:
        end(connection, number, dict(not_here("It is well").payload))
        end(connection, number, dict(not_here("Somebody else's words").payload))

    answer = slack.answer

    def closed(method: str, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("channel") == "C0CLOSED":
            return {"ok": False, "error": "not_in_channel"}
        return answer(method, given)

    slack.answer = closed  # type: ignore[method-assign]
    with telling.here():
        eventually(lambda: is_told(history_url))
    assert [(message["channel"], message["text"]) for message in slack.messages] == [("U0ANA", "⛔ It is well.")]
    with history.reading() as connection:
        assert waited_for(connection, settled=timedelta(0)) == ()
