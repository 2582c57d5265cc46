"""What an element holds: as the page says it, as payloads tell it, and whether it can be."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.model.settling import elements_of

Json = dict[str, Any]
Values = dict[str, dict[str, Json]]

#: Kind of element: the field of its value, and the field of its first value.
SINGLE = {
    "plain_text_input": ("value", "initial_value"), "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"), "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"), "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"), "datetimepicker": ("selected_date_time", "initial_date_time"),
    "static_select": ("selected_option", "initial_option"), "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"), "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
}  # fmt: skip
MANY = {
    "checkboxes": ("selected_options", "initial_options"), "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"), "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"), "file_input": ("files", "files"),
}  # fmt: skip
OPTIONS = ("static_select", "radio_buttons", "checkboxes", "multi_static_select", "overflow")
EXTERNAL = ("external_select", "multi_external_select")


class ImpossibleValueError(Exception):
    """Nobody could have chosen that on a screen."""


def first_values(blocks: Sequence[Json]) -> Values:
    """Of elements that hold something; buttons and overflow menus do not."""
    values: Values = {}
    for block in blocks:
        for element in elements_of(block):
            kind = element["type"]
            if kind in SINGLE:
                field, initial = SINGLE[kind]
                told: Json = {"type": kind, field: element.get(initial)}
            elif kind in MANY:
                field, initial = MANY[kind]
                told = {"type": kind, field: list(element.get(initial) or ())}
            else:
                continue
            values.setdefault(block["block_id"], {})[element["action_id"]] = told
    return values


def kept_values(blocks: Sequence[Json], before: Values, fresh: Values) -> Values:
    inputs = {block["block_id"] for block in blocks if block["type"] == "input"}
    return {
        block: {
            action: before[block][action]
            if block in inputs and before.get(block, {}).get(action, {}).get("type") == value["type"]
            else value
            for action, value in actions.items()
        }
        for block, actions in fresh.items()
    }


def find(blocks: Sequence[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    """The block and the element; ImpossibleValueError when it is not there (any more)."""
    for block in blocks:
        if block["block_id"] == block_id:
            for element in elements_of(block):
                if element.get("action_id") == action_id:
                    return block, element
    raise ImpossibleValueError("There is no such element any more.")


def value_of(element: Json, given: Any, offered: Sequence[Json] = ()) -> Json:
    """In a payload's words. `offered`: what an external select was last offered."""
    kind = element["type"]
    if kind == "overflow":
        return {"type": kind, "selected_option": _option(element, given, offered)}
    if kind in SINGLE:
        return {"type": kind, SINGLE[kind][0]: _single(element, given, offered)}
    if kind in MANY:
        return {"type": kind, MANY[kind][0]: _many(element, given or [], offered)}
    return {"type": kind}


def _single(element: Json, given: Any, offered: Sequence[Json]) -> Any:
    kind = element["type"]
    if given is None or given == "":
        return None
    if kind in OPTIONS or kind in EXTERNAL:
        return _option(element, given, offered)
    if kind == "rich_text_input":
        return given
    if kind == "datetimepicker":
        return int(given)
    if not isinstance(given, str):
        raise ImpossibleValueError("That is not a text.")
    wanted = {"datepicker": r"\d{4}-\d\d-\d\d", "timepicker": r"([01]\d|2[0-3]):[0-5]\d"}.get(kind)
    if wanted and not re.fullmatch(wanted, given):
        raise ImpossibleValueError(f"{given} is not what a {kind} gives.")
    return given


def _many(element: Json, given: Any, offered: Sequence[Json]) -> list[Any]:
    if not isinstance(given, list):
        raise ImpossibleValueError("That is not a list.")
    most = element.get("max_selected_items")
    if most is not None and len(given) > most:
        raise ImpossibleValueError(f"No more than {most} can be chosen.")
    if element["type"] in OPTIONS or element["type"] in EXTERNAL:
        return [_option(element, each, offered) for each in given]
    return [str(each) for each in given]


def _option(element: Json, given: Any, offered: Sequence[Json]) -> Json:
    options = [*(element.get("options") or ()), *offered]
    for group in element.get("option_groups") or ():
        options += group["options"]
    options += [element["initial_option"]] if "initial_option" in element else element.get("initial_options") or []
    found = next((each for each in options if each["value"] == given), None)
    if found is None:
        raise ImpossibleValueError(f"{given} is not among the options.")
    chosen: Json = found
    return chosen


def is_empty(value: Mapping[str, Any]) -> bool:
    return all(held in (None, "", []) for name, held in value.items() if name != "type")


def complaint(element: Json, value: Mapping[str, Any]) -> str | None:  # noqa: C901, PLR0911 because it is a table
    """What Slack itself says before it asks the app."""
    text = value.get("value")
    if not isinstance(text, str) or not text:
        return None
    match element["type"]:
        case "plain_text_input":
            if len(text) < element.get("min_length", 0):
                return f"Please enter at least {element['min_length']} characters"
            if len(text) > (most := element.get("max_length", 3000)):
                return f"Please enter fewer than {most + 1} characters"
        case "number_input":
            if not re.fullmatch(r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+", text):
                return "Please enter a number"
            if "min_value" in element and float(text) < float(element["min_value"]):
                return f"Please enter a number no less than {element['min_value']}"
            if "max_value" in element and float(text) > float(element["max_value"]):
                return f"Please enter a number no greater than {element['max_value']}"
        case "email_text_input" if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
            return "Please enter a valid email address"
        case "url_text_input" if not re.fullmatch(r"https?://\S+", text):
            return "Please enter a valid URL"
    return None
