"""A process that does nothing but tell. It is killed by those who test it."""

import threading
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from actions.history.database import History, conninfo_of
from bot.announcer.announcer import Announcer
from bot.announcer.pacing import Pace
from bot.announcer.patience import Patience
from bot.presence import Presence
from bot.settings import read_settings
from tests.slack.stories import as_it_is_now, catalog_in

# Every process that is forked from here has its types built.
with TemporaryDirectory() as folder:
    catalog_in(folder)


def tell(
    history_url: str, slack_url: str, catalog: str, lease: float, post_gap: float, until: object = None
) -> None:  # fmt: skip
    settings = read_settings({"SLACK_API_URL": slack_url, "SLACK_BOT_TOKEN": "xoxb-good", "BACKOUT_HOME": "/nowhere"})
    presence = Presence(settings, as_it_is_now(Path(catalog)), {})
    presence.meet()
    with History(conninfo_of(history_url)) as history, presence.with_history(history):
        stopping = until if isinstance(until, threading.Event) else threading.Event()
        # The plain Slack takes as much as it is given, and answers at once.
        pace = Pace(post_gap=post_gap, edit_gap=0.1, urgent_gap=0.02, edits_a_minute=60_000)
        patience = Patience(look=0.1, quiet_look=0.2, running=0.3, away=0.2, settled=0.2, unsettled=2)
        announcer = Announcer(presence, history, lasting=timedelta(seconds=lease), pace=pace, patience=patience)
        announcer.work(stopping, threading.Event())
