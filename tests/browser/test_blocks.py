"""Block Kit on the page: looks, and what is sent when somebody touches it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.worlds import message, modal, mrkdwn, options, plain, world

pytestmark = pytest.mark.browser

CONFIRM = {
    "title": plain("Approve RB-142?"),
    "text": mrkdwn("This *stops the writers*."),
    "confirm": plain("Approve it"),
    "deny": plain("Not yet"),
}


def button(action: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": plain(text), **more}


def acts(page: Page) -> list[Any]:
    return page.evaluate("window.acts")  # type: ignore[no-any-return]


def test_every_documented_block_and_element_has_a_renderer(gallery: Callable[..., Page]) -> None:
    page = gallery(world())
    blocks, elements = page.evaluate("""async () => [
        Object.keys((await import('/js/kit/blocks.js')).BLOCKS), Object.keys((await import('/js/kit/elements/element.js')).ELEMENTS)]""")
    assert set(blocks) >= {
        "actions", "alert", "context", "data_table", "divider", "file", "header", "image", "input", "markdown", "rich_text", "section", "table",
        "video", "task_card", "plan", "card", "container", "carousel", "context_actions",
    }  # fmt: skip
    kinds = ["static", "external", "users", "conversations", "channels"]
    assert set(elements) >= {
        "button", "checkboxes", "datepicker", "datetimepicker", "email_text_input", "image", "number_input", "overflow", "plain_text_input",
        "radio_buttons", "timepicker", "url_text_input", *(f"{kind}_select" for kind in kinds), *(f"multi_{kind}_select" for kind in kinds),
    }  # fmt: skip


def test_an_unknown_block_is_shown_as_unknown(gallery: Callable[..., Page]) -> None:
    page = gallery(
        world(
            message(
                "x",
                blocks=[{"type": "hologram"}, {"type": "actions", "elements": [{"type": "lever", "action_id": "a"}]}],
            )
        )
    )
    expect(page.locator("[data-unknown=hologram]")).to_contain_text("Unknown block: hologram")
    expect(page.locator("[data-unknown=lever]")).to_be_visible()


def test_a_question_that_has_only_just_come_can_be_sent_away(gallery: Callable[..., Page]) -> None:
    approve = button("approve", "Approve", confirm=CONFIRM, style="primary")
    page = gallery(world(message("x", blocks=[{"type": "actions", "elements": [approve]}])))
    page.evaluate("""() => new MutationObserver((_, observer) => {
        const dialog = document.querySelector("dialog[open]");
        if (!dialog) return;
        observer.disconnect();
        document.body.dataset.heeded = !dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
    }).observe(document.body, { subtree: true, childList: true, attributes: true })""")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("body")).to_have_attribute("data-heeded", "true")
    expect(page.locator("dialog")).to_have_count(0)


def test_a_button_asks_before_it_is_pressed(gallery: Callable[..., Page]) -> None:
    page = gallery(
        world(
            message(
                "x",
                blocks=[
                    {"type": "actions", "elements": [button("approve", "Approve", confirm=CONFIRM, style="primary")]}
                ],
            )
        )
    )
    page.get_by_role("button", name="Approve").click()
    question = page.get_by_role("alertdialog", name="Approve RB-142?")
    expect(question).to_contain_text("This stops the writers.")
    question.get_by_role("button", name="Not yet").click()
    expect(question).to_have_count(0)
    assert acts(page) == []
    page.get_by_role("button", name="Approve").click()
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    assert acts(page) == []
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve it").click()
    expect(page.locator("body")).to_have_attribute("data-acts", "1")
    assert acts(page)[0][:2] == ["press", "approve"]


def test_selects_menus_and_choices_send_what_was_chosen(gallery: Callable[..., Page]) -> None:
    elements = [
        {"type": "static_select", "action_id": "one", "placeholder": plain("Pick one"), "options": options(12)},
        {
            "type": "multi_static_select",
            "action_id": "many",
            "placeholder": plain("Pick many"),
            "options": options(4),
            "max_selected_items": 2,
        },
        {"type": "overflow", "action_id": "more", "options": options(3)},
        {"type": "radio_buttons", "action_id": "radio", "options": options(2)},
        {
            "type": "checkboxes",
            "action_id": "boxes",
            "options": [{"text": plain(f"Box {n}"), "value": f"b{n}"} for n in (1, 2)],
        },
        {"type": "datepicker", "action_id": "day"},
    ]
    page = gallery(world(message("x", blocks=[{"type": "actions", "block_id": "b", "elements": elements}])))
    page.get_by_role("combobox", name="Pick one").click()
    page.keyboard.type("option 12")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Pick one")).to_have_value("Option 12")
    many = page.get_by_role("combobox", name="Pick many")
    many.click()
    page.get_by_role("option", name="Option 1").click()
    page.get_by_role("option", name="Option 2").click()
    page.get_by_role("option", name="Option 3").click()
    many.press("Escape")
    page.get_by_role("button", name="Remove Option 1").click()
    page.get_by_role("button", name="More actions").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_label("Option 2", exact=True).check()
    page.get_by_label("Box 1").check()
    page.locator("input[type=date]").fill("2026-11-28")
    expect(page.locator("body")).to_have_attribute("data-acts", "8")
    assert [act[1:] for act in acts(page)] == [
        ["one", "v12"], ["many", ["v1"]], ["many", ["v1", "v2"]], ["many", ["v2"]], ["more", "v2"], ["radio", "v2"], ["boxes", ["b1"]],
        ["day", "2026-11-28"],
    ]  # fmt: skip


def test_a_modal_says_what_is_wrong_at_the_field(gallery: Callable[..., Page]) -> None:
    blocks = [
        {"type": "alert", "level": "warning", "text": mrkdwn("No proven backup")},
        {"type": "input", "block_id": "service", "label": plain("Service"), "element": {"type": "static_select", "action_id": "v", "options": options(3)}},
        {"type": "input", "block_id": "why", "label": plain("Reason"), "hint": plain("For the record."),
         "element": {"type": "plain_text_input", "action_id": "v", "multiline": True, "min_length": 5}},
        {"type": "input", "block_id": "flags", "optional": True, "label": plain("Also"),
         "element": {"type": "checkboxes", "action_id": "v", "options": options(2), "initial_options": options(1)}},
    ]  # fmt: skip
    page = gallery(world(views=[modal(*blocks)], submitAnswer={"ok": True, "errors": {"why": "Say what failed."}}))
    dialog = page.get_by_role("dialog", name="Ask for a rollback")
    dialog.get_by_role("button", name="Assess").click()
    service = dialog.get_by_role("combobox", name="Service")
    expect(service).to_be_focused()
    expect(service).to_have_attribute("aria-invalid", "true")
    expect(service).to_have_accessible_description("Please complete this required field.")
    assert acts(page) == []
    service.press("ArrowDown")
    service.press("Enter")
    reason = dialog.get_by_label("Reason")
    reason.fill("ab")
    dialog.get_by_role("button", name="Assess").click()
    expect(dialog).to_contain_text("This entry must contain at least 5 characters.")
    reason.fill("it is broken")
    dialog.get_by_role("button", name="Assess").click()
    expect(reason).to_have_accessible_description("Say what failed. For the record.")
    assert acts(page) == [["submit", {"service": {"v": "v1"}, "why": {"v": "it is broken"}, "flags": {"v": ["v1"]}}]]


def test_what_was_entered_survives_an_update_of_the_view_and_a_view_on_top(gallery: Callable[..., Page]) -> None:
    field = {
        "type": "input",
        "block_id": "why",
        "label": plain("Reason"),
        "element": {"type": "plain_text_input", "action_id": "v"},
    }
    first = modal(field)
    page = gallery(world(views=[first]))
    page.get_by_label("Reason").fill("half written")
    page.evaluate(
        "view => window.tell({views: [view]})", modal({"type": "section", "text": mrkdwn("Now with more")}, field)
    )
    expect(page.get_by_role("dialog")).to_contain_text("Now with more")
    expect(page.get_by_label("Reason")).to_have_value("half written")
    expect(page.get_by_label("Reason")).to_be_focused()
    top = modal({"type": "section", "text": mrkdwn("On top")}, id="V2", title=plain("Second"), submit=None)
    page.evaluate("views => window.tell({views})", [first, top])
    expect(page.get_by_role("dialog", name="Second")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Reason")).to_have_value("half written")


def test_a_dialog_keeps_the_keyboard_inside_and_gives_the_focus_back(gallery: Callable[..., Page]) -> None:
    page = gallery(
        world(message("x", blocks=[{"type": "actions", "elements": [button("approve", "Approve", confirm=CONFIRM)]}]))
    )
    approve = page.get_by_role("button", name="Approve")
    approve.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    expect(approve).to_be_focused()
