"""A request at `/api/METHOD`: bad days first, then token, rate, scope; then it is answered, and noted."""

import json
import math
import time
from typing import Any

from aiohttp import web

from bot.sandbox.api.calls import Arguments, Json, Refusal
from bot.sandbox.api.conversations import need
from bot.sandbox.api.methods import METHODS, Method
from bot.sandbox.local import LocalSlack
from bot.sandbox.rates import Tier


class Gate:
    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack

    async def serve(self, request: web.Request) -> web.StreamResponse:
        began = time.monotonic()
        name = request.match_info["method"]
        slack = self._slack
        given, token = await _read(request)
        if slack.knobs.slow:
            await slack.clock.sleep(slack.knobs.slow)
        response, answer, note = self._answer(name, given, token)
        loses = response.status == 200 and answer.get("ok") and slack.knobs.loses(name)
        slack.traffic.note(
            "call", method=name, arguments=_readable(given), status=response.status, answer=answer,
            seconds=round(time.monotonic() - began, 4), note="its answer was lost" if loses else note,
        )  # fmt: skip
        if loses:
            slack.tell_knobs()
            hang_up(request)
        return response

    def _answer(self, name: str, given: Json, token: str) -> tuple[web.Response, Json, str | None]:
        knobs = self._slack.knobs
        if left := knobs.left(knobs.broken_until):
            return web.Response(status=knobs.broken_status, text="upstream error"), {}, f"broken for {left:.0f} s"
        if left := knobs.left(knobs.storm_until):
            return *_too_many(math.ceil(left)), "storm"
        if (error := knobs.failure(name)) == "ratelimited":
            return *_too_many(1), "told to fail"
        if error:
            return *_json({"ok": False, "error": error}), "told to fail"
        try:
            method = self._allowed(name, token)
            wait = self._slack.rates.wait(name, method.tier, str(given.get("channel", "")) or None)
            if wait is not None:
                return *_too_many(wait), "documented rate"
            if method.scope:
                need(self._slack, method.scope)
            answer = method.answer(self._slack, Arguments(given))
        except Refusal as refusal:
            answer = {"ok": False, "error": refusal.code, **refusal.more}
        response, answer = _json(answer)
        response.headers["X-OAuth-Scopes"] = ",".join(sorted(self._slack.scopes))
        if name in METHODS and (scope := METHODS[name].scope):
            response.headers["X-Accepted-OAuth-Scopes"] = scope
        return response, answer, None

    def _allowed(self, name: str, token: str) -> Method:
        method = METHODS.get(name)
        if method is None:
            raise Refusal("unknown_method", req_method=name)
        if method.tier is Tier.FOUR and name == "api.test":
            return method
        kept = self._slack.credentials
        if not token:
            raise Refusal("not_authed")
        if token not in (kept.bot_token, kept.app_token):
            raise Refusal("invalid_auth")
        if (token == kept.app_token) is not method.for_app:
            raise Refusal("not_allowed_token_type")
        return method


async def _read(request: web.Request) -> tuple[Json, str]:
    """Arguments from the query, a form or JSON; the token from the header, or from among them."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            body = None
        given |= body if isinstance(body, dict) else {}
    elif request.can_read_body:
        given |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    named = str(given.pop("token", "") or "")
    return given, token.strip() if scheme.lower() == "bearer" else named


def _readable(given: Json) -> Json:
    """JSON within a form, unpacked for whoever reads the traffic."""
    told: Json = {}
    for name, value in given.items():
        told[name] = value
        if isinstance(value, str) and value[:1] in "{[":
            try:
                told[name] = json.loads(value)
            except ValueError:
                continue
    return told


def _json(answer: Json) -> tuple[web.Response, Json]:
    return web.json_response(answer), answer


def _too_many(seconds: int) -> tuple[web.Response, Json]:
    answer = {"ok": False, "error": "ratelimited"}
    return web.json_response(answer, status=429, headers={"Retry-After": str(max(1, seconds))}), answer


def hang_up(request: web.Request) -> None:
    """Without a word."""
    if request.transport is not None:
        request.transport.abort()
