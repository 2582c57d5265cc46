"""Response URLs: five messages within thirty minutes."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox import ids
from bot.sandbox.clock import Clock
from bot.sandbox.model.messages import Message

Json = dict[str, Any]
USES, SECONDS = 5, 30 * 60.0


@dataclass(kw_only=True)
class ResponseUrl:
    person: str
    channel: str
    expires: float
    #: Where the button was.
    message: Message | None = None
    uses: int = 0


class ResponseUrlError(Exception):
    """The code is Slack's."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class ResponseUrls:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, ResponseUrl] = {}

    def make(self, *, person: str, channel: str, message: Message | None = None) -> str:
        """The path of a new one."""
        now = self._clock.now()
        if len(self._known) > 10_000:
            self._known = {name: each for name, each in self._known.items() if each.expires > now - 60}
        path = f"/{'actions' if message else 'commands'}/{ids.secret(32)}"
        self._known[path] = ResponseUrl(person=person, channel=channel, message=message, expires=now + SECONDS)
        return path

    def use(self, path: str) -> ResponseUrl:
        found = self._known.get(path)
        if found is None:
            raise ResponseUrlError("no_active_hooks", 404)
        if found.expires < self._clock.now():
            raise ResponseUrlError("expired_url", 404)
        if found.uses >= USES:
            raise ResponseUrlError("used_url", 404)
        return found
