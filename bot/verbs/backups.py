import sys
from datetime import UTC, datetime

import click

from actions.restore.premises import Premises
from actions.restore.verdict import Checked
from bot.completing import complete_services
from bot.terminal.backups import checked_facts, checked_page, listed_facts, listings_page
from bot.terminal.interrupting import stoppable
from bot.terminal.output import json_option, say, say_json, say_trouble
from bot.terminal.progress_bar import watching
from bot.terminal.without_history import say_without_history, without_history_option
from bot.wiring import Wiring


@click.command
@click.argument("service", required=False, shell_complete=complete_services)
@click.option(
    "--check", metavar="NAME", help="Read every stored byte of this backup (or `latest`) and compare checksums."
)
@click.option("--prove", is_flag=True, help="With --check: restore it in full and compare, as after it was taken.")
@without_history_option
@json_option
@click.pass_obj
def backups(
    wiring: Wiring, service: str | None, *, check: str | None, prove: bool, without_history: bool, as_json: bool
) -> None:  # fmt: skip
    """List backups: age, size, revision, how far each can be trusted, how long bringing it back takes, and in which
    stores it lies.

    The history is held against the stores: what a store has lost is said, and so is what lies in a store and the
    history does not know. Exit code 1 when something cannot be looked at, or a check finds damage.

    \b
    proven   restored and compared          made     complete, but nobody has restored it
    failed   do not rely on it, and why     unknown  found in a store, not in the history

    \b
    backout backups orders --check latest            are the bytes still those that were written?
    backout backups orders --check latest --prove    can it really be restored?
    """
    if check is not None:
        if service is None:
            raise click.UsageError("Say of which service: backout backups SERVICE --check NAME.")
        with wiring.backups_of(service, without_history=without_history) as premises:
            say_without_history(premises)
            _check(premises, check, prove=prove, as_json=as_json)
        return
    if without_history:
        raise click.UsageError("--without-history goes with --check NAME; the list is made from the stores by itself.")
    if prove:
        raise click.UsageError("--prove goes with --check NAME.")
    listings, trouble = wiring.listings(service)
    if as_json:
        say_json([listed_facts(each) for listing in listings for each in listing.backups])
    else:
        say(*listings_page(listings, datetime.now(UTC), many=service is None and len(listings) > 1))
    away = [f"{title}: {why}" for listing in listings for title, why in listing.away.items()]
    if trouble is not None:
        way = f"To bring one back nevertheless: backout restore {service or 'SERVICE'} --backup NAME --without-history"
        say_trouble(
            f"The history does not answer ({trouble.what}); this is what the stores tell.",
            f"{trouble.next_step or ''}\n{way}".strip(),
        )
    if as_json:
        for each in dict.fromkeys(away):
            say_trouble(each)
    if trouble is not None or away:
        sys.exit(trouble.exit_code if trouble is not None else 1)


def _check(premises: Premises, name: str, *, prove: bool, as_json: bool) -> None:
    from actions.restore.verdict import check_backup

    with stoppable() as stop, watching(quiet=as_json) as watch:
        checked: Checked = check_backup(premises, name, prove=prove, watch=watch, should_stop=stop)
    if as_json:
        say_json(checked_facts(checked))
    else:
        say(*checked_page(checked, premises.service.name))
    if not checked.fine:
        sys.exit(1)
