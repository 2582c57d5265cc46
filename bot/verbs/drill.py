import sys

import click

from actions.restore.drill import DrillOrder, run_drill
from actions.restore.drill_report import keep_report
from bot.completing import complete_services
from bot.terminal.drill import drill_page
from bot.terminal.interrupting import stoppable
from bot.terminal.output import json_option, say, say_json, say_trouble
from bot.terminal.progress_bar import watching
from bot.wiring import Wiring


@click.command
@click.argument("service", shell_complete=complete_services)
@click.option("--kind", type=click.Choice(["backup"]), default="backup", show_default=True, help="What is rehearsed.")
@click.option("--runbook", metavar="NAME", help="Rehearse a runbook of the catalog instead.")
@click.option("--scope", metavar="NAME", help="Of the runbook: one of its scopes or phases. Left out: all of it.")
@click.option("--phases", metavar="A,B", help="Of the runbook: these phases.")
@click.option("--with-commands", is_flag=True, help="Of the runbook: run its commands, too, in the throw-away tree.")
@click.option("--dry-run", is_flag=True, help="Restore nothing, run nothing: show it. A backup is taken and read.")
@json_option
@click.pass_obj
def drill(  # noqa: PLR0913 because every option is one
    wiring: Wiring, service: str, kind: str, *, runbook: str | None, scope: str | None, phases: str | None,
    with_commands: bool, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Rehearse: a restore from end to end into a scratch database, or a runbook in a throw-away tree.

    A restore, in eight points: the server answers, the stores are there and writable, the tools are there, a backup can
    be created, its files are valid, they contain valid data, the restore works, the way back is documented. The service is
    only read. The backup stays and is kept like any other. A report (JSON) and a page with the steps for the night lie
    beside the backups afterwards.

    A runbook: every step with its commands and their folders, the files that it touches, and what undoes it. Without
    --dry-run, what touches files alone is really done in a second working tree of the repository, undone, and compared;
    the tree is gone afterwards. The report lies in BACKOUT_HOME, under `drills`.

    Exit code 1 when a point was not passed.

    \b
    backout drill orders
    backout drill orders --dry-run --json
    backout drill vehicles --runbook simplification --scope full --dry-run
    """
    if runbook is not None:
        _drill_runbook(
            wiring, service, runbook, (scope, phases), with_commands=with_commands, dry_run=dry_run, as_json=as_json
        )
        return
    if scope or phases or with_commands:
        raise click.UsageError("--scope, --phases and --with-commands are about a runbook: add --runbook NAME.")
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


def _drill_runbook(  # noqa: PLR0913 because every option is one
    wiring: Wiring, service: str, runbook: str, part: tuple[str | None, str | None], *, with_commands: bool, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    from actions.run.runbooks.drilling import DrillWanted, drill_runbook, keep_drill
    from bot.terminal.runbook_drill import runbook_drill_page
    from bot.verbs.request import part_of

    entry = wiring.catalog.service(service)
    target = part_of(entry, runbook, scope=part[0], phases=part[1])
    wanted = DrillWanted(runbook=runbook, target=target, dry_run=dry_run, with_commands=with_commands)
    with wiring.history() as history:
        done = drill_runbook(wiring.sites(history)(service), wanted)
    report = None if dry_run else keep_drill(done, wiring.settings.home)
    if as_json:
        say_json({**done.as_json(), "report": str(report) if report else None})
    else:
        say(*runbook_drill_page(done), *([f"Report: {report}"] if report else []))
    if not done.passed:
        sys.exit(1)
