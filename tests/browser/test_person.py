"""A person at the page, the real local Slack behind it, and a small Bolt app: what is typed and pressed arrives, what is said comes back."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_sdk import WebClient

from bot.sandbox import Sandbox
from tests.browser.conftest import opened
from tests.browser.worlds import mrkdwn, options, plain
from tests.sandbox.apps import client, over_sockets, small_app

pytestmark = pytest.mark.browser

Json = dict[str, Any]
CONFIRM = {
    "title": plain("Approve RB-1?"),
    "text": mrkdwn("This stops the writers."),
    "confirm": plain("Approve it"),
    "deny": plain("Not yet"),
}
CARD = [
    {"type": "section", "text": mrkdwn("*Go back?* <@{asker}> asks")},
    {"type": "actions", "block_id": "decide", "elements": [
        {"type": "button", "action_id": "approve", "text": plain("Approve"), "style": "primary", "value": "RB-1", "confirm": CONFIRM},
        {"type": "button", "action_id": "reject", "text": plain("Reject…"), "value": "RB-1"},
        {"type": "button", "action_id": "stuck", "text": plain("Never answered")}]},
]  # fmt: skip
WHY = {
    "type": "modal", "callback_id": "why", "title": plain("Reject RB-1"), "submit": plain("Reject"), "close": plain("Not now"), "blocks": [
        {"type": "input", "block_id": "why", "label": plain("Reason"), "element": {"type": "plain_text_input", "action_id": "text"}},
        {"type": "input", "block_id": "how", "label": plain("Instead"), "element": {"type": "external_select", "action_id": "way", "min_query_length": 1}}],
}  # fmt: skip


def _listen(slack: Sandbox) -> Any:
    """The app: refuses whoever asked, lets others approve, wants ten letters of a reason."""
    small = small_app(slack)
    app = small.app

    @app.command("/rollback")
    def asked(ack: Any, command: Json, client: WebClient) -> None:
        ack()
        text = CARD[0]["text"]
        blocks = [{**CARD[0], "text": {**text, "text": text["text"].format(asker=command["user_id"])}}, CARD[1]]
        client.chat_postMessage(channel=command["channel_id"], text="Go back?", blocks=blocks, metadata=None)

    @app.action("approve")
    def approve(ack: Any, body: Json, respond: Any, client: WebClient) -> None:
        ack()
        if body["user"]["id"] in str(body["message"]["blocks"][0]):
            respond("You asked for it, so you cannot approve it.", replace_original=False)
            return
        where, ts = body["channel"]["id"], body["message"]["ts"]
        client.chat_update(
            channel=where,
            ts=ts,
            text="Approved",
            blocks=[{"type": "section", "text": mrkdwn(f"Approved by <@{body['user']['id']}>")}],
        )
        client.chat_postMessage(channel=where, thread_ts=ts, text="*Step 1*: writers stopped")

    @app.action("reject")
    def reject(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=WHY)

    @app.options("way")
    def ways(ack: Any, payload: Json) -> None:
        ack(options=[one for one in options(3) if payload["value"].lower() in one["text"]["text"].lower()])

    @app.view("why")
    def why(ack: Any, view: Json) -> None:
        said = view["state"]["values"]["why"]["text"]["value"]
        if len(said) < 10:
            ack(response_action="errors", errors={"why": "Say a little more: at least ten letters."})
        else:
            ack()

    @app.action("stuck")
    def stuck() -> None:
        """Acknowledges nothing."""

    @app.event("app_home_opened")
    def home(event: Json, client: WebClient) -> None:
        client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [{"type": "header", "text": plain("Services")}]}
        )

    return small


@pytest.fixture(scope="module")
def slack() -> Iterator[Sandbox]:
    with (
        Sandbox(manifest=Path(__file__).parents[2] / "manifest.yml") as running,
        over_sockets(running, _listen(running)),
    ):
        yield running


@pytest.fixture
def at(new_page: Callable[..., Page], slack: Sandbox) -> Callable[..., Page]:
    def open_as(name: str, channel: str = "#incidents", **settings: Any) -> Page:
        page = opened(new_page(**settings), f"{slack.page_url}/?as={slack.person(name).id}#{slack.channel_id(channel)}")
        page.get_by_role("combobox", name=f"Message {channel}").wait_for()
        return page

    return open_as


def _asks(page: Page) -> Locator:
    composer = page.get_by_role("combobox", name="Message #incidents")
    composer.focus()
    page.keyboard.type("/roll")
    page.keyboard.press("Tab")
    page.keyboard.type("content-api because errors")
    page.keyboard.press("Enter")
    card = page.locator(".message").filter(has=page.get_by_role("button", name="Approve")).last
    expect(card).to_contain_text("Go back? @Ana Ortiz asks")
    return card


def test_ask_be_refused_become_a_lead_approve_and_follow_the_thread(at: Callable[..., Page]) -> None:
    page = at("ana")
    card = _asks(page)
    card.get_by_role("button", name="Approve").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Approve it").click()
    refusal = page.locator(".message.ephemeral").filter(has_text="You asked for it")
    expect(refusal).to_contain_text("Only visible to you")

    page.get_by_role("button", name="Acting as Ana Ortiz").click()
    page.get_by_role("menuitem", name="Lena Vogt").click()
    expect(page.get_by_role("button", name="Acting as Lena Vogt")).to_be_visible()
    expect(refusal).to_have_count(0)
    card.get_by_role("button", name="Approve").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Approve it").click()
    approved = page.get_by_role("main").locator(".message").filter(has_text="Approved by @Lena Vogt").last
    approved.get_by_role("button", name="1 reply").click()
    thread = page.get_by_role("complementary", name="Thread in incidents")
    expect(thread).to_contain_text("Step 1: writers stopped")
    reply = thread.get_by_role("combobox", name="Reply…")
    reply.fill("thanks")
    reply.press("Enter")
    expect(thread.locator(".message").last).to_contain_text("thanks")
    expect(approved.get_by_role("button", name="2 replies")).to_be_visible()


def test_a_modal_with_an_error_and_options_of_the_app(at: Callable[..., Page]) -> None:
    page = at("ana")
    _asks(page).get_by_role("button", name="Reject…").click()
    dialog = page.get_by_role("dialog", name="Reject RB-1")
    dialog.get_by_label("Reason").fill("no")
    way = dialog.get_by_role("combobox", name="Instead")
    way.click()
    page.keyboard.type("2")
    page.get_by_role("option", name="Option 2").click()
    expect(way).to_have_value("Option 2")
    dialog.get_by_role("button", name="Reject").click()
    expect(dialog.get_by_label("Reason")).to_have_accessible_description("Say a little more: at least ten letters.")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    dialog.get_by_label("Reason").fill("because it can wait")
    dialog.get_by_role("button", name="Reject").click()
    expect(dialog).to_have_count(0)


@pytest.mark.slow
def test_a_press_that_the_app_never_acknowledges(at: Callable[..., Page], slack: Sandbox) -> None:
    page = at("ana")
    card = _asks(page)
    started = time.monotonic()
    card.get_by_role("button", name="Never answered").click()
    expect(card.get_by_role("alert")).to_be_visible()
    assert time.monotonic() - started > 2


def test_home_is_asked_for_when_it_is_opened(at: Callable[..., Page]) -> None:
    page = at("lena")
    page.get_by_role("navigation").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Services")).to_be_visible()


def test_files_are_looked_into_and_mentions_count(at: Callable[..., Page], slack: Sandbox) -> None:
    page = at("lena")
    page.get_by_role("navigation").get_by_role("link", name="general").click()
    api, here = client(slack), slack.channel_id("#incidents")
    lines = "\n".join(f"line {n}" for n in range(400))
    api.files_upload_v2(channel=here, filename="RB-1.md", title="Post-mortem", content=lines)
    api.chat_postMessage(channel=here, text=f"<@{slack.person('lena').id}> please look")
    incidents = page.get_by_role("navigation").get_by_role("link", name="incidents")
    expect(incidents.locator(".count")).to_contain_text("1")
    incidents.click()
    file = page.locator(".file").last
    expect(file).to_contain_text("line 1")
    expect(file).not_to_contain_text("line 399")
    file.get_by_role("button", name="Show all").click()
    expect(file).to_contain_text("line 399")
    with page.expect_download() as download:
        file.get_by_role("link", name="Download Post-mortem").click()
    assert download.value.path().read_text(encoding="utf-8") == lines


@pytest.mark.slow
def test_a_permalink_leads_to_its_message_in_its_thread(
    at: Callable[..., Page], slack: Sandbox, new_page: Callable[..., Page]
) -> None:
    api, here = client(slack), slack.channel_id("#incidents")
    parent = api.chat_postMessage(channel=here, text="a parent")["ts"]
    reply = api.chat_postMessage(channel=here, text="a linked reply", thread_ts=parent)["ts"]
    link = api.chat_getPermalink(channel=here, message_ts=reply)["permalink"]
    api.chat_postMessage(channel=here, text=f"see <{link}|the decision>")
    page = at("ana")
    page.get_by_role("link", name="the decision").last.click()
    thread = page.get_by_role("complementary", name="Thread in incidents")
    expect(thread.locator(".message.highlighted")).to_contain_text("a linked reply")
    page = opened(page, link.replace(link.split("/archives")[0], slack.page_url))
    expect(page.get_by_role("complementary", name="Thread in incidents")).to_contain_text("a linked reply")


def test_without_a_name_one_is_the_first_person(new_page: Callable[..., Page], slack: Sandbox) -> None:
    page = opened(new_page(), slack.page_url)
    expect(page.get_by_role("button", name="Acting as Ana Ortiz")).to_be_visible()
    page.wait_for_url(f"**/?as={slack.person('ana').id}#C*")
