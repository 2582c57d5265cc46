import sys

import click

from actions.history.values import BackupState
from actions.restore.backing_up import BackedUp, BackupOrder, StoppedError, back_up
from actions.restore.cloning_one import Cloned
from actions.restore.premises import Premises
from bot.completing import complete_services
from bot.terminal.backup import backup_card, backup_facts, clone_card, clone_facts
from bot.terminal.interrupting import Stop, stoppable
from bot.terminal.output import json_option, say, say_json, say_trouble
from bot.terminal.progress_bar import watching
from bot.terminal.without_history import say_without_history, without_history_option
from bot.wiring import Wiring


@click.command
@click.argument("service", shell_complete=complete_services)
@click.option("--no-proof", is_flag=True, help="Do not restore and compare it. It stays `made`, not `proven`.")
@click.option("--clone", is_flag=True, help="A copy on the same server: back in seconds, but gone with the server.")
@click.option("--end-sessions", is_flag=True, help="With a clone: end the sessions that are in its way.")
@without_history_option
@json_option
@click.pass_obj
def backup(  # noqa: PLR0913 because every option is one
    wiring: Wiring, service: str, *, no_proof: bool, clone: bool, end_sessions: bool, without_history: bool, as_json: bool
) -> None:  # fmt: skip
    """Take a backup of a service's database, and prove it: what was stored is restored into a scratch database and
    compared with what was dumped, table by table.

    It goes to every store of the catalog; one that is away is said and costs the others nothing. Older backups go as
    the catalog's `keep` says, never the last proven one. The service is not disturbed. Ctrl-C stops it, and leaves
    nothing half-made. With `strategy: clone` or `both` in the catalog, or --clone, a copy on the same server is made,
    for which nobody may be connected.

    Exit code 1 when there is no backup, or when it is not proven though that was asked for, or when a volume that the
    catalog wants archived with it is not.

    \b
    backout backup orders
    backout backup orders --no-proof      faster; prove it later: backout backups orders --check NAME --prove
    """
    strategy = "clone" if clone else wiring.catalog.service(service).backups.strategy
    if end_sessions and strategy == "dump":
        raise click.UsageError("--end-sessions is for clones: a dump disturbs nobody.")
    if no_proof and strategy == "clone":
        raise click.UsageError("--no-proof is for dumps: a clone is not proven anyway.")
    if without_history and strategy == "clone":
        raise click.UsageError("--without-history is for dumps: a clone that nobody knows would only take room.")
    made: BackedUp | None = None
    cloned: Cloned | None = None
    with stoppable() as stop:
        if strategy != "clone":
            with wiring.backups_of(service, without_history=without_history) as premises:
                say_without_history(premises)
                made = _dump(premises, stop, prove=not no_proof, as_json=as_json)
        if strategy != "dump" and not stop.asked and not without_history:
            cloned = wiring.clone(service, end_sessions=end_sessions)
    if as_json:
        say_json({**(backup_facts(made) if made else {}), "clone": clone_facts(cloned) if cloned else None})
    else:
        say(*(backup_card(made) if made else ()), *(clone_card(cloned, service) if cloned else ()))
    if stop.asked:
        raise KeyboardInterrupt
    expected = BackupState.MADE if no_proof else BackupState.PROVEN
    if made is not None and (made.state is not expected or made.misses_volumes):
        sys.exit(1)


def _dump(premises: Premises, stop: Stop, *, prove: bool, as_json: bool) -> BackedUp:
    with watching(quiet=as_json) as watch:
        try:
            return back_up(premises, BackupOrder(prove=prove, watch=watch, should_stop=stop))
        except StoppedError as error:
            say_trouble(str(error.what), error.next_step)
            raise KeyboardInterrupt from error
