"""What is looked after besides the runs themselves: overdue decisions, choices of the policy, escalation."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actions.catalog.service import Service
from actions.history.database import History
from actions.run.answering import expire_overdue
from actions.run.choosing import choose_by_policy
from actions.run.escalating import escalate_overdue

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Duties:
    history: History
    services: Callable[[], Mapping[str, Service]]

    def look(self) -> None:
        """Raises what the history raises; each duty bears being done again."""
        for rollback in expire_overdue(self.history):
            log.info("%s expired: nobody decided in time", rollback, extra={"event": "rollback_expired"})
        services = self.services()
        for rollback in choose_by_policy(self.history, services):
            log.warning("%s goes on as the policy says", rollback, extra={"event": "choice_by_policy"})
        for rollback in escalate_overdue(self.history, services):
            log.error(
                "%s needs somebody: its contacts are named in `backout show`", rollback, extra={"event": "escalated"}
            )
