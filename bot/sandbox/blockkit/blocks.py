"""Blocks, and on which surfaces each may stand."""

from collections.abc import Mapping

from bot.sandbox.blockkit.elements import ELEMENTS, IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT, IN_SECTION
from bot.sandbox.blockkit.language import (
    Check,
    Json,
    Shape,
    anything,
    at_least_one,
    exactly_one,
    flag,
    kinds,
    listed,
    one_of,
    shape,
    string,
)  # fmt: skip
from bot.sandbox.blockkit.objects import MRKDWN, PLAIN, SLACK_FILE, URL, plain, text
from bot.sandbox.blockkit.rich_text import RICH_TEXT

MESSAGE, MODAL, HOME = "message", "modal", "home"
SURFACES = (MESSAGE, MODAL, HOME)
BASE: Mapping[str, Check] = {"type": string(), "block_id": string(255)}


def _elements() -> Mapping[str, Shape]:
    return ELEMENTS


def _context_elements() -> Mapping[str, Shape]:
    return {
        "image": ELEMENTS["image"],
        PLAIN: shape({"type": string(), "text": string(3000), "emoji": flag}, "type text"),
        MRKDWN: shape({"type": string(), "text": string(3000), "verbatim": flag}, "type text"),
    }


def _cells() -> Mapping[str, Shape]:
    return {
        "rich_text": RICH_TEXT,
        "raw_text": shape({"type": string(), "text": string(shortest=0)}, "type text"),
        "raw_number": shape({"type": string(), "value": anything, "text": string()}, "type value"),
    }


def _tasks() -> Mapping[str, Shape]:
    return {"task_card": BLOCKS["task_card"]}


def _dispatches_what_it_can(value: Json) -> str | None:
    element = value.get("element")
    kind = element.get("type") if isinstance(element, dict) else None
    if value.get("dispatch_action") and kind == "file_input":
        return "file_input does not support dispatch_action"
    return None


ROWS = listed(listed(kinds(_cells), 20), 100)
BLOCKS: Mapping[str, Shape] = {
    "section": shape(
        {**BASE, "text": text(3000), "fields": listed(text(2000), 10), "accessory": kinds(_elements, *IN_SECTION),
         "expand": flag}, "type", at_least_one("text", "fields"),
    ),
    "header": shape({**BASE, "text": plain(150)}, "type text"),
    "divider": shape(BASE, "type"),
    "context": shape({**BASE, "elements": listed(kinds(_context_elements), 10)}, "type elements"),
    "actions": shape({**BASE, "elements": listed(kinds(_elements, *IN_ACTIONS), 25)}, "type elements"),
    "input": shape(
        {**BASE, "label": plain(2000), "hint": plain(2000), "element": kinds(_elements, *IN_INPUT), "optional": flag,
         "dispatch_action": flag}, "type label element", _dispatches_what_it_can,
    ),
    "image": shape(
        {**BASE, "image_url": URL, "slack_file": SLACK_FILE.check, "alt_text": string(2000), "title": plain(2000)},
        "type alt_text", exactly_one("image_url", "slack_file"),
    ),
    "rich_text": RICH_TEXT,
    "markdown": shape({**BASE, "text": string(12_000)}, "type text"),
    "table": shape(
        {**BASE, "rows": ROWS,
         "column_settings": listed(shape({"align": one_of("left", "center", "right"), "is_wrapped": flag}).check, 20)},
        "type rows",
    ),
    "alert": shape(
        {**BASE, "text": text(200), "level": one_of("default", "info", "warning", "error", "success")}, "type text"
    ),
    "video": shape(
        {**BASE, "alt_text": string(2000), "author_name": string(50), "description": plain(200), "provider_icon_url": URL,
         "provider_name": string(50), "title": plain(200), "title_url": URL, "thumbnail_url": URL, "video_url": URL},
        "type alt_text title thumbnail_url video_url",
    ),
    "context_actions": shape({**BASE, "elements": listed(kinds(_elements, *IN_CONTEXT_ACTIONS), 5)}, "type elements"),
    "task_card": shape(
        {**BASE, "task_id": string(255), "title": string(150), "details": anything, "output": anything, "sources": anything,
         "status": one_of("pending", "in_progress", "complete", "error")}, "type task_id title",
    ),
    "plan": shape({**BASE, "title": string(150), "tasks": listed(kinds(_tasks), 50, fewest=0)}, "type title"),
    "card": shape(
        {**BASE, "hero_image": anything, "icon": anything, "slack_icon": anything, "title": text(150),
         "subtitle": text(150), "body": text(200), "actions": listed(kinds(_elements, "button"), 3)},
        "type", at_least_one("hero_image", "title", "body", "actions"),
    ),
    "carousel": shape({**BASE, "elements": listed(kinds(lambda: {"card": BLOCKS["card"]}), 10)}, "type elements"),
    "container": shape(
        {**BASE, "title": plain(150), "rich_text_title": anything, "subtitle": plain(150), "icon": anything,
         "child_blocks": listed(kinds(lambda: BLOCKS), 10), "width": string(), "is_collapsible": flag,
         "default_collapsed": flag, "has_header_divider": flag}, "type child_blocks",
    ),
    "data_table": shape(
        {**BASE, "caption": string(), "rows": listed(listed(anything, 20), 101, fewest=2), "page_size": anything,
         "row_header_column_index": anything}, "type rows caption",
    ),
}  # fmt: skip

_EVERYWHERE = ("section", "header", "divider", "context", "actions", "input", "image", "rich_text", "video")
#: What may stand on each surface.
ON: Mapping[str, frozenset[str]] = {
    MESSAGE: frozenset(BLOCKS) - {"alert"},
    MODAL: frozenset((*_EVERYWHERE, "alert")),
    HOME: frozenset((*_EVERYWHERE, "table")),
}
MOST_BLOCKS: Mapping[str, int] = {MESSAGE: 50, MODAL: 100, HOME: 100}
