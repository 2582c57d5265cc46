"""Trigger ids: they open one modal, within three seconds."""

from dataclasses import dataclass

from bot.sandbox import ids
from bot.sandbox.clock import Clock

SECONDS = 3.0


@dataclass(kw_only=True)
class Trigger:
    person: str
    expires: float
    used: bool = False


class TriggerError(Exception):
    """The code is Slack's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Triggers:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, Trigger] = {}

    def make(self, person: str) -> str:
        now = self._clock.now()
        if len(self._known) > 10_000:
            self._known = {name: each for name, each in self._known.items() if each.expires > now - 60}
        name = f"{ids.number()}.{int(now * 1000)}.{ids.secret(32)}"
        self._known[name] = Trigger(person=person, expires=now + SECONDS)
        return name

    def look(self, name: str) -> Trigger:
        found = self._known.get(name)
        if found is None:
            raise TriggerError("invalid_trigger_id")
        if found.used:
            raise TriggerError("exchanged_trigger_id")
        if found.expires < self._clock.now():
            raise TriggerError("expired_trigger_id")
        return found
