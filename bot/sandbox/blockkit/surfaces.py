"""Whole messages, modals and Homes: how many blocks, which ones, and names that are unique."""

import json
from collections.abc import Iterator
from typing import Any

from bot.sandbox.blockkit.blocks import BLOCKS, HOME, MESSAGE, MODAL, MOST_BLOCKS, ON
from bot.sandbox.blockkit.language import Findings, Json, flag, kinds, listed, one_of, shape, string
from bot.sandbox.blockkit.objects import plain

#: Slack documents no limit for the sum of all texts of a message; the smallest that was seen refused had so many.
BLOCKS_TEXT_LIMIT = 11_341
VIEW_BYTES = 250_000
TABLE_TEXT = 10_000
MARKDOWN_TEXT = 12_000

_VIEW = {
    "type": one_of(MODAL, HOME), "blocks": lambda *_: None, "private_metadata": string(3000, shortest=0),
    "callback_id": string(255, shortest=0), "external_id": string(255, shortest=0),
}  # fmt: skip
VIEWS = {
    HOME: shape(_VIEW, "type blocks"),
    MODAL: shape(
        {
            **_VIEW, "title": plain(24), "submit": plain(24), "close": plain(24), "clear_on_close": flag,
            "notify_on_close": flag, "submit_disabled": flag,
        },
        "type title blocks",
    ),
}  # fmt: skip


def check_message(blocks: Any) -> list[str]:
    return check_blocks(blocks, MESSAGE, "/blocks")


def check_blocks(blocks: Any, surface: str, where: str) -> list[str]:
    findings = Findings()
    if isinstance(blocks, list):
        allowed = kinds(lambda: BLOCKS, *sorted(ON[surface]))
        listed(allowed, MOST_BLOCKS[surface], fewest=0 if surface == MESSAGE else 1)(blocks, where, findings)
        if not findings.said:
            _unique(blocks, where, findings)
            _sums(blocks, where, findings)
    else:
        findings.add("must provide an array", where)
    return findings.said


def check_view(view: Any, *, kind: str) -> list[str]:
    """`kind`: what the method is for."""
    findings = Findings()
    if not isinstance(view, dict):
        return ["must provide an object [json-pointer:/view]"]
    if view.get("type") != kind:
        findings.add(f"must be a {kind}", "/view/type")
        return findings.said
    VIEWS[kind].check(view, "/view", findings)
    found = findings.said + check_blocks(view.get("blocks", []), kind, "/view/blocks")
    if not found and kind == MODAL and "submit" not in view:
        found += [
            f"must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/{index}/input]"
            for index, block in enumerate(view["blocks"])
            if block["type"] == "input"
        ]
    if not found and sum(each.get("focus_on_load") is True for each in _all(view["blocks"])) > 1:
        found.append("only one element may have focus_on_load [json-pointer:/view/blocks]")
    return found


def is_too_large(view: Any) -> bool:
    return len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES


def _unique(blocks: list[Json], where: str, findings: Findings) -> None:
    """Block ids in the whole, and action ids in their block, as the documentation of each element says."""
    names: set[str] = set()
    for index, block in enumerate(blocks):
        name = block.get("block_id")
        if name in names:
            findings.add(f'`block_id` "{name}" already exists', f"{where}/{index}/block_id")
        if name:
            names.add(name)
        taken: set[str] = set()
        for place, element in enumerate(block.get("elements") or ()):
            action = element.get("action_id")
            if action in taken:
                findings.add(f'`action_id` "{action}" already exists', f"{where}/{index}/elements/{place}/action_id")
            if action:
                taken.add(action)


def _sums(blocks: list[Json], where: str, findings: Findings) -> None:
    tables = [each for each in blocks if each["type"] in ("table", "data_table")]
    if len(tables) > 1:
        findings.add("only_one_table_allowed", where)
    if sum(text_length([each]) for each in tables) > TABLE_TEXT:
        findings.add(f"tables must have less than {TABLE_TEXT + 1} characters", where)
    if sum(len(each["text"]) for each in blocks if each["type"] == "markdown") > MARKDOWN_TEXT:
        findings.add(f"markdown blocks must have less than {MARKDOWN_TEXT + 1} characters", where)


def text_length(blocks: Any) -> int:
    """The sum of what people read."""
    return sum(
        len(value) for each in _all(blocks) for name, value in each.items() if name == "text" and isinstance(value, str)
    )


def _all(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _all(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _all(inner)
