"""Slack's people and groups: who may approve is looked up here."""

from functools import cached_property
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from actions.errors import BackoutError, UnavailableError
from actions.readiness.answers import Answer, Level
from bot.settings import Settings, SlackMode

SECONDS = 10

#: What Slack's error codes mean for whoever reads them here.
REMEDIES = {
    "missing_scope": "Add the scope to the app (see manifest.yml) and install it again.",
    "invalid_auth": "SLACK_BOT_TOKEN is not valid for this workspace; copy it again.",
    "account_inactive": "SLACK_BOT_TOKEN belongs to an app that was removed; install it again.",
    "token_revoked": "SLACK_BOT_TOKEN was revoked; install the app again.",
    "no_such_subteam": "There is no such user group; copy its id (S...) from Slack.",
    "subteam_not_found": "There is no such user group; copy its id (S...) from Slack.",
}


class SlackDirectory:
    def __init__(self, settings: Settings) -> None:
        token = settings.slack_bot_token
        self._client = WebClient(
            token=token.get_secret_value() if token else None, base_url=settings.slack_api_url, timeout=SECONDS
        )

    @cached_property
    def team(self) -> str:
        """The workspace that the token is for."""
        return str(self._call("auth.test")["team"])

    def members(self, group: str) -> tuple[str, ...]:
        return tuple(self._call("usergroups.users.list", usergroup=group)["users"])

    def is_active(self, user: str) -> bool:
        try:
            person = self._call("users.info", user=user)["user"]
        except UnknownPersonError:
            return False
        return not person.get("deleted") and not person.get("is_bot")

    def _call(self, method: str, **arguments: str) -> Any:
        try:
            return self._client.api_call(method, params=arguments)
        except SlackApiError as error:
            code = str(error.response.get("error"))
            if code in ("user_not_found", "users_not_found", "user_not_visible"):
                raise UnknownPersonError(f"Slack knows no such person ({code})") from error
            raise UnavailableError(f"Slack says {code} to {method}", next_step=REMEDIES.get(code)) from error
        except (SlackClientError, OSError) as error:
            raise UnavailableError(
                "Slack does not answer", next_step="Look at the network and SLACK_API_URL."
            ) from error


class UnknownPersonError(UnavailableError):
    """No such user here."""


def ask_slack(settings: Settings) -> Answer:
    """Is Slack configured, completely, and does the token work?"""
    question = "Slack"
    if not (settings.slack_bot_token or settings.slack_app_token or settings.slack_signing_secret):
        return Answer(
            question=question, level=Level.WARNING, said="not configured; every verb works on the command line",
            remedy="To connect it, set SLACK_BOT_TOKEN and the others (see .env.example).",
        )  # fmt: skip
    needed = {"SLACK_BOT_TOKEN": settings.slack_bot_token}
    if settings.slack_mode is SlackMode.SOCKET:
        needed["SLACK_APP_TOKEN"] = settings.slack_app_token
    else:
        needed["SLACK_SIGNING_SECRET"] = settings.slack_signing_secret
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        return Answer(
            question=question, level=Level.FAILED,
            said=f"{' and '.join(missing)} missing for SLACK_MODE={settings.slack_mode}",
            remedy="Set what is missing, or unset all of them.",
        )  # fmt: skip
    try:
        team = SlackDirectory(settings).team
    except BackoutError as error:
        return Answer(question=question, level=Level.FAILED, said=error.what, remedy=error.next_step)
    return Answer(question=question, level=Level.OK, said=f"workspace {team}, {settings.slack_mode} mode")
