"""Who it is that Slack says is speaking, and whether they may come in at all.

Everything is taken from the parts of a payload that Slack fills in: never from text, never from what a button carries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from typing import Any, Final

from actions.approve.people import Identity
from actions.errors import UnavailableError
from bot.directory import RecentDirectory, UnknownPersonError
from bot.settings import Settings

#: As Slack calls it in a payload; long enough for any id, and nothing else gets into the record.
_LONGEST: Final = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    user: str
    #: The workspace that sent it, and the one that the person belongs to, where it is said.
    team: str
    home_team: str | None = None
    #: Where they are; None in Home and in dialogs.
    channel: str | None = None
    #: The same for every delivery of one press, command or event.
    key: str
    trigger: str | None = field(default=None, repr=False)
    response_url: str | None = field(default=None, repr=False)
    #: What Slack sent, for those who hand it on.
    body: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def identity(self) -> Identity:
        return Identity(id=self.user, where="slack")


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """The one that our token is for."""

    team: str
    bot_id: str
    bot_user: str
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """Who may come in, and from where."""

    settings: Settings
    workspace: Workspace
    people: RecentDirectory

    def refusal(self, visitor: Visitor) -> str | None:
        """Why not; None lets them in. What cannot be known keeps them out."""
        allowed = self.settings.slack_workspaces or (self.workspace.team,)
        if visitor.team not in allowed or (visitor.home_team or visitor.team) not in allowed:
            return "Backout is not for people of other workspaces"
        try:
            person = self.people.person(visitor.user)
        except UnknownPersonError:
            return "Slack does not know you here"
        except UnavailableError:
            return "Slack does not say who you are at the moment, so nobody is let in; try again in a minute"
        return _outsider(person, visitor, allowed)

    def may_command_in(self, visitor: Visitor) -> bool:
        """Buttons belong to messages that we posted ourselves; a command can be typed anywhere."""
        return not self.settings.slack_channels or visitor.channel in self.settings.slack_channels


def _outsider(person: Mapping[str, Any], visitor: Visitor, allowed: tuple[str, ...]) -> str | None:
    if person.get("deleted") or person.get("is_bot"):
        return "Backout is for people who work here"
    if any(person.get(kind) for kind in ("is_restricted", "is_ultra_restricted", "is_stranger")):
        return "Backout is not for guests"
    if str(person.get("team_id") or visitor.team) not in allowed:
        return "Backout is not for people of other workspaces"
    return None


def visitor_of(body: Mapping[str, Any]) -> Visitor:
    """From a command, a press, a dialog or an event. What is missing is empty, and lets nobody in."""
    event = _part(body, "event")
    user = _part(body, "user")
    container = _part(body, "container")
    channel = (
        body.get("channel_id")
        or _part(body, "channel").get("id")
        or container.get("channel_id")
        or event.get("channel")
    )
    return Visitor(
        user=_id(body.get("user_id") or user.get("id") or event.get("user")),
        team=_id(body.get("team_id") or _part(body, "team").get("id") or user.get("team_id")),
        home_team=_id(user.get("team_id") or body.get("user_team")) or None,
        channel=_id(channel) or None,
        key=_key(body),
        trigger=_text(body.get("trigger_id")),
        response_url=_text(body.get("response_url")), body=body,
    )  # fmt: skip


def _key(body: Mapping[str, Any]) -> str:
    """Slack gives each press, command and dialog a trigger, and each event an id; they stay when it delivers again."""
    for name in ("event_id", "trigger_id"):
        if isinstance(body.get(name), str) and body[name]:
            return f"slack:{name}:{body[name][:200]}"
    return f"slack:body:{sha256(dumps(body, sort_keys=True, default=str).encode()).hexdigest()}"


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _id(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
