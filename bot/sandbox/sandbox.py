"""A local Slack in a thread of its own: `with Sandbox() as slack:`."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from bot.sandbox.control import changes
from bot.sandbox.control.routes import ControlSide
from bot.sandbox.control.turning import turn
from bot.sandbox.local import LocalSlack
from bot.sandbox.manifest import Manifest, read_manifest
from bot.sandbox.person import Actor
from bot.sandbox.seed import Seed, small_company
from bot.sandbox.slack_side import SlackSide

T = TypeVar("T")
Json = dict[str, Any]
START_SECONDS = 20.0
HOST = "127.0.0.1"


class Sandbox:
    """Everything in it lives in its thread; the methods here may be called from any other."""

    def __init__(
        self, *, manifest: Path | Manifest, seed: Seed | None = None, port: int = 0, slack_port: int = 0
    ) -> None:
        self._manifest = manifest if isinstance(manifest, Manifest) else read_manifest(manifest)
        self._seed = seed or small_company()
        self._ports = port, slack_port
        self._thread = threading.Thread(target=self._live, name="sandbox", daemon=True)
        self._started = threading.Event()
        self._failed: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self.page_url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            raise TimeoutError("The local Slack did not start")
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(START_SECONDS)

    def _live(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 because the one who waits for the start must hear of it
            self._failed = error
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        slack = self.slack = LocalSlack(self._seed, self._manifest)
        port, slack_port = self._ports
        side = SlackSide(slack, slack_port)
        slack.slack_address, slack.on_away = side.address, side.look_whether_away
        control = web.AppRunner(ControlSide(slack).application(), access_log=None, shutdown_timeout=0.5)
        await control.setup()
        site = web.TCPSite(control, HOST, port)
        try:
            await site.start()
            self.page_url = slack.workspace.address = f"http://{HOST}:{control.addresses[0][1]}"
            await side.start()
            self._started.set()
            await self._stopping.wait()
        finally:
            await slack.courier.stop()
            await side.stop()
            await control.cleanup()

    # What an app needs to connect ------------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        return f"{self.slack.slack_address}/api/"

    @property
    def bot_token(self) -> str:
        return self.slack.credentials.bot_token

    @property
    def app_token(self) -> str:
        return self.slack.credentials.app_token

    @property
    def signing_secret(self) -> str:
        return self.slack.credentials.signing_secret

    def environment(self, *, mode: str = "socket") -> dict[str, str]:
        return {
            "SLACK_API_URL": self.api_url, "SLACK_BOT_TOKEN": self.bot_token, "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret, "SLACK_MODE": mode,
        }  # fmt: skip

    def connect_http(self, url: str, *, options: str | None = None) -> bool:
        """From now on everything is sent there; False when the app does not give the challenge back."""
        return self.run(self._connect_http(url, options))

    async def _connect_http(self, url: str, options: str | None) -> bool:
        requests = self.slack.requests
        if not await requests.verify(url):
            return False
        addresses = requests.addresses
        addresses.events = addresses.interactivity = addresses.commands = url
        addresses.options = options
        self.slack.tell_app()
        return True

    def connect_sockets(self) -> None:
        """Back to Socket Mode."""

        def change() -> None:
            addresses = self.slack.requests.addresses
            addresses.events = addresses.interactivity = addresses.commands = addresses.options = None
            self.slack.tell_app()

        self.do(change)

    def wait_for_connection(self, *, count: int = 1, seconds: float = 20.0) -> None:
        if not self.run(self.slack.sockets.wait_for_connection(seconds, count)):
            raise TimeoutError(f"No app had {count} connections open within {seconds:g} seconds")

    # People, and what tests turn --------------------------------------------------------------------------------------

    def person(self, name: str) -> Actor:
        return Actor(self, self.do(lambda: self.slack.workspace.named(name)).id)

    def channel_id(self, name: str) -> str:
        return self.do(lambda: self.slack.workspace.conversation(name)).id

    def group_id(self, handle: str) -> str:
        return self.do(lambda: next(each.id for each in self.slack.workspace.groups.values() if each.handle == handle))

    @property
    def team_id(self) -> str:
        return self.slack.workspace.team_id

    def turn(self, **knobs: Any) -> None:
        """`turn(storm=5)`, `turn(away=2, away_how="dropped")`, `turn(disconnect="refresh_requested")`: as in README.md."""
        self.run(turn(self.slack, knobs))

    def change(self, do: str, **what: Any) -> Json:
        return self.do(lambda: changes.change(self.slack, {"do": do, **what}))

    def advance(self, seconds: float) -> None:
        def move() -> None:
            self.slack.clock.advance(seconds)
            self.slack.tell_clock()

        self.do(move)

    def traffic(self, kind: str | None = None) -> list[Json]:
        """All that was said so far."""
        return [each for each in self.do(self.slack.traffic.all) if kind in (None, each["kind"])]

    def calls(self, method: str) -> list[Mapping[str, Any]]:
        return [each for each in self.traffic("call") if each["method"] == method]

    # Between threads --------------------------------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 60.0) -> T:
        assert self._loop is not None  # noqa: S101 because there is nothing to call before it started
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def do(self, work: Callable[[], T]) -> T:
        async def call() -> T:
            return work()

        return self.run(call())
