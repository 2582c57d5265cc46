"""What Slack takes, written down a second time: the product's own limits are not believed here."""

import json
import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.render.message import Message
from bot.sandbox.blockkit import surfaces

LONGEST = {
    ("section", "text"): 3000, ("header", "text"): 150, ("context", "elements"): 3000, ("button", "text"): 75,
    ("input", "label"): 2000, ("input", "hint"): 2000, ("option", "text"): 75, ("option", "description"): 75,
    ("confirm", "title"): 100, ("confirm", "text"): 300, ("confirm", "confirm"): 30, ("confirm", "deny"): 30,
}  # fmt: skip
#: Everything between angle brackets that we may write: mentions of ids and dates.
_MARKUP = re.compile(r"<(?:@[UW][A-Z0-9]{2,20}|!subteam\^S[A-Z0-9]{2,20}|!date\^\d+\^[^|<>]*\|[^<>]*)>")
_CALLS = re.compile(r"<!(?:channel|here|everyone)|@(?:channel|here|everyone)\b", re.IGNORECASE)
_TURNS = re.compile("[\u202a-\u202e\u2066\u2067\u200e\u200f\u061c\x00-\x09\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def check_message(message: Message) -> None:
    assert surfaces.check_message(list(message.blocks)) == []
    assert 0 < len(message.text) <= 4000
    _check_mrkdwn(message.text)
    assert 1 <= len(message.blocks) <= 50
    assert sum(len(each["text"]) for each in _texts(message.blocks)) <= 11_000
    json.dumps(message.payload, ensure_ascii=False).encode()
    _check_blocks(list(message.blocks))


def check_view(view: dict[str, Any]) -> None:
    assert surfaces.check_view(view, kind=view["type"]) == []
    assert 1 <= len(view["blocks"]) <= 100
    assert len(json.dumps(view, ensure_ascii=False).encode()) < 250_000
    assert len(view.get("private_metadata", "")) <= 3000
    if view["type"] == "modal":
        assert 0 < len(view["title"]["text"]) <= 24
        assert all(0 < len(view[name]["text"]) <= 24 for name in ("submit", "close") if name in view)
        asks = any(block["type"] == "input" for block in view["blocks"])
        assert not asks or "submit" in view, "a dialog with inputs needs a button to send them"
    _check_blocks(view["blocks"])
    View(**view).validate_json()


def _check_blocks(blocks: list[dict[str, Any]]) -> None:
    ids = [block["block_id"] for block in blocks]
    assert len(ids) == len(set(ids))
    assert all(0 < len(each) <= 255 for each in ids)
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
        _check_block(block)
    for text in _texts(blocks):
        assert text["text"], "Slack refuses empty texts"
        (_check_mrkdwn if text["type"] == "mrkdwn" else _check_plain)(text["text"])


def _check_block(block: dict[str, Any]) -> None:
    for holder, kind in _holders(block):
        for name, value in holder.items():
            if isinstance(value, dict) and isinstance(value.get("text"), str) and (kind, name) in LONGEST:
                assert len(value["text"]) <= LONGEST[kind, name], (kind, name, value["text"])
    if block["type"] == "actions":
        assert 1 <= len(block["elements"]) <= 25
        names = [each["action_id"] for each in block["elements"]]
        assert len(names) == len(set(names))
    if block["type"] == "context":
        assert 1 <= len(block["elements"]) <= 10
        assert all(len(each["text"]) <= 3000 for each in block["elements"])
    for element in _elements(block):
        assert len(element["action_id"]) <= 255
        if element["type"] == "button":
            assert 0 < len(element["accessibility_label"]) <= 75
            assert len(element.get("value", "")) <= 2000
            assert element["accessibility_label"] != element["text"]["text"], "what is spoken says of what"
        assert len(element.get("options", [{}])) in range(1, 101)
        assert all(len(option["value"]) <= 150 for option in element.get("options", []))


def _holders(value: Any, kind: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, dict):
        yield value, kind or value.get("type", "")
        for name, inner in value.items():
            yield from _holders(
                inner, {"options": "option", "initial_option": "option", "confirm": "confirm"}.get(name, "")
            )
    elif isinstance(value, list):
        for inner in value:
            yield from _holders(inner, kind)


def _elements(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "actions":
        yield from block["elements"]
    for name in ("accessory", "element"):
        if name in block:
            yield block[name]


def _texts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            yield value
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _check_mrkdwn(text: str) -> None:
    bare = _MARKUP.sub("", text)
    assert "<" not in bare, text
    assert not re.search(r"&(?!amp;|lt;|gt;)", text), text
    assert bare.count("```") % 2 == 0, text
    for line in bare.replace("```", "").splitlines():
        assert line.count("`") % 2 == 0, line
    # In code nothing is a mention.
    _check_plain(re.sub(r"```.*?```", "", bare, flags=re.DOTALL))


def _check_plain(text: str) -> None:
    assert not _CALLS.search(text), text
    assert not _TURNS.search(text), repr(text)
