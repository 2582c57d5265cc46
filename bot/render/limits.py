"""What Slack accepts, in one place: everything that leaves `bot/render` was made to fit here.

A text that is cut says how much is missing. The budget for all texts of one message is ours: Slack refuses messages
(`msg_blocks_too_long`) at a size that it documents nowhere; the smallest that was seen refused had 11,341 characters.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, TypeVar

Json = dict[str, Any]
Thing = TypeVar("Thing")

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
#: Of the text beside the blocks: it is read aloud, and cut by telephones.
MESSAGE_TEXT: Final = 600
TEXT_BUDGET: Final = 9_000
VIEW_BUDGET: Final = 60_000

SECTION: Final = 3_000
FIELD: Final = 2_000
FIELDS: Final = 10
HEADER: Final = 150
CONTEXT: Final = 2_000
CONTEXT_ELEMENTS: Final = 10
ELEMENTS: Final = 25
BUTTON: Final = 75
SPOKEN: Final = 75
VALUE: Final = 2_000
URL: Final = 3_000
OPTIONS: Final = 100
OPTION: Final = 75
OPTION_VALUE: Final = 150
PLACEHOLDER: Final = 150
LABEL: Final = 2_000
INITIAL: Final = 3_000
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
VIEW_TITLE: Final = 24
METADATA: Final = 3_000
BLOCK_ID: Final = 255

#: Never cut below this, so that each part of a message still says what it is.
_LEAST: Final = 120


def cut(text: str, most: int) -> str:
    """At most so long; what is missing is said. Markup, entities and code are not left half open."""
    if len(text) <= most:
        return text
    note = f"… ({len(text):,} more characters)"
    if most <= len(note) + 8:
        return text[: max(0, most - 1)] + "…" if most else ""
    kept = _not_within_markup(text[: most - len(note) - 4])
    tail = _closing(kept)
    return f"{kept}{tail}… ({len(text) - len(kept):,} more characters)"


def cut_plain(text: str, most: int) -> str:
    """For names and labels: there is no room to say how much is missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _not_within_markup(text: str) -> str:
    opened = text.rfind("<")
    if opened > text.rfind(">"):
        text = text[:opened]
    entity = text.rfind("&", max(0, len(text) - 5))
    if entity >= 0 and ";" not in text[entity:]:
        text = text[:entity]
    return text.rstrip()


def _closing(text: str) -> str:
    if text.count("```") % 2:
        return "\n```"
    return "`" if text.replace("```", "").rpartition("\n")[2].count("`") % 2 else ""


def some(things: Sequence[Thing], most: int, noun: str = "more", *, said: Callable[[Thing], str] = str) -> list[str]:
    """The first so many in words; when there are others, the last line says how many. One more is shown in its place."""
    most += len(things) == most + 1
    lines = [said(each) for each in things[:most]]
    return [*lines, f"… ({len(things) - most:,} {noun})"] if len(things) > most else lines


def fit_message(blocks: Iterable[Json]) -> tuple[Json, ...]:
    return _fit(blocks, MESSAGE_BLOCKS, TEXT_BUDGET)


def fit_view(view: Mapping[str, Any]) -> Json:
    fitted = {**view, "blocks": list(_fit(view["blocks"], VIEW_BLOCKS, VIEW_BUDGET))}
    for name in ("title", "submit", "close"):
        if name in fitted:
            fitted[name] = {**fitted[name], "text": cut_plain(fitted[name]["text"], VIEW_TITLE)}
    return fitted


def _fit(blocks: Iterable[Json], most: int, budget: int) -> tuple[Json, ...]:
    fitted = _not_too_many([_block(block) for block in blocks], most)
    _keep_budget(fitted, budget)
    return tuple(_named(fitted))


def _not_too_many(blocks: list[Json], most: int) -> list[Json]:
    """The beginning carries the verdict and the end the buttons; the middle gives way."""
    if len(blocks) <= most:
        return blocks
    tail = blocks[-6:]
    head = blocks[: most - len(tail) - 1]
    missing = len(blocks) - len(head) - len(tail)
    said = {"type": "mrkdwn", "text": f"… ({missing} more parts)", "verbatim": True}
    return [*head, {"type": "context", "elements": [said]}, *tail]


def _block(block: Json) -> Json:
    match block["type"]:
        case "section":
            fitted = dict(block)
            if "text" in fitted:
                fitted["text"] = _text(fitted["text"], SECTION)
            if "fields" in fitted:
                fitted["fields"] = [_text(field, FIELD) for field in fitted["fields"][:FIELDS]]
            if "accessory" in fitted:
                fitted["accessory"] = _element(fitted["accessory"])
            return fitted
        case "header":
            return {**block, "text": {**block["text"], "text": cut_plain(block["text"]["text"], HEADER)}}
        case "context":
            elements = [_text(each, CONTEXT) for each in block["elements"][:CONTEXT_ELEMENTS]]
            return {**block, "elements": elements}
        case "actions":
            return {**block, "elements": [_element(each) for each in block["elements"][:ELEMENTS]]}
        case "input":
            fitted = {**block, "label": _plain(block["label"], LABEL), "element": _element(block["element"])}
            if "hint" in fitted:
                fitted["hint"] = _plain(fitted["hint"], LABEL)
            return fitted
        case _:
            return dict(block)


def _element(element: Json) -> Json:
    fitted = dict(element)
    if element["type"] == "button":
        fitted["text"] = _plain(element["text"], BUTTON)
        if "accessibility_label" in element:
            fitted["accessibility_label"] = cut_plain(element["accessibility_label"], SPOKEN)
    if "confirm" in element:
        asked = element["confirm"]
        fitted["confirm"] = {
            **asked, "title": _plain(asked["title"], CONFIRM_TITLE), "text": _text(asked["text"], CONFIRM_TEXT),
            "confirm": _plain(asked["confirm"], CONFIRM_BUTTON), "deny": _plain(asked["deny"], CONFIRM_BUTTON),
        }  # fmt: skip
    if "placeholder" in element:
        fitted["placeholder"] = _plain(element["placeholder"], PLACEHOLDER)
    if "options" in element:
        fitted["options"] = [_option(each) for each in element["options"][:OPTIONS]]
    if "option_groups" in element:
        groups = element["option_groups"][:OPTIONS]
        fitted["option_groups"] = [
            {"label": _plain(each["label"], OPTION), "options": [_option(one) for one in each["options"][:OPTIONS]]}
            for each in groups
        ]
    if "initial_option" in element:
        fitted["initial_option"] = _option(element["initial_option"])
    if "initial_value" in element:
        fitted["initial_value"] = element["initial_value"][:INITIAL]
    return fitted


def _option(option: Json) -> Json:
    fitted = {**option, "text": _plain(option["text"], OPTION)}
    if "description" in option:
        fitted["description"] = _plain(option["description"], OPTION)
    return fitted


def _text(text: Json, most: int) -> Json:
    return {**text, "text": cut(text["text"], most)}


def _plain(text: Json, most: int) -> Json:
    return {**text, "text": cut_plain(text["text"], most)}


def _keep_budget(blocks: list[Json], budget: int) -> None:
    """The longest texts are shortened first."""
    while (excess := text_length(blocks) - budget) > 0:
        texts = [each for block in blocks for each in _prose(block)]
        longest = max(texts, key=lambda each: len(each["text"]), default=None)
        if longest is None or len(longest["text"]) <= _LEAST:
            return
        wanted = max(_LEAST, len(longest["text"]) - max(excess + 40, len(longest["text"]) // 8))
        longest["text"] = cut(longest["text"], min(wanted, len(longest["text"]) - 1))


def _prose(block: Json) -> Iterator[Json]:
    if block["type"] == "section":
        if "text" in block:
            yield block["text"]
        yield from block.get("fields", ())
    elif block["type"] == "context":
        yield from (each for each in block["elements"] if "text" in each)


def text_length(blocks: Iterable[Json]) -> int:
    """The sum of all texts that people see."""
    return sum(len(text) for block in blocks for text in _all_texts(block))


def _all_texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("text", "alt_text") and isinstance(inner, str):
                yield inner
            else:
                yield from _all_texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _all_texts(inner)


def _named(blocks: Iterable[Json]) -> Iterator[Json]:
    """Ids that are unique in a message and change with their block, as Slack wants it when a message is edited.

    Inputs keep theirs: what people have written stays when a view is updated.
    """
    taken: set[str] = set()
    for block in blocks:
        if block["type"] == "input":
            taken.add(block["block_id"])
            yield block
            continue
        content = {name: value for name, value in block.items() if name != "block_id"}
        mark = sha256(json.dumps(content, sort_keys=True).encode("utf-8", "replace")).hexdigest()[:8]
        name = re.sub(r"[^a-z0-9_-]", "", str(block.get("block_id") or block["type"]))[: BLOCK_ID - 20]
        fresh, number = f"{name}-{mark}", 2
        while fresh in taken:
            fresh, number = f"{name}-{mark}-{number}", number + 1
        taken.add(fresh)
        yield {**block, "block_id": fresh}
