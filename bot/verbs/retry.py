import click

from actions.history.values import RollbackId
from actions.run.offering import Choice
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of
from bot.wiring import Wiring


@click.command
@click.argument("rollback", metavar="RB-N")
@json_option
@click.pass_obj
def retry(wiring: Wiring, rollback: str, *, as_json: bool) -> None:
    """Try the step that failed again. What was done before it stays done."""
    number = RollbackId.parse(rollback)
    with wiring.history() as history:
        after = wiring.desk(history).choose(wiring.me, number, Choice.RETRY)
    if as_json:
        say_json(facts_of(after))
    else:
        say(f"{number} tries again: backout status {number} --watch")
