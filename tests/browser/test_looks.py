"""For everybody: light and dark, wide and narrow, with the keyboard alone, with a screen reader."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.test_agreement import HOMES, MESSAGES, VIEWS
from tests.browser.worlds import message, modal, mrkdwn, options, plain, world

pytestmark = pytest.mark.browser


def serious(page: Page) -> list[str]:
    answer = Axe().run(page, options={"preload": False}).response
    assert len(answer["passes"]) > 20
    return [
        f"{one['id']}: {one['help']} at {one['nodes'][0]['target']} ({one['nodes'][0]['any'][:1]})"
        for one in answer["violations"] if one["impact"] in {"serious", "critical"}
    ]  # fmt: skip


def _busy() -> dict[str, Any]:
    """A channel with a bit of everything, a thread, a private word, and cards of the bot."""
    cards = [MESSAGES[name] for name in ("card_waiting", "live_choosing", "answer_history")]
    every = [
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}], [{"type": "raw_text", "text": "1"}]]},
        {"type": "actions", "elements": [
            {"type": "static_select", "action_id": "s", "placeholder": plain("Pick"), "options": options()},
            {"type": "checkboxes", "action_id": "c", "options": options()}, {"type": "radio_buttons", "action_id": "r", "options": options()},
            {"type": "datepicker", "action_id": "d"}, {"type": "overflow", "action_id": "o", "options": options()}]},
        {"type": "markdown", "text": "# T\n\n| a | b |\n|---|---|\n| `1` | [x](https://a.b) |"},
    ]  # fmt: skip
    return world(
        message("hello <@U1> `code` https://example.com/x :tada:", user="U2", edited={"ts": "1764300001.000000"}),
        message("parent", at=400, user="U3", reply_count=1, reply_users=["U1"], latest_reply="1764300500.000000"),
        message("a reply", at=500, user="U1", thread_ts="1764300400.000000",
                files=[{"id": "F1", "name": "RB-1.md", "mimetype": "text/markdown", "size": 5, "preview": "# one"}]),
        message("You asked for it, so you cannot approve it.", at=700, ephemeral=True),
        message("x", at=800, blocks=every, reactions=[{"name": "eyes", "users": ["U1"], "count": 1}], pinned=True),
        *(message(card["text"], at=1000 + n * 400, blocks=card["blocks"]) for n, card in enumerate(cards)),
        home={"id": "VH", **HOMES["home"]},
        troubles={"C1/1764300800.000000": "The app did not respond."},
        traffic=[{"id": 1, "kind": "api", "name": "chat.update", "note": "C1", "result": "ratelimited", "failed": True, "at": 1764300000, "parts": []}],
    )  # fmt: skip


@pytest.mark.by_day(1)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_accessibility_checker_finds_nothingserious(gallery: Callable[..., Page], scheme: str) -> None:
    page = gallery(_busy(), where="C1/1764300400.000000", color_scheme=scheme)
    page.get_by_role("button", name="Traffic").click()
    assert serious(page) == []
    page.get_by_role("button", name="Close traffic").click()
    page.get_by_role("button", name="Acting as").click()
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Backout Home").click()
    assert serious(page) == []
    page.evaluate("view => window.tell({views: [view]})", {"id": "V1", **VIEWS["dialog_request"]})
    page.get_by_role("dialog").get_by_role("combobox").first.click()
    assert serious(page) == []


def test_the_look_is_the_systems_until_somebody_chooses(gallery: Callable[..., Page]) -> None:
    page = gallery(world(message("x")), color_scheme="dark")
    ground = "getComputedStyle(document.querySelector('.channel')).backgroundColor"
    assert page.evaluate(ground) == "rgb(27, 29, 34)"
    page.get_by_role("button", name="Use the light look").click()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.reload()
    page.get_by_role("button", name="Use the dark look").wait_for()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_at_400_pixels_everything_fits_and_can_be_reached(gallery: Callable[..., Page]) -> None:
    page = gallery(_busy(), viewport={"width": 400, "height": 800})
    fits = "document.documentElement.scrollWidth <= 400 && document.querySelector('.messages').scrollWidth <= 400"
    assert page.evaluate(fits)
    for card in page.locator(".message .blocks").all():
        box = card.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 400
    page.get_by_role("button", name="Conversations", exact=True).click()
    page.get_by_role("link", name="general").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("#general")
    expect(page.get_by_role("navigation")).not_to_be_visible()
    page.get_by_role("button", name="Conversations", exact=True).click()
    page.get_by_role("link", name="incidents").click()
    page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_role("complementary", name="Thread in incidents")
    expect(thread).to_contain_text("a reply")
    thread.get_by_role("button", name="Close thread").click()
    page.evaluate("view => window.tell({views: [view]})", {"id": "V1", **VIEWS["dialog_request"]})
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    assert page.get_by_role("button", name="Measure it").is_visible()


def test_a_conversation_that_was_left_while_it_scrolled_complains_of_nothing(gallery: Callable[..., Page]) -> None:
    page = gallery(_busy())
    complaints: list[object] = []

    def hear(error: object) -> None:
        complaints.append(error)

    page.on("pageerror", hear)
    frame = page.locator(".messages").element_handle()
    page.get_by_role("link", name="general").click()
    page.wait_for_function("node => !node.isConnected", arg=frame)
    frame.evaluate("node => node.dispatchEvent(new Event('scroll'))")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert complaints == []


def test_with_the_keyboard_alone(gallery: Callable[..., Page]) -> None:
    """Type a command with its completion, open a thread, choose in a select, send a form, become somebody else."""
    form = modal({"type": "input", "block_id": "s", "label": plain("Service"),
                  "element": {"type": "static_select", "action_id": "v", "options": options(5)}})  # fmt: skip
    page = gallery(_busy())
    composer = page.get_by_role("combobox", name="Message #incidents")
    composer.focus()
    page.keyboard.type("/ro")
    expect(page.get_by_role("option", name="/rollback")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    expect(composer).to_have_value("/rollback ")
    expect(composer).to_have_accessible_description("/rollback SERVICE [to REV] [because REASON]")
    page.keyboard.type("content-api")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-acts", "1")
    assert page.evaluate("window.acts[0]") == ["command", "C1", "/rollback content-api"]
    expect(composer).to_have_value("")

    page.get_by_role("button", name="1 reply").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Close thread")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary")).to_have_count(0)

    page.evaluate("view => window.tell({views: [view]})", form)
    expect(page.get_by_role("combobox", name="Service")).to_be_focused()
    for key in ("Enter", "ArrowDown", "ArrowDown", "Enter", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("body")).to_have_attribute("data-acts", "2")
    assert page.evaluate("window.acts[1]") == ["submit", {"s": {"v": "v3"}}]
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Acting as").focus()
    for key in ("Enter", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Acting as Ada Okafor")).to_be_visible()
    assert "as=U2" in page.url


def test_the_caret_stands_after_a_completion_before_the_next_letter_comes(gallery: Callable[..., Page]) -> None:
    page = gallery(world(message(mrkdwn("x")["text"])))
    composer = page.get_by_role("combobox", name="Message #incidents")
    composer.focus()
    page.keyboard.type("ask @oka now")
    composer.evaluate("field => field.setSelectionRange(8, 8)")
    expect(page.get_by_role("option", name="Ada Okafor")).to_be_visible()
    pressed = "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true})"
    assert composer.evaluate(f"field => {{ field.dispatchEvent({pressed}); return [field.value, field.selectionStart] }}") == [
        "ask @Ada Okafor  now", len("ask @Ada Okafor "),
    ]  # fmt: skip
    expect(composer).to_have_value("ask @Ada Okafor  now")


def test_mentions_are_completed_and_sent_as_the_workspace_takes_them(gallery: Callable[..., Page]) -> None:
    page = gallery(world(message(mrkdwn("x")["text"])))
    composer = page.get_by_role("combobox", name="Message #incidents")
    composer.focus()
    page.keyboard.type("ask @oka")
    page.keyboard.press("Enter")
    expect(composer).to_have_value("ask @Ada Okafor ")
    page.keyboard.type("or me@example.com")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-acts", "1")
    assert page.evaluate("window.acts[0]") == ["say", "C1", "ask @ada or me@example.com\nsecond line", None]
