"""Every limit of Block Kit: just within it is taken, one more is not; and the message says where."""

from typing import Any

import pytest
from slack_sdk.models import blocks as sdk

from bot.sandbox.blockkit import check_message, check_view, text_length

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def asked(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("L"), "element": element, **more}


def select(count: int = 1, **more: Any) -> Json:
    return {"type": "static_select", "options": [option(str(each)) for each in range(count)], **more}


def option(text: str = "o", value: str = "v", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def confirm(**more: Any) -> Json:
    return {"title": plain("T"), "text": marked("x"), "confirm": plain("Y"), "deny": plain("N"), **more}


LENGTHS = [
    pytest.param(lambda n: {"type": "section", "text": marked("x" * n)}, 3000, id="section text"),
    pytest.param(lambda n: {"type": "section", "fields": [plain("x" * n)]}, 2000, id="section field"),
    pytest.param(lambda n: {"type": "section", "fields": [plain("x")] * n}, 10, id="section fields"),
    pytest.param(lambda n: {"type": "header", "text": plain("x" * n)}, 150, id="header"),
    pytest.param(lambda n: {"type": "context", "elements": [marked("x")] * n}, 10, id="context elements"),
    pytest.param(lambda n: actions(*[button() for _ in range(n)]), 25, id="actions elements"),
    pytest.param(lambda n: actions(button(text=plain("x" * n))), 75, id="button text"),
    pytest.param(lambda n: actions(button(value="x" * n)), 2000, id="button value"),
    pytest.param(lambda n: actions(button(action_id="x" * n)), 255, id="action id"),
    pytest.param(lambda n: actions(button(accessibility_label="x" * n)), 75, id="accessibility label"),
    pytest.param(lambda n: actions(button(url="https://e.x/" + "x" * (n - 12))), 3000, id="button url"),
    pytest.param(lambda n: {"type": "divider", "block_id": "x" * n}, 255, id="block id"),
    pytest.param(lambda n: actions(select(n)), 100, id="select options"),
    pytest.param(lambda n: actions(select(1, options=[option("x" * n)])), 75, id="option label"),
    pytest.param(lambda n: actions(select(1, options=[option(value="x" * n)])), 150, id="option value"),
    pytest.param(lambda n: actions(select(placeholder=plain("x" * n))), 150, id="placeholder"),
    pytest.param(lambda n: actions({"type": "overflow", "options": [option()] * n}), 5, id="overflow"),
    pytest.param(lambda n: actions({"type": "checkboxes", "options": [option()] * n}), 10, id="checkboxes"),
    pytest.param(lambda n: actions({"type": "radio_buttons", "options": [option()] * n}), 10, id="radio buttons"),
    pytest.param(lambda n: actions(button(confirm=confirm(title=plain("x" * n)))), 100, id="confirm title"),
    pytest.param(lambda n: actions(button(confirm=confirm(text=plain("x" * n)))), 300, id="confirm text"),
    pytest.param(lambda n: actions(button(confirm=confirm(confirm=plain("x" * n)))), 30, id="confirm yes"),
    pytest.param(lambda n: actions(button(confirm=confirm(deny=plain("x" * n)))), 30, id="confirm no"),
    pytest.param(lambda n: asked({"type": "plain_text_input"}, hint=plain("x" * n)), 2000, id="hint"),
    pytest.param(lambda n: asked({"type": "plain_text_input", "max_length": n}), 3000, id="max_length"),
    pytest.param(lambda n: {"type": "image", "image_url": "https://e.x/a", "alt_text": "x" * n}, 2000, id="alt text"),
    pytest.param(lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * n}, 100, id="table rows"),
    pytest.param(lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * n]}, 20, id="table cells"),
    pytest.param(lambda n: {"type": "markdown", "text": "x" * n}, 12_000, id="markdown"),
]


@pytest.mark.parametrize(("made", "most"), LENGTHS)
def test_a_limit_is_reached_and_not_passed(made: Any, most: int) -> None:
    assert check_message([made(most)]) == []
    assert check_message([made(most + 1)]) != []


WRONG = [
    pytest.param({"type": "marquee"}, "unsupported type: marquee [json-pointer:/blocks/0/type]", id="unknown block"),
    pytest.param({"text": marked("x")}, "missing required field: type [json-pointer:/blocks/0]", id="no type"),
    pytest.param({"type": "section"}, "must define at least one of: text, fields [json-pointer:/blocks/0]", id="empty section"),
    pytest.param({"type": "section", "text": "x"}, "must provide an object [json-pointer:/blocks/0/text]", id="bare text"),
    pytest.param(
        {"type": "section", "text": marked("")}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]", id="no text"
    ),
    pytest.param(
        {"type": "section", "text": marked("x") | {"emoji": True}},
        "invalid additional property: emoji [json-pointer:/blocks/0/text]", id="emoji in mrkdwn",
    ),
    pytest.param(
        {"type": "header", "text": marked("x")}, "must be a plain_text text object [json-pointer:/blocks/0/text/type]",
        id="header in mrkdwn",
    ),
    pytest.param({"type": "divider", "colour": "red"}, "invalid additional property: colour [json-pointer:/blocks/0]", id="extra"),
    pytest.param(actions(), "must provide at least 1 items [json-pointer:/blocks/0/elements]", id="no buttons"),
    pytest.param(
        actions({"type": "plain_text_input"}), "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
        id="input in actions",
    ),
    pytest.param(
        actions(button(style="default")), "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]", id="style"
    ),
    pytest.param(
        actions(button(action_id="a"), button(action_id="a")),
        '`action_id` "a" already exists [json-pointer:/blocks/0/elements/1/action_id]', id="action id twice",
    ),
    pytest.param(
        actions(select(initial_option=option("other", "other"))),
        "the initial options must be among the options [json-pointer:/blocks/0/elements/0]", id="initial option",
    ),
    pytest.param(
        actions(select(option_groups=[{"label": plain("g"), "options": [option()]}])),
        "must define exactly one of: options, option_groups [json-pointer:/blocks/0/elements/0]", id="options and groups",
    ),
    pytest.param(
        actions(button(confirm={"title": plain("T")})),
        "missing required field: confirm [json-pointer:/blocks/0/elements/0/confirm]", id="half a confirm",
    ),
    pytest.param({"type": "alert", "text": plain("x")}, "unsupported type: alert [json-pointer:/blocks/0/type]", id="alert"),
]  # fmt: skip


@pytest.mark.parametrize(("block", "said"), WRONG)
def test_what_is_wrong_is_said_with_its_place(block: Json, said: str) -> None:
    assert said in check_message([block])


def test_a_message_as_a_whole() -> None:
    divider = {"type": "divider"}
    assert check_message([divider] * 50) == []
    assert check_message([divider] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    named = divider | {"block_id": "a"}
    assert check_message([named, named]) == ['`block_id` "a" already exists [json-pointer:/blocks/1/block_id]']
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    assert check_message([table, table]) == ["only_one_table_allowed [json-pointer:/blocks]"]
    assert check_message("[]") == ["must provide an array [json-pointer:/blocks]"]
    # The same button in several blocks is common, and fine.
    assert check_message([actions(button(action_id="a")), actions(button(action_id="a"))]) == []
    assert text_length([actions(button()), {"type": "header", "text": plain("four")}]) == 6


def test_modals_and_homes() -> None:
    field = asked({"type": "plain_text_input"})
    modal: Json = {"type": "modal", "title": plain("T"), "blocks": [{"type": "divider"}] * 100}
    assert check_view(modal, kind="modal") == []
    assert check_view(modal | {"blocks": [{"type": "divider"}] * 101}, kind="modal")
    assert check_view(modal | {"blocks": [{"type": "divider"}, field]}, kind="modal") == [
        "must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/1/input]"
    ]
    assert check_view(modal | {"blocks": [field], "submit": plain("Go")}, kind="modal") == []
    assert check_view(modal | {"private_metadata": "x" * 3001}, kind="modal")
    assert (
        check_view({"type": "modal", "blocks": []}, kind="modal")[0]
        == "missing required field: title [json-pointer:/view]"
    )
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    assert check_view(home, kind="home") == []
    assert check_view(home | {"title": plain("T")}, kind="home") == [
        "invalid additional property: title [json-pointer:/view]"
    ]
    assert check_view(modal, kind="home") == ["must be a home [json-pointer:/view/type]"]


def test_what_the_sdk_makes_is_taken() -> None:
    made = [
        sdk.SectionBlock(text="x", accessory=sdk.ButtonElement(text="b", action_id="a", style="danger", value="1")),
        sdk.ActionsBlock(elements=[sdk.StaticSelectElement(placeholder="p", action_id="s", options=[sdk.Option(value="1", text="o")])]),
        sdk.ContextBlock(elements=[sdk.MarkdownTextObject(text="x"), sdk.ImageElement(image_url="https://e.x/a", alt_text="a")]),
        sdk.InputBlock(label="l", element=sdk.DatePickerElement(action_id="d", initial_date="2026-11-28")),
        sdk.HeaderBlock(text="h"), sdk.DividerBlock(), sdk.MarkdownBlock(text="*x*"),
        sdk.RichTextBlock(elements=[sdk.RichTextSectionElement(elements=[sdk.RichTextElementParts.Text(text="x")])]),
    ]  # fmt: skip
    assert check_message([each.to_dict() for each in made]) == []
