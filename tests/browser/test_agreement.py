"""Everything that `bot/render` sends is shown by the page: no block, element or text of it is unknown here."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.worlds import message, world

pytestmark = pytest.mark.browser

SNAPSHOTS = Path(__file__).parents[1] / "render" / "snapshots"
MADE = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(SNAPSHOTS.glob("*.json"))}
MESSAGES = {name: made for name, made in MADE.items() if "type" not in made}
VIEWS = {name: made for name, made in MADE.items() if made.get("type") == "modal"}
HOMES = {name: made for name, made in MADE.items() if made.get("type") == "home"}


def _texts(made: Any) -> Iterator[str]:
    """Every plain word that must be readable: what buttons, labels and headers say."""
    if isinstance(made, dict):
        if made.get("type") == "plain_text" and made.get("text", "").isascii():
            yield made["text"]
        for key, value in made.items():
            if key not in {"confirm", "placeholder", "options", "option_groups", "initial_option"}:
                yield from _texts(value)
    elif isinstance(made, list):
        for value in made:
            yield from _texts(value)


def _types(made: Any) -> Iterator[str]:
    if isinstance(made, dict):
        if isinstance(made.get("type"), str):
            yield made["type"]
        made = list(made.values())
    if isinstance(made, list):
        for value in made:
            yield from _types(value)


def _shown(node: Any, made: Any) -> None:
    assert node.locator("[data-unknown]").count() == 0
    visible = " ".join(node.evaluate("node => node.textContent").split())
    for text in _texts(made):
        assert " ".join(text.split()) in visible


def test_nobody_is_asked_for_formatted_text() -> None:
    """Reasons and what somebody saw are plain, in Slack and at a terminal alike, so the page draws no `rich_text_input`."""
    assert "rich_text_input" not in {kind for made in MADE.values() for kind in _types(made)}


def test_every_message(gallery: Callable[..., Page]) -> None:
    assert len(MESSAGES) > 30
    page = gallery(
        world(
            *(message(made["text"], at=n * 400, blocks=made.get("blocks")) for n, made in enumerate(MESSAGES.values()))
        )
    )
    for node, made in zip(page.locator(".message").all(), MESSAGES.values(), strict=True):
        _shown(node, made)


def test_every_modal(gallery: Callable[..., Page]) -> None:
    assert len(VIEWS) > 10
    page = gallery(world())
    for name, view in VIEWS.items():
        page.evaluate("view => window.tell({views: [view]})", {"id": name, **view})
        dialog = page.get_by_role("dialog", name=view["title"]["text"])
        expect(dialog).to_be_visible()
        _shown(dialog, {**view, "title": None})


@pytest.mark.parametrize("name", HOMES)
def test_home(gallery: Callable[..., Page], name: str) -> None:
    page = gallery(world(home={"id": "VH", **HOMES[name]}), where="home")
    _shown(page.get_by_role("main"), HOMES[name])
