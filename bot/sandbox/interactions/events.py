"""What happens by itself and an app may have asked to be told: Home, mentions, messages, members."""

from typing import Any

from bot.sandbox.delivery.letters import Kind, Letter
from bot.sandbox.interactions import payloads
from bot.sandbox.local import LocalSlack
from bot.sandbox.model import conversations
from bot.sandbox.model.messages import Message
from bot.sandbox.model.people import Member

Json = dict[str, Any]
#: By kind of channel: the event, and the scope without which it is not sent.
MESSAGES = {
    conversations.Kind.PUBLIC: ("message.channels", "channels:history", "channel"),
    conversations.Kind.PRIVATE: ("message.groups", "groups:history", "group"),
    conversations.Kind.IM: ("message.im", "im:history", "im"),
}


def tell(slack: LocalSlack, subscription: str, inner: Json) -> None:
    if subscription in slack.manifest.events:
        slack.courier.post(Letter(kind=Kind.EVENT, payload=payloads.event(slack, inner), accepts_response=False))


def home_opened(slack: LocalSlack, person: Member, tab: str) -> Json:
    space = slack.workspace
    direct = space.direct(space.bot.id, person.id)
    inner: Json = {
        "type": "app_home_opened", "user": person.id, "channel": direct.id, "tab": tab, "event_ts": space.stamp(),
    }  # fmt: skip
    home = space.homes.get(person.id)
    if tab == "home" and home is not None:
        inner["view"] = space.view_told(home)
    tell(slack, "app_home_opened", inner)
    return {"ok": True, "channel": direct.id, "home": space.view_seen(home) if home else None}


def message_posted(slack: LocalSlack, message: Message) -> None:
    space = slack.workspace
    conversation = space.conversations[message.channel]
    if space.bot.id not in conversation.members:
        return
    inner = {**space.told(message), "channel": message.channel, "event_ts": message.ts}
    subscription, scope, kind = MESSAGES[conversation.kind]
    if scope in slack.scopes:
        tell(slack, subscription, {**inner, "channel_type": kind})
    if f"<@{space.bot.id}" in message.text and "app_mentions:read" in slack.scopes:
        tell(slack, "app_mention", {**inner, "type": "app_mention"})


def member_joined(slack: LocalSlack, channel: str, user: str, inviter: str | None) -> None:
    inner: Json = {
        "type": "member_joined_channel", "user": user, "channel": channel, "channel_type": "C",
        "team": slack.workspace.team_id, "event_ts": slack.workspace.stamp(),
    }  # fmt: skip
    tell(slack, "member_joined_channel", {**inner, "inviter": inviter} if inviter else inner)
