"""The page's line to the local Slack: live, cut, back again; and what people see when an app is silent."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import POLICY, WEB, opened
from tests.browser.control import Control, Json
from tests.browser.worlds import PEOPLE, message, modal, mrkdwn, plain, world

pytestmark = pytest.mark.browser

CARD = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [{"type": "button", "action_id": "approve", "text": plain("Approve"), "value": "RB-1"}],
    }
]


def _state(me: str) -> Json:
    made = world()
    people = [{**one, "name": one["handle"], "real_name": one["name"]} for one in PEOPLE]
    return {
        "me": me, "team": made["team"], "app": {**made["app"], "commands": made["commands"]}, "people": people,
        "groups": list(made["groups"].values()), "channels": made["conversations"], "views": [], "home": None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Control]:
    with Control(WEB, POLICY, _state).serving() as started:
        yield started


@pytest.fixture
def control(served: Control) -> Control:
    served.drop()
    served.state, served.away = _state, False
    served.messages = {"C1": [message("the first", user="U2")], "C2": []}
    served.acts, served.answers, served.traffic, served.asked_since = [], {}, [], []
    return served


@pytest.fixture
def page(new_page: Callable[..., Page], control: Control) -> Page:
    shown = opened(new_page(), f"{control.address}/?as=U1#C1")
    expect(_said(shown, "the first")).to_be_visible()
    return shown


def _said(page: Page, text: str) -> Locator:
    return page.locator(".message-list").get_by_text(text)


def test_messages_come_change_and_go_while_one_looks(page: Page, control: Control) -> None:
    control.tell("U1", "message", message=message("a second", at=900, user="U3"))
    expect(_said(page, "a second")).to_be_visible()
    expect(page.locator("[aria-live=polite]").last).to_have_text("Jonas Lind: a second")
    control.tell(
        "U1",
        "message_changed",
        message=message("another", at=900, user="U3", edited={"user": "U3", "ts": "1764300950.0"}),
    )
    expect(_said(page, "another")).to_contain_text("(edited)")
    control.tell("U1", "message_deleted", channel="C1", ts=message("", at=900)["ts"], thread_ts=None, ephemeral=False)
    expect(_said(page, "another")).to_have_count(0)


def test_what_is_unread_stands_out_and_is_read_by_looking(page: Page, control: Control) -> None:
    general = page.get_by_role("navigation").get_by_role("link", name="general")
    expect(general).to_have_accessible_name("general unread")
    news = {**message("<@U1> look", at=1200, user="U2"), "channel": "C2"}
    control.messages["C2"].append(news)
    control.tell("U1", "message", message=news)
    expect(general).to_have_accessible_name("general 1 mention")
    general.click()
    expect(_said(page, "@Noor Haddad look")).to_be_visible()
    expect(general).to_have_accessible_name("general")
    assert {"as": "U1", "act": "read", "channel": "C2", "ts": news["ts"]} in control.acts


def test_after_a_gap_the_page_reads_everything_again(page: Page, control: Control) -> None:
    control.away = True
    control.drop()
    expect(page.get_by_text("Connection lost. Trying again…")).to_be_visible()
    control.messages["C1"] = [message("while you were away", at=2000, user="U2")]
    control.number += 40
    control.away = False
    expect(_said(page, "while you were away")).to_be_visible()
    expect(_said(page, "the first")).to_have_count(0)
    expect(page.get_by_text("Connection lost")).to_have_count(0)
    assert control.asked_since[-1] == control.number
    control.messages["C1"] = [message("after the reset", at=3000, user="U2")]
    control.tell("U1", "reset")
    expect(_said(page, "after the reset")).to_be_visible()


def test_a_press_that_nobody_takes_leaves_a_word_at_the_message(page: Page, control: Control) -> None:
    control.answers["press"] = lambda _: {
        "ok": False,
        "error": "operation_timeout",
        "message": "Backout did not respond in time.",
    }
    control.tell("U1", "message", message=message("card", at=900, blocks=CARD))
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("Backout did not respond in time.")
    assert control.acts[-1] == {
        "as": "U1",
        "act": "press",
        "channel": "C1",
        "ts": message("", at=900)["ts"],
        "block_id": "b",
        "action_id": "approve",
    }
    control.answers.clear()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_command_that_nobody_takes_is_answered_by_slackbot(page: Page, control: Control) -> None:
    def silent(act: Json) -> Json:
        said = f"{act['text'].split()[0]} failed because the app did not respond."
        control.tell(
            "U1", "message", message=message(said, at=950, user="USLACKBOT", ephemeral=True, subtype="slash_error")
        )
        return {"ok": False, "error": "operation_timeout", "message": said}

    control.answers["command"] = silent
    composer = page.get_by_role("combobox", name="Message #incidents")
    composer.fill("/rollback content-api")
    composer.press("Enter")
    answer = page.get_by_role("listitem").filter(has_text="/rollback failed because the app did not respond.")
    expect(answer).to_contain_text("Only visible to you")
    expect(answer).to_contain_text("Slackbot")
    expect(page.get_by_role("alert")).to_have_count(0)
    answer.get_by_role("button", name="Dismiss message").click()
    expect(answer).to_have_count(0)


def test_modals_open_fail_and_close_as_they_are_told(page: Page, control: Control) -> None:
    field = {
        "type": "input",
        "block_id": "why",
        "label": plain("Reason"),
        "element": {"type": "plain_text_input", "action_id": "v"},
    }
    first, second = modal(field), modal({"type": "section", "text": mrkdwn("more")}, id="V2", title=plain("Second"))
    control.tell("U1", "view_opened", view=first, views=[first])
    page.get_by_label("Reason").fill("because")
    control.answers["submit"] = lambda _: {"ok": False, "error": "operation_timeout", "message": "No answer."}
    page.get_by_role("button", name="Assess").click()
    expect(page.get_by_role("alert")).to_have_text("We had some trouble connecting. Try again?")
    control.answers["submit"] = lambda _: {"ok": True, "errors": {"why": "Say more."}, "views": [first]}
    page.get_by_role("button", name="Assess").click()
    expect(page.get_by_label("Reason")).to_have_accessible_description("Say more.")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert control.acts[-1] == {"as": "U1", "act": "submit", "view_id": "V1", "values": {"why": {"v": "because"}}}
    control.tell("U1", "view_pushed", view=second, views=[first, second])
    expect(page.get_by_role("dialog", name="Second")).to_be_visible()
    control.tell("U1", "view_closed", view_id="V1", views=[])
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_two_windows_are_two_people(page: Page, control: Control, new_page: Callable[..., Page]) -> None:
    other = opened(new_page(viewport={"width": 1000, "height": 700}), f"{control.address}/?as=U2#C1")
    expect(other.get_by_role("button", name="Acting as Ada Okafor")).to_be_visible()
    control.tell("U1", "message", message=message("for you alone", at=900, ephemeral=True))
    expect(_said(page, "for you alone")).to_be_visible()
    control.tell("U2", "message", message=message("for both", at=901, user="U3"))
    expect(_said(other, "for both")).to_be_visible()
    expect(_said(other, "for you alone")).to_have_count(0)
    page.get_by_role("button", name="Acting as").click()
    page.get_by_role("menuitem", name="Jonas Lind").click()
    expect(page.get_by_role("button", name="Acting as Jonas Lind")).to_be_visible()
    assert "as=U3" in page.url
    expect(_said(page, "for you alone")).to_have_count(0)


def test_the_raw_traffic_can_be_watched_filtered_and_opened(page: Page, control: Control) -> None:
    control.traffic = [
        {"id": 1, "at": 1764300000, "kind": "envelope", "delivery": "d1", "envelope_id": "e1", "type": "slash_commands",
         "payload": {"command": "/rollback", "text": "content-api"}},
        {"id": 2, "at": 1764300000, "kind": "ack", "delivery": "d1", "payload": {}, "seconds": 0.0124},
        {"id": 3, "at": 1764300001, "kind": "call", "method": "chat.postMessage", "arguments": {"channel": "C1"}, "status": 200,
         "answer": {"ok": True}, "seconds": 0.003, "note": ""},
        {"id": 4, "at": 1764300002, "kind": "call", "method": "views.open", "arguments": {}, "status": 200,
         "answer": {"ok": False, "error": "trigger_expired"}, "seconds": 0.001, "note": ""},
    ]  # fmt: skip
    page.get_by_role("button", name="Traffic").click()
    pane = page.get_by_role("complementary", name="Traffic")
    expect(pane.get_by_role("listitem")).to_have_count(3)
    expect(pane.get_by_role("listitem").first).to_contain_text("ack 12 ms")
    control.tell("traffic", "traffic", **{**control.traffic[2], "id": 5, "method": "chat.update"})
    expect(pane.get_by_role("listitem")).to_have_count(4)
    pane.get_by_label("Filter the traffic").fill("expired")
    expect(pane.get_by_role("listitem")).to_have_count(1)
    pane.get_by_role("button", name="views.open").click()
    expect(pane).to_contain_text('"error": "trigger_expired"')
