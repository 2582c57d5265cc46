import click

from actions.history.queries import show
from actions.history.values import RollbackId, Voice
from actions.run.answering import Vote
from bot.terminal.output import json_option
from bot.terminal.rollbacks import facts_of
from bot.verbs.approve import answer
from bot.wiring import Wiring


@click.command
@click.argument("rollback", metavar="RB-N")
@click.option("--because", "reason", required=True, metavar="REASON", help="Why; whoever asked will read it.")
@json_option
@click.pass_obj
def reject(wiring: Wiring, rollback: str, *, reason: str, as_json: bool) -> None:
    """Reject a rollback that waits. One no of somebody who may decide ends it."""
    number = RollbackId.parse(rollback)
    with wiring.history() as history:
        current = show(history, number).rollback
        said = Vote(voice=Voice.REJECT, digest=current.digest, reason=reason)
        outcome = wiring.desk(history).vote(wiring.me, number, said)
        answer(outcome, number, as_json=as_json, after=facts_of(show(history, number).rollback))
