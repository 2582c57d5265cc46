import sys

import click

from actions.history.audit import AuditProgress, AuditReport, Noted
from actions.history.audit import audit as audit_history
from bot.terminal.output import json_option, say, say_json, say_trouble
from bot.terminal.rollbacks import facts_of
from bot.wiring import Wiring

NOTED = {
    Noted.IN_CHAIN: "The head you noted is in the chain.",
    Noted.REWRITTEN: "The head you noted is NOT in the chain: it was rewritten at or before that entry.",
    Noted.CUT_OFF: "The head you noted is NOT in the chain: entries were cut off from its end.",
}


@click.command
@click.option("--head", metavar="SEQ:HASH", help="A head noted earlier, as posted in an incident's thread.")
@json_option
@click.pass_obj
def audit(wiring: Wiring, head: str | None, *, as_json: bool) -> None:
    """Check that nobody changed the history: every entry hangs on the one before, every rollback is as its last
    entry left it.

    Whoever can rewrite the whole database can rewrite the whole chain. A head that was noted elsewhere (Backout
    posts it in each incident's thread) shows that too: hand it over with --head. Exit code 1 when anything is wrong.
    """
    show_progress = _progress if sys.stderr.isatty() and not as_json else None
    with wiring.history() as opened:
        report = audit_history(opened, head, show_progress)
    if show_progress:
        click.echo("\r\033[K", nl=False, err=True)
    if as_json:
        say_json({**facts_of(report), "head": str(report.head), "whole": report.whole})
    else:
        _say_report(report)
    if not report.whole:
        sys.exit(1)


def _say_report(report: AuditReport) -> None:
    for finding in report.findings:
        say_trouble(finding.text)
    if report.noted:
        (say if report.noted is Noted.IN_CHAIN else say_trouble)(NOTED[report.noted])
    if report.whole:
        say(f"The history is whole: {report.entries:,} entries about {report.rollbacks:,} rollbacks.")
        say(f"Its head is {report.head}: note it elsewhere, and a later audit can tell whether it is still there.")


def _progress(progress: AuditProgress) -> None:
    share = progress.entries / max(progress.of_entries, 1)
    click.echo(f"\rReading entry {progress.entries:,} of {progress.of_entries:,} ({share:.0%})", nl=False, err=True)
