import sys

import click

from actions.restore.drill import DrillOrder, run_drill
from actions.restore.drill_report import keep_report
from bot.terminal.drill import drill_page
from bot.terminal.interrupting import stoppable
from bot.terminal.output import json_option, say, say_json, say_trouble
from bot.terminal.progress_bar import watching
from bot.verbs.check import complete_services
from bot.wiring import Wiring


@click.command
@click.argument("service", shell_complete=complete_services)
@click.option("--kind", type=click.Choice(["backup"]), default="backup", show_default=True, help="What is rehearsed.")
@click.option("--dry-run", is_flag=True, help="Restore nothing: show what would be run.")
@json_option
@click.pass_obj
def drill(wiring: Wiring, service: str, kind: str, *, dry_run: bool, as_json: bool) -> None:
    """Rehearse a restore from end to end, against the real server and the real stores, into a scratch database.

    Eight points: the server answers, the stores are there and writable, the tools are there, a backup can be created,
    its files are valid, they contain valid data, the restore works, the way back is documented. The service is only
    read. The backup stays and is kept like any other. A report (JSON) and a page with the steps for the night lie
    beside the backups afterwards.

    Exit code 1 when a point was not passed.

    \b
    backout drill orders
    backout drill orders --dry-run --json
    """
    with wiring.backups_of(service) as premises, stoppable() as stop:
        with watching(quiet=as_json) as watch:
            done = run_drill(premises, DrillOrder(dry_run=dry_run, watch=watch, should_stop=stop))
        report, trouble = keep_report(done, premises.stores)
    if as_json:
        say_json({**report, "kind": kind})
    else:
        say(*drill_page(done, report))
    for store, why in trouble.items():
        say_trouble(f"The report could not be written to {store}: {why}")
    if not done.passed:
        sys.exit(1)
