"""Knobs are turned, and connections are told."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.interactions.refusing import NotPossible
from bot.sandbox.knobs import UnknownKnobError
from bot.sandbox.local import LocalSlack

GOODBYES = ("warning", "refresh_requested", "link_disabled")


async def turn(slack: LocalSlack, wanted: Mapping[str, Any]) -> None:
    changes = dict(wanted)
    goodbye = changes.pop("disconnect", None)
    if goodbye is not None and goodbye not in GOODBYES:
        raise NotPossible("invalid_value", f"Slack gives no such reason: {goodbye}.")
    try:
        slack.knobs.turn(changes)
    except UnknownKnobError as error:
        raise NotPossible("invalid_value", str(error)) from error
    if "link_disabled" in changes or goodbye == "link_disabled":
        slack.knobs.link_disabled = bool(changes.get("link_disabled", True))
    if goodbye:
        await slack.sockets.say_goodbye(goodbye)
    if slack.on_away is not None:
        await slack.on_away()
    slack.tell_knobs()
