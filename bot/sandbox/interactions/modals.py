"""Submitting and closing modals."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.api.calls import Refusal
from bot.sandbox.api.views import checked_view, push_view, replace_view
from bot.sandbox.blockkit.blocks import MODAL
from bot.sandbox.delivery.letters import Kind, Letter, Unanswered
from bot.sandbox.interactions import payloads
from bot.sandbox.interactions.presses import hold
from bot.sandbox.interactions.refusing import NotPossible, unanswered
from bot.sandbox.interactions.values import complaint, is_empty
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.people import Member
from bot.sandbox.model.views import DEEPEST, View

Json = dict[str, Any]
TROUBLE = "We had some trouble connecting. Try again?"


async def submit(slack: LocalSlack, person: Member, view: View, values: Mapping[str, Any]) -> Json:
    space = slack.workspace
    if view.definition.get("submit") is None:
        raise NotPossible("invalid_value", "This modal has nothing to submit.")
    offered = {action: options for (who, action), options in space.offered.items() if who == person.id}
    hold(view, values, offered)
    if errors := _complaints(view):
        return _refused(slack, view, errors)
    view.errors = {}
    letter = Letter(kind=Kind.INTERACTIVE, payload=payloads.view_submission(slack, person, view))
    outcome = await slack.courier.deliver(letter)
    if isinstance(outcome, Unanswered):
        told = unanswered(outcome)
        space.journal.tell(person.id, "view_failed", {"view_id": view.id, "error": outcome.error, "message": TROUBLE})
        return told
    try:
        return _answered(slack, person, view, outcome.payload)
    except Refusal as refusal:
        data = {"view_id": view.id, "error": refusal.code, "message": TROUBLE, "detail": refusal.more}
        space.journal.tell(person.id, "view_failed", data)
        return {"ok": False, "error": refusal.code, "message": f"The app's answer was refused: {refusal.more}"}


def _complaints(view: View) -> dict[str, str]:
    errors = {}
    for block in view.blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = view.values[block["block_id"]][element["action_id"]]
        if is_empty(value):
            if not block.get("optional"):
                errors[block["block_id"]] = "Please complete this required field."
        elif said := complaint(element, value):
            errors[block["block_id"]] = said
    return errors


def _refused(slack: LocalSlack, view: View, errors: dict[str, str]) -> Json:
    view.errors = errors
    slack.workspace.journal.tell(view.owner, "view_errors", {"view_id": view.id, "errors": errors})
    return {"ok": True, "errors": errors, "views": slack.workspace.stack_seen(view.owner)}


def _answered(slack: LocalSlack, person: Member, view: View, payload: Any) -> Json:
    answer: Mapping[str, Any] = payload if isinstance(payload, Mapping) else {}
    stack = slack.workspace.stacks[person.id]
    match answer.get("response_action"):
        case None:
            _close(slack, view)
        case "clear":
            close_all(slack, person)
        case "errors":
            errors = answer.get("errors")
            inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
            if not isinstance(errors, Mapping) or not errors or not inputs.issuperset(errors):
                raise Refusal("invalid_errors", given=errors)
            return _refused(slack, view, {str(block): str(said) for block, said in errors.items()})
        case "update":
            replace_view(slack, view, checked_view(slack, answer.get("view"), MODAL))
        case "push":
            definition = checked_view(slack, answer.get("view"), MODAL)
            if len(stack) >= DEEPEST:
                raise Refusal("push_limit_reached")
            push_view(slack, definition, person.id)
        case other:
            raise Refusal("invalid_response_action", given=other)
    return {"ok": True, "views": slack.workspace.stack_seen(person.id)}


async def close(slack: LocalSlack, person: Member, view: View | None) -> Json:
    """One, or with the cross all of them; an app that asked is told, and nobody waits for what it says."""
    space = slack.workspace
    stack = space.stacks.get(person.id, [])
    closing = list(reversed(stack)) if view is None or view.definition.get("clear_on_close") else [view]
    if len(closing) > 1 or view is None:
        close_all(slack, person)
    else:
        _close(slack, closing[0])
    for each in closing:
        if each.notifies_on_close:
            payload = payloads.view_closed(slack, person, each, cleared=len(closing) > 1)
            slack.courier.in_background(
                slack.courier.deliver(Letter(kind=Kind.INTERACTIVE, payload=payload, accepts_response=False))
            )
    return {"ok": True, "views": space.stack_seen(person.id)}


def _close(slack: LocalSlack, view: View) -> None:
    space = slack.workspace
    space.stacks[view.owner] = [each for each in space.stacks[view.owner] if each is not view]
    space.journal.tell(view.owner, "view_closed", {"view_id": view.id, "views": space.stack_seen(view.owner)})


def close_all(slack: LocalSlack, person: Member) -> None:
    space = slack.workspace
    for view in reversed(space.stacks.pop(person.id, [])):
        space.journal.tell(person.id, "view_closed", {"view_id": view.id, "views": []})
