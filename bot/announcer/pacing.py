"""How much Slack takes: one message a second in a channel, an edit of a message every few seconds, fifty edits a minute
for all of them together; and silence for as long as it asks for.

Only what Slack said about one channel holds that channel: the others go on, and are told themselves when it is too much.
"""

import threading
import time
from collections.abc import Callable

POST_GAP = 1.1
EDIT_GAP = 3.0
#: For what must be seen at once: a decision, trouble, the end.
URGENT_GAP = 0.5
EDITS_A_MINUTE = 45
BURST = 12
#: So many are kept for what is urgent.
KEPT_BACK = 5


class Pace:
    """Shared by everything that one process sends."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, post_gap: float = POST_GAP, edit_gap: float = EDIT_GAP,
        urgent_gap: float = URGENT_GAP, edits_a_minute: float = EDITS_A_MINUTE,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._gaps = (post_gap, edit_gap, urgent_gap)
        self._rate = edits_a_minute / 60
        self._lock = threading.Lock()
        self._posted: dict[str, float] = {}
        self._edited: dict[tuple[str, str], float] = {}
        self._held: dict[tuple[str, str], float] = {}
        self._tokens = float(BURST)
        self._filled = clock()

    def hold(self, method: str, channel: str, seconds: float) -> None:
        """Slack wants no more of these there for a while."""
        with self._lock:
            self._held[method, channel] = self._clock() + seconds

    def held(self, method: str, channel: str) -> float:
        """For how many seconds still."""
        with self._lock:
            return max(0.0, self._held.get((method, channel), 0.0) - self._clock())

    def before_post(self, channel: str) -> float:
        """How long a message has to wait; 0 takes the turn."""
        held = self.held("chat.postMessage", channel)
        with self._lock:
            wait = max(held, self._posted.get(channel, 0.0) + self._gaps[0] - self._clock())
            if wait > 0:
                return wait
            self._posted[channel] = self._clock()
        return 0.0

    def before_edit(self, channel: str, ref: str, *, urgent: bool) -> float:
        """How long an edit has to wait; 0 takes the turn."""
        held = self.held("chat.update", channel)
        gap = self._gaps[2] if urgent else self._gaps[1]
        with self._lock:
            now = self._clock()
            wait = max(held, self._edited.get((channel, ref), 0.0) + gap - now)
            if wait > 0:
                return wait
            self._tokens = min(BURST, self._tokens + (now - self._filled) * self._rate)
            self._filled = now
            least = 1.0 if urgent else 1.0 + KEPT_BACK
            if self._tokens < least:
                return (least - self._tokens) / self._rate
            self._tokens -= 1
            self._edited[channel, ref] = now
        return 0.0

    def forget(self, channel: str) -> None:
        """Nothing follows there."""
        with self._lock:
            self._posted.pop(channel, None)
            for key in [key for key in self._edited if key[0] == channel]:
                del self._edited[key]
