import click

from actions.history.lifecycle import Status
from actions.history.values import RollbackId
from actions.run.answering import Way
from actions.run.offering import Choice
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of
from bot.wiring import Wiring

CHOICES = {"restore": Choice.RESTORE, "keep": Choice.KEEP}
WAYS = {"onward": Way.ONWARD, "back": Way.BACK, "give_up": Way.GIVE_UP}


@click.command
@click.argument("rollback", metavar="RB-N")
@click.option("--restore", is_flag=True, help="After a failure: bring the proven backup of this run back.")
@click.option("--keep", is_flag=True, help="After a failure: leave the database as it is and bring the writers back.")
@click.option("--onward", is_flag=True, help="After a halt: go on; every step asks the world first.")
@click.option("--back", is_flag=True, help="After a halt: undo what can be undone.")
@click.option("--give-up", is_flag=True, help="After a halt: end it here; the service stays as it is.")
@click.option("--seen", default="", metavar="TEXT", help="After a halt: what you found when you looked.")
@json_option
@click.pass_obj
def resume(wiring: Wiring, /, rollback: str, *, seen: str, as_json: bool, **given: bool) -> None:
    """Say how a rollback goes on that waits for a person: after a failure, or after a halt.

    \b
    backout resume RB-7 --restore
    backout resume RB-7 --keep
    backout resume RB-7 --onward --seen "the revision is 4f1a, nobody is connected"
    """
    chosen = [name for name, value in given.items() if value]
    if len(chosen) != 1:
        raise click.UsageError(
            "Say one of --restore, --keep (after a failure), --onward, --back, --give-up (after a halt)."
        )
    number = RollbackId.parse(rollback)
    with wiring.history() as history:
        desk = wiring.desk(history)
        if chosen[0] in CHOICES:
            after = desk.choose(wiring.me, number, CHOICES[chosen[0]])
        else:
            after = desk.look(wiring.me, number, WAYS[chosen[0]], seen=seen)
    if as_json:
        say_json(facts_of(after))
    elif after.status is Status.FAILED:
        say(f"{number} has ended: {after.outcome}")
    else:
        say(f"{number} goes on: backout status {number} --watch")
