"""Slash commands."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.api.calls import Refusal
from bot.sandbox.delivery.letters import Kind, Letter, Unanswered
from bot.sandbox.interactions import payloads
from bot.sandbox.interactions.answering import respond, slackbot_says
from bot.sandbox.interactions.escaping import escaped
from bot.sandbox.interactions.refusing import NotPossible, unanswered
from bot.sandbox.interactions.response_urls import ResponseUrl
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.conversations import Conversation
from bot.sandbox.model.people import Member

Json = dict[str, Any]


async def run(slack: LocalSlack, person: Member, conversation: Conversation, line: str) -> Json:
    name, _, text = line.strip().partition(" ")
    known = next((each for each in slack.manifest.commands if each.command == name), None)
    if known is None or person.stranger:
        said = (
            f"{name} is not a valid command."
            if known is None
            else f"{name} is not available to people of other workspaces."
        )
        slackbot_says(slack, person.id, conversation.id, said, "slash_error")
        raise NotPossible("unknown_command" if known is None else "not_available", said)
    text = text.strip()
    payload = payloads.command(
        slack, person, conversation, name, escaped(slack.workspace, text) if known.escaped else text
    )
    outcome = await slack.courier.deliver(Letter(kind=Kind.COMMAND, payload=payload))
    if isinstance(outcome, Unanswered):
        said = f'{name} failed with the error "{outcome.error}"'
        slackbot_says(slack, person.id, conversation.id, said, "slash_error")
        return unanswered(outcome)
    return _answered(slack, person, conversation, name, outcome.payload)


def _answered(
    slack: LocalSlack, person: Member, conversation: Conversation, name: str, payload: Mapping[str, Any] | str | None
) -> Json:
    """An acknowledgement may carry a message."""
    if not payload:
        return {"ok": True}
    body = {"text": payload} if isinstance(payload, str) else payload
    place = ResponseUrl(person=person.id, channel=conversation.id, expires=0.0)
    try:
        respond(slack, place, body)
    except Refusal as refusal:
        said = f'{name} failed with the error "{refusal.code}"'
        slackbot_says(slack, person.id, conversation.id, said, "slash_error")
        return {"ok": False, "error": refusal.code, "message": f"The app's answer was refused: {refusal.more}"}
    return {"ok": True}
