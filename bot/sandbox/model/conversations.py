"""Channels and direct messages."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.sandbox.model.messages import Message
from bot.sandbox.model.people import Member

Json = dict[str, Any]


class Kind(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    IM = "im"


@dataclass(kw_only=True)
class Conversation:
    id: str
    name: str
    kind: Kind
    creator: str
    created: int
    members: list[str]
    topic: str = ""
    purpose: str = ""
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    #: Not in any history: gone when Slack is reloaded.
    ephemeral: list[Message] = field(default_factory=list)
    last_read: dict[str, str] = field(default_factory=dict)
    bookmarks: list[Json] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)

    def is_visible_to(self, person: Member) -> bool:
        if person.id in self.members:
            return True
        return self.kind is Kind.PUBLIC and person.guest is None and not person.stranger

    def partner(self, of: str) -> str:
        """The other one in a direct message."""
        return next((each for each in self.members if each != of), of)

    def top_level(self) -> list[Message]:
        return [each for each in self.messages.values() if _is_in_channel(each)]

    def thread(self, ts: str) -> list[Message]:
        parent = self.messages[ts]
        return [parent, *parent.within(self.messages)]

    def unread(self, person: str) -> list[Message]:
        seen = self.last_read.get(person, "0")
        return [each for each in self.top_level() if each.ts > seen and each.user != person and not each.subtype]

    def as_slack(self, *, team: str, bot: str) -> Json:
        if self.kind is Kind.IM:
            return {
                "id": self.id, "created": self.created, "is_archived": False, "is_im": True, "is_org_shared": False,
                "context_team_id": team, "user": self.partner(bot), "is_user_deleted": False, "priority": 0,
            }  # fmt: skip
        private = self.kind is Kind.PRIVATE
        return {
            "id": self.id, "name": self.name, "name_normalized": self.name, "is_channel": not private, "is_group": False,
            "is_im": False, "is_mpim": False, "is_private": private, "created": self.created,
            "is_archived": self.archived, "is_general": self.name == "general", "unlinked": 0, "is_shared": False,
            "is_org_shared": False, "is_pending_ext_shared": False, "pending_shared": [], "context_team_id": team,
            "updated": self.created * 1000, "parent_conversation": None, "creator": self.creator, "is_ext_shared": False,
            "shared_team_ids": [team], "pending_connected_team_ids": [], "is_member": bot in self.members,
            "topic": {"value": self.topic, "creator": self.creator, "last_set": self.created},
            "purpose": {"value": self.purpose, "creator": self.creator, "last_set": self.created},
            "previous_names": [], "num_members": len(self.members),
        }  # fmt: skip


def _is_in_channel(message: Message) -> bool:
    return message.thread_ts in (None, message.ts) or message.broadcast
