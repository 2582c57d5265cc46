"""The pieces of Block Kit that we use. Texts that come in are mrkdwn of ours; what others wrote went through `foreign`."""

from collections.abc import Sequence
from typing import Any, Literal

from bot.render.buttons import Button, Field
from bot.render.message import Block

Style = Literal["primary", "danger"]


def mrkdwn(text: str) -> Block:
    # Verbatim: what merely looks like a link, a channel or a mention stays text.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def header(text: str, *, name: str = "header") -> Block:
    return {"type": "header", "block_id": name, "text": plain_text(text)}


def section(text: str, *, name: str = "text", accessory: Block | None = None) -> Block:
    # Expanded: what decides is not hidden behind "see more".
    block: Block = {"type": "section", "block_id": name, "text": mrkdwn(text), "expand": True}
    return block if accessory is None else {**block, "accessory": accessory}


def fields(texts: Sequence[str], *, name: str = "fields") -> Block:
    return {"type": "section", "block_id": name, "fields": [mrkdwn(text) for text in texts]}


def context(*texts: str, name: str = "note") -> Block:
    return {"type": "context", "block_id": name, "elements": [mrkdwn(text) for text in texts]}


def divider(*, name: str = "line") -> Block:
    return {"type": "divider", "block_id": name}


def row(*elements: Block, name: str = "buttons") -> Block:
    return {"type": "actions", "block_id": name, "elements": list(elements)}


def button(  # noqa: PLR0913 -- a button has that many sides
    label: str, name: Button, value: str = "", *, spoken: str, style: Style | None = None, confirm: Block | None = None,
    url: str | None = None,
) -> Block:  # fmt: skip
    """`spoken` is what a screen reader says: the label alone does not say of what."""
    made: Block = {
        "type": "button", "action_id": name.value, "text": plain_text(label), "accessibility_label": spoken,
    }  # fmt: skip
    optional = {"value": value or None, "style": style, "confirm": confirm, "url": url}
    return made | {key: given for key, given in optional.items() if given is not None}


def confirm(title: str, text: str, *, yes: str, no: str = "Not now", danger: bool = False) -> Block:
    asked: Block = {
        "title": plain_text(title), "text": mrkdwn(text), "confirm": plain_text(yes), "deny": plain_text(no),
    }  # fmt: skip
    return asked | ({"style": "danger"} if danger else {})


def option(label: str, value: str, description: str | None = None) -> Block:
    made: Block = {"text": plain_text(label), "value": value}
    return made | ({"description": plain_text(description)} if description else {})


def question(  # noqa: PLR0913 -- an input has that many sides
    field: Field, label: str, element: Block, *, hint: str | None = None, optional: bool = False, tells: bool = False,
    of: str | None = None,
) -> Block:  # fmt: skip
    """An input. `tells`: Slack tells us at once when it is changed. `of`: what its options depend on; with another one it
    is another input, and what was chosen is forgotten."""
    block: Block = {
        "type": "input", "block_id": f"{field.value}:{of}" if of else field.value, "label": plain_text(label), "optional": optional,
        "element": {**element, "action_id": field.value},
    }  # fmt: skip
    if tells:
        block["dispatch_action"] = True
    return block | ({"hint": plain_text(hint)} if hint else {})


def line_of_text(*, placeholder: str | None = None, initial: str | None = None, most: int = 200) -> Block:
    return _text_input(placeholder, initial, most)


def lines_of_text(
    *, placeholder: str | None = None, initial: str | None = None, least: int = 0, most: int = 2_000
) -> Block:  # fmt: skip
    made = {**_text_input(placeholder, initial, most), "multiline": True}
    return made | ({"min_length": least} if least else {})


def _text_input(placeholder: str | None, initial: str | None, most: int) -> Block:
    made: Block = {"type": "plain_text_input", "max_length": most}
    if placeholder:
        made["placeholder"] = plain_text(placeholder)
    return made | ({"initial_value": initial[:most]} if initial else {})


def choice_of(options: Sequence[Block], *, placeholder: str, initial: str | None = None) -> Block:
    return _with_initial({"type": "static_select", "placeholder": plain_text(placeholder)}, options, initial)


def choice_in_groups(
    groups: Sequence[tuple[str, Sequence[Block]]], *, placeholder: str, initial: str | None = None
) -> Block:  # fmt: skip
    """For more options than a menu takes without groups."""
    made: Block = {"type": "static_select", "placeholder": plain_text(placeholder)}
    made["option_groups"] = [{"label": plain_text(label), "options": list(options)} for label, options in groups]
    found = next((each for _, options in groups for each in options if each["value"] == initial), None)
    return made | ({"initial_option": found} if found else {})


def radio(options: Sequence[Block], *, initial: str | None = None) -> Block:
    return _with_initial({"type": "radio_buttons"}, options, initial)


def ticks(options: Sequence[Block]) -> Block:
    return {"type": "checkboxes", "options": list(options)}


def _with_initial(element: Block, options: Sequence[Block], initial: str | None) -> Block:
    made: dict[str, Any] = {**element, "options": list(options)}
    found = next((each for each in options if each["value"] == initial), None)
    return made | ({"initial_option": found} if found else {})
