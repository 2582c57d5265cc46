"""The one who tells: takes the lead if nobody has it, looks what has to be told, and has it told, several at once.

Never in the way of a run: it reads what runs have written, and nobody waits for it.
"""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from actions.errors import BackoutError
from actions.history.announcements import RECORD_STAMP, to_be_told
from actions.history.announcers import Lead, lead, step_down
from actions.history.database import History
from actions.history.deliveries import forget_old_deliveries
from actions.history.glance import Glance
from actions.history.leases import LostLeaseError
from actions.history.values import RollbackId
from actions.run.pulse import elapsed_seconds
from bot.announcer.drill_reports import DrillReports
from bot.announcer.pacing import Pace
from bot.announcer.patience import Patience
from bot.announcer.teller import Teller
from bot.announcer.viewers import Viewers
from bot.presence import Presence
from bot.slack_api import SECONDS

log = logging.getLogger(__name__)

NAME = "slack"
AT_ONCE = 6
TIDY_SECONDS = 3600.0
#: So often the catalog is looked at while nobody needs it.
GLANCE_SECONDS = 1.0
#: After a fault of ours: not at once again, and not never.
FAULT_SECONDS = 10.0
LEAVE_SECONDS = 3.0


@dataclass
class _Known:
    """What was seen of a rollback when it was last told."""

    stamp: str
    #: By the monotonic clock: look again then, even if nothing happens.
    again: float


class Announcer:
    def __init__(
        self, presence: Presence, history: History, *, lasting: timedelta, pace: Pace | None = None,
        patience: Patience | None = None,
    ) -> None:  # fmt: skip
        self._presence = presence
        self._history = history
        self._lasting = lasting
        self._leading: Lead | None = None
        self._led_until = 0.0
        self._renew_at = 0.0
        self._pace = pace or Pace()
        self._patience = patience or Patience()
        self._drills = DrillReports(presence, history, self._must_lead, self._patience)
        self._known: dict[RollbackId, _Known] = {}
        self._busy: dict[RollbackId, Future[None]] = {}
        self._viewers = Viewers(presence, history)
        self._record = Glance(history, RECORD_STAMP)
        self._tidy_at = 0.0
        self._glance_at = 0.0
        #: The last entry of a record of which nothing was left to tell.
        self._quiet_since: int | None = None
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="telling")

    def work(self, stopping: threading.Event, over: threading.Event) -> None:
        """Until either is set."""
        with self._record:
            self._look_again_and_again(stopping, over)
        self._leave()

    def _look_again_and_again(self, stopping: threading.Event, over: threading.Event) -> None:
        away = False
        while not stopping.is_set() and not over.is_set():
            try:
                self._glance()
                if self._presence.has_met and self._lead():
                    self._look()
                away = False
            except BackoutError as error:
                log.log(logging.DEBUG if away else logging.WARNING, "Nothing can be told: %s", error.what,
                        extra={"event": "telling_interrupted"})  # fmt: skip
                away = True
            except Exception:
                # The edge of a thread: a fault in telling must not end the telling.
                log.exception("A fault in telling", extra={"event": "telling_crashed"})
                over.wait(FAULT_SECONDS)
            pause = self._patience.look if self._quiet_since is None else self._patience.quiet_look
            if self._presence.nudged.wait(pause):
                self._presence.nudged.clear()

    def _glance(self) -> None:
        """Also while nobody does anything: whoever presses a button next is judged by the catalog of now."""
        now = time.monotonic()
        if now >= self._glance_at:
            self._glance_at = now + GLANCE_SECONDS
            self._presence.glance()

    def _lead(self) -> bool:
        """Keeps the lead, or takes it when nobody has it."""
        now = elapsed_seconds()
        if now < self._renew_at:
            return self._leading is not None
        lasting = self._lasting.total_seconds()
        self._renew_at = now + lasting / 5
        before = self._leading
        self._leading = lead(self._history, NAME, lasting=self._lasting)
        if self._leading is not None:
            self._led_until = now + lasting
        if self._leading is not None and (before is None or before.fence != self._leading.fence):
            self._known.clear()
            self._quiet_since = None
            log.info("This process tells people what happens", extra={"event": "telling"})
        return self._leading is not None

    def _must_lead(self) -> None:
        """A call takes seconds: it must be over before somebody else could take the lead."""
        margin = min(SECONDS + 1.0, self._lasting.total_seconds() / 2)
        if elapsed_seconds() > self._led_until - margin:
            raise LostLeaseError("The lead could not be renewed in time")

    def _look(self) -> None:
        leading = self._leading
        assert leading is not None  # noqa: S101 because `_lead` said so
        now = time.monotonic()
        written = int(self._record.look())
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_SECONDS
            with self._history.writing() as connection:
                forget_old_deliveries(connection)
        self._drills.look(leading)
        if written == self._quiet_since:
            self._viewers.look(leading, written)
            return
        stamps = to_be_told(self._history, leading)
        self._quiet_since = None if stamps or self._busy else written
        for rollback, stamp in stamps.items():
            known = self._known.get(rollback)
            if rollback in self._busy or (known is not None and known.stamp == stamp and now < known.again):
                continue
            self._busy[rollback] = self._pool.submit(self._tell, leading, rollback, stamp)
        for rollback in [each for each in self._known if each not in stamps]:
            del self._known[rollback]
        self._viewers.look(leading, written)

    def _tell(self, leading: Lead, rollback: RollbackId, stamp: str) -> None:
        """In a thread; its edge."""
        again = FAULT_SECONDS
        try:
            teller = Teller(
                presence=self._presence, history=self._history, leading=leading, pace=self._pace,
                patience=self._patience, must_lead=self._must_lead,
            )  # fmt: skip
            again = teller.tell(rollback)
        except LostLeaseError:
            # Too slow, most of the time: whoever leads by then goes on at once.
            self._renew_at, again = 0.0, self._patience.look
        except BackoutError as error:
            log.debug("%s is not told now: %s", rollback, error.what, extra={"event": "telling_interrupted"})
            again = self._patience.look
        except Exception:
            log.exception(
                "%s could not be told", rollback, extra={"event": "telling_crashed", "rollback": str(rollback)}
            )
        finally:
            self._known[rollback] = _Known(stamp=stamp, again=time.monotonic() + again)
            self._busy.pop(rollback, None)
            if again < self._patience.look:
                self._presence.nudge()

    def _leave(self) -> None:
        """What is being sent may end; then another may go on at once."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait(list(self._busy.values()), timeout=LEAVE_SECONDS)
        if self._leading is None or self._busy:
            return
        try:
            step_down(self._history, self._leading)
        except BackoutError:
            log.debug("The lead runs out by itself", extra={"event": "telling_interrupted"})
