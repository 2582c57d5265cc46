"""chat.*: messages."""

from typing import Any

from bot.sandbox.api.calls import Arguments, Json, Refusal, refuse_arguments, refuse_blocks
from bot.sandbox.blockkit import BLOCKS_TEXT_LIMIT, check_message, text_length
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.conversations import Conversation, Kind
from bot.sandbox.model.messages import Message
from bot.sandbox.model.settling import settled

#: Longer ones are refused when a message is edited; new ones are cut at ten times as much, which nobody wants either.
EDITED_TEXT, POSTED_TEXT = 4_000, 40_000
METADATA_BYTES = 16_000


def post_message(slack: LocalSlack, given: Arguments) -> Json:
    conversation = place_to_write(slack, given.text("channel"))
    content = content_of(given, POSTED_TEXT)
    thread = given.text_or("thread_ts") or None
    if thread:
        thread = parent_of(conversation, thread)
    space = slack.workspace
    message = space.post(
        Message(
            channel=conversation.id, ts=space.stamp(), user=space.bot.id, bot_id=space.bot_id, app_id=space.app_id,
            thread_ts=thread, broadcast=bool(thread) and given.flag("reply_broadcast"), metadata=metadata_of(given), **content,
        )
    )  # fmt: skip
    return {"ok": True, "channel": conversation.id, "ts": message.ts, "message": space.told(message)}


def update(slack: LocalSlack, given: Arguments) -> Json:
    conversation = readable_channel(slack, given.text("channel"))
    if conversation.archived:
        raise Refusal("is_archived")
    message = own_message(slack, conversation, given.text("ts"))
    if not any(name in given for name in ("text", "blocks", "attachments")):
        raise Refusal("no_text")
    content = content_of(given, EDITED_TEXT)
    message.text = content["text"]
    message.blocks = content["blocks"]
    if "attachments" in given or "blocks" not in given:
        message.attachments = content["attachments"]
    if "metadata" in given:
        message.metadata = metadata_of(given)
    # With blocks, people are not told that it was edited.
    if message.blocks is None:
        message.edited = {"user": slack.workspace.bot.id, "ts": slack.workspace.stamp()}
    message.chosen.clear()
    slack.workspace.changed(message)
    told = slack.workspace.told(message)
    return {"ok": True, "channel": conversation.id, "ts": message.ts, "text": message.text, "message": told}


def delete(slack: LocalSlack, given: Arguments) -> Json:
    conversation = readable_channel(slack, given.text("channel"))
    message = own_message(slack, conversation, given.text("ts"), wrong="cant_delete_message")
    slack.workspace.delete(message)
    return {"ok": True, "channel": conversation.id, "ts": message.ts}


def post_ephemeral(slack: LocalSlack, given: Arguments) -> Json:
    conversation = readable_channel(slack, given.text("channel"))
    space = slack.workspace
    if space.bot.id not in conversation.members:
        raise Refusal("not_in_channel")
    if conversation.archived:
        raise Refusal("is_archived")
    reader = given.text("user")
    if reader not in conversation.members:
        raise Refusal("user_not_in_channel")
    content = content_of(given, POSTED_TEXT)
    stamp = space.stamp()
    # Delivery is not guaranteed: whoever is not there never sees it, and the app is not told.
    if space.people[reader].present:
        space.post(
            Message(
                channel=conversation.id, ts=stamp, user=space.bot.id, bot_id=space.bot_id, app_id=space.app_id, reader=reader,
                thread_ts=given.text_or("thread_ts") or None, **content,
            )
        )  # fmt: skip
    return {"ok": True, "message_ts": stamp}


def permalink(slack: LocalSlack, given: Arguments) -> Json:
    conversation = readable_channel(slack, given.text("channel"))
    message = conversation.messages.get(given.text("message_ts"))
    if message is None:
        raise Refusal("message_not_found")
    return {"ok": True, "channel": conversation.id, "permalink": slack.workspace.permalink(message)}


def validate_blocks(slack: LocalSlack, given: Arguments) -> Json:  # noqa: ARG001 because every method is called alike
    message = given.json("message")
    blocks = given.json("blocks") if "blocks" in given else (message or {}).get("blocks")
    found = check_message(blocks)
    return {"ok": True, "valid": not found, "errors": found}


def readable_channel(slack: LocalSlack, name: str) -> Conversation:
    """What is private and not the bot's is not there."""
    space = slack.workspace
    try:
        conversation = space.conversation(name)
    except KeyError:
        raise Refusal("channel_not_found") from None
    if conversation.kind is not Kind.PUBLIC and space.bot.id not in conversation.members:
        raise Refusal("channel_not_found")
    return conversation


def place_to_write(slack: LocalSlack, name: str) -> Conversation:
    space = slack.workspace
    conversation = space.direct(space.bot.id, name) if name in space.people else readable_channel(slack, name)
    if conversation.kind is Kind.IM and not slack.manifest.messages_tab:
        raise Refusal("messages_tab_disabled")
    if space.bot.id not in conversation.members and "chat:write.public" not in slack.scopes:
        raise Refusal("not_in_channel")
    if conversation.archived:
        raise Refusal("is_archived")
    return conversation


def own_message(
    slack: LocalSlack, conversation: Conversation, ts: str, *, wrong: str = "cant_update_message"
) -> Message:
    message = conversation.messages.get(ts)
    if message is None:
        raise Refusal("message_not_found")
    if message.bot_id != slack.workspace.bot_id:
        raise Refusal(wrong)
    return message


def parent_of(conversation: Conversation, ts: str) -> str:
    found = conversation.messages.get(ts)
    if found is None:
        raise Refusal("thread_not_found")
    return found.thread_ts or found.ts


def content_of(given: Arguments, longest: int) -> dict[str, Any]:
    text = given.text_or("text")
    blocks = given.json("blocks")
    attachments = given.json("attachments")
    if blocks is None and not attachments and not text.strip():
        raise Refusal("no_text")
    if len(text) > longest:
        raise Refusal("msg_too_long")
    if attachments is not None and (not isinstance(attachments, list) or len(attachments) > 100):
        raise Refusal("invalid_attachments")
    return {"text": text, "blocks": checked(blocks), "attachments": attachments or None}


def checked(blocks: Any) -> list[Json] | None:
    if blocks is None or blocks == []:
        return None
    if not isinstance(blocks, list) or not all(isinstance(each, dict) for each in blocks):
        raise Refusal("invalid_blocks_format")
    if found := check_message(blocks):
        refuse_blocks(found)
    if text_length(blocks) >= BLOCKS_TEXT_LIMIT:
        raise Refusal("msg_blocks_too_long")
    return settled(blocks)


def metadata_of(given: Arguments) -> Json | None:
    metadata = given.json("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise Refusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        raise Refusal("invalid_metadata_schema")
    if len(str(metadata)) > METADATA_BYTES:
        raise Refusal("metadata_too_large")
    if unknown := set(metadata) - {"event_type", "event_payload", "entities"}:
        refuse_arguments(f"invalid additional property: {min(unknown)} [json-pointer:/metadata]")
    return metadata
