"""What the app sees of Slack: the Web API, Socket Mode, response URLs, uploads; and that it can be away."""

import asyncio
import socket
from typing import Any

from aiohttp import web

from bot.sandbox.api import files
from bot.sandbox.api.calls import Refusal
from bot.sandbox.api.gate import Gate, hang_up
from bot.sandbox.guarding import guard
from bot.sandbox.interactions.answering import respond
from bot.sandbox.interactions.response_urls import ResponseUrlError
from bot.sandbox.knobs import AwayHow
from bot.sandbox.local import LocalSlack

LARGEST_REQUEST = 64 << 20


class SlackSide:
    def __init__(self, slack: LocalSlack, port: int) -> None:
        self._slack = slack
        # Never listened on: it keeps the port ours while the other one is closed.
        self._keeper = _bound(port)
        self._port = self._keeper.getsockname()[1]
        self._runner: web.AppRunner | None = None
        self._site: web.BaseSite | None = None
        self._returning: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def application(self) -> web.Application:
        made = web.Application(middlewares=[self._away, guard({}, for_programs=True)], client_max_size=LARGEST_REQUEST)
        gate = Gate(self._slack)
        made.add_routes(
            [
                web.post("/api/{method}", gate.serve), web.get("/api/{method}", gate.serve),
                web.get("/link/", self._slack.sockets.serve), web.post("/upload/v1/{key}", self._upload),
                web.post("/commands/{key}", self._respond), web.post("/actions/{key}", self._respond),
                web.get("/files/{file}", self._file),
            ]
        )  # fmt: skip
        return made

    async def start(self) -> None:
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await self._listen()

    async def stop(self) -> None:
        if self._returning is not None:
            self._returning.cancel()
        await self._slack.sockets.drop()
        if self._runner is not None:
            await self._runner.cleanup()
        self._keeper.close()

    async def look_whether_away(self) -> None:
        """Called when a knob was turned."""
        knobs = self._slack.knobs
        if not knobs.left(knobs.away_until):
            await self._return()
            return
        await self._slack.sockets.drop()
        if knobs.away_how is AwayHow.REFUSED and self._site is not None:
            site, self._site = self._site, None
            await site.stop()
            self._cut_connections()
        if self._returning is None or self._returning.done():
            self._returning = asyncio.create_task(self._return_in_time())

    async def _return_in_time(self) -> None:
        knobs = self._slack.knobs
        while left := knobs.left(knobs.away_until):
            await self._slack.clock.sleep(left)
        await self._return()
        self._slack.tell_knobs()

    async def _return(self) -> None:
        if self._site is None and self._runner is not None:
            await self._listen()

    async def _listen(self) -> None:
        assert self._runner is not None  # noqa: S101 because only `start` and what follows it come here
        self._site = web.SockSite(self._runner, _bound(self._port))
        await self._site.start()

    def _cut_connections(self) -> None:
        server = self._runner.server if self._runner else None
        for each in list(server.connections) if server else ():
            if each.transport is not None:
                each.transport.abort()

    @web.middleware
    async def _away(self, request: web.Request, handler: Any) -> web.StreamResponse:
        knobs = self._slack.knobs
        if knobs.left(knobs.away_until):
            hang_up(request)
            return web.Response(status=503)
        response: web.StreamResponse = await handler(request)
        return response

    async def _upload(self, request: web.Request) -> web.Response:
        if request.content_type == "multipart/form-data":
            parts = [each for each in (await request.post()).values() if isinstance(each, web.FileField)]
            content = parts[0].file.read() if parts else b""
        else:
            content = await request.read()
        status, text = files.receive(self._slack, request.match_info["key"], content)
        return web.Response(status=status, text=text)

    async def _file(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self._slack.credentials.bot_token}":
            return web.Response(status=403)
        content = self._slack.workspace.contents.get(request.match_info["file"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except ValueError:
            body = None
        status, answer = self._answer(request.path, body)
        self._slack.traffic.note("response_url", url=request.path, body=body, status=status, answer=answer)
        return web.json_response(answer, status=status)

    def _answer(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        if not isinstance(body, dict):
            return 400, {"ok": False, "error": "invalid_payload"}
        try:
            place = self._slack.response_urls.use(path)
            respond(self._slack, place, body)
        except ResponseUrlError as error:
            return error.status, {"ok": False, "error": error.code}
        except Refusal as refusal:
            # Unlike the Web API, this one says so with its status, too.
            return 400, {"ok": False, "error": refusal.code, **refusal.more}
        place.uses += 1
        return 200, {"ok": True}


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made
