"""Slack is strict, and so is this: each rule by the error that an app gets."""

import time
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.sandbox import Sandbox
from tests.sandbox.apps import client, over_sockets, small_app

Json = dict[str, Any]


def refused(call: Any, **arguments: Any) -> Json:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    answer = caught.value.response
    return {"status": answer.status_code, "retry_after": answer.headers.get("Retry-After"), **answer.data}


def code(call: Any, **arguments: Any) -> str:
    return str(refused(call, **arguments)["error"])


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def test_tokens_methods_and_scopes(slack: Sandbox, web: WebClient) -> None:
    assert web.auth_test()["user_id"].startswith("U")
    assert code(client(slack, "xoxb-wrong").auth_test) == "invalid_auth"
    assert code(WebClient(base_url=slack.api_url).auth_test) == "not_authed"
    assert code(web.apps_connections_open, app_token=slack.bot_token) == "not_allowed_token_type"
    assert code(client(slack, slack.app_token).auth_test) == "not_allowed_token_type"
    assert code(web.api_call, api_method="chat.shout") == "unknown_method"
    slack.change("set_scopes", scopes=["chat:write"])
    answer = refused(web.conversations_create, name="inc-1")
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope", "channels:manage,channels:write", "chat:write",
    )  # fmt: skip
    assert code(web.users_info, user="U1") == "missing_scope"


def test_channels_that_are_there_and_that_are_not(slack: Sandbox, web: WebClient) -> None:
    assert code(web.chat_postMessage, channel="C404", text="x") == "channel_not_found"
    assert code(web.chat_postMessage, channel=slack.channel_id("#leads"), text="x") == "channel_not_found"
    assert code(web.chat_postMessage, channel=slack.channel_id("#general"), text="x") == "not_in_channel"
    slack.change("set_scopes", scopes=[*slack.slack.scopes, "chat:write.public"])
    assert web.chat_postMessage(channel=slack.channel_id("#general"), text="x")["ok"]
    assert code(web.conversations_history, channel=slack.channel_id("#general")) == "not_in_channel"
    assert code(web.conversations_create, name="incidents") == "name_taken"
    assert code(web.conversations_create, name="Has Spaces") == "invalid_name_specials"
    assert code(web.conversations_create, name="x" * 81) == "invalid_name_maxlength"
    made = web.conversations_create(name="inc-1")["channel"]["id"]
    ana = slack.person("ana").id
    assert code(web.conversations_invite, channel=made, users=f"{ana},U404") == "user_not_found"
    assert web.conversations_invite(channel=made, users=f"{ana},U404", force=True)["errors"][0]["user"] == "U404"
    assert code(web.conversations_invite, channel=made, users=ana) == "already_in_channel"
    assert code(web.conversations_invite, channel=made, users=slack.person("sam").id) == "cant_invite"
    assert code(web.conversations_setTopic, channel=made, topic="x" * 251) == "too_long"
    slack.change("archive", channel=made)
    assert code(web.chat_postMessage, channel=made, text="x") == "is_archived"
    listed = web.conversations_list(types="public_channel", exclude_archived=True, limit=1)
    assert listed["response_metadata"]["next_cursor"]


def test_messages_that_are_refused(slack: Sandbox, web: WebClient) -> None:
    channel = slack.channel_id("#incidents")
    assert code(web.api_call, api_method="chat.postMessage", json={"channel": channel, "text": " "}) == "no_text"
    posted = web.chat_postMessage(channel=channel, text="x", blocks=[section("x")])
    assert posted["message"]["blocks"][0]["block_id"]
    assert code(web.chat_update, channel=channel, ts=posted["ts"], text="x" * 4001) == "msg_too_long"
    sections = [section("x" * 2900) for _ in range(4)]
    assert code(web.chat_postMessage, channel=channel, text="x", blocks=sections) == "msg_blocks_too_long"
    answer = refused(web.chat_postMessage, channel=channel, text="x", blocks=[section("x" * 3001), {"type": "marquee"}])
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        "[ERROR] unsupported type: marquee [json-pointer:/blocks/1/type]",
    ]
    assert code(web.chat_postMessage, channel=channel, text="x", thread_ts="1.000001") == "thread_not_found"
    assert code(web.chat_update, channel=channel, ts="1.000001", text="x") == "message_not_found"
    theirs = slack.person("ana").types("mine")["message"]["ts"]
    assert code(web.chat_update, channel=channel, ts=theirs, text="x") == "cant_update_message"
    web.chat_update(channel=channel, ts=posted["ts"], text="without")
    assert (
        web.conversations_history(channel=channel, latest=posted["ts"], inclusive=True, limit=1)["messages"][0].get(
            "blocks"
        )
        is None
    )
    assert code(web.chat_postEphemeral, channel=channel, user="U404", text="x") == "user_not_in_channel"


def test_an_app_finds_its_message_again_by_its_metadata(slack: Sandbox, web: WebClient) -> None:
    channel = slack.channel_id("#incidents")
    mark = {"event_type": "rollback_card", "event_payload": {"id": "RB-1"}}
    card = web.chat_postMessage(channel=channel, text="card", metadata=mark)
    web.chat_postMessage(channel=channel, text="reply", thread_ts=card["ts"], metadata=mark)
    assert "metadata" not in web.conversations_history(channel=channel)["messages"][0]
    found = web.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert [each["metadata"] for each in found if "metadata" in each] == [mark]
    replies = web.conversations_replies(channel=channel, ts=card["ts"], include_all_metadata=True)["messages"]
    assert [(each["text"], each["metadata"]) for each in replies] == [("card", mark), ("reply", mark)]


def test_people_and_groups(slack: Sandbox, web: WebClient) -> None:
    gwen = web.users_info(user=slack.person("gwen").id)["user"]
    assert gwen["is_restricted"]
    assert not gwen["is_ultra_restricted"]
    sam = web.users_info(user=slack.person("sam").id)["user"]
    assert sam["is_stranger"]
    assert sam["team_id"] != slack.team_id
    assert code(web.users_info, user="U404") == "user_not_found"
    leads = [slack.person(each).id for each in ("lena", "marco")]
    assert web.usergroups_users_list(usergroup=slack.group_id("leads"))["users"] == leads
    assert code(web.usergroups_users_list, usergroup="S404") == "no_such_subteam"
    slack.turn(paid=False)
    assert code(web.usergroups_users_list, usergroup=slack.group_id("leads")) == "plan_upgrade_required"


def test_a_trigger_opens_one_modal_within_three_seconds(slack: Sandbox, web: WebClient) -> None:
    small = small_app(slack)
    small.app.command("/try")(lambda ack: ack())
    modal = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [section("x")]}
    with over_sockets(slack, small):
        slack.person("ana").types("/try one")
        trigger = small.next()["trigger_id"]
        wrong = modal | {"title": {"type": "plain_text", "text": "x" * 25}}
        messages = refused(web.views_open, trigger_id=trigger, view=wrong)["response_metadata"]["messages"]
        assert messages == ["[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"]
        assert (
            code(web.views_open, trigger_id=trigger, view=modal | {"private_metadata": "é" * 130_000})
            == "view_too_large"
        )
        opened = web.views_open(trigger_id=trigger, view=modal)["view"]
        assert code(web.views_open, trigger_id=trigger, view=modal) == "exchanged_trigger_id"
        assert web.views_update(view_id=opened["id"], hash=opened["hash"], view=modal)["ok"]
        assert code(web.views_update, view_id=opened["id"], hash=opened["hash"], view=modal) == "hash_conflict"
        slack.person("ana").types("/try two")
        late = small.next()["trigger_id"]
        slack.advance(3.5)
        assert code(web.views_open, trigger_id=late, view=modal) == "expired_trigger_id"


def test_a_response_url_is_good_for_five_messages_and_thirty_minutes(slack: Sandbox) -> None:
    small = small_app(slack)
    small.app.command("/try")(lambda ack: ack())
    with over_sockets(slack, small):
        slack.person("ana").types("/try")
        url = WebhookClient(small.next()["response_url"])
        assert url.send(text="x", blocks=[{"type": "marquee"}]).status_code == 400
        assert [url.send(text=f"number {each}").status_code for each in range(6)] == [200] * 5 + [404]
        slack.person("ana").types("/try")
        other = WebhookClient(small.next()["response_url"])
        assert other.send(text="for all", response_type="in_channel").status_code == 200
        assert not slack.person("omar").waits_for(saying="for all")["ephemeral"]
        slack.advance(1801)
        assert "expired_url" in other.send(text="late").body


def test_documented_rates(slack: Sandbox, web: WebClient) -> None:
    channel = slack.channel_id("#incidents")
    for _ in range(5):
        web.chat_postMessage(channel=channel, text="x")
    answer = refused(web.chat_postMessage, channel=channel, text="x")
    assert (answer["status"], answer["error"], answer["retry_after"]) == (429, "ratelimited", "1")
    slack.advance(1)
    ts = web.chat_postMessage(channel=channel, text="x")["ts"]
    for each in range(50):
        web.chat_update(channel=channel, ts=ts, text=str(each))
    assert 0 < int(refused(web.chat_update, channel=channel, ts=ts, text="x")["retry_after"]) <= 60
    slack.turn(limits=False)
    assert web.chat_update(channel=channel, ts=ts, text="x")["ok"]


def test_bad_days(slack: Sandbox, web: WebClient) -> None:
    channel = slack.channel_id("#incidents")
    slack.turn(storm=7)
    assert refused(web.auth_test)["retry_after"] in ("6", "7")
    slack.turn(storm=0, broken=9, broken_status=503)
    with pytest.raises(SlackApiError):
        web.auth_test()
    slack.turn(broken=0, fail=[{"method": "auth.test", "error": "token_revoked"}])
    assert code(web.auth_test) == "token_revoked"
    assert web.auth_test()["ok"]
    slack.turn(lose_answers=1, lose_methods=["chat.postMessage"])
    with pytest.raises(OSError):  # noqa: PT011 because which of its kinds it is depends on the moment
        web.chat_postMessage(channel=channel, text="said once")
    assert slack.person("ana").waits_for(saying="said once")
    slack.turn(away=60, away_how="dropped")
    with pytest.raises(OSError):  # noqa: PT011
        web.auth_test()
    slack.turn(away=60, away_how="refused")
    with pytest.raises(OSError, match="refused"):
        web.auth_test()
    slack.advance(61)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            assert web.auth_test()["ok"]
            break
        except OSError:
            time.sleep(0.02)
    else:
        pytest.fail("it did not come back")


def test_files_are_uploaded_and_shared(slack: Sandbox, web: WebClient) -> None:
    channel = slack.channel_id("#incidents")
    card = web.chat_postMessage(channel=channel, text="card")
    shared = web.files_upload_v2(
        channel=channel, thread_ts=card["ts"], filename="plan.sql", content="DROP TABLE x;\n", title="The SQL",
        initial_comment="All of it",
    )  # fmt: skip
    reply = slack.person("ana").waits_for_reply(
        card.data["message"] | {"channel": channel, "thread_ts": card["ts"]}, saying="All"
    )
    assert reply["files"][0] | {"id": ""} == {
        "id": "", "name": "plan.sql", "title": "The SQL", "mimetype": "application/sql", "filetype": "sql", "size": 14,
        "mode": "snippet", "preview": "DROP TABLE x;", "lines": 1,
    }  # fmt: skip
    assert shared["file"]["id"] == reply["files"][0]["id"]


def test_tokens_never_show_in_the_traffic(slack: Sandbox, web: WebClient) -> None:
    web.chat_postMessage(
        channel=slack.channel_id("#incidents"), text=f"look: {slack.bot_token} and {slack.signing_secret}"
    )
    told = str(slack.traffic())
    assert "look: xoxb-" in told
    assert slack.bot_token not in told
    assert slack.signing_secret not in told
