"""views.*: modals and Home."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox import ids
from bot.sandbox.api.calls import Arguments, Json, Refusal, refuse_arguments
from bot.sandbox.blockkit import check_view
from bot.sandbox.blockkit.blocks import HOME, MODAL
from bot.sandbox.blockkit.surfaces import is_too_large
from bot.sandbox.interactions.triggers import Trigger, TriggerError
from bot.sandbox.interactions.values import first_values, kept_values
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.settling import settled
from bot.sandbox.model.views import DEEPEST, View


def open_view(slack: LocalSlack, given: Arguments) -> Json:
    definition = checked_view(slack, given.json("view"), MODAL)
    trigger = _trigger(slack, given)
    view = new_view(slack, definition, trigger.person)
    trigger.used = True
    slack.workspace.stacks[trigger.person] = [view]
    slack.workspace.tell_view("view_opened", view)
    return {"ok": True, "view": slack.workspace.view_told(view)}


def push(slack: LocalSlack, given: Arguments) -> Json:
    definition = checked_view(slack, given.json("view"), MODAL)
    trigger = _trigger(slack, given)
    stack = slack.workspace.stacks.get(trigger.person) or []
    if not stack:
        raise Refusal("not_found")
    if len(stack) >= DEEPEST:
        raise Refusal("push_limit_reached")
    trigger.used = True
    view = push_view(slack, definition, trigger.person)
    return {"ok": True, "view": slack.workspace.view_told(view)}


def update(slack: LocalSlack, given: Arguments) -> Json:
    view_id, external = given.text_or("view_id"), given.text_or("external_id")
    if not view_id and not external:
        refuse_arguments("missing required field: view_id")
    found = next(
        (each for each in slack.workspace.all_views() if each.id == view_id or (external and each.external_id == external)), None
    )  # fmt: skip
    definition = checked_view(slack, given.json("view"), found.type if found else MODAL)
    if found is None:
        raise Refusal("not_found")
    _same_hash(found, given)
    replace_view(slack, found, definition)
    return {"ok": True, "view": slack.workspace.view_told(found)}


def publish(slack: LocalSlack, given: Arguments) -> Json:
    space = slack.workspace
    if not slack.manifest.home_tab:
        raise Refusal("not_enabled")
    person = given.text("user_id")
    if person not in space.people or space.people[person].deleted:
        raise Refusal("user_not_found")
    definition = checked_view(slack, given.json("view"), HOME)
    home = space.homes.get(person)
    if home is None:
        if given.text_or("hash"):
            raise Refusal("hash_conflict")
        home = space.homes[person] = new_view(slack, definition, person)
    else:
        _same_hash(home, given)
        _fill(slack, home, definition)
    space.journal.tell(person, "home", {"view": space.view_seen(home)})
    return {"ok": True, "view": space.view_told(home)}


def checked_view(slack: LocalSlack, definition: Any, kind: str) -> Json:
    if is_too_large(definition):
        raise Refusal("view_too_large")
    if found := check_view(definition, kind=kind):
        refuse_arguments(*found)
    external = definition.get("external_id")
    if external and any(each.external_id == external for each in slack.workspace.all_views()) and kind == MODAL:
        raise Refusal("duplicate_external_id")
    checked: Json = definition
    return checked


def new_view(slack: LocalSlack, definition: Mapping[str, Any], owner: str, *, on: View | None = None) -> View:
    name = ids.fresh("V")
    view = View(
        id=name, owner=owner, type=str(definition["type"]), definition={}, blocks=[], hash="",
        root_id=on.root_id if on else name, previous_id=on.id if on else None,
    )  # fmt: skip
    _fill(slack, view, definition)
    return view


def push_view(slack: LocalSlack, definition: Mapping[str, Any], person: str) -> View:
    stack = slack.workspace.stacks[person]
    view = new_view(slack, definition, person, on=stack[-1])
    stack.append(view)
    slack.workspace.tell_view("view_pushed", view)
    return view


def replace_view(slack: LocalSlack, view: View, definition: Mapping[str, Any]) -> None:
    _fill(slack, view, definition)
    if view.type == HOME:
        slack.workspace.journal.tell(view.owner, "home", {"view": slack.workspace.view_seen(view)})
    else:
        slack.workspace.tell_view("view_updated", view)


def _fill(slack: LocalSlack, view: View, definition: Mapping[str, Any]) -> None:
    """What somebody wrote stays where block and element keep their names."""
    before = view.values
    view.definition = {name: value for name, value in definition.items() if name != "blocks"}
    view.blocks = settled(definition["blocks"])
    view.values = kept_values(view.blocks, before, first_values(view.blocks))
    view.hash = f"{int(slack.clock.now())}.{ids.secret(8)}"
    view.errors = {}


def _trigger(slack: LocalSlack, given: Arguments) -> Trigger:
    try:
        return slack.triggers.look(given.text("trigger_id"))
    except TriggerError as error:
        raise Refusal(error.code) from error


def _same_hash(view: View, given: Arguments) -> None:
    stated = given.text_or("hash")
    if stated and stated != view.hash:
        raise Refusal("hash_conflict")
