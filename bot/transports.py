"""How Slack reaches the app: through sockets that we open, or over HTTP. Neither knows what is said."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError

from actions.errors import ConfigurationError, UnavailableError
from bot.slack_api import CONNECTING_REMEDY, HOPELESS

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger(__name__)

#: Each is renewed every few hours; while one is, the other hears.
CONNECTIONS = 2
PING_SECONDS = 5.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 10.0
WATCH_SECONDS = 1.0
OPENING_SECONDS = 10.0
#: Where Slack sends everything to, in HTTP mode.
PATH = "/slack/events"
DEFAULT_LISTEN = "127.0.0.1:3000"
LONGEST_BODY = 1_000_000
DISPATCHERS = 32


class Transport(Protocol):
    def start(self, stopping: threading.Event) -> None:
        """Returns when Slack can reach us, or when we are stopping; ConfigurationError when it never will."""

    @property
    def connected(self) -> bool: ...

    def stop(self) -> None:
        """Nothing more is heard."""


class Sockets:
    """Socket Mode. The client reconnects by itself, except the very first time."""

    def __init__(self, app: App, token: str) -> None:
        quiet = logging.getLogger("bot.sockets")
        quiet.setLevel(logging.CRITICAL)  # it says the same every few seconds; `_watch` says it once
        self._handlers = [
            SocketModeHandler(app, token, logger=quiet, ping_interval=PING_SECONDS) for _ in range(CONNECTIONS)
        ]
        self._over = threading.Event()

    @property
    def connected(self) -> bool:
        return any(handler.client.is_connected() for handler in self._handlers)

    def start(self, stopping: threading.Event) -> None:
        threading.Thread(target=self._watch, name="sockets", daemon=True).start()
        for handler in self._handlers:
            self._connect(handler, stopping)
            if not self._over.is_set():
                log.debug("A connection to Slack is open", extra={"event": "slack_connection"})

    def stop(self) -> None:
        self._over.set()
        closing = [threading.Thread(target=handler.close, daemon=True) for handler in self._handlers]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join(4)

    def _connect(self, handler: SocketModeHandler, stopping: threading.Event) -> None:
        pause, said = FIRST_PAUSE_SECONDS, False
        while not stopping.is_set() and not self._over.is_set():
            try:
                handler.connect()  # type: ignore[no-untyped-call]
            except SlackApiError as error:
                code = str(error.response.get("error"))
                if code in HOPELESS:
                    raise ConfigurationError(
                        f"Slack says {code} to SLACK_APP_TOKEN",
                        next_step=CONNECTING_REMEDY,
                    ) from None
                what = f"Slack says {code}"
            except (SlackClientError, OSError):
                what = "Slack does not answer"
            else:
                if handler.client.is_connected():
                    return
                what = "Slack does not take the connection"
            log.log(
                logging.DEBUG if said else logging.WARNING, "%s; trying again until it does", what,
                extra={"event": "slack_away"},
            )  # fmt: skip
            said = True
            stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _watch(self) -> None:
        """Says once when nobody hears Slack any more, and once when somebody does again. Also while the first connection is
        waited for: where Slack wants fewer of them, the library waits for minutes, and says nothing."""
        up = True
        self._over.wait(OPENING_SECONDS)
        while not self._over.wait(WATCH_SECONDS):
            if self.connected is up:
                continue
            up = not up
            if up:
                log.info("Slack is connected again", extra={"event": "slack_back"})
            else:
                log.warning("No connection to Slack; trying until there is one", extra={"event": "slack_away"})


class Web:
    """Slack's requests over HTTP if there is an app, and the questions of whoever looks after our process."""

    def __init__(
        self, listen: str, ready: Callable[[], Mapping[str, bool]], well: Callable[[], bool], app: App | None
    ) -> None:  # fmt: skip
        host, _, port = listen.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._ready, self._well = ready, well
        self._app = app
        self._pool = ThreadPoolExecutor(DISPATCHERS, thread_name_prefix="dispatch")
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._trouble: OSError | None = None

    @property
    def connected(self) -> bool:
        return self._up.is_set() and self._trouble is None

    def start(self, stopping: threading.Event) -> None:  # noqa: ARG002 because it never waits
        threading.Thread(target=self._run, name="web", daemon=True).start()
        self._up.wait(10)
        if self._trouble is not None:
            raise ConfigurationError(
                f"Nothing can listen at {self._host}:{self._port}: {self._trouble.strerror}",
                where="BACKOUT_LISTEN", next_step="Choose another port, or end what listens there.",
            )  # fmt: skip
        log.info("Listening at %s:%d", self._host, self._port, extra={"event": "web_listening"})

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._pool.shutdown(wait=False)

    def _run(self) -> None:
        from aiohttp import web

        asyncio.set_event_loop(self._loop)
        server = web.Application(client_max_size=LONGEST_BODY)
        server.router.add_get("/health", self._health)
        server.router.add_get("/ready", self._readiness)
        if self._app is not None:
            server.router.add_post(PATH, self._from_slack)
        runner = web.AppRunner(server, access_log=None)
        try:
            self._loop.run_until_complete(runner.setup())
            self._loop.run_until_complete(web.TCPSite(runner, self._host, self._port).start())
        except OSError as error:
            self._trouble = error
            self._up.set()
            return
        self._up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _health(self, _: "web.Request") -> "web.Response":
        """We live; 503 when starting us again would help. It says no more: whoever asks may be anybody."""
        well = self._well()
        return self._answer(200 if well else 503, {"status": "ok" if well else "not ok"})

    async def _readiness(self, _: "web.Request") -> "web.Response":
        found = dict(self._ready())
        fine = all(found.values())
        return self._answer(200 if fine else 503, {"status": "ready" if fine else "not ready", **found})

    async def _from_slack(self, request: "web.Request") -> "web.Response":
        from aiohttp import web

        body = await request.text()
        headers = {name: [value] for name, value in request.headers.items()}
        asked = BoltRequest(body=body, headers=headers)  # type: ignore[arg-type]
        response = await self._loop.run_in_executor(self._pool, self._dispatch, asked)
        answer = web.Response(status=response.status, text=response.body)
        for name, values in response.first_headers_without_set_cookie().items():
            answer.headers[name] = values
        return answer

    def _dispatch(self, asked: BoltRequest) -> Any:
        if self._app is None:
            raise UnavailableError("Slack is not served here")
        return self._app.dispatch(asked)

    @staticmethod
    def _answer(status: int, facts: Mapping[str, Any]) -> "web.Response":
        from aiohttp import web

        return web.Response(status=status, text=json.dumps(facts), content_type="application/json")
