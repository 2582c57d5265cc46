"""Buttons, selects and whatever else can be used in a message, a modal or Home."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.delivery.letters import Kind, Letter, Unanswered
from bot.sandbox.interactions import payloads
from bot.sandbox.interactions.refusing import NotPossible, unanswered
from bot.sandbox.interactions.values import EXTERNAL, ImpossibleValueError, find, value_of
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.messages import Message
from bot.sandbox.model.people import Member
from bot.sandbox.model.views import View

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an element is: a message, or a view."""

    message: Message | None = None
    view: View | None = None

    @property
    def blocks(self) -> list[Json]:
        if self.view is not None:
            return self.view.blocks
        return (self.message.blocks if self.message else None) or []

    def told(self) -> Json:
        return {
            "channel": self.message.channel if self.message else None, "ts": self.message.ts if self.message else None,
            "view_id": self.view.id if self.view else None,
        }  # fmt: skip


async def press(slack: LocalSlack, person: Member, place: Place, given: Mapping[str, Any]) -> Json:
    block, element = _element(place, given)
    if place.view is not None and given.get("values") is not None:
        hold(place.view, given["values"])
    value = _kept(slack, person, place, block, element, given)
    if block["type"] == "input" and not block.get("dispatch_action"):
        return {"ok": True}
    action: Json = {
        **value, "action_id": element["action_id"], "block_id": block["block_id"],
        "action_ts": f"{slack.clock.now():.6f}",
    }  # fmt: skip
    for name in ("text", "value", "style", "url", "placeholder", "confirm"):
        if name in element and name not in action:
            action[name] = element[name]
    payload = payloads.block_actions(slack, person, [action], message=place.message, view=place.view)
    outcome = await slack.courier.deliver(Letter(kind=Kind.INTERACTIVE, payload=payload, accepts_response=False))
    if isinstance(outcome, Unanswered):
        told = unanswered(outcome)
        where = {"block_id": block["block_id"], "action_id": element["action_id"]}
        slack.workspace.journal.tell(person.id, "press_failed", {**place.told(), **where, **told})
        return told
    return {"ok": True}


def fill(slack: LocalSlack, person: Member, place: Place, given: Mapping[str, Any]) -> Json:
    block, element = _element(place, given)
    _kept(slack, person, place, block, element, given)
    return {"ok": True}


def _element(place: Place, given: Mapping[str, Any]) -> tuple[Json, Json]:
    try:
        return find(place.blocks, str(given.get("block_id")), str(given.get("action_id")))
    except ImpossibleValueError as error:
        raise NotPossible("not_visible", str(error)) from error


def _kept(
    slack: LocalSlack, person: Member, place: Place, block: Json, element: Json, given: Mapping[str, Any]
) -> Json:
    """What the element holds from now on; buttons and menus hold nothing."""
    offered = slack.workspace.offered.get((person.id, element["action_id"]), [])
    try:
        value = value_of(element, given.get("value"), offered)
    except (ImpossibleValueError, ValueError) as error:
        raise NotPossible("invalid_value", str(error)) from error
    if element["type"] in ("button", "overflow", "workflow_button", "icon_button", "feedback_buttons"):
        return value
    if place.view is not None:
        place.view.values.setdefault(block["block_id"], {})[element["action_id"]] = value
    if place.message is not None:
        place.message.chosen.setdefault(person.id, {}).setdefault(block["block_id"], {})[element["action_id"]] = value
    return value


def hold(view: View, values: Mapping[str, Mapping[str, Any]], offered: Mapping[str, list[Json]] | None = None) -> None:
    """What the inputs of a view hold now, in the page's words; those that are not named are empty."""
    for block in view.blocks:
        told = values.get(block["block_id"], {})
        for action, before in view.values.get(block["block_id"], {}).items():
            if block["type"] != "input" and action not in told:
                continue
            _, element = find(view.blocks, block["block_id"], action)
            held = (
                [before["selected_option"]] if before.get("selected_option") else before.get("selected_options") or []
            )
            try:
                given = value_of(element, told.get(action), [*held, *((offered or {}).get(action) or [])])
            except (ImpossibleValueError, ValueError) as error:
                raise NotPossible("invalid_value", str(error)) from error
            view.values[block["block_id"]][action] = given


async def suggest(slack: LocalSlack, person: Member, place: Place, given: Mapping[str, Any]) -> Json:
    block, element = _element(place, given)
    if element["type"] not in EXTERNAL:
        raise NotPossible("invalid_value", "Its options do not come from the app.")
    asked = {"value": str(given.get("query", "")), "action_id": element["action_id"], "block_id": block["block_id"]}
    payload = payloads.suggestion(slack, person, asked, message=place.message, view=place.view)
    outcome = await slack.courier.deliver(Letter(kind=Kind.OPTIONS, payload=payload))
    if isinstance(outcome, Unanswered):
        return unanswered(outcome)
    body = outcome.payload if isinstance(outcome.payload, Mapping) else {}
    options, groups = list(body.get("options") or ()), list(body.get("option_groups") or ())
    offered = options + [option for group in groups for option in group["options"]]
    slack.workspace.offered[person.id, element["action_id"]] = offered
    return {"ok": True, "options": options, "option_groups": groups}
