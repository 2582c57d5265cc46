"""HTTP mode: signed requests to the app's own addresses."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.sandbox import ids
from bot.sandbox.clock import Clock, TooLateError
from bot.sandbox.delivery.letters import SECONDS, Acknowledged, Kind, Letter, Outcome, Unanswered
from bot.sandbox.traffic import Traffic

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(kw_only=True)
class Addresses:
    events: str | None = None
    interactivity: str | None = None
    options: str | None = None
    commands: str | None = None

    @property
    def any(self) -> bool:
        return bool(self.events or self.interactivity or self.commands)

    def of(self, kind: Kind) -> str | None:
        match kind:
            case Kind.EVENT:
                return self.events
            case Kind.COMMAND:
                return self.commands
            case Kind.OPTIONS:
                return self.options or self.interactivity
            case Kind.INTERACTIVE:
                return self.interactivity


class Requests:
    def __init__(self, signing_secret: str, clock: Clock, traffic: Traffic) -> None:
        self._secret = signing_secret.encode()
        self._clock = clock
        self._traffic = traffic
        self.addresses = Addresses()

    async def verify(self, url: str) -> bool:
        """The app must give back a challenge before Slack sends events to it."""
        challenge = ids.secret()
        body = json.dumps({"type": "url_verification", "challenge": challenge, "token": "sandbox"}).encode()
        status, text = await self._send(url, body, JSON, {})
        try:
            answered = json.loads(text).get("challenge")
        except (ValueError, AttributeError):
            answered = text.strip()
        return status == 200 and answered == challenge

    async def deliver(self, letter: Letter) -> Outcome:
        url = self.addresses.of(letter.kind)
        if url is None:
            return Unanswered(error="dispatch_failed", reason="no_address")
        body, content_type = _body(letter)
        retry = {}
        if letter.retry_attempt:
            retry = {"X-Slack-Retry-Num": str(letter.retry_attempt), "X-Slack-Retry-Reason": letter.retry_reason}
        self._traffic.note(
            "envelope", delivery=letter.number, url=url, type=letter.kind.value, payload=letter.payload,
            retry_attempt=letter.retry_attempt, retry_reason=letter.retry_reason,
        )  # fmt: skip
        began = time.monotonic()
        try:
            status, text = await self._clock.within(SECONDS, self._send(url, body, content_type, retry))
        except TooLateError:
            return self._failed(letter, "operation_timeout", "http_timeout")
        except (aiohttp.ClientError, OSError):
            return self._failed(letter, "dispatch_failed", "connection_failed")
        if status != 200:
            return self._failed(letter, "dispatch_failed", "http_error", status)
        payload = _payload(text)
        self._traffic.note(
            "ack", delivery=letter.number, url=url, payload=payload, seconds=round(time.monotonic() - began, 4)
        )
        return Acknowledged(payload=payload)

    def _failed(self, letter: Letter, error: str, reason: str, status: int | None = None) -> Unanswered:
        self._traffic.note("ack", delivery=letter.number, error=error, reason=reason, status=status)
        return Unanswered(error=error, reason=reason)

    async def _send(self, url: str, body: bytes, content_type: str, more: dict[str, str]) -> tuple[int, str]:
        # Slack's own clock, not the sandbox's: an app refuses what is older than five minutes.
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": self.sign(stamp, body), **more,
        }  # fmt: skip
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            return response.status, await response.text()

    def sign(self, stamp: str, body: bytes) -> str:
        return "v0=" + hmac.new(self._secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def _body(letter: Letter) -> tuple[bytes, str]:
    match letter.kind:
        case Kind.EVENT:
            return json.dumps(letter.payload).encode(), JSON
        case Kind.COMMAND:
            return urlencode(letter.payload).encode(), FORM
        case Kind.INTERACTIVE | Kind.OPTIONS:
            return urlencode({"payload": json.dumps(letter.payload)}).encode(), FORM


def _payload(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
