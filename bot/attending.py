"""Slack beside the work: the app, its transport, and the one who tells people what happens, from start to stop."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from actions.errors import ConfigurationError
from actions.history.database import History
from bot.announcer.announcer import Announcer
from bot.app import build_app
from bot.directory import missing_settings
from bot.presence import Presence
from bot.settings import Settings, SlackMode
from bot.slack_api import HOPELESS, REMEDIES, SlackError
from bot.transports import DEFAULT_LISTEN, LONGEST_PAUSE_SECONDS, Sockets, Transport, Web

log = logging.getLogger(__name__)

#: From then on people are told that the history is away.
OPENING_SECONDS = 10.0


def must_be_configured(settings: Settings) -> None:
    missing = missing_settings(settings)
    if missing:
        raise ConfigurationError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, so there is no Slack to serve "
            f"(SLACK_MODE is {settings.slack_mode})",
            where="backout serve",
            next_step="docs/operate/slack.md connects a workspace in five minutes. "
            "`backout serve --workers-only` does the background work without Slack.",
        )


class Attending:
    """One process's part in Slack."""

    def __init__(self, presence: Presence, *, lasting: timedelta) -> None:
        self._presence = presence
        self._lasting = lasting
        self._transports: list[Transport] = []
        self._open = threading.Event()

    def attend(self, stopping: threading.Event) -> None:
        """Until we are stopping. ConfigurationError when Slack will never have us."""
        settings = self._presence.settings
        began = time.monotonic()
        if settings.listen is not None and settings.slack_mode is SlackMode.SOCKET:
            self._begin(Web(settings.listen, self.facts, None), stopping)
        if not self._meet(stopping):
            return
        app = build_app(self._presence)
        # What comes in the first second is better answered a moment later than refused.
        self._presence.wait_for_history(OPENING_SECONDS)
        if settings.slack_mode is SlackMode.HTTP:
            self._begin(Web(settings.listen or DEFAULT_LISTEN, self.facts, app), stopping)
        else:
            token = settings.slack_app_token
            self._begin(Sockets(app, token.get_secret_value() if token else ""), stopping)
        self._open.set()
        log.info(
            "Slack can reach us: workspace %s, %s mode", self._presence.workspace.name, settings.slack_mode,
            extra={"event": "slack_ready", "seconds": round(time.monotonic() - began, 2)},
        )  # fmt: skip
        stopping.wait()

    def leave(self) -> None:
        self._presence.stopping.set()
        for transport in reversed(self._transports):
            transport.stop()

    @contextmanager
    def telling(self, history: History, stopping: threading.Event) -> Iterator[None]:
        """For as long as the history is there, somebody tells what happens."""
        over = threading.Event()
        announcer = Announcer(self._presence, history, lasting=self._lasting)
        thread = threading.Thread(target=announcer.work, args=(stopping, over), name="announcer", daemon=True)
        with self._presence.with_history(history):
            thread.start()
            try:
                yield
            finally:
                over.set()
                self._presence.nudge()
                thread.join(5)

    def facts(self) -> Mapping[str, bool]:
        """What has to be there for us to be of use."""
        return {
            "history": self._presence.has_history,
            "slack": self._open.is_set() and all(each.connected for each in self._transports),
        }

    def _begin(self, transport: Transport, stopping: threading.Event) -> None:
        self._transports.append(transport)
        transport.start(stopping)

    def _meet(self, stopping: threading.Event) -> bool:
        """Which workspace it is; while Slack is away we wait, and the work goes on."""
        pause, said = 1.0, False
        while not stopping.is_set():
            try:
                self._presence.meet()
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
