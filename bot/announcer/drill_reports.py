"""How a drill ended is said where it was asked for, once, whatever died meanwhile: its report, or that there is none."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from actions.assess.forgotten import sweep_forgotten
from actions.history.announcers import Lead, still_leads
from actions.history.database import History
from actions.history.drills import WaitedFor, about_to_tell, end, not_sent, told, waited_for
from bot.announcer.finding import EVENT_TYPE, find
from bot.announcer.patience import Patience
from bot.presence import Presence
from bot.render.drilling import drill_lost
from bot.slack_api import SlackError

log = logging.getLogger(__name__)


@dataclass
class DrillReports:
    presence: Presence
    history: History
    #: Raises when somebody else may tell by now.
    must_lead: Callable[[], None]
    patience: Patience
    _next: float = 0.0

    def look(self, leading: Lead) -> None:
        """Now and then; a fault of Slack's is no reason to stop."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self.patience.away
        with self.history.reading() as connection:
            waiting = waited_for(connection, settled=timedelta(seconds=self.patience.unsettled))
        for each in waiting:
            if each.orphaned:
                self._give_up(leading, each)
            elif each.report is not None and not each.under_way:
                self._tell(leading, each, each.report)

    def _give_up(self, leading: Lead, drill: WaitedFor) -> None:
        """Whoever did it is gone. What it left on the server goes, and whoever waits is told so with the next look."""
        log.warning(
            "A drill of %s did not come to its end: its process is gone", drill.service,
            extra={"event": "drill_lost", "service": drill.service},
        )  # fmt: skip
        if entry := self.presence.catalog.services.get(drill.service):
            sweeping = (entry,), self.presence.places.environ
            threading.Thread(target=sweep_forgotten, args=sweeping, name="sweep", daemon=True).start()
        with self.history.writing() as connection:
            still_leads(connection, leading)
            end(connection, drill.number, dict(drill_lost(drill.service, drill.requester, drill.asked_at).payload))
        self._next = 0.0

    def _tell(self, leading: Lead, drill: WaitedFor, report: Mapping[str, Any]) -> None:
        """Where it was asked for, so that the team sees it; directly where we may not speak there."""
        for place in filter(None, (drill.place, drill.requester)):
            try:
                if not self._is_there(drill, place):
                    self._send(leading, drill, place, report)
            except SlackError as error:
                if error.code is None or error.after is not None or not error.certain:
                    self._next = time.monotonic() + (error.after or self.patience.away)
                    return
                log.warning("The report about %s: %s", drill.service, error.what, extra={"event": "reply_lost"})
            else:
                break
        with self.history.writing() as connection:
            still_leads(connection, leading)
            told(connection, drill.number)

    def _send(self, leading: Lead, drill: WaitedFor, place: str, report: Mapping[str, Any]) -> None:
        with self.history.writing() as connection:
            still_leads(connection, leading)
            about_to_tell(connection, drill.number)
        self.must_lead()
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"nonce": _nonce(drill)}}
        try:
            self.presence.slack.call("chat.postMessage", channel=place, **report, metadata=metadata)
        except SlackError as error:
            if error.certain:
                with self.history.writing() as connection:
                    not_sent(connection, drill.number)
            raise

    def _is_there(self, drill: WaitedFor, place: str) -> bool:
        """Somebody was about to say it, and did not come to say that they had."""
        if drill.sent_at is None:
            return False
        try:
            return find(self.presence.slack, _nonce(drill), channel=place, since=drill.sent_at) is not None
        except SlackError as error:
            if error.code is None or error.after is not None or not error.certain:
                raise
            # We may not look. Better twice than never.
            return False


def _nonce(drill: WaitedFor) -> str:
    return f"drill-{drill.number}-{int(drill.asked_at.timestamp())}"
