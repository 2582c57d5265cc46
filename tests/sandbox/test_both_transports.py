"""A command, a button, a modal and Home, as an app gets them over Socket Mode and over HTTP alike."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.sandbox import Sandbox
from tests.sandbox.apps import Small, over_http, over_sockets, small_app

Json = dict[str, Any]
Transport = Callable[[Sandbox, Small], AbstractContextManager[Any]]
BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Approve"}, "action_id": "approve", "value": "RB-1"}
CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Go back?"}},
    {"type": "actions", "block_id": "decide", "elements": [BUTTON]},
]
WHY = {
    "type": "input", "block_id": "why", "label": {"type": "plain_text", "text": "Reason"},
    "element": {"type": "plain_text_input", "action_id": "text"},
}  # fmt: skip
MODAL = {
    "type": "modal", "callback_id": "reason", "title": {"type": "plain_text", "text": "Why?"},
    "submit": {"type": "plain_text", "text": "Say"}, "notify_on_close": True, "blocks": [WHY],
}  # fmt: skip


@pytest.fixture(params=[over_sockets, over_http], ids=["socket", "http"])
def transport(request: pytest.FixtureRequest) -> Transport:
    chosen: Transport = request.param
    return chosen


def test_a_command_a_button_and_a_modal(slack: Sandbox, transport: Transport) -> None:
    small, ana, lena = small_app(slack), slack.person("ana"), slack.person("lena")

    @small.app.command("/try")
    def on_try(ack: Any, respond: Any, command: Json, client: WebClient) -> None:
        ack()
        respond("Looking ...")
        client.chat_postMessage(channel=command["channel_id"], text="Go back?", blocks=CARD)

    @small.app.action("approve")
    def on_approve(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view={**MODAL, "private_metadata": body["message"]["ts"]})

    @small.app.view("reason")
    def on_reason(ack: Any, view: Json, client: WebClient) -> None:
        text = view["state"]["values"]["why"]["text"]["value"]
        if text == "no":
            ack(response_action="errors", errors={"why": "More, please"})
            return
        ack()
        client.chat_update(channel=slack.channel_id("#incidents"), ts=view["private_metadata"], text=f"Because {text}")

    @small.app.view_closed("reason")
    def on_closed(ack: Any) -> None:
        ack()

    @small.app.event("app_home_opened")
    def on_home(event: Json, client: WebClient) -> None:
        view = {"type": "home", "blocks": CARD[:1]}
        client.views_publish(user_id=event["user"], view=view)

    with transport(slack, small):
        assert ana.types("/try @lena in #incidents <now>") == {"ok": True}
        command = small.next()
        assert command["command"] == "/try"
        assert command["text"] == f"<@{lena.id}|lena> in <#{slack.channel_id('#incidents')}|incidents> &lt;now&gt;"
        assert (command["user_id"], command["channel_name"]) == (ana.id, "incidents")
        card = ana.waits_for(saying="Approve")
        assert ana.waits_for(saying="Looking")["ephemeral"]
        assert not [each for each in lena.messages() if each["ephemeral"]]

        assert lena.presses("Approve", card) == {"ok": True}
        press = small.next()
        assert press["container"] == {
            "type": "message", "message_ts": card["ts"], "channel_id": card["channel"], "is_ephemeral": False,
        }  # fmt: skip
        assert press["actions"][0] | {"action_ts": ""} == {**BUTTON, "text": BUTTON["text"] | {"emoji": True},
                                                           "block_id": "decide", "action_ts": ""}  # fmt: skip
        assert (press["user"]["id"], press["team"]["id"]) == (lena.id, slack.team_id)
        lena.waits_for_modal(saying="Why?")
        assert lena.submits({})["errors"] == {"why": "Please complete this required field."}
        assert lena.submits({"Reason": "no"})["errors"] == {"why": "More, please"}
        assert lena.submits({"Reason": "it hurts"}) == {"ok": True, "views": []}
        assert ana.waits_for(saying="Because it hurts")["ts"] == card["ts"]

        assert ana.opens_home()["ok"]
        ana.waits_for_home(saying="Go back?")


def test_the_same_payload_keys_over_both(slack: Sandbox) -> None:
    seen: dict[str, set[str]] = {}
    for name, transport in (("socket", over_sockets), ("http", over_http)):
        small = small_app(slack)
        small.app.command("/plain")(lambda ack: ack("Done"))
        with transport(slack, small):
            assert slack.person("ana").types("/plain @lena & co")["ok"]
            command = small.next()
            assert command["text"] == "@lena & co"
            seen[name] = set(command)
            assert slack.person("ana").waits_for(saying="Done", ephemeral=True)
    assert seen["socket"] == seen["http"]
