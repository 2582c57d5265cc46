"""The Bolt app: all listeners, no transport. Whether Slack speaks to it through a socket or over HTTP makes no difference.

Bolt asks Slack who it is at every request unless it is told; it writes the whole body of a request to the log when the
signature is wrong; and it passes each request on from thread to thread. All three are settled here.
"""

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError

from bot.errands import Errands, unexpected
from bot.listeners import register
from bot.presence import Presence
from bot.slack_api import quiet_logger
from bot.visitors import visitor_of

log = logging.getLogger(__name__)


def build_app(presence: Presence, errands: Errands | None = None) -> App:
    secret = presence.settings.slack_signing_secret

    def authorize() -> AuthorizeResult:
        workspace = presence.workspace
        return AuthorizeResult(
            enterprise_id=None, team_id=workspace.team, bot_id=workspace.bot_id, bot_user_id=workspace.bot_user,
            bot_token=presence.slack.client.token,
        )  # fmt: skip

    app = App(
        name="backout",
        client=_without_token(presence),
        authorize=authorize,
        signing_secret=secret.get_secret_value() if secret else "",
        raise_error_for_unhandled_request=True,
        # A listener acknowledges, decodes and hands over: in the thread that heard it, for each that follows would have to
        # wait for its turn before Slack has its answer.
        process_before_response=True,
        logger=_quiet_logger(),
    )
    register(app, errands or Errands(presence=presence))

    @app.error
    def failed(error: Exception, body: Mapping[str, Any]) -> None:
        """Of the listeners themselves, which do nothing but decode: whatever comes here is a fault, or not for us."""
        if isinstance(error, BoltUnhandledRequestError):
            log.info("Nothing listens to what Slack sent", extra={"event": "unhandled", "kind": str(body.get("type"))})
            return
        unexpected(error, f"a listener, for {visitor_of(body).key}")

    return app


def _without_token(presence: Presence) -> Any:
    """Bolt takes the token from `authorize`, and warns when it finds another."""
    from slack_sdk import WebClient

    behind = presence.slack.client
    return WebClient(
        base_url=behind.base_url, timeout=behind.timeout, ssl=behind.ssl, retry_handlers=[], logger=quiet_logger()
    )


def _quiet_logger() -> logging.Logger:
    """Bolt's words about requests carry their bodies: what people wrote, and addresses that open doors."""
    quiet = logging.getLogger("bot.bolt")
    quiet.setLevel(logging.ERROR)
    return quiet
