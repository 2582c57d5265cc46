"""What each part of `serve` does, and the real parts that it is given: to hear Slack, to answer and tell, to carry rollbacks out."""

import logging
import socket
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

from bot.beside import beside, left_behind
from bot.loading import loading

if TYPE_CHECKING:
    from actions.catalog import Service
    from actions.history.database import History
    from actions.restore.premises import Premises
    from bot.signs import Signs
    from bot.wiring import Wiring

log = logging.getLogger(__name__)

#: An acknowledgement passes through several threads, and each turn of another's that it waits for is no longer than this.
SHORT_TURN_SECONDS = 0.001


def load_history() -> None:
    """What every part needs: a process that is forked has it, and shares its memory."""
    with loading():
        import actions.history.database
        import actions.history.worker  # noqa: F401 because they are loaded for others


def load_slack() -> None:
    """What those need who speak with Slack."""
    with loading():
        import bot.attending  # noqa: F401 because it is loaded for others


def hear(wiring: "Wiring", end: socket.socket, signs: "Signs", stopping: threading.Event) -> None:
    """Slack's side, until we are stopping, or until Slack says that it will never have us."""
    from bot.attending import Hearing
    from bot.presence import Presence
    from bot.wire import Mouth

    wiring.watched.catch_up()
    sys.setswitchinterval(SHORT_TURN_SECONDS)
    hearing = Hearing(Presence(wiring.settings, lambda: wiring.catalog, wiring.environ), Mouth(end), signs)
    try:
        hearing.hear(stopping)
    finally:
        hearing.leave()


def answer(wiring: "Wiring", end: socket.socket, stopping: threading.Event) -> None:
    """What was heard, until we are stopping; and telling what happens. Nothing here carries a rollback out."""
    from actions.history.database import open_history
    from actions.history.watching import watch
    from actions.history.worker import keep_working
    from bot.attending import Answering
    from bot.presence import Presence
    from bot.wire import Ear

    wiring.watched.catch_up()
    presence = Presence(wiring.settings, lambda: wiring.catalog, wiring.environ)
    answering = Answering(presence, Ear(end), lasting=wiring.settings.lease)

    def answering_people() -> None:
        answering.answer(stopping)

    def tell() -> None:
        with wiring.history_url() as url, open_history(url) as history, answering.telling(history, stopping):
            watch(history, stopping)

    with left_behind(answering_people, stopping):
        try:
            keep_working(tell, stopping)
        finally:
            answering.leave()


def work(wiring: "Wiring", stopping: threading.Event, *, signs: "Signs | None" = None) -> None:
    """The background work, until we are stopping; while the history is away it waits."""
    with loading():
        from actions.assess.forgotten import sweep_forgotten
        from actions.assess.lookout import TASK, Lookout, sightings
        from actions.history.database import open_history
        from actions.history.queue import queue_app
        from actions.history.tidying import tidying
        from actions.history.worker import keep_working, run_worker
        from actions.restore.premises import premises_of
        from actions.restore.scheduled import ACTOR, NightWatch, backups
        from actions.restore.scheduled import TASK as BACKUPS
        from actions.restore.scheduled import TIDY_TASK as RETENTION
    from actions.restore.standing_in import bring_over

    wiring.watched.catch_up()
    # Beside the work: a server that does not answer must not hold it up.
    known = tuple(wiring.catalog.services.values())
    threading.Thread(target=sweep_forgotten, args=(known, wiring.environ), name="sweep", daemon=True).start()
    services = wiring.watched.services()
    lookout = Lookout(services, wiring.environ, stopping)

    def around(history: "History", service: "Service") -> "Premises":
        return premises_of(history, service, wiring.environ, home=wiring.settings.home, actor=ACTOR)

    night_watch = NightWatch(services, around, wiring.stores_of, stopping)

    def work() -> None:
        # All of it anew each time: an embedded server that died is started again here.
        with wiring.history_url() as url, open_history(url) as history:
            bring_over(wiring.settings.home, history, wiring.stores_of, actor=ACTOR)
            log.info("Ready, with the %s", history.where, extra={"event": "serve_ready"})
            tasks = (sightings(lookout, history), backups(night_watch, history))
            app = queue_app(url, *tasks, tidying(TASK, BACKUPS, RETENTION))
            with beside(partial(carry_out_runs, wiring, history, signs), stopping):
                run_worker(app, stopping, where=history.where, at_start=[TASK, BACKUPS])

    keep_working(work, stopping)


def carry_out_runs(wiring: "Wiring", history: "History", signs: "Signs | None", stopping: threading.Event) -> None:
    """Takes on every rollback that has no living runner, until we are stopping."""
    with loading():
        from actions.run.crewing import crew_of
        from actions.run.duties import Duties
        from actions.run.shift import Shift
        from bot.signs import WORK

    def glance() -> None:
        if signs is not None:
            signs.turns(WORK)
        wiring.watched.now()

    duties = Duties(history=history, services=lambda: wiring.catalog.services)
    crew = crew_of(wiring.sites(history), lasting=wiring.settings.lease)
    try:
        Shift(crew, stopping, duties=duties, glance=glance).work()
    finally:
        if signs is not None:
            signs.rests(WORK)
