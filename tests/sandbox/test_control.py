"""What the page relies on: states, streams, acts, and that no other page gets in."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk import WebClient

from bot.sandbox import Sandbox
from tests.sandbox.apps import over_sockets, small_app

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]


async def ask(url: str, *, headers: dict[str, str] | None = None, body: Any = None) -> tuple[int, Json]:
    async with aiohttp.ClientSession() as session:
        method = "GET" if body is None else "POST"
        async with session.request(method, url, headers=headers, json=body) as answer:
            return answer.status, await answer.json()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "attacker.example"}, id="another name for this machine"),
        pytest.param({"Origin": "https://attacker.example"}, id="another page"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, id="another port"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="from elsewhere"),
    ],
)
def test_no_other_page_gets_in(slack: Sandbox, headers: dict[str, str]) -> None:
    ana = slack.person("ana").id
    assert asyncio.run(ask(f"{slack.page_url}/control/state?as={ana}", headers=headers))[0] == 403
    assert asyncio.run(ask(f"{slack.page_url}/control/state?as={ana}"))[0] == 200
    assert asyncio.run(ask(f"{slack.api_url}api.test", headers=headers))[0] == 403


def test_a_form_of_another_page_changes_nothing(slack: Sandbox) -> None:
    async def send() -> int:
        async with aiohttp.ClientSession() as session:
            body = json.dumps({"storm": 60})
            url = f"{slack.page_url}/control/knobs"
            async with session.post(url, data=body, headers={"Content-Type": "text/plain"}) as answer:
                return answer.status

    assert asyncio.run(send()) == 403


def test_the_page_comes_with_a_policy_and_nothing_from_outside_its_folder(slack: Sandbox) -> None:
    async def fetch() -> tuple[str, int, int]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(slack.page_url) as page,
            session.get(f"{slack.page_url}/%2e%2e/sandbox.py") as outside,
            session.get(f"{slack.page_url}/archives/C1/p2") as link,
        ):
            return page.headers["Content-Security-Policy"], outside.status, link.status

    policy, outside, link = asyncio.run(fetch())
    assert "script-src 'self'" in policy
    assert (outside, link) == (404, 200)


def test_a_stream_tells_what_its_reader_sees_and_nothing_else(slack: Sandbox, web: WebClient) -> None:
    ana, omar, channel = slack.person("ana"), slack.person("omar"), slack.channel_id("#incidents")

    async def read(person: str, cursor: int, wanted: int) -> list[tuple[str, Json]]:
        found: list[tuple[str, Json]] = []
        url = f"{slack.page_url}/control/events?as={person}&since={cursor}"
        async with aiohttp.ClientSession() as session, session.get(url) as stream:
            kind = ""
            async for line in stream.content:
                if line.startswith(b"event: "):
                    kind = line[7:].decode().strip()
                if line.startswith(b"data: "):
                    found.append((kind, json.loads(line[6:])))
                if len(found) == wanted:
                    break
        return found

    cursor = ana.state()["cursor"]
    web.chat_postEphemeral(channel=channel, user=ana.id, text="for ana")
    web.chat_postMessage(channel=channel, text="for all")
    ana.types("hello")
    told = asyncio.run(asyncio.wait_for(read(ana.id, cursor, 3), 10))
    assert [(kind, each["message"]["text"]) for kind, each in told] == [
        ("message", "for ana"), ("message", "for all"), ("message", "hello"),
    ]  # fmt: skip
    others = asyncio.run(asyncio.wait_for(read(omar.id, cursor, 2), 10))
    assert [each["message"]["text"] for _, each in others] == ["for all", "hello"]
    ana.acts("reload")
    assert [each["text"] for each in ana.messages()] == ["for all", "hello"]


def test_acts_that_are_not_possible_say_why(slack: Sandbox) -> None:
    ana = slack.person("ana").id
    for given, error in [
        ({"act": "fly"}, "unknown_act"),
        ({"act": "post", "channel": slack.channel_id("#leads"), "text": "x"}, "channel_not_found"),
        ({"act": "post", "channel": slack.channel_id("#incidents"), "text": "/nothing"}, "unknown_command"),
        (
            {"act": "post", "channel": slack.channel_id("#incidents"), "text": "/try", "thread_ts": "1.1"},
            "not_in_thread",
        ),
        ({"act": "press", "channel": slack.channel_id("#incidents"), "ts": "1.1"}, "not_visible"),
    ]:
        status, answer = asyncio.run(ask(f"{slack.page_url}/control/act", body={"as": ana, **given}))
        assert (status >= 400, answer["error"]) == (True, error)
        assert answer["message"]


def test_what_is_chosen_in_a_message_and_in_a_modal(slack: Sandbox, web: WebClient) -> None:
    small, ana = small_app(slack), slack.person("ana")
    options = [{"text": {"type": "plain_text", "text": each}, "value": each} for each in ("one", "two")]
    pick = {"type": "static_select", "action_id": "pick", "options": options}
    days = {"type": "checkboxes", "action_id": "days", "options": options, "initial_options": options[:1]}
    far = {"type": "external_select", "action_id": "far", "min_query_length": 0}
    go = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "block_id": "b", "elements": [pick, days, far, go]}]
    small.app.action("pick")(lambda ack: ack())
    small.app.action("far")(lambda ack: ack())
    small.app.action("go")(lambda ack: ack())
    small.app.options("far")(lambda ack, payload: ack(options=[options[1] | {"value": payload["value"]}]))
    posted = web.chat_postMessage(channel=slack.channel_id("#incidents"), text="x", blocks=blocks)
    with over_sockets(slack, small):
        message = ana.waits_for(saying="Go")
        place = {"channel": message["channel"], "ts": posted["ts"], "block_id": "b"}
        assert ana.acts("press", **place, action_id="pick", value="three")["error"] == "invalid_value"
        assert ana.acts("press", **place, action_id="pick", value="two")["ok"]
        assert small.next()["actions"][0]["selected_option"]["value"] == "two"
        assert ana.acts("suggest", **place, action_id="far", query="abc")["options"][0]["value"] == "abc"
        small.next()
        assert ana.acts("press", **place, action_id="far", value="abc")["ok"]
        small.next()
        assert ana.presses("Go", message)["ok"]
        held = small.next()["state"]["values"]["b"]
        assert held["pick"]["selected_option"]["value"] == "two"
        assert [each["value"] for each in held["days"]["selected_options"]] == ["one"]
        assert held["far"]["selected_option"]["value"] == "abc"
        assert "go" not in held
    assert ana.waits_for(saying="Go")["chosen"]["b"]["pick"]["selected_option"]["value"] == "two"
    assert slack.person("omar").waits_for(saying="Go")["chosen"] == {}


def test_no_line_of_the_product_knows_that_it_is_not_slack() -> None:
    for path in (ROOT / "bot").rglob("*.py"):
        inside = path.relative_to(ROOT / "bot")
        if inside.parts[0] in ("sandbox", "demo.py", "demo_script.py", "demo_world"):
            continue
        assert "bot.sandbox" not in path.read_text(), inside
