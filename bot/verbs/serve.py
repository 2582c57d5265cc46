import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from bot import serving
from bot.loading import loading
from bot.logs import set_up_logging
from bot.stopping import run_until_stopped
from bot.wiring import Wiring

if TYPE_CHECKING:
    from bot.signs import Signs

log = logging.getLogger(__name__)


@click.command
@click.option("--workers-only", is_flag=True, help="Do the background work, without Slack.")
@click.pass_obj
def serve(wiring: Wiring, *, workers_only: bool) -> int:
    """Serve Slack and do the background work until SIGTERM or Ctrl-C: carry rollbacks out, take scheduled backups, look at
    every service of the catalog once a minute and note which revision is live, since when, and what was written by then.

    Any number of these may run on the same history and catalog: they share the work. While the history database is
    away it waits; while Slack is away the work goes on, and its messages catch up.
    """
    with loading():
        if not workers_only:
            from bot.configured import must_be_configured

            must_be_configured(wiring.settings)
        count = len(wiring.catalog.services)
    log.info(
        "Working for %d %s of %s, %s Slack",
        count, "service" if count == 1 else "services", wiring.settings.catalog, "without" if workers_only else "with",
        extra={"event": "serve_started", "services": count, "catalog": str(wiring.settings.catalog)},
    )  # fmt: skip
    if workers_only:
        with _looked_after(wiring) as signs:
            run_until_stopped(partial(serving.work, wiring, signs=signs))
        code = 0
    else:
        from bot.parts import Work, run_parts
        from bot.signs import ANSWERING, HEARING, WORK, Signs
        from bot.wire import pair

        hearing, answering = pair()
        signs = Signs((HEARING, ANSWERING, WORK))
        parts: dict[str, Work] = {
            WORK: partial(serving.work, wiring, signs=signs),
            HEARING: partial(serving.hear, wiring, hearing, signs),
            ANSWERING: partial(serving.answer, wiring, answering),
        }
        serving.load_history()
        code = run_parts(parts, partial(_at_the_edge, wiring), signs, load=serving.load_slack)
    log.info("Stopped", extra={"event": "serve_stopped"})
    return code


@contextmanager
def _looked_after(wiring: Wiring) -> "Iterator[Signs | None]":
    """One process alone: whoever looks after it finds `/health` and `/ready` where BACKOUT_LISTEN says."""
    listen = wiring.settings.listen
    if listen is None:
        yield None
        return
    from bot.signs import WORK, Signs
    from bot.transports import Web

    signs = Signs((WORK,))
    signs.keep_living(WORK)
    web = Web(listen, lambda: {"work": signs.works(WORK)}, lambda: not signs.hangs(WORK), None)
    web.start(threading.Event())
    try:
        yield signs
    finally:
        web.stop()


def _at_the_edge(wiring: Wiring, call: Callable[[], object]) -> int:
    """Of a process that may know nothing yet."""
    from bot.cli import at_the_edge

    set_up_logging(wiring.settings.log, wiring.settings.log_level)
    return at_the_edge(call)
