"""Bookmarks, pins and reactions."""

import re

from bot.sandbox import ids
from bot.sandbox.api.calls import Arguments, Json, Refusal
from bot.sandbox.api.chat import readable_channel
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.conversations import Conversation
from bot.sandbox.model.messages import Message


def add_bookmark(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _own(slack, given.text("channel_id"))
    title, kind = given.text("title"), given.text("type")
    if kind != "link":
        raise Refusal("invalid_bookmark_type")
    link = given.text_or("link")
    if not re.match(r"https?://", link):
        raise Refusal("invalid_link")
    made = {
        "id": ids.fresh("Bk"), "channel_id": conversation.id, "title": title, "link": link, "emoji": given.text_or("emoji"),
        "type": "link",
    }  # fmt: skip
    conversation.bookmarks.append(made)
    slack.workspace.tell_channel(conversation)
    return {"ok": True, "bookmark": made}


def add_pin(slack: LocalSlack, given: Arguments) -> Json:
    conversation, message = _message(slack, given)
    if message.pinned:
        raise Refusal("already_pinned")
    message.pinned = True
    conversation.pins.append(message.ts)
    slack.workspace.changed(message)
    slack.workspace.tell_channel(conversation)
    return {"ok": True}


def add_reaction(slack: LocalSlack, given: Arguments) -> Json:
    name = given.text("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
        raise Refusal("invalid_name")
    _, message = _message(slack, given)
    users = message.reactions.setdefault(name, [])
    if slack.workspace.bot.id in users:
        raise Refusal("already_reacted")
    users.append(slack.workspace.bot.id)
    slack.workspace.changed(message)
    return {"ok": True}


def remove_reaction(slack: LocalSlack, given: Arguments) -> Json:
    name = given.text("name").strip(":")
    _, message = _message(slack, given)
    if slack.workspace.bot.id not in message.reactions.get(name, ()):
        raise Refusal("no_reaction")
    message.reactions[name].remove(slack.workspace.bot.id)
    if not message.reactions[name]:
        del message.reactions[name]
    slack.workspace.changed(message)
    return {"ok": True}


def _message(slack: LocalSlack, given: Arguments) -> tuple[Conversation, Message]:
    conversation = _own(slack, given.text("channel"))
    message = conversation.messages.get(given.text("timestamp"))
    if message is None:
        raise Refusal("message_not_found")
    return conversation, message


def _own(slack: LocalSlack, name: str) -> Conversation:
    conversation = readable_channel(slack, name)
    if slack.workspace.bot.id not in conversation.members:
        raise Refusal("not_in_channel")
    if conversation.archived:
        raise Refusal("is_archived")
    return conversation
