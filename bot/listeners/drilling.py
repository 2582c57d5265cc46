"""A drill takes minutes: it gets a thread of its own, one at a time, and its report is said when it is there."""

import logging
import threading

from actions.approve.people import people_named, roles_of
from actions.catalog.service import Service
from actions.errors import BackoutError, RefusedError
from actions.restore.drill import DrillOrder, run_drill
from actions.restore.drill_report import keep_report
from bot.presence import Presence
from bot.render import notices
from bot.render.drilling import drill_begun, drill_report
from bot.replies import Reply
from bot.slack_api import SlackError

log = logging.getLogger(__name__)

_one_at_a_time = threading.Lock()


def begin_drill(presence: Presence, reply: Reply, service: str) -> None:
    """It works the service's server hard: for those who have a role for the service."""
    entry = presence.catalog.service(service)
    if not roles_of(reply.visitor.identity, entry, presence.directory).held:
        raise RefusedError(
            f"You may not start a drill of {service}: it needs a role for the service",
            next_step=f"Who could: {people_named(entry.approvers)}.",
        )
    thread = threading.Thread(target=_drill, args=(presence, reply, entry), name=f"drill-{service}", daemon=True)
    reply(drill_begun(service))
    thread.start()


def _drill(presence: Presence, reply: Reply, service: Service) -> None:
    """The edge of a thread."""
    try:
        with _one_at_a_time:
            premises = presence.premises(service)
            done = run_drill(premises, DrillOrder(should_stop=presence.stopping.is_set))
            keep_report(done, premises.stores)
        _tell(reply, presence, service.name, drill_report(done).payload)
    except BackoutError as error:
        reply(notices.trouble(error))
    except Exception:
        log.exception("A drill of %s broke", service.name, extra={"event": "drill_crashed"})


def _tell(reply: Reply, presence: Presence, service: str, payload: object) -> None:
    """Where it was asked for, so that the team sees it; directly where we may not speak there."""
    visitor = reply.visitor
    assert isinstance(payload, dict)  # noqa: S101 because a message makes it
    for place in (visitor.channel, visitor.user):
        if not place:
            continue
        try:
            presence.slack.call("chat.postMessage", channel=place, **payload)
        except SlackError as error:
            log.warning("The report about %s: %s", service, error.what, extra={"event": "reply_lost"})
        else:
            return
