import sys

import click

from actions.history.queries import live, show
from actions.history.values import RollbackId
from bot.terminal.following import CODES, follow, say_request
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of, rollbacks_table
from bot.wiring import Wiring


@click.command
@click.argument("rollback", required=False, metavar="[RB-N]")
@click.option(
    "--watch",
    is_flag=True,
    help="Follow its steps, with their times, until it is over or needs a person; ends like it.",
)
@json_option
@click.pass_obj
def status(wiring: Wiring, rollback: str | None, *, watch: bool, as_json: bool) -> None:
    """Show every rollback that is open now, or where one stands.

    \b
    backout status
    backout status RB-7 --watch
    """
    if watch and as_json:
        raise click.UsageError("--watch is for people; poll `backout status RB-N --json`.")
    with wiring.history() as opened:
        found = live(opened)
        if rollback is None and watch and len(found) == 1:
            rollback = str(found[0].id)
        if rollback is not None:
            _one(wiring, RollbackId.parse(rollback), watch=watch, as_json=as_json)
            return
    if watch:
        raise click.UsageError("Say which rollback to watch: backout status RB-N --watch.")
    if as_json:
        say_json(facts_of(found))
    elif found:
        say(rollbacks_table(found))
    else:
        say("No rollback is open.")


def _one(wiring: Wiring, number: RollbackId, *, watch: bool, as_json: bool) -> None:
    with wiring.history() as history:
        rested = follow(history, number, stop=lambda: False) if watch else None
        if as_json:
            story = show(history, number)
            say_json({"rollback": facts_of(story.rollback), "steps": facts_of(story.steps)})
        else:
            say_request(history, number)
    if rested is not None:
        sys.exit(CODES.get(rested, 0))
