"""Every call to Slack goes through here: one short wait, no silent repetition, and errors that say what they mean.

The library repeats a call whose answer was lost, by itself, and a message that was posted twice cannot be taken back. So
nothing is repeated here: whoever calls is told whether it certainly was not done, and for how long to leave Slack alone.
"""

import logging
import ssl
from collections.abc import Mapping
from functools import cached_property
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from actions.errors import UnavailableError
from bot.settings import Settings

SECONDS = 8
#: Every method that we call, with the scopes of which one is needed. The manifest asks for these and no others.
METHODS: Mapping[str, tuple[str, ...]] = {
    "apps.connections.open": (),
    "auth.test": (),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write", "chat:write.public"),
    "chat.update": ("chat:write",),
    "conversations.create": ("channels:manage",),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.invite": ("channels:manage",),
    "conversations.join": ("channels:join",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history"),
    "conversations.setTopic": ("channels:manage",),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "usergroups.users.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
#: What Slack's error codes mean for whoever reads them here.
REMEDIES = {
    "missing_scope": "Add the scope to the app (see manifest.yml) and install it again.",
    "invalid_auth": "SLACK_BOT_TOKEN is not valid for this workspace; copy it again.",
    "not_authed": "SLACK_BOT_TOKEN is not valid for this workspace; copy it again.",
    "account_inactive": "SLACK_BOT_TOKEN belongs to an app that was removed; install it again.",
    "token_revoked": "SLACK_BOT_TOKEN was revoked; install the app again.",
    "token_expired": "SLACK_BOT_TOKEN has expired; install the app again.",
    "no_such_subteam": "There is no such user group; copy its id (S...) from Slack.",
    "subteam_not_found": "There is no such user group; copy its id (S...) from Slack.",
    "plan_upgrade_required": "This workspace has no user groups: name `users` in the catalog.",
    "not_in_channel": "Invite the bot into the channel: /invite @Backout.",
    "channel_not_found": "There is no such channel, or it is private: invite the bot into it.",
    "is_archived": "The channel is archived; name another in the catalog.",
}
CONNECTING_REMEDY = "Copy the app-level token again; it needs the scope connections:write."
#: Starting again does not help against these.
HOPELESS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
#: With these Slack may have done it all the same.
_UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
LEAST_WAIT, DEFAULT_WAIT = 1.0, 30.0


class SlackError(UnavailableError):
    """Slack said no, or nothing."""

    def __init__(
        self, what: str, *, code: str | None = None, certain: bool, after: float | None = None, next_step: str | None = None
    ) -> None:  # fmt: skip
        super().__init__(what, next_step=next_step)
        #: Slack's word for it; None when it did not answer.
        self.code = code
        #: It was not done, certainly.
        self.certain = certain
        #: For so many seconds Slack wants no more of these.
        self.after = after


class Slack:
    """One workspace, through one token."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def client(self) -> WebClient:
        token = self._settings.slack_bot_token
        base = self._settings.slack_api_url
        return WebClient(
            token=token.get_secret_value() if token else None, base_url=base, timeout=SECONDS, retry_handlers=[],
            logger=quiet_logger(),
            # One for all calls: reading the system's certificates anew for each takes longer than the call.
            ssl=ssl.create_default_context() if base.startswith("https") else None,
        )  # fmt: skip

    def call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """`call("chat.postMessage", channel=..., ...)`; SlackError when it was not answered with yes."""
        try:
            response = getattr(self.client, method.replace(".", "_"))(**arguments)
        except SlackApiError as error:
            raise self._refused(method, error) from None  # its text has the whole answer in it
        except (SlackClientError, HTTPException, OSError) as error:
            raise _no_answer(error) from error
        return response.data if isinstance(response.data, dict) else {}

    def _refused(self, method: str, error: SlackApiError) -> SlackError:
        response = error.response
        status = response.status_code
        code = str(response.get("error")) if isinstance(response.data, dict) else ""
        if status == 429 or code == "ratelimited":
            return SlackError(
                f"Slack wants fewer calls of {method}", code="ratelimited", certain=True, after=_wait(response.headers)
            )
        if status >= 500 or not code.replace("_", "").isalnum():
            return SlackError(f"Slack does not answer (HTTP {status} to {method})", certain=False)
        needed = response.get("needed") if code == "missing_scope" else None
        scope = f": {needed}" if isinstance(needed, str) else ""
        return SlackError(
            f"Slack says {code}{scope} to {method}",
            code=code,
            certain=code not in _UNSURE,
            next_step=REMEDIES.get(code),
        )


def quiet_logger() -> logging.Logger:
    """The library says every call that failed, each second while Slack is away; whoever calls hears of it, and says it once."""
    quiet = logging.getLogger("bot.calls")
    quiet.setLevel(logging.CRITICAL)
    return quiet


def _no_answer(error: Exception) -> SlackError:
    behind = error.reason if isinstance(error, URLError) else error
    return SlackError(
        "Slack does not answer",
        # Nobody listened: it never left.
        certain=isinstance(behind, ConnectionRefusedError | ssl.SSLCertVerificationError),
        next_step="Look at the network and SLACK_API_URL.",
    )


def _wait(headers: Mapping[str, str]) -> float:
    told = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    try:
        return max(float(told), LEAST_WAIT) if told is not None else DEFAULT_WAIT
    except (TypeError, ValueError):
        return DEFAULT_WAIT
