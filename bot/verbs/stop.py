import click

from actions.history.lifecycle import FINAL
from actions.history.values import RollbackId
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of
from bot.wiring import Wiring


@click.command
@click.argument("rollback", metavar="RB-N")
@json_option
@click.pass_obj
def stop(wiring: Wiring, rollback: str, *, as_json: bool) -> None:
    """Stop a rollback where it is. What runs is ended within seconds, and what was done is undone.

    Behind the first destructive step nothing can be undone by itself: then it waits for a choice.
    """
    number = RollbackId.parse(rollback)
    with wiring.history() as history:
        after = wiring.desk(history).stop(wiring.me, number)
    if as_json:
        say_json(facts_of(after))
    elif after.status in FINAL:
        say(f"{number} is stopped; nothing was changed.")
    else:
        say(f"{number} was told to stop: backout status {number} --watch")
