"""Who is there: people of this workspace, guests, strangers, and the app's own user."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.seed import Guest

Json = dict[str, Any]
SLACKBOT = "USLACKBOT"
#: Dark enough for white letters.
COLOURS = ("#1264a3", "#1d7d54", "#cd2553", "#b35c00", "#6f42f0", "#0b7a75", "#a2560b", "#5b5b66")


@dataclass(kw_only=True)
class Member:
    id: str
    name: str
    real_name: str
    team_id: str
    title: str = ""
    is_bot: bool = False
    bot_id: str | None = None
    guest: Guest | None = None
    stranger: bool = False
    deleted: bool = False
    #: Whoever is away gets no ephemeral messages, as in Slack.
    present: bool = True
    colour: str = COLOURS[0]
    updated: int = 0

    @property
    def is_human(self) -> bool:
        return not self.is_bot and self.id != SLACKBOT

    def as_slack(self, *, with_email: bool) -> Json:
        shape: Json = {
            "id": self.id, "team_id": self.team_id, "name": self.name, "deleted": self.deleted,
            "color": self.colour.lstrip("#"), "real_name": self.real_name, "tz": "Etc/UTC", "tz_label": "UTC", "tz_offset": 0,
            "profile": {
                "title": self.title, "real_name": self.real_name, "real_name_normalized": self.real_name,
                "display_name": self.name, "display_name_normalized": self.name, "status_text": "", "status_emoji": "",
                "avatar_hash": self.id.lower()[-8:], "team": self.team_id,
            },
            "is_bot": self.is_bot, "is_app_user": False, "updated": self.updated, "is_email_confirmed": True,
            "is_admin": False, "is_owner": False, "is_primary_owner": False,
            "is_restricted": self.guest is not None, "is_ultra_restricted": self.guest is Guest.SINGLE,
        }  # fmt: skip
        if self.stranger:
            shape["is_stranger"] = True
        if self.bot_id:
            shape["profile"]["bot_id"] = self.bot_id
        elif with_email:
            shape["profile"]["email"] = f"{self.name}@{self.team_id.lower()}.example"
        return shape

    def as_seen(self) -> Json:
        letters = "".join(word[0] for word in self.real_name.split()[:2]).upper()
        return {
            "id": self.id, "name": self.name, "real_name": self.real_name, "title": self.title, "is_bot": self.is_bot,
            "is_guest": self.guest is not None, "is_single_channel_guest": self.guest is Guest.SINGLE,
            "is_stranger": self.stranger, "team_id": self.team_id, "deleted": self.deleted, "present": self.present,
            "avatar": {"letters": letters, "colour": self.colour},
        }  # fmt: skip


@dataclass(kw_only=True)
class UserGroup:
    id: str
    handle: str
    name: str
    users: list[str]
    created: int = 0

    def as_slack(self, team: str) -> Json:
        return {
            "id": self.id, "team_id": team, "is_usergroup": True, "is_subteam": True, "name": self.name, "description": "",
            "handle": self.handle, "is_external": False, "date_create": self.created, "date_update": self.created,
            "date_delete": 0, "auto_type": None, "user_count": len(self.users),
            "prefs": {"channels": [], "groups": []},
        }  # fmt: skip

    def as_seen(self) -> Json:
        return {"id": self.id, "handle": self.handle, "name": self.name, "users": list(self.users)}
