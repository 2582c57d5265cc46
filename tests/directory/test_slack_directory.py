import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from actions.errors import UnavailableError
from actions.readiness.answers import Level
from bot.directory import SlackDirectory, ask_slack
from bot.settings import read_settings
from bot.slack_api import Slack

ANSWERS: Mapping[tuple[str, str | None], Mapping[str, Any]] = {
    ("auth.test", None): {"ok": True, "team": "Acme"},
    ("usergroups.users.list", "S0LEADS"): {"ok": True, "users": ["U0ANA", "U0BEN"]},
    ("usergroups.users.list", "S0NONE"): {"ok": False, "error": "no_such_subteam"},
    ("users.info", "U0ANA"): {"ok": True, "user": {"id": "U0ANA", "deleted": False}},
    ("users.info", "U0GONE"): {"ok": True, "user": {"id": "U0GONE", "deleted": True}},
    ("users.info", "U0BOT"): {"ok": True, "user": {"id": "U0BOT", "is_bot": True}},
    ("users.info", "U0NONE"): {"ok": False, "error": "user_not_found"},
}


class SmallSlack(BaseHTTPRequestHandler):
    """The four answers that a directory needs."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = parse_qs(urlsplit(self.path).query) | parse_qs(body)
        about = (asked.get("usergroup") or asked.get("user") or [None])[0]
        answer: Mapping[str, Any] = {"ok": False, "error": "invalid_auth"}
        asking = self.headers.get("Authorization")
        if asking == "Bearer xapp-x" and self.path.endswith("apps.connections.open"):
            answer = {"ok": True, "url": "wss://nobody.example"}
        elif asking == "Bearer xoxb-good" and not self.path.endswith("apps.connections.open"):
            answer = ANSWERS[urlsplit(self.path).path.rpartition("/")[2], about]
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def slack() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SmallSlack)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/"
    server.shutdown()
    server.server_close()


def directory(url: str, token: str = "xoxb-good") -> SlackDirectory:
    return SlackDirectory(Slack(read_settings({"SLACK_API_URL": url, "SLACK_BOT_TOKEN": token})))


def test_a_groups_people_and_who_is_active(slack: str) -> None:
    people = directory(slack)
    assert people.members("S0LEADS") == ("U0ANA", "U0BEN")
    assert people.is_active("U0ANA")
    assert not people.is_active("U0GONE")
    assert not people.is_active("U0BOT")
    assert not people.is_active("U0NONE")


def test_what_slack_refuses_is_said_with_what_to_do(slack: str) -> None:
    with pytest.raises(UnavailableError, match="no_such_subteam") as caught:
        directory(slack).members("S0NONE")
    assert caught.value.next_step is not None
    with pytest.raises(UnavailableError, match="invalid_auth") as caught:
        directory(slack, "xoxb-revoked-secret").members("S0LEADS")
    assert "revoked-secret" not in str(caught.value)


def test_a_slack_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        directory("http://127.0.0.1:9/api/").members("S0LEADS")


@pytest.mark.parametrize(
    ("given", "level", "said"),
    [
        pytest.param({}, Level.WARNING, "not configured", id="nothing"),
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-good"}, Level.FAILED, "SLACK_APP_TOKEN", id="half of socket mode"),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-good", "SLACK_MODE": "http"},
            Level.FAILED,
            "SLACK_SIGNING_SECRET",
            id="half of http",
        ),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-good", "SLACK_APP_TOKEN": "xapp-x"}, Level.OK, "workspace Acme", id="socket mode"
        ),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-bad", "SLACK_APP_TOKEN": "xapp-x"}, Level.FAILED, "invalid_auth", id="bad token"
        ),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-good", "SLACK_APP_TOKEN": "xapp-bad"},
            Level.FAILED,
            "invalid_auth to SLACK_APP_TOKEN",
            id="bad app token",
        ),
    ],
)
def test_check_says_how_far_slack_is_configured(slack: str, given: dict[str, str], level: Level, said: str) -> None:
    answer = ask_slack(read_settings({"SLACK_API_URL": slack, **given}))
    assert answer.level is level
    assert said in answer.said
