"""Home is drawn by whoever opens it or turns its page, and by whoever sees that something happened: by both at once, sometimes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actions.history.announcers import lead
from actions.history.database import History
from bot.announcer.viewers import Viewers
from bot.listeners.home import publish
from bot.presence import Presence
from bot.render.buttons import Page
from bot.settings import read_settings
from tests.slack.plain_slack import PlainSlack
from tests.slack.stories import as_it_is_now, catalog_in

OPEN = "INSERT INTO viewers (person, page, shown) VALUES ('U0ANA', %s, 'what was there before')"


@pytest.fixture
def presence(history: History, slack: PlainSlack, tmp_path: Path) -> Any:
    catalog_in(tmp_path)
    settings = read_settings(
        {"SLACK_API_URL": slack.url, "SLACK_BOT_TOKEN": "xoxb-good", "BACKOUT_HOME": str(tmp_path)}
    )
    made = Presence(settings, as_it_is_now(tmp_path / "backout.yml"), {})
    made.meet()
    with made.with_history(history):
        yield made


def test_who_turns_the_page_while_it_is_drawn_is_shown_the_page_they_turned_to(
    presence: Presence, history: History, history_url: str, slack: PlainSlack
) -> None:
    with psycopg.connect(history_url) as connection:
        connection.execute(OPEN, [Page(number=1).encode()])
    turned: list[bool] = []

    def turns(method: str, _: dict[str, Any]) -> str:
        if method == "views.publish" and not turned:
            turned.append(True)
            publish(presence, "U0ANA", Page(number=2))
        return "done"

    slack.before = turns
    leading = lead(history, "slack", lasting=timedelta(seconds=60))
    assert leading is not None
    viewers = Viewers(presence, history)
    viewers.look(leading, written=1)
    # What was drawn last is the page from before they turned it.
    assert len(slack.made("views.publish")) == 2
    viewers._next = 0.0
    viewers.look(leading, written=1)
    assert len(slack.made("views.publish")) == 3
    for _ in range(2):
        viewers._next = 0.0
        viewers.look(leading, written=1)
    assert len(slack.made("views.publish")) == 3, "it is as it should be"
