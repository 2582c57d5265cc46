"""Messages that an app gives back: with its acknowledgement, or at a response URL."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.api.calls import Arguments, Refusal
from bot.sandbox.api.chat import POSTED_TEXT, content_of
from bot.sandbox.interactions.response_urls import ResponseUrl
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.messages import Message

KNOWN = frozenset(
    [
        "text",
        "blocks",
        "attachments",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "metadata",
        "unfurl_links",
        "unfurl_media",
        "mrkdwn",
        "parse",
        "link_names",
        "reply_broadcast",
    ]
)


def respond(slack: LocalSlack, place: ResponseUrl, body: Mapping[str, Any]) -> None:
    """Refusal when Slack would not take it."""
    if unknown := sorted(body.keys() - KNOWN):
        raise Refusal("invalid_payload", response_metadata={"messages": [f"[ERROR] unknown field: {unknown[0]}"]})
    original = _still_there(slack, place.message)
    if body.get("delete_original"):
        if original is None:
            raise Refusal("message_not_found")
        slack.workspace.delete(original)
        return
    content = content_of(Arguments(body), POSTED_TEXT)
    if body.get("replace_original") and place.message is not None:
        if original is None:
            raise Refusal("message_not_found")
        # What is public stays public, and what is ephemeral stays so.
        original.text, original.blocks, original.attachments = (
            content["text"],
            content["blocks"],
            content["attachments"],
        )
        slack.workspace.changed(original)
        return
    _say(slack, place, content, public=body.get("response_type") == "in_channel", thread=body.get("thread_ts"))


def _say(slack: LocalSlack, place: ResponseUrl, content: dict[str, Any], *, public: bool, thread: str | None) -> None:
    space = slack.workspace
    if not public and not space.people[place.person].present:
        return
    if thread is not None and thread not in space.conversations[place.channel].messages:
        raise Refusal("thread_not_found")
    space.post(
        Message(
            channel=place.channel, ts=space.stamp(), user=space.bot.id, bot_id=space.bot_id, app_id=space.app_id,
            reader=None if public else place.person, thread_ts=thread, **content,
        )
    )  # fmt: skip


def _still_there(slack: LocalSlack, message: Message | None) -> Message | None:
    if message is None:
        return None
    conversation = slack.workspace.conversations[message.channel]
    if message.is_ephemeral:
        return message if any(each is message for each in conversation.ephemeral) else None
    return conversation.messages.get(message.ts)


def slackbot_says(slack: LocalSlack, person: str, channel: str, text: str, subtype: str) -> Message:
    from bot.sandbox.model.people import SLACKBOT

    space = slack.workspace
    return space.post(
        Message(channel=channel, ts=space.stamp(), user=SLACKBOT, text=text, reader=person, subtype=subtype)
    )  # fmt: skip
