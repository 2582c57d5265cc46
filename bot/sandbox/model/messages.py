"""A message, and how the Web API tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(kw_only=True)
class Message:
    channel: str
    ts: str
    user: str
    text: str = ""
    bot_id: str | None = None
    app_id: str | None = None
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    files: list[str] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    metadata: Json | None = None
    subtype: str | None = None
    #: Only this person sees it.
    reader: str | None = None
    pinned: bool = False
    #: What each person chose in its elements: person, block, element.
    chosen: dict[str, dict[str, Json]] = field(default_factory=dict)
    #: Of a parent.
    replies: list[str] = field(default_factory=list)

    @property
    def is_ephemeral(self) -> bool:
        return self.reader is not None

    def within(self, parents: Mapping[str, "Message"]) -> tuple["Message", ...]:
        return tuple(parents[ts] for ts in self.replies)


def as_slack(message: Message, channel_messages: Mapping[str, Message], files: Mapping[str, Json], team: str) -> Json:
    shape: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": team}
    by_app = message.bot_id is not None
    optional: Json = {
        "subtype": message.subtype, "bot_id": message.bot_id, "app_id": message.app_id if by_app else None,
        "blocks": message.blocks, "attachments": message.attachments or None, "edited": message.edited,
        "files": [files[each] for each in message.files] or None, "upload": False if message.files else None,
        "reactions": _reactions(message) or None, "thread_ts": message.thread_ts,
    }  # fmt: skip
    shape |= {name: value for name, value in optional.items() if value is not None}
    if message.thread_ts and message.thread_ts != message.ts:
        parent = channel_messages.get(message.thread_ts)
        shape["parent_user_id"] = parent.user if parent else None
    if message.replies:
        shape |= _thread(message, channel_messages)
    return shape


def as_seen(
    message: Message, channel_messages: Mapping[str, Message], files: Mapping[str, Json], *, viewer: str, permalink: str
) -> Json:
    return {
        "channel": message.channel, "ts": message.ts, "user": message.user, "bot_id": message.bot_id,
        "app_id": message.app_id, "text": message.text, "blocks": message.blocks, "attachments": message.attachments,
        "files": [_file(files[each]) for each in message.files], "thread_ts": message.thread_ts,
        "reply_count": 0, "reply_users": [], "latest_reply": None,
        **(_thread(message, channel_messages) if message.replies else {}),
        "broadcast": message.broadcast, "edited": message.edited, "reactions": _reactions(message),
        "pinned": message.pinned, "metadata": message.metadata, "ephemeral": message.is_ephemeral,
        "subtype": message.subtype, "chosen": message.chosen.get(viewer, {}), "permalink": permalink,
    }  # fmt: skip


def _thread(message: Message, channel_messages: Mapping[str, Message]) -> Json:
    users = list(dict.fromkeys(channel_messages[ts].user for ts in message.replies))
    return {
        "thread_ts": message.ts, "reply_count": len(message.replies), "reply_users_count": len(users),
        "reply_users": users[:5], "latest_reply": message.replies[-1], "is_locked": False, "subscribed": True,
    }  # fmt: skip


def _reactions(message: Message) -> list[Json]:
    return [{"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()]


def _file(file: Json) -> Json:
    names = ("id", "name", "title", "mimetype", "filetype", "size", "mode", "preview", "lines")
    return {name: file.get(name) for name in names}
