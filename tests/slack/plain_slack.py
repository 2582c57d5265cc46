"""The few methods that telling needs, kept so plain that a test can strike between any two of them.

It knows nothing of limits and scopes; the strict local Slack is for that. What it has is a hand on every call: it can die
with the caller before or after it is done, lose its answer, ask for patience, or not be there.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

#: What happens to a call: done and answered, done and not answered, refused for a while, broken.
Fate = str
Decide = Callable[[str, dict[str, Any]], Fate]


@dataclass
class PlainSlack:
    port: int = 0
    calls: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "C0INCIDENTS", "name": "incidents"}])
    #: What `users.info` says about somebody, besides what is so for everybody.
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: What `usergroups.users.list` says; None: this workspace has no user groups.
    group: list[str] | None = None
    #: What was said through the address of a command or a press.
    answers: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    #: Asked before a call is done, and told after it; whoever strikes does it there.
    before: Decide = lambda *_: "done"
    after: Callable[[str, dict[str, Any]], None] = lambda *_: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def by_key(self) -> dict[str, list[dict[str, Any]]]:
        """Messages by what they tell, as their metadata says."""
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.messages:
            found.setdefault(message["metadata"]["event_payload"]["key"], []).append(message)
        return found

    def made(self, method: str) -> list[dict[str, Any]]:
        return [given for _, each, given in self.calls if each == method]

    def answer(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            handler = getattr(self, "_" + method.replace(".", "_"), None)
            return handler(given) if handler else {"ok": True}

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "team": "Acme", "team_id": "T0ACME", "user_id": "U0BOT", "bot_id": "B0BOT"}

    def _chat_postMessage(  # noqa: N802 because it is Slack's name
        self, given: dict[str, Any]
    ) -> dict[str, Any]:
        stamp = f"{time.time():.6f}"
        self.messages.append({"ts": stamp, **given})
        return {"ok": True, "ts": stamp, "channel": given["channel"]}

    def _chat_update(self, given: dict[str, Any]) -> dict[str, Any]:
        for message in self.messages:
            if (message["channel"], message["ts"]) == (given["channel"], given["ts"]):
                message.update(given)
                return {"ok": True, "ts": given["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _users_info(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["user"] == "U0NOBODY":
            return {"ok": False, "error": "user_not_found"}
        return {"ok": True, "user": {"id": given["user"], "team_id": "T0ACME", **self.people.get(given["user"], {})}}

    def _usergroups_users_list(self, _: dict[str, Any]) -> dict[str, Any]:
        if self.group is None:
            return {"ok": False, "error": "plan_upgrade_required"}
        return {"ok": True, "users": self.group}

    def _views_open(self, given: dict[str, Any]) -> dict[str, Any]:
        self.views.append(given["view"])
        return {"ok": True, "view": {"id": f"V{len(self.views)}", "hash": "h1"}}

    def _views_update(self, given: dict[str, Any]) -> dict[str, Any]:
        self.views.append(given["view"])
        return {"ok": True, "view": {"id": given["view_id"], "hash": "h2"}}

    def _views_publish(self, given: dict[str, Any]) -> dict[str, Any]:
        self.views.append(given["view"])
        return {"ok": True}

    def _files_getUploadURLExternal(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"ok": True, "file_id": f"F-{given['filename']}", "upload_url": f"{self.url}upload/{given['filename']}"}

    def _chat_getPermalink(  # noqa: N802
        self, given: dict[str, Any]
    ) -> dict[str, Any]:
        return {"ok": True, "permalink": f"https://acme.slack.test/archives/{given['channel']}/p{given['message_ts']}"}

    def _conversations_list(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "channels": self.channels}

    def _conversations_create(self, given: dict[str, Any]) -> dict[str, Any]:
        if any(channel["name"] == given["name"] for channel in self.channels):
            return {"ok": False, "error": "name_taken"}
        channel = {"id": f"C0NEW{len(self.channels):04}", "name": given["name"], "creator": "U0BOT"}
        self.channels.append(channel)
        return {"ok": True, "channel": channel}

    def _conversations_history(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._since(given, [each for each in self.messages if not each.get("thread_ts")])

    def _conversations_replies(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._since(given, [each for each in self.messages if each.get("thread_ts") == given["ts"]])

    def _since(self, given: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
        assert given["include_all_metadata"] in ("1", "true", True)
        here = [each for each in messages if each["channel"] == given["channel"] and each["ts"] >= given["oldest"]]
        return {"ok": True, "messages": here[::-1]}


@contextmanager
def plain_slack() -> Iterator[PlainSlack]:  # noqa: C901 because a handler is a class in a function
    slack = PlainSlack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            where = urlsplit(self.path).path
            if where.startswith("/answer"):
                slack.answers.append(json.loads(raw))
                self._say(200, {"ok": True})
                return
            if "/upload/" in where:
                slack.files[where.rpartition("/")[2]] = raw
                self._say(200, {"ok": True})
                return
            given = json.loads(raw) if "json" in self.headers.get("Content-Type", "") else _form(raw)
            method = urlsplit(self.path).path.rpartition("/")[2]
            slack.calls.append((time.monotonic(), method, given))
            fate = slack.before(method, given)
            if fate == "broken":
                self._say(503, {})
            elif fate.startswith("later:"):
                self._say(429, {"ok": False, "error": "ratelimited"}, after=fate.partition(":")[2])
            elif fate == "gone":
                self.close_connection = True
            else:
                answer = slack.answer(method, given)
                slack.after(method, given)
                if fate == "lost":
                    self.close_connection = True
                else:
                    self._say(200, answer)

        def _say(self, status: int, answer: dict[str, Any], after: str | None = None) -> None:
            text = json.dumps(answer).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                if after:
                    self.send_header("Retry-After", after)
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                pass  # whoever asked is dead

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Those who were killed hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    slack.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield slack
    server.shutdown()
    server.server_close()
    thread.join()


def _form(raw: str) -> dict[str, Any]:
    given: dict[str, Any] = {name: values[0] for name, values in parse_qs(raw).items()}
    for name in ("metadata", "blocks", "view"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given
