import click

from actions.history.queries import live
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of, rollbacks_table
from bot.wiring import Wiring


@click.command
@json_option
@click.pass_obj
def status(wiring: Wiring, *, as_json: bool) -> None:
    """Show every rollback that is open now: being assessed, waiting for people, running, or halted."""
    with wiring.history() as opened:
        found = live(opened)
    if as_json:
        say_json(facts_of(found))
    elif found:
        say(rollbacks_table(found))
    else:
        say("No rollback is open.")
