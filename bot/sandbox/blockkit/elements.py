"""Interactive elements, and where each of them may stand."""

from collections.abc import Mapping

from bot.sandbox.blockkit.language import (
    Check,
    Json,
    Shape,
    anything,
    at_least_one,
    exactly_one,
    flag,
    integer,
    listed,
    one_of,
    shape,
    string,
)  # fmt: skip
from bot.sandbox.blockkit.objects import (
    ACTION_ID,
    CONFIRM,
    DISPATCH,
    FILTER,
    LINK_OPTION,
    MARKED_OPTION,
    OPTION,
    OPTION_GROUP,
    SLACK_FILE,
    URL,
    initial_is_offered,
    plain,
)  # fmt: skip

ID = string(30)
IDS = listed(string(30), 100, fewest=0)
MOST_SELECTED = integer(1, 10_000)
BASE: Mapping[str, Check] = {"type": string(), "action_id": ACTION_ID}
ASKING: Mapping[str, Check] = {**BASE, "confirm": CONFIRM.check, "focus_on_load": flag}
FIELD: Mapping[str, Check] = {**ASKING, "placeholder": plain(150)}
WRITING: Mapping[str, Check] = {
    **BASE, "focus_on_load": flag, "placeholder": plain(150), "dispatch_action_config": DISPATCH.check,
}  # fmt: skip
OPTIONS: Mapping[str, Check] = {"options": listed(OPTION.check, 100), "option_groups": listed(OPTION_GROUP.check, 100)}
MARKED: Mapping[str, Check] = {"options": listed(MARKED_OPTION.check, 10)}
NUMBER = string(pattern=r"-?\d+(\.\d+)?")
_OFFERED = (exactly_one("options", "option_groups"), initial_is_offered)


def _lengths_agree(value: Json) -> str | None:
    least, most = value.get("min_length"), value.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        return "min_length must be no more than max_length"
    return None


ELEMENTS: Mapping[str, Shape] = {
    "button": shape(
        {
            **BASE, "text": plain(75), "url": URL, "value": string(2000, shortest=0), "style": one_of("primary", "danger"),
            "confirm": CONFIRM.check, "accessibility_label": string(75),
        },
        "type text",
    ),
    "workflow_button": shape(
        {**BASE, "text": plain(75), "workflow": anything, "style": one_of("primary", "danger"),
         "accessibility_label": string(75)},
        "type text workflow action_id",
    ),
    "image": shape(
        {"type": string(), "image_url": URL, "alt_text": string(2000), "slack_file": SLACK_FILE.check},
        "type alt_text", exactly_one("image_url", "slack_file"),
    ),
    "overflow": shape({**BASE, "options": listed(LINK_OPTION.check, 5), "confirm": CONFIRM.check}, "type options"),
    "checkboxes": shape(
        {**ASKING, **MARKED, "initial_options": listed(MARKED_OPTION.check, 10)}, "type options", initial_is_offered
    ),
    "radio_buttons": shape({**ASKING, **MARKED, "initial_option": MARKED_OPTION.check}, "type options", initial_is_offered),
    "static_select": shape({**FIELD, **OPTIONS, "initial_option": OPTION.check}, "type", *_OFFERED),
    "external_select": shape(
        {**FIELD, "initial_option": OPTION.check, "min_query_length": integer(0, 3000)}, "type"
    ),
    "users_select": shape({**FIELD, "initial_user": ID}, "type"),
    "conversations_select": shape(
        {**FIELD, "initial_conversation": ID, "default_to_current_conversation": flag, "response_url_enabled": flag,
         "filter": FILTER.check}, "type",
    ),
    "channels_select": shape({**FIELD, "initial_channel": ID, "response_url_enabled": flag}, "type"),
    "multi_static_select": shape(
        {**FIELD, **OPTIONS, "initial_options": listed(OPTION.check, 100), "max_selected_items": MOST_SELECTED},
        "type", *_OFFERED,
    ),
    "multi_external_select": shape(
        {**FIELD, "initial_options": listed(OPTION.check, 100), "min_query_length": integer(0, 3000),
         "max_selected_items": MOST_SELECTED}, "type",
    ),
    "multi_users_select": shape({**FIELD, "initial_users": IDS, "max_selected_items": MOST_SELECTED}, "type"),
    "multi_conversations_select": shape(
        {**FIELD, "initial_conversations": IDS, "default_to_current_conversation": flag, "filter": FILTER.check,
         "max_selected_items": MOST_SELECTED}, "type",
    ),
    "multi_channels_select": shape({**FIELD, "initial_channels": IDS, "max_selected_items": MOST_SELECTED}, "type"),
    "datepicker": shape({**FIELD, "initial_date": string(pattern=r"\d{4}-\d\d-\d\d")}, "type"),
    "timepicker": shape(
        {**FIELD, "initial_time": string(pattern=r"([01]\d|2[0-3]):[0-5]\d"), "timezone": string()}, "type"
    ),
    "datetimepicker": shape({**ASKING, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}, "type"),
    "plain_text_input": shape(
        {**WRITING, "initial_value": string(3000, shortest=0), "multiline": flag, "min_length": integer(0, 3000),
         "max_length": integer(1, 3000)}, "type", _lengths_agree,
    ),
    "email_text_input": shape({**WRITING, "initial_value": string(3000, shortest=0)}, "type"),
    "url_text_input": shape({**WRITING, "initial_value": string(3000, shortest=0)}, "type"),
    "number_input": shape(
        {**WRITING, "is_decimal_allowed": flag, "initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
        "type is_decimal_allowed",
    ),
    "rich_text_input": shape({**WRITING, "initial_value": anything}, "type"),
    "file_input": shape({**BASE, "filetypes": listed(string(30), 100), "max_files": integer(1, 10)}, "type"),
    "feedback_buttons": shape({**BASE, "positive_button": anything, "negative_button": anything},
                              "type positive_button negative_button"),
    "icon_button": shape(
        {**BASE, "icon": one_of("trash"), "text": plain(75), "value": string(2000), "confirm": CONFIRM.check,
         "accessibility_label": string(75), "visible_to_user_ids": IDS}, "type icon text",
    ),
}  # fmt: skip

SELECTS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
MULTI_SELECTS = tuple(f"multi_{each}" for each in SELECTS)
PICKERS = ("checkboxes", "radio_buttons", "datepicker", "timepicker")
#: Where each may stand.
IN_ACTIONS = ("button", "workflow_button", "overflow", "datetimepicker", *PICKERS, *SELECTS)
IN_SECTION = ("button", "workflow_button", "image", "overflow", *PICKERS, *SELECTS, *MULTI_SELECTS)
IN_INPUT = (
    "plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input",
    "datetimepicker", *PICKERS, *SELECTS, *MULTI_SELECTS,
)  # fmt: skip
IN_CONTEXT_ACTIONS = ("feedback_buttons", "icon_button")

__all__ = ["ELEMENTS", "IN_ACTIONS", "IN_CONTEXT_ACTIONS", "IN_INPUT", "IN_SECTION", "at_least_one"]
