"""Slack beside the work, in two parts, each a process of its own: who hears, and who answers and tells what happens.

They are two because an acknowledgement has three seconds and an answer has not: whatever an answer costs, it cannot hold up
the next acknowledgement.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from slack_bolt import App, BoltRequest

from actions.errors import ConfigurationError
from actions.history.database import History
from bot.announcer.announcer import Announcer
from bot.app import build_app
from bot.errands import HandedOn
from bot.presence import Presence
from bot.settings import SlackMode
from bot.signs import ANSWERING, WORK, Signs
from bot.slack_api import HOPELESS, REMEDIES, SlackError
from bot.transports import DEFAULT_LISTEN, LONGEST_PAUSE_SECONDS, Sockets, Transport, Web
from bot.wire import Ear, Mouth

log = logging.getLogger(__name__)

#: So often the catalog is looked at while nobody needs it.
GLANCE_SECONDS = 2.0
#: From then on people are told that the history is away.
OPENING_SECONDS = 10.0


class Hearing:
    """The part that Slack reaches. It acknowledges, and hands on; it waits for no database and does no work."""

    def __init__(self, presence: Presence, mouth: Mouth, signs: Signs) -> None:
        self._presence, self._mouth, self._signs = presence, mouth, signs
        self._transports: list[Transport] = []
        self._open = threading.Event()

    def hear(self, stopping: threading.Event) -> None:
        """Until we are stopping. ConfigurationError when Slack will never have us."""
        settings = self._presence.settings
        began = time.monotonic()
        self._mouth.open()
        if settings.listen is not None and settings.slack_mode is SlackMode.SOCKET:
            self._begin(Web(settings.listen, self.facts, self._signs.all_there, None), stopping)
        if not meet(self._presence, stopping):
            return
        app = build_app(self._presence, HandedOn(presence=self._presence, say=self._mouth.say))
        # What comes in the first second is better answered a moment later than refused.
        self._mouth.history_there.wait(OPENING_SECONDS)
        if settings.slack_mode is SlackMode.HTTP:
            self._begin(Web(settings.listen or DEFAULT_LISTEN, self.facts, self._signs.all_there, app), stopping)
        else:
            token = settings.slack_app_token
            self._begin(Sockets(app, token.get_secret_value() if token else ""), stopping)
        self._open.set()
        log.info(
            "Slack can reach us: workspace %s, %s mode", self._presence.workspace.name, settings.slack_mode,
            extra={"event": "slack_ready", "seconds": round(time.monotonic() - began, 2)},
        )  # fmt: skip
        while not stopping.wait(GLANCE_SECONDS):
            self._presence.glance()

    def leave(self) -> None:
        for transport in reversed(self._transports):
            transport.stop()
        self._mouth.close()

    def facts(self) -> Mapping[str, bool]:
        """What has to be there for us to be of use."""
        return {
            "history": self._mouth.history_there.is_set(),
            "slack": self._open.is_set() and all(each.connected for each in self._transports),
            "answering": self._signs.is_there(ANSWERING),
            "work": self._signs.works(WORK),
        }

    def _begin(self, transport: Transport, stopping: threading.Event) -> None:
        self._transports.append(transport)
        transport.start(stopping)


class Answering:
    """The part that does what people ask, and tells what happens."""

    def __init__(self, presence: Presence, ear: Ear, *, lasting: timedelta) -> None:
        self._presence, self._ear = presence, ear
        self._lasting = lasting

    def answer(self, stopping: threading.Event) -> None:
        """In a thread, until the process ends."""
        if not meet(self._presence, stopping):
            return
        app = build_app(self._presence)
        self._ear.hear(lambda body: self._done(app, body))

    @staticmethod
    def _done(app: App, body: Mapping[str, Any]) -> None:
        """Slack has its acknowledgement: what the app would acknowledge with is nobody's any more."""
        app.dispatch(BoltRequest(mode="socket_mode", body=dict(body)))

    def leave(self) -> None:
        self._presence.stopping.set()

    @contextmanager
    def telling(self, history: History, stopping: threading.Event) -> Iterator[None]:
        """For as long as the history is there, somebody tells what happens."""
        over = threading.Event()
        announcer = Announcer(self._presence, history, lasting=self._lasting)
        thread = threading.Thread(target=announcer.work, args=(stopping, over), name="announcer", daemon=True)
        with self._presence.with_history(history):
            thread.start()
            self._ear.tell(history_there=True)
            try:
                yield
            finally:
                self._ear.tell(history_there=False)
                over.set()
                self._presence.nudge()
                thread.join(5)


def meet(presence: Presence, stopping: threading.Event) -> bool:
    """Which workspace it is; while Slack is away we wait, and the work goes on."""
    pause, said = 1.0, False
    while not stopping.is_set():
        try:
            presence.meet()
        except SlackError as error:
            if error.code in HOPELESS:
                raise ConfigurationError(
                    f"Slack says {error.code} to SLACK_BOT_TOKEN", next_step=REMEDIES.get(error.code or "")
                ) from None
            log.log(
                logging.DEBUG if said else logging.WARNING, "%s; trying again until it does", error.what,
                extra={"event": "slack_away"},
            )  # fmt: skip
            said = True
            stopping.wait(error.after or pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            return True
    return False
