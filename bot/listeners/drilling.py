"""A drill takes minutes: it gets a thread of its own, one at a time. It is written down before it begins, and so is its end;
whoever tells people what happens says it (`bot/announcer/drill_reports.py`), also when this process does not live so long."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from actions.approve.people import people_named, roles_of
from actions.catalog.service import Service
from actions.errors import BackoutError, RefusedError
from actions.history.drills import begin, end, see
from actions.restore.drill import DrillOrder, run_drill
from actions.restore.drill_report import keep_report
from bot.errands import unexpected
from bot.presence import Presence
from bot.render import notices
from bot.render.drilling import drill_begun, drill_report
from bot.render.message import Message
from bot.replies import Reply

log = logging.getLogger(__name__)

#: So often it is noted that it still goes on.
SEEN_SECONDS = 15.0
_one_at_a_time = threading.Lock()


def begin_drill(presence: Presence, reply: Reply, service: str) -> None:
    """It works the service's server hard: for those who have a role for the service."""
    entry = presence.catalog.service(service)
    visitor = reply.visitor
    if not roles_of(visitor.identity, entry, presence.directory).held:
        raise RefusedError(
            f"You may not start a drill of {service}: it needs a role for the service",
            next_step=f"Who could: {people_named(entry.approvers)}.",
        )
    number = begin(presence.desk.history, service=service, requester=visitor.user, place=visitor.channel)
    threading.Thread(target=_drill, args=(presence, number, entry), name=f"drill-{service}", daemon=True).start()
    reply(drill_begun(service))


def _drill(presence: Presence, number: int, service: Service) -> None:
    """The edge of a thread. Where the end cannot be written down, it is as if this process had died."""
    with _seen(presence, number):
        ended = _ended(presence, service)
        try:
            with presence.desk.history.writing() as connection:
                end(connection, number, dict(ended.payload))
        except BackoutError as error:
            log.warning("The end of a drill of %s: %s", service.name, error.what, extra={"event": "drill_unwritten"})
    presence.nudge()


def _ended(presence: Presence, service: Service) -> Message:
    try:
        with _one_at_a_time:
            premises = presence.premises(service)
            done = run_drill(premises, DrillOrder(should_stop=presence.stopping.is_set))
            keep_report(done, premises.stores)
    except BackoutError as error:
        return notices.trouble(error)
    except Exception as error:  # noqa: BLE001 because it is the edge of a thread: told and logged, not lost
        return unexpected(error, f"a drill of {service.name}")
    return drill_report(done)


@contextmanager
def _seen(presence: Presence, number: int) -> Iterator[None]:
    over = threading.Event()

    def look() -> None:
        while not over.wait(SEEN_SECONDS):
            with suppress(BackoutError):  # for a moment; what lasts is noticed by whoever waits for the end
                see(presence.desk.history, number)

    watching = threading.Thread(target=look, name="drill-seen", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
