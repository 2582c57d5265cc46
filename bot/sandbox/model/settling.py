"""What Slack adds to blocks that it was given: names for those without, and the defaults of texts."""

import copy
from typing import Any

from bot.sandbox import ids

Json = dict[str, Any]


def settled(blocks: list[Json]) -> list[Json]:
    """A copy of its own, as it comes back in payloads and histories."""
    made = copy.deepcopy(blocks)
    for block in made:
        block.setdefault("block_id", ids.short())
        for element in elements_of(block):
            if element.get("type") not in ("image", "plain_text", "mrkdwn") and "type" in element:
                element.setdefault("action_id", ids.short())
        _defaults(block)
    return made


def elements_of(block: Json) -> list[Json]:
    """The interactive ones, and whatever else stands in their place."""
    if block["type"] in ("actions", "context_actions"):
        return list(block["elements"])
    if block["type"] == "input":
        return [block["element"]]
    if block["type"] == "section" and "accessory" in block:
        return [block["accessory"]]
    if block["type"] == "card":
        return list(block.get("actions") or ())
    if block["type"] == "container":
        return [element for child in block["child_blocks"] for element in elements_of(child)]
    return []


def _defaults(value: Any) -> None:
    if isinstance(value, dict):
        if value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        for inner in value.values():
            _defaults(inner)
    elif isinstance(value, list):
        for inner in value:
            _defaults(inner)
