import sys
from pathlib import Path

import click

from actions.errors import ConfigurationError, RefusedError
from actions.restore.bringing_back import bring_back
from actions.restore.intending import Wanted, intend
from actions.restore.premises import Premises
from bot.completing import complete_services
from bot.terminal.interrupting import stoppable
from bot.terminal.output import json_option, say, say_json
from bot.terminal.progress_bar import watching
from bot.terminal.restore import came_back_facts, came_back_page, intent_page, kept_page
from bot.terminal.without_history import say_without_history, without_history_option
from bot.wiring import Wiring


@click.command
@click.argument("service", shell_complete=complete_services)
@click.option("--backup", metavar="NAME", help="Which one; `latest` is the newest proven one.")
@click.option(
    "--file", "dump", metavar="DUMP", type=click.Path(path_type=Path),
    help="A dump of somebody else's: .sql or pg_dump's custom format, also with gzip or zstd.",
)  # fmt: skip
@click.option(
    "--as", "as_name", metavar="DATABASE", help="Into a new database of this name; the service is not touched."
)
@click.option("--in-place", is_flag=True, help="Into the database itself, where the role may not create databases.")
@click.option("--unproven-safety", is_flag=True, help="In place: do not wait until the safety backup is proven.")
@click.option("--slots-may-stay", is_flag=True, help="Logical replication slots stay with the old database.")
@click.option("--kept", metavar="DATABASE", help="Swap a database that an earlier restore kept back in: the way back.")
@click.option("--drop-kept", metavar="DATABASE", help="Drop a database that an earlier restore kept.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@without_history_option
@json_option
@click.pass_obj
def restore(  # noqa: PLR0913 because every option is one
    wiring: Wiring, service: str, *, backup: str | None, dump: Path | None, as_name: str | None, kept: str | None,
    drop_kept: str | None, in_place: bool, unproven_safety: bool, slots_may_stay: bool, yes: bool, without_history: bool, as_json: bool,
) -> None:  # fmt: skip
    """Bring a service's database back from a backup.

    Says first what is lost by it, and asks. Then: a safety backup of the present state; the backup into a new database
    beside the service's; a comparison of all that came back with what was backed up; and only then a swap by two renames
    in one transaction. The old database is kept. Interrupted at any moment, the service has the old database or the new
    one, whole. Stop what writes to it first: rows that are written meanwhile stay in the old database.

    Refused (exit code 3) while a rollback of the service is open. While Backout's own database is away, nobody can see
    that: --without-history goes on nevertheless, and says what is missing.

    \b
    backout restore orders --backup latest
    backout restore orders --backup latest --as orders_look      beside it, to look at
    backout restore orders --file backup_20260102_143022.sql.gz
    backout restore orders --kept orders_before_20260102_150000  undo the restore
    """
    given = [
        name
        for name, value in (("--backup", backup), ("--file", dump), ("--kept", kept), ("--drop-kept", drop_kept))
        if value
    ]
    if len(given) != 1:
        raise click.UsageError(
            "Say one of --backup NAME (or latest), --file DUMP, --kept DATABASE, --drop-kept DATABASE."
        )
    if as_name and (in_place or kept or drop_kept):
        raise click.UsageError("--as NAME goes with --backup or --file alone.")
    if unproven_safety and not in_place:
        raise click.UsageError("--unproven-safety goes with --in-place: beside, the old database itself is kept.")
    if as_json and not yes and not as_name:
        raise click.UsageError("--json cannot ask: add --yes.")
    if kept or drop_kept:
        with wiring.backups_of(service, without_history=without_history) as premises:
            say_without_history(premises)
            _kept(premises, kept or drop_kept or "", drop=drop_kept is not None, yes=yes, as_json=as_json)
        return
    with wiring.backups_of(service, without_history=without_history) as premises, stoppable() as stop:
        say_without_history(premises)
        with watching(quiet=as_json) as watch:
            wanted = Wanted(
                backup=backup, dump=dump, as_name=as_name, in_place=in_place, slots_may_stay=slots_may_stay, unproven_safety=unproven_safety,
                watch=watch, should_stop=stop,
            )  # fmt: skip
            intent = intend(premises, wanted)
        if not as_json:
            say(*intent_page(intent))
        if as_name is None and not yes:
            _confirm(intent.service, "Nothing was changed.")
        with watching(quiet=as_json) as watch:
            came = bring_back(premises, intent, wanted.watched_by(watch))
    if as_json:
        say_json({**came_back_facts(intent, came), "without_history": premises.without_history})
    else:
        say("", *came_back_page(intent, came))


def _kept(premises: Premises, name: str, *, drop: bool, yes: bool, as_json: bool) -> None:
    from actions.restore.kept_ones import drop_it, swap_it_back

    service = premises.service.name
    if not yes:
        say(f"Database {name} is going to be {'dropped, for good' if drop else f'the one of {service} again'}.")
        _confirm(service, "Nothing was changed.")
    if drop:
        drop_it(premises, name)
    swapped = None if drop else swap_it_back(premises, name)
    if as_json:
        say_json(
            {"service": service, "database": name, "dropped": drop, "kept_as": swapped.kept_as if swapped else None}
        )
    else:
        say(*kept_page(service, name, swapped))


def _confirm(name: str, otherwise: str) -> None:
    if not sys.stdin.isatty():
        raise ConfigurationError("Nobody is here to confirm it", next_step=f"Add --yes if you are sure. {otherwise}")
    typed = click.prompt(f"Type {name} to go on, anything else to stop", default="", show_default=False, err=True)
    if typed.strip() != name:
        raise RefusedError("Not confirmed", next_step=otherwise)
