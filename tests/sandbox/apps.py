"""A small Bolt app over both transports, which keeps what it was given."""

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.sandbox import Sandbox

Json = dict[str, Any]


@dataclass
class Small:
    """What came, in order; what a test does not mention is acknowledged."""

    app: App
    came: "queue.Queue[Json]" = field(default_factory=queue.Queue)

    def next(self) -> Json:
        return self.came.get(timeout=10)


def client(slack: Sandbox, token: str | None = None) -> WebClient:
    return WebClient(token=token or slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=10)


def small_app(slack: Sandbox) -> Small:
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
    app = App(client=client(slack), signing_secret=slack.signing_secret, token_verification_enabled=False)
    small = Small(app)

    @app.middleware
    def keep(body: Json, next: Any) -> None:  # noqa: A002 because Bolt hands it over by this name
        small.came.put(body)
        next()

    return small


@contextmanager
def over_sockets(slack: Sandbox, small: Small) -> Iterator[None]:
    handler = SocketModeHandler(small.app, slack.app_token)
    handler.client.web_client.base_url = slack.api_url
    handler.connect()
    slack.wait_for_connection()
    try:
        yield
    finally:
        hang_up(slack, handler.client)


def hang_up(slack: Sandbox, *clients: Any) -> None:
    """From the other side first: who closes his own end waits for three seconds whether something comes."""
    for each in clients:
        each.auto_reconnect_enabled = False
    slack.run(slack.slack.sockets.drop())
    for each in clients:
        each.close()


@contextmanager
def over_http(slack: Sandbox, small: Small) -> Iterator[str]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = small.app.dispatch(
                BoltRequest(body=body, headers={name: [each] for name, each in self.headers.items()})
            )
            self.send_response(answer.status)
            for name, values in answer.headers.items():
                for value in values:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        def log_message(self, *_: Any) -> None:
            """Not here."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/slack/events"
        assert slack.connect_http(url)
        yield url
    finally:
        server.shutdown()
        server.server_close()
