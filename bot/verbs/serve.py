import logging
import threading

import click

from actions.assess.forgotten import sweep_forgotten
from actions.errors import ConfigurationError
from bot.stopping import run_until_stopped
from bot.wiring import Wiring

log = logging.getLogger(__name__)


@click.command
@click.option("--workers-only", is_flag=True, help="Do the background work, without Slack.")
@click.pass_obj
def serve(wiring: Wiring, *, workers_only: bool) -> None:
    """Do the background work until SIGTERM or Ctrl-C: look at every service of the catalog once a minute and note
    which revision is live, since when, and what was written by then.

    Any number of these may run on the same history and catalog: they share the work. While the history database is
    away it waits. Slack is not connected yet in this version, so --workers-only has to be said.
    """
    if not workers_only:
        raise ConfigurationError(
            "Slack is not connected yet in this version, so there is nobody to serve",
            where="backout serve",
            next_step="Use `backout serve --workers-only` for the background work; "
            "the verbs of the command line (`backout --help`) do the rest.",
        )
    count = len(wiring.catalog.services)
    log.info(
        "Working for %d %s of %s, without Slack",
        count, "service" if count == 1 else "services", wiring.settings.catalog,
        extra={"event": "serve_started", "services": count, "catalog": str(wiring.settings.catalog)},
    )  # fmt: skip
    # Beside the work: a server that does not answer must not hold it up.
    services = tuple(wiring.catalog.services.values())
    threading.Thread(target=sweep_forgotten, args=(services, wiring.environ), name="sweep", daemon=True).start()
    run_until_stopped(wiring.work)
    log.info("Stopped", extra={"event": "serve_stopped"})
