"""What people type and press: done once by the same desk as on the command line, answered, and refused where it must be."""

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actions.history.backups import Learnt, NewBackup, move_backup, record_backup
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.queries import live, show
from actions.history.rollbacks import Move, move
from actions.history.values import BackupState
from bot.app import build_app
from bot.presence import Presence
from bot.render.buttons import Button, Dialog, Field, Reference
from bot.render.modals.request import NEWEST, ONLY_A_RESTORE
from bot.settings import read_settings
from tests.serve.conftest import eventually
from tests.slack.hands import CHANNEL, Hands
from tests.slack.plain_slack import PlainSlack
from tests.slack.stories import DIGEST, Story, as_it_is_now, catalog_in

ANSWER_SECONDS = 3.0


@pytest.fixture
def settings() -> dict[str, str]:
    return {}


@pytest.fixture
def hands(history: History, slack: PlainSlack, tmp_path: Path, settings: dict[str, str]) -> Iterator[Hands]:
    read = read_settings(
        {"SLACK_API_URL": slack.url, "SLACK_BOT_TOKEN": "xoxb-good", "BACKOUT_HOME": str(tmp_path), **settings}
    )
    catalog_in(tmp_path)
    presence = Presence(read, as_it_is_now(tmp_path / "backout.yml"), {})
    presence.meet()
    with presence.with_history(history):
        yield Hands(app=build_app(presence), presence=presence, slack=slack)


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute(query.encode())]


def turned_away(url: str) -> list[str]:
    return rows(url, "SELECT body::jsonb#>>'{details,why}' FROM events WHERE kind = 'turned_away' ORDER BY seq")


def reference(story: Story, digest: str | None = DIGEST) -> str:
    return Reference(rollback=story.id, digest=digest).encode()


BRINGS_BACK = """
    runbooks:
      bring-back: {title: Bring a backup back, steps: [{do: stop-writers}, {do: restore}, {do: resume-writers}], risk: high}
      look-on: {title: Nothing, steps: [{run: ["true"]}], risk: low}"""


def backed_up(history: History, name: str, revision: str, state: BackupState = BackupState.PROVEN) -> str:
    new = NewBackup(name=name, service="shop", strategy="dump", revision=revision)
    with history.writing() as connection:
        record_backup(connection, new, actor="the test")
        for to in dict.fromkeys((BackupState.MADE, state)):
            move_backup(connection, name, to, Learnt(), actor="the test")
    return name


def test_help_and_what_is_open_are_answered_to_whoever_asked(hands: Hands) -> None:
    hands.type("help")
    assert "Backout" in hands.answer()
    assert hands.slack.answers[0]["response_type"] == "ephemeral"
    hands.type("status")
    assert hands.answer(2) != ""
    hands.type("histroy")
    assert "history" in json.dumps(hands.said("histroy"))


def test_every_delivery_counts_once_with_one_row_and_one_answer(hands: Hands, history_url: str) -> None:
    sent = hands.type("shop because checkout fails")
    hands.answer()
    body = {name: value for name, value in sent.items() if name != "acknowledged"}
    for _ in range(3):
        hands.deliver(body)
    hands.type("help")
    hands.answer(2)
    assert rows(history_url, "SELECT count(*) FROM rollbacks") == [1]
    assert [each["text"] for each in hands.slack.answers][1].startswith("Backout")
    assert rows(history_url, "SELECT requester FROM rollbacks") == ["U0RITA"]
    assert rows(history_url, "SELECT asked_in FROM places") == ["C0INCIDENTS"]


def test_a_second_request_is_answered_with_the_open_one(hands: Hands, history_url: str) -> None:
    for number in (1, 2):
        hands.type("shop because checkout fails")
        hands.answer(number)
    assert "RB-1" in hands.slack.answers[1]["text"]
    assert rows(history_url, "SELECT count(*) FROM rollbacks") == [1]


@pytest.mark.parametrize(
    ("user", "what", "more"),
    [
        pytest.param("U0GUEST", {"is_restricted": True}, {}, id="a guest"),
        pytest.param("U0SINGLE", {"is_ultra_restricted": True}, {}, id="a guest of one channel"),
        pytest.param("U0GONE", {"deleted": True}, {}, id="somebody who left"),
        pytest.param("U0NOBODY", {}, {}, id="nobody that Slack knows"),
        pytest.param("U0OTHER", {"team_id": "T0OTHER"}, {}, id="somebody of another workspace"),
        pytest.param("U0RITA", {}, {"team_id": "T0OTHER"}, id="another workspace"),
    ],
)
def test_whoever_is_no_member_is_turned_away_and_it_is_in_the_record(
    hands: Hands, history_url: str, user: str, what: dict[str, Any], more: dict[str, Any]
) -> None:
    hands.slack.people[user] = what
    hands.type("shop", user=user, **more)
    hands.answer()
    assert len(turned_away(history_url)) == 1
    assert rows(history_url, "SELECT count(*) FROM rollbacks") == [0]


def test_nobody_is_let_in_while_slack_does_not_say_who_they_are(hands: Hands, history_url: str) -> None:
    hands.slack.before = lambda method, _: "broken" if method == "users.info" else "done"
    hands.type("shop")
    hands.answer()
    assert "who you are" in turned_away(history_url)[0]
    assert rows(history_url, "SELECT count(*) FROM rollbacks") == [0]


@pytest.mark.parametrize("settings", [{"SLACK_CHANNELS": "C0OTHER"}])
def test_a_command_counts_in_the_channels_that_are_allowed(hands: Hands, history_url: str) -> None:
    hands.type("shop")
    assert "channel" in hands.answer()
    assert turned_away(history_url) == ["Backout may not be used in this channel"]
    hands.type("shop", channel_id="C0OTHER")
    hands.answer(2)
    assert rows(history_url, "SELECT count(*) FROM rollbacks") == [1]


def test_two_approve_what_they_saw_and_nobody_else_can(hands: Hands, history: History, history_url: str) -> None:
    story = Story(history)
    story.waits()
    for user, value, words in (
        ("U0RITA", reference(story), "own approval"),
        ("U0MALLORY", reference(story), "may not approve"),
        ("U0ANA", reference(story, "cd" * 32), "not what would be done now"),
    ):
        hands.press(Button.APPROVE, value, user=user)
        hands.said(words)
    for user in ("U0ANA", "U0BEN"):
        hands.press(Button.APPROVE, reference(story), user=user)
        eventually(lambda user=user: user in rows(history_url, "SELECT person FROM approvals"))
    eventually(lambda: show(history, story.id).rollback.status is Status.APPROVED)
    assert len(rows(history_url, "SELECT 1 FROM events WHERE kind = 'voice.turned_away'")) == 3


@pytest.mark.parametrize(
    "value",
    [
        "garbage",
        "",
        None,
        7,
        "RB-99999:abababab",
        "RB-0",
        "RB-1;DROP TABLE rollbacks",
        "RB-1:" + "ab" * 32 + ":0",
        "x" * 3000,
    ],
)
def test_a_forged_value_is_refused_and_recorded(
    hands: Hands, history: History, history_url: str, value: object
) -> None:
    Story(history).waits()
    hands.press(Button.APPROVE, value)
    hands.said("nothing that Backout has written")
    assert turned_away(history_url)[0].startswith("Forged")
    assert rows(history_url, "SELECT count(*) FROM approvals") == [0]


def test_a_value_of_another_rollback_does_not_count_in_this_one_s_message(
    hands: Hands, history: History, history_url: str
) -> None:
    story, other = Story(history), Story(history, "fresh-shop")
    for each in (story, other):
        each.waits()
    with psycopg.connect(history_url) as connection:
        for each, place in ((story, "C0INCIDENTS"), (other, "C0FRESH")):
            connection.execute("INSERT INTO places (rollback_id, place) VALUES (%s, %s)", [each.id.number, place])
            connection.execute(
                "INSERT INTO announcements (rollback_id, key, nonce, ref, begun_by) VALUES (%s, 'card', 'n', %s, 'x')",
                [each.id.number, f"{each.id.number}.0"],
            )
    container = {"type": "message", "channel_id": "C0INCIDENTS", "message_ts": f"{story.id.number}.0"}
    hands.press(Button.APPROVE, reference(other), container=container)
    hands.said("nothing that Backout has written")
    hands.press(Button.APPROVE, reference(story), container=container)
    eventually(lambda: rows(history_url, "SELECT rollback_id FROM approvals") == [story.id.number])


def test_a_no_asks_for_the_reason_and_ends_it(hands: Hands, history: History) -> None:
    story = Story(history)
    story.waits()
    hands.press(Button.REJECT, reference(story), user="U0BEN")
    view = eventually(lambda: hands.slack.views and hands.slack.views[-1])
    assert view["callback_id"] == Dialog.REJECT
    hands.submit(view, {Field.REASON: "fix it forward"}, user="U0BEN")
    eventually(lambda: show(history, story.id).rollback.status is Status.REJECTED)
    assert show(history, story.id).rollback.outcome == "Rejected by U0BEN: fix it forward"


def test_the_group_decides_where_there_is_one_and_the_list_where_it_cannot_be_read(
    hands: Hands, history: History, tmp_path: Path
) -> None:
    text = (tmp_path / "backout.yml").read_text().replace("[U0ANA, U0BEN]", "{group: S0LEADS, users: [U0BEN]}")
    (tmp_path / "backout.yml").write_text(text)
    story = Story(history)
    story.waits()
    hands.slack.group = ["U0ANA"]
    hands.press(Button.APPROVE, reference(story), user="U0BEN")
    hands.said("may not approve")
    hands.slack.group = None
    hands.press(Button.APPROVE, reference(story), user="U0ANA")
    hands.said("plan_upgrade_required")
    hands.press(Button.APPROVE, reference(story), user="U0BEN")
    eventually(lambda: [each.person for each in show(history, story.id).approvals] == ["U0BEN"])


def test_another_way_out_and_a_rehearsal_ask_everybody_again(hands: Hands, history: History) -> None:
    story = Story(history)
    story.waits()
    story.says_yes("U0ANA")
    hands.press(Button.REHEARSE, reference(story), user="U0STRANGER")
    hands.said("Only whoever asked for it")
    hands.press(Button.CHANGE_STRATEGY, reference(story), user="U0RITA")
    view = eventually(lambda: hands.slack.views and hands.slack.views[-1])
    assert view["callback_id"] == Dialog.STRATEGY
    hands.submit(view, {Field.STRATEGY: "app-only"}, user="U0RITA")
    eventually(lambda: show(history, story.id).rollback.status is Status.ASSESSING)
    assert show(history, story.id).rollback.runbook == "app-only"
    assert show(history, story.id).approvals[0].voided_because is not None


def test_a_refusal_of_what_was_sent_in_a_dialog_is_said_where_the_rollback_is_told_to_that_person_alone(
    hands: Hands, history: History, history_url: str
) -> None:
    story = Story(history)
    story.waits()
    with psycopg.connect(history_url) as connection:
        connection.execute("INSERT INTO places (rollback_id, place) VALUES (%s, %s)", [story.id.number, CHANNEL])
    view = {"callback_id": Dialog.STRATEGY, "private_metadata": reference(story), "type": "modal"}
    hands.submit(view, {Field.STRATEGY: "app-only"}, user="U0STRANGER")
    (said,) = eventually(lambda: hands.slack.made("chat.postEphemeral"))
    assert (said["channel"], said["user"]) == (CHANNEL, "U0STRANGER")
    assert "Only whoever asked for it" in said["text"]
    assert not hands.slack.messages


def test_a_button_whose_moment_has_passed_says_where_it_stands(hands: Hands, history: History) -> None:
    story = Story(history)
    story.goes_well()
    for button in (Button.STOP, Button.RETRY, Button.LOOKED, Button.REJECT):
        hands.press(button, reference(story))
    eventually(lambda: len(hands.slack.answers) == 4)
    assert all(str(story.id) in each["text"] for each in hands.slack.answers)


def test_the_dialog_opens_at_once_and_what_is_missing_is_said_in_it(hands: Hands) -> None:
    hands.type("")
    eventually(lambda: len(hands.slack.views) == 2)
    assert [each["callback_id"] for each in hands.slack.views] == [Dialog.LOADING, Dialog.REQUEST]
    sent = hands.submit(hands.slack.views[-1], {Field.REASON: "why not"})
    assert sent["acknowledged"]["response_action"] == "errors"
    hands.submit(hands.slack.views[-1], {Field.SERVICE: "shop", Field.REASON: "checkout fails"}, user="U0RITA")
    eventually(lambda: [each.service for each in live(hands.presence.desk.history)] == ["shop"])
    hands.said("RB-1")


def test_a_restore_is_asked_for_with_the_backup_that_was_chosen_in_the_dialog(
    hands: Hands, history: History, history_url: str, tmp_path: Path
) -> None:
    catalog = (tmp_path / "backout.yml").read_text()
    (tmp_path / "backout.yml").write_text(catalog.replace("  shop:", f"  shop:{BRINGS_BACK}", 1))
    older = backed_up(history, "shop_20260301_030000_aaaa", "0001")
    backed_up(history, "shop_20260302_030000_bbbb", "0001", BackupState.MADE)
    newer = backed_up(history, "shop_20260303_030000_cccc", "0002")
    backed_up(history, "shop_20260304_030000_dddd", "0002,0003")
    hands.press(Button.START, "shop")
    eventually(lambda: len(hands.slack.views) == 2)
    asks = next(each for each in hands.slack.views[-1]["blocks"] if each["block_id"] == "backup:shop")
    assert [each["value"] for each in asks["element"]["options"]] == [NEWEST, newer, older]
    assert asks["element"]["initial_option"]["value"] == NEWEST
    assert asks["element"]["options"][2]["description"]["text"].endswith("old, at 0001")
    wanted = {Field.SERVICE: "shop", "backup:shop": older}
    # What was chosen beside it is for another way.
    sent = hands.submit(hands.slack.views[-1], {**wanted, "strategy:shop": "downgrade", "target:shop": "to:0002"})
    assert sent["acknowledged"]["errors"] == {"backup:shop": ONLY_A_RESTORE}
    sent = hands.submit(hands.slack.views[-1], {**wanted, "strategy:shop": "runbook:look-on:all"})
    assert sent["acknowledged"]["errors"] == {"backup:shop": ONLY_A_RESTORE}
    hands.submit(
        hands.slack.views[-1], {**wanted, "backup:shop": "shop_20260302_030000_bbbb", "strategy:shop": "restore"}
    )
    hands.said("is made, and only a proven one is brought back")
    assert live(history) == ()

    hands.submit(hands.slack.views[-1], {**wanted, "strategy:shop": "restore", "target:shop": "to:0002"})
    (asked,) = eventually(lambda: live(history))
    assert (asked.runbook, asked.target) == ("restore", "0001")
    assert rows(history_url, "SELECT backup FROM runs") == [older]
    with history.writing() as connection:
        move(connection, asked.id, Move(to=Status.STOPPED, actor="the test"))
    hands.submit({**hands.slack.views[-1], "id": "V2"}, {**wanted, "strategy:shop": "runbook:bring-back:all"})
    (asked,) = eventually(lambda: live(history))
    assert (asked.runbook, asked.target) == ("bring-back", "all")
    assert rows(history_url, "SELECT backup FROM runs ORDER BY rollback_id") == [older, older]
    with history.writing() as connection:
        move(connection, asked.id, Move(to=Status.STOPPED, actor="the test"))
    third = {**hands.slack.views[-1], "id": "V3"}
    hands.submit(third, {**wanted, "backup:shop": NEWEST, "strategy:shop": "downgrade", "target:shop": "to:0002"})
    (asked,) = eventually(lambda: live(history))
    assert (asked.runbook, asked.target) == ("downgrade", "0002")


def test_home_is_drawn_when_it_is_opened_and_whoever_has_it_open_is_remembered(hands: Hands, history_url: str) -> None:
    hands.open_home(user="U0ANA")
    eventually(lambda: rows(history_url, "SELECT shown IS NOT NULL FROM viewers WHERE person = 'U0ANA'") == [True])
    (view,) = hands.slack.views
    assert view["type"] == "home"
    assert "fresh-shop" in json.dumps(view)


def test_the_post_mortem_goes_into_the_thread(hands: Hands, history: History, history_url: str) -> None:
    story = Story(history)
    story.goes_well()
    with psycopg.connect(history_url) as connection:
        connection.execute("INSERT INTO places (rollback_id, place) VALUES (%s, 'C0INCIDENTS')", [story.id.number])
        connection.execute(
            "INSERT INTO announcements (rollback_id, key, nonce, ref, begun_by) VALUES (%s, 'live', 'n', '17.1', 'x')",
            [story.id.number],
        )
    hands.press(Button.EXPORT, reference(story, None))
    (done,) = eventually(lambda: hands.slack.made("files.completeUploadExternal"))
    assert (done["channel_id"], done["thread_ts"]) == ("C0INCIDENTS", "17.1")
    (content,) = hands.slack.files.values()
    assert "checkout fails since 14:02" in content


def test_while_the_history_is_away_people_are_told_so(hands: Hands) -> None:
    hands.presence._history = None
    hands.type("shop")
    assert "history" in hands.answer()


def test_a_busy_bot_still_acknowledges(hands: Hands) -> None:
    hands.slack.before = lambda *_: time.sleep(2) or "done"
    slowest = 0.0
    for number in range(60):
        began = time.monotonic()
        hands.type("help", user=f"U{number:03}")
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < ANSWER_SECONDS / 2


def test_a_request_with_a_wrong_signature_is_refused_and_its_body_is_in_no_log(
    history: History, slack: PlainSlack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from slack_bolt import BoltRequest

    secret = "c0rrecthorse-" + secrets.token_hex(4)
    read = read_settings(
        {
            "SLACK_API_URL": slack.url, "SLACK_BOT_TOKEN": "xoxb-good", "BACKOUT_HOME": str(tmp_path),
            "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5", "SLACK_MODE": "http",
        }
    )  # fmt: skip
    catalog = catalog_in(tmp_path)
    presence = Presence(read, lambda: catalog, {})
    presence.meet()
    app = build_app(presence)
    with caplog.at_level("DEBUG"), presence.with_history(history):
        headers = {
            "x-slack-signature": ["v0=00"], "x-slack-request-timestamp": [str(int(time.time()))],
            "content-type": ["application/x-www-form-urlencoded"],
        }  # fmt: skip
        response = app.dispatch(BoltRequest(body=f"command=%2Frollback&text={secret}", headers=headers))
    assert response.status == 401
    assert secret not in caplog.text
