"""How often each method may be called: Slack's tiers, on the sandbox's clock."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import Enum

from bot.sandbox.knobs import Knobs

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    #: So many calls in so many seconds.
    calls: int
    seconds: float = MINUTE


class Tier(Enum):
    """Per method, per app, per workspace."""

    #: Documented as one a minute and more. A process that reconnects needs a few: two a minute, and ten at once.
    ONE = Rate(10, 5 * MINUTE)
    TWO = Rate(20)
    THREE = Rate(50)
    FOUR = Rate(100)
    #: auth.test, chat.getPermalink.
    MANY = Rate(600)
    #: chat.postMessage: one a second in each channel, with a short burst, and several hundred a minute in all.
    POSTING = Rate(300)
    FREE = Rate(10_000)


#: One message a second; who posts a few at once is not refused.
CHANNEL = Rate(1, 1.0)
BURST = 5


class Rates:
    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._credit: dict[str, tuple[float, float]] = {}

    def wait(self, method: str, tier: Tier, channel: str | None) -> int | None:
        """Seconds to wait, when it was one too many."""
        if not self._knobs.limits:
            return None
        now = self._knobs.clock.now()
        wait = self._window(method, tier.value, now)
        if wait is None and tier is Tier.POSTING and channel:
            wait = self._bucket(channel, now)
            if wait is not None:
                self._calls[method].pop()
        return wait

    def _window(self, method: str, rate: Rate, now: float) -> int | None:
        calls = self._calls[method]
        while calls and calls[0] <= now - rate.seconds:
            calls.popleft()
        if len(calls) >= max(1, int(rate.calls * self._knobs.limits_factor)):
            return max(1, math.ceil(calls[0] + rate.seconds - now))
        calls.append(now)
        return None

    def _bucket(self, channel: str, now: float) -> int | None:
        credit, before = self._credit.get(channel, (float(BURST), now))
        credit = min(float(BURST), credit + (now - before) * self._knobs.limits_factor * CHANNEL.calls)
        if credit < 1:
            self._credit[channel] = (credit, now)
            return 1
        self._credit[channel] = (credit - 1, now)
        return None
