"""What is done after Slack has its acknowledgement: in threads of their own, each delivery once, every error answered.

Here is the one place where an error becomes a reply. It never holds anything secret: the words of our errors are made for
people and redacted, and whatever we did not foresee is told as a reference to a line in the log.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from actions.errors import BackoutError
from actions.history.deliveries import first_time
from actions.run.asking_again import note_turned_away
from bot.presence import Presence
from bot.render import notices
from bot.render.message import Message
from bot.replies import Reply
from bot.slack_api import SlackError
from bot.visitors import Visitor

log = logging.getLogger(__name__)

#: They mostly wait for Slack or for the database.
AT_ONCE = 16
Work = Callable[[Reply], None]


@dataclass(frozen=True, kw_only=True)
class Errands:
    presence: Presence
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="errand"))

    def run(self, visitor: Visitor, what: str, work: Work, *, typed: bool = False) -> None:
        """`typed`: it is a command, which counts in some channels only."""
        reply = Reply(slack=self.presence.slack, visitor=visitor)
        self.pool.submit(self.guarded, reply, what, lambda: self._let_in(reply, what, work, typed=typed))

    def _let_in(self, reply: Reply, what: str, work: Work, *, typed: bool) -> None:
        visitor = reply.visitor
        if not first_time(self.presence.desk.history, visitor.key):
            log.debug("Delivered again: %s", what, extra={"event": "delivered_again"})
            return
        door = self.presence.door
        why = door.refusal(visitor)
        if why is None and typed and not door.may_command_in(visitor):
            why = "Backout may not be used in this channel"
        if why is not None:
            self.turn_away(visitor, what, why)
            reply(notices.not_here(why))
            return
        work(reply)

    def turn_away(self, visitor: Visitor, what: str, why: str) -> None:
        """For the record."""
        log.warning("Turned away: %s (%s)", why, what, extra={"event": "visitor_turned_away", "person": visitor.user})
        note_turned_away(self.presence.desk.history, None, visitor.user or "somebody", what, why)

    def guarded(self, reply: Reply, what: str, work: Callable[[], None]) -> None:
        """The edge of a thread; and of whoever knows by now where an error is better said."""
        try:
            work()
        except SlackError as error:
            # Whoever waits for it would not hear of it either, most of the time; but they may.
            log.warning("%s: %s", what, error.what, extra={"event": "errand_failed"})
            reply(notices.trouble(error))
        except BackoutError as error:
            reply(notices.trouble(error))
        except Exception as error:  # noqa: BLE001 because it is the edge of a thread: told and logged, not lost
            reply(unexpected(error, what))


@dataclass(frozen=True, kw_only=True)
class HandedOn(Errands):
    """Of a process that only hears: another one does it."""

    say: Callable[[Mapping[str, Any]], None]

    def run(self, visitor: Visitor, what: str, work: Work, *, typed: bool = False) -> None:  # noqa: ARG002 because it is the other's
        self.say(visitor.body)


def unexpected(error: BaseException, what: str) -> Message:
    """A fault of ours: a reference for the person, the traceback for the log."""
    reference = secrets.token_hex(4)
    log.error(
        "Unexpected error %s in %s", reference, what, exc_info=error,
        extra={"event": "unexpected_error", "reference": reference},
    )  # fmt: skip
    return notices.unexpected(reference)
