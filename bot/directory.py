"""Slack's people and groups: who may approve is looked up here."""

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import Any

from actions.errors import BackoutError, UnavailableError
from actions.readiness.answers import Answer, Level
from bot.configured import missing_settings
from bot.settings import Settings, SlackMode
from bot.slack_api import CONNECTING_REMEDY, Slack, SlackError

#: How old what is shown may be. A decision always reads anew.
FRESH_SECONDS = 60.0
#: Waited for once, in the middle of a decision.
LONGEST_WAIT_SECONDS = 5.0
MOST_KEPT = 10_000


class SlackDirectory:
    """Reads anew, every time: for decisions."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    @cached_property
    def team(self) -> str:
        """The workspace that the token is for."""
        return str(self._call("auth.test")["team"])

    def members(self, group: str) -> tuple[str, ...]:
        return tuple(self._call("usergroups.users.list", usergroup=group)["users"])

    def is_active(self, user: str) -> bool:
        try:
            person = self.person(user)
        except UnknownPersonError:
            return False
        return not person.get("deleted") and not person.get("is_bot")

    def person(self, user: str) -> Mapping[str, Any]:
        """What Slack says about somebody; UnknownPersonError when there is no such person here."""
        found = self._call("users.info", user=user)["user"]
        return found if isinstance(found, Mapping) else {}

    def _call(self, method: str, **arguments: str) -> Mapping[str, Any]:
        try:
            return self._patiently(method, **arguments)
        except SlackError as error:
            if error.code in ("user_not_found", "users_not_found", "user_not_visible"):
                raise UnknownPersonError(f"Slack knows no such person ({error.code})") from error
            raise

    def _patiently(self, method: str, **arguments: str) -> Mapping[str, Any]:
        try:
            return self._slack.call(method, **arguments)
        except SlackError as error:
            if error.after is None or error.after > LONGEST_WAIT_SECONDS:
                raise
            time.sleep(error.after)
        return self._slack.call(method, **arguments)


class RecentDirectory:
    """The same people, up to a minute old: for what is shown, never for a decision."""

    def __init__(self, behind: SlackDirectory) -> None:
        self._behind = behind
        self._lock = threading.Lock()
        self._known: dict[Hashable, tuple[float, Any]] = {}

    def members(self, group: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self._recent(("members", group), lambda: self._behind.members(group))
        return found

    def is_active(self, user: str) -> bool:
        try:
            person = self.person(user)
        except UnknownPersonError:
            return False
        return not person.get("deleted") and not person.get("is_bot")

    def person(self, user: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._recent(("person", user), lambda: self._behind.person(user))
        return found

    def _recent(self, key: Hashable, ask: Callable[[], Any]) -> Any:
        now = time.monotonic()
        with self._lock:
            kept = self._known.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]
        found = ask()
        with self._lock:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = (now + FRESH_SECONDS, found)
        return found


class UnknownPersonError(UnavailableError):
    """No such user here."""


def ask_slack(settings: Settings) -> Answer:
    """Is Slack configured, completely, and do the tokens work?"""
    question = "Slack"
    if not (settings.slack_bot_token or settings.slack_app_token or settings.slack_signing_secret):
        return Answer(
            question=question, level=Level.WARNING, said="not configured; every verb works on the command line",
            remedy="To connect it, set SLACK_BOT_TOKEN and the others (see .env.example).",
        )  # fmt: skip
    missing = missing_settings(settings)
    if missing:
        return Answer(
            question=question, level=Level.FAILED,
            said=f"{' and '.join(missing)} missing for SLACK_MODE={settings.slack_mode}",
            remedy="Set what is missing, or unset all of them.",
        )  # fmt: skip
    slack = Slack(settings)
    try:
        team = SlackDirectory(slack).team
        _could_connect(slack, settings)
    except BackoutError as error:
        return Answer(question=question, level=Level.FAILED, said=error.what, remedy=error.next_step)
    return Answer(question=question, level=Level.OK, said=f"workspace {team}, {settings.slack_mode} mode")


def _could_connect(slack: Slack, settings: Settings) -> None:
    """Asks for an address to connect to, which goes stale when nobody does."""
    token = settings.slack_app_token
    if settings.slack_mode is not SlackMode.SOCKET or token is None:
        return
    try:
        slack.call("apps.connections.open", app_token=token.get_secret_value())
    except SlackError as error:
        if error.code is None:
            raise
        raise UnavailableError(f"Slack says {error.code} to SLACK_APP_TOKEN", next_step=CONNECTING_REMEDY) from error
