"""The control side: the page, and the interface that README.md promises."""

import json
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox.control import seeing
from bot.sandbox.control.acts import act
from bot.sandbox.control.changes import change
from bot.sandbox.control.turning import turn
from bot.sandbox.guarding import guard
from bot.sandbox.interactions.refusing import NotPossible
from bot.sandbox.journal import Entry
from bot.sandbox.local import LocalSlack
from bot.sandbox.traffic import EVERYBODY

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WEB = Path(__file__).resolve().parent.parent / "web"
#: Scripts and styles are the page's own; pictures may come from wherever a message says.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}  # fmt: skip


class ControlSide:
    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack

    def application(self) -> web.Application:
        made = web.Application(middlewares=[guard(HEADERS), _refusals])
        made.add_routes(
            [
                web.get("/control/state", self._state), web.get("/control/messages", self._messages),
                web.get("/control/thread", self._thread), web.get("/control/events", self._events),
                web.get("/control/files/{file}", self._file), web.get("/control/traffic", self._traffic),
                web.get("/control/knobs", self._knobs), web.post("/control/knobs", self._turn),
                web.post("/control/clock", self._clock), web.post("/control/act", self._act),
                web.post("/control/workspace", self._workspace), web.get("/{path:.*}", self._page),
            ]
        )  # fmt: skip
        return made

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(seeing.state(self._slack, self._viewer(request)))

    async def _messages(self, request: web.Request) -> web.Response:
        viewer = self._viewer(request)
        place = seeing.conversation(self._slack, viewer, request.query.get("channel"))
        limit = min(500, max(1, _number(request, "limit", 50)))
        return web.json_response(seeing.messages(self._slack, viewer, place, request.query.get("before"), limit))

    async def _thread(self, request: web.Request) -> web.Response:
        viewer = self._viewer(request)
        place = seeing.conversation(self._slack, viewer, request.query.get("channel"))
        return web.json_response(seeing.thread(self._slack, viewer, place, request.query.get("ts", "")))

    async def _file(self, request: web.Request) -> web.Response:
        file, content = seeing.file(self._slack, self._viewer(request), request.match_info["file"])
        is_text = file["mimetype"].startswith("text/") or file["mode"] == "snippet"
        headers = {}
        # Nothing that came from the app is ever run in the page's name.
        if request.query.get("download") or not is_text:
            name = file["name"].encode("ascii", "replace").decode().replace('"', "'").replace("\\", "_")
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        kind = "text/plain; charset=utf-8" if is_text else file["mimetype"]
        return web.Response(body=content, headers={**headers, "Content-Type": kind})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        viewer = self._viewer(request)
        journal = self._slack.workspace.journal
        return await _stream(request, journal.follow(viewer.id, _cursor(request, journal.last)))

    async def _traffic(self, request: web.Request) -> web.StreamResponse:
        return await _stream(request, self._slack.traffic.journal.follow(EVERYBODY, _cursor(request, 0)))

    async def _knobs(self, request: web.Request) -> web.Response:  # noqa: ARG002 because handlers are called alike
        return web.json_response({"ok": True, "knobs": self._slack.knobs.seen()})

    async def _turn(self, request: web.Request) -> web.Response:
        await turn(self._slack, await _body(request))
        return web.json_response({"ok": True, "knobs": self._slack.knobs.seen()})

    async def _clock(self, request: web.Request) -> web.Response:
        try:
            seconds = float((await _body(request)).get("advance", 0))
        except (TypeError, ValueError):
            seconds = -1.0
        if not 0 <= seconds < 10 * 365 * 86400:
            raise NotPossible("invalid_value", "Time goes forward, by a number of seconds.")
        self._slack.clock.advance(seconds)
        self._slack.tell_clock()
        return web.json_response({"ok": True, "now": self._slack.clock.now()})

    async def _act(self, request: web.Request) -> web.Response:
        return web.json_response(await act(self._slack, await _body(request)))

    async def _workspace(self, request: web.Request) -> web.Response:
        return web.json_response(change(self._slack, await _body(request)))

    async def _page(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        # Links to messages lead to the page, which knows what to show.
        wanted = (WEB / ("index.html" if not path or path.startswith("archives/") else path)).resolve()
        if not wanted.is_relative_to(WEB) or not wanted.is_file():
            raise NotPossible("not_found", "There is nothing here.", 404)
        kind = mimetypes.guess_type(wanted.name)[0] or "application/octet-stream"
        charset = "utf-8" if kind.startswith("text/") or kind.endswith(("javascript", "json")) else None
        return web.Response(body=wanted.read_bytes(), content_type=kind, charset=charset)

    def _viewer(self, request: web.Request) -> Any:
        return seeing.person(self._slack, request.query.get("as") or next(iter(self._slack.workspace.humans())).id)


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except NotPossible as refusal:
        return web.json_response(refusal.told(), status=refusal.status)


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise NotPossible("invalid_value", "The body is not a JSON object.")
    return body


async def _stream(request: web.Request, entries: AsyncIterator[Entry | None]) -> web.StreamResponse:
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    try:
        await response.prepare(request)
        await response.write(b"retry: 500\n\n")
        async for entry in entries:
            if entry is None:
                await response.write(b": still here\n\n")
            else:
                text = f"id: {entry.number}\nevent: {entry.kind}\ndata: {json.dumps(entry.data)}\n\n"
                await response.write(text.encode())
    except ConnectionError:
        pass
    return response


def _number(request: web.Request, name: str, otherwise: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isdecimal() else otherwise


def _cursor(request: web.Request, otherwise: int) -> int:
    last = request.headers.get("Last-Event-ID", "")
    return int(last) if last.isdecimal() else _number(request, "since", otherwise)
