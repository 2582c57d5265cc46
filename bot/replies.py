"""Saying something to one person alone: through the address that came with what they did, or in the channel, or directly."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk.webhook import WebhookClient

from bot.render.message import Attachment, Message, View
from bot.slack_api import SECONDS, Slack, SlackError
from bot.visitors import Visitor

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """To one visitor. Nothing depends on whether it arrives; what has to stay is told in the channel."""

    slack: Slack = field(repr=False)
    visitor: Visitor
    #: Where the rollback is told, if the visitor is nowhere.
    place: str | None = None

    def __call__(self, message: Message) -> None:
        try:
            self._say(message)
        except SlackError as error:
            log.warning("An answer did not arrive: %s", error.what, extra={"event": "reply_lost"})

    def _say(self, message: Message) -> None:
        if self.visitor.response_url and self._through_address(message.payload):
            return
        channel = self.visitor.channel or self.place
        if channel and not channel.startswith("D"):
            try:
                self.slack.call("chat.postEphemeral", channel=channel, user=self.visitor.user, **message.payload)
            except SlackError as error:
                if error.code is None or error.after is not None:
                    raise
            else:
                return
        # Not in that channel, they or we: directly then.
        self.slack.call("chat.postMessage", channel=self.visitor.user, **message.payload)

    def _through_address(self, payload: Mapping[str, Any]) -> bool:
        address = WebhookClient(
            self.visitor.response_url or "", timeout=SECONDS, ssl=self.slack.client.ssl, retry_handlers=[],
            logger=logging.getLogger("slack_sdk.webhook"),
        )  # fmt: skip
        body = {**payload, "response_type": "ephemeral", "replace_original": False}
        try:
            return address.send_dict(body).status_code == 200
        except (URLError, HTTPException, OSError, ValueError):
            # It may have arrived: saying it twice is worse than saying it not at all.
            return True

    def view(self, view: View) -> Mapping[str, Any]:
        """Opens a dialog; its identity."""
        opened = self.slack.call("views.open", trigger_id=self.visitor.trigger or "", view=view)
        found = opened.get("view")
        return found if isinstance(found, Mapping) else {}

    def replace(self, opened: Mapping[str, Any], view: View) -> None:
        """Unless somebody has closed or changed it meanwhile: then there is nothing to replace."""
        hash_ = {"hash": opened["hash"]} if opened.get("hash") else {}
        try:
            self.slack.call("views.update", view_id=str(opened.get("id")), view=view, **hash_)
        except SlackError as error:
            if error.code not in ("hash_conflict", "not_found", "view_not_found"):
                raise

    def file(self, attachment: Attachment, *, channel: str | None = None, thread: str | None = None) -> None:
        """Into a thread, or directly to the visitor."""
        if channel is None:
            opened = self.slack.call("conversations.open", users=self.visitor.user)
            channel = str(opened["channel"]["id"])
        upload(self.slack, attachment, channel=channel, thread=thread)


def upload(slack: Slack, attachment: Attachment, *, channel: str, thread: str | None) -> None:
    """In Slack's three steps: ask for an address, put it there, say where it belongs."""
    import urllib.request

    content = attachment.content.encode()
    given = slack.call("files.getUploadURLExternal", filename=attachment.filename, length=len(content))
    request = urllib.request.Request(  # noqa: S310 because Slack itself gave the address
        str(given["upload_url"]), data=content, headers={"Content-Type": "application/octet-stream"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS * 2, context=slack.client.ssl) as answer:  # noqa: S310
            answer.read()
    except (URLError, HTTPException, OSError) as error:
        raise SlackError("Slack does not take the file", certain=False) from error
    files = [{"id": str(given["file_id"]), "title": attachment.title}]
    more = {"thread_ts": thread} if thread else {}
    slack.call("files.completeUploadExternal", files=files, channel_id=channel, **more)
