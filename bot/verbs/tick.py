import click

from actions.errors import RefusedError
from actions.history.queries import show
from actions.history.values import RollbackId
from actions.run.runbooks.tickable import tickables
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of
from bot.wiring import Wiring


@click.command
@click.argument("rollback", metavar="RB-N")
@click.argument("steps", nargs=-1, metavar="[STEP]...")
@click.option("--all", "every", is_flag=True, help="Everything that is left: you have looked at all of it.")
@click.option("--said", default="", metavar="TEXT", help="What you saw; the history keeps it.")
@click.option("--fails", metavar="TEXT", help="It does not hold; say what you saw. The step fails.")
@json_option
@click.pass_obj
def tick(  # noqa: PLR0913 because every option is one
    wiring: Wiring, rollback: str, steps: tuple[str, ...], *, every: bool, said: str, fails: str | None, as_json: bool
) -> None:
    """Tick off what only a person can see or do in a runbook. Without a step: list what there is to tick.

    A step is named by its name or by its number in the plan. The run stands still at each until it is ticked; you may
    tick before it gets there.

    \b
    backout tick RB-7
    backout tick RB-7 12 --said "uploaded and downloaded a document"
    backout tick RB-7 docker-compose-check-2 --fails "errors in the log of mvp-backend"
    """
    number = RollbackId.parse(rollback)
    with wiring.history() as history:
        if not steps and not every:
            listed = tickables(show(history, number, page=1).steps)
        else:
            wanted = steps or tuple(
                each.step for each in tickables(show(history, number, page=1).steps) if not each.done
            )
            if not wanted:
                raise RefusedError(f"Nothing of {number} is left to tick", next_step=f"backout status {number}")
            listed = wiring.desk(history).tick(wiring.me, number, wanted, holds=fails is None, said=fails or said)
    if as_json:
        say_json(facts_of(listed))
        return
    left = [each for each in listed if not each.done]
    say(f"{number}: {len(left)} left to tick." if left else f"{number}: nothing is left to tick.")
    for each in left:
        say(f"  {each.position:>3}  {each.step}: {each.title}{'  <- waits for this' if each.waits else ''}")
