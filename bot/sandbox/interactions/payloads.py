"""The payloads that an app gets, as Slack shapes them."""

from typing import Any

from bot.sandbox import ids
from bot.sandbox.interactions.values import first_values
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.conversations import Conversation, Kind
from bot.sandbox.model.messages import Message
from bot.sandbox.model.people import Member
from bot.sandbox.model.views import View

Json = dict[str, Any]


def response_url(slack: LocalSlack, person: Member, channel: str, message: Message | None = None) -> str:
    path = slack.response_urls.make(person=person.id, channel=channel, message=message)
    return slack.slack_address + path


def command(slack: LocalSlack, person: Member, conversation: Conversation, name: str, text: str) -> Json:
    space = slack.workspace
    return {
        "token": slack.credentials.verification_token, "team_id": space.team_id, "team_domain": space.domain,
        "channel_id": conversation.id, "channel_name": channel_name(conversation), "user_id": person.id,
        "user_name": person.name, "command": name, "text": text, "api_app_id": space.app_id, "is_enterprise_install": "false",
        "response_url": response_url(slack, person, conversation.id), "trigger_id": slack.triggers.make(person.id),
    }  # fmt: skip


def block_actions(
    slack: LocalSlack, person: Member, actions: list[Json], *, message: Message | None = None, view: View | None = None
) -> Json:
    payload: Json = {**_common(slack, person, "block_actions"), "trigger_id": slack.triggers.make(person.id)}
    if message is not None:
        payload |= _of_message(slack, person, message)
        payload["response_url"] = response_url(slack, person, message.channel, message)
    if view is not None:
        payload |= _of_view(slack, view)
        if view.type == "modal":
            payload["response_urls"] = []
    return {**payload, "actions": actions}


def suggestion(
    slack: LocalSlack, person: Member, asked: Json, *, message: Message | None = None, view: View | None = None
) -> Json:
    payload = {**_common(slack, person, "block_suggestion"), **asked}
    if message is not None:
        payload |= _of_message(slack, person, message)
    if view is not None:
        payload |= _of_view(slack, view)
    return payload


def view_submission(slack: LocalSlack, person: Member, view: View) -> Json:
    return {
        **_common(slack, person, "view_submission"), "trigger_id": slack.triggers.make(person.id),
        "view": slack.workspace.view_told(view), "response_urls": [],
    }  # fmt: skip


def view_closed(slack: LocalSlack, person: Member, view: View, *, cleared: bool) -> Json:
    return {
        **_common(slack, person, "view_closed"), "view": slack.workspace.view_told(view), "is_cleared": cleared,
    }  # fmt: skip


def event(slack: LocalSlack, inner: Json) -> Json:
    space = slack.workspace
    who = {"enterprise_id": None, "team_id": space.team_id, "user_id": space.bot.id, "is_bot": True,
           "is_enterprise_install": False}  # fmt: skip
    return {
        "token": slack.credentials.verification_token, "team_id": space.team_id, "context_team_id": space.team_id,
        "context_enterprise_id": None, "api_app_id": space.app_id, "event": inner, "type": "event_callback",
        "event_id": ids.fresh("Ev"), "event_time": int(slack.clock.now()), "authorizations": [who],
        "is_ext_shared_channel": False, "event_context": f"4-{ids.secret(24)}",
    }  # fmt: skip


def channel_name(conversation: Conversation) -> str:
    return {Kind.PUBLIC: conversation.name, Kind.PRIVATE: "privategroup", Kind.IM: "directmessage"}[conversation.kind]


def _common(slack: LocalSlack, person: Member, kind: str) -> Json:
    space = slack.workspace
    return {
        "type": kind, "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
        "api_app_id": space.app_id, "token": slack.credentials.verification_token, "enterprise": None,
        "team": {"id": space.team_id, "domain": space.domain}, "is_enterprise_install": False,
    }  # fmt: skip


def _of_message(slack: LocalSlack, person: Member, message: Message) -> Json:
    """Of an ephemeral message, an app is told where it is, but not what it says."""
    conversation = slack.workspace.conversations[message.channel]
    container: Json = {
        "type": "message", "message_ts": message.ts, "channel_id": message.channel, "is_ephemeral": message.is_ephemeral,
    }  # fmt: skip
    if message.thread_ts and message.thread_ts != message.ts:
        container["thread_ts"] = message.thread_ts
    held = first_values(message.blocks or [])
    for block, actions in message.chosen.get(person.id, {}).items():
        for action, value in actions.items():
            if action in held.get(block, {}):
                held[block][action] = value
    told: Json = {
        "container": container, "channel": {"id": conversation.id, "name": channel_name(conversation)},
        "state": {"values": held},
    }  # fmt: skip
    if not message.is_ephemeral:
        told["message"] = slack.workspace.told(message)
        if message.metadata is not None:
            told["message"]["metadata"] = message.metadata
    return told


def _of_view(slack: LocalSlack, view: View) -> Json:
    return {
        "container": {"type": "view", "view_id": view.id}, "view": slack.workspace.view_told(view),
        "state": {"values": view.values},
    }  # fmt: skip
