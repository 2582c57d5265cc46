import click

from actions.approve.voices import Counted, Outcome, Rejected, TurnedAway
from actions.errors import RefusedError
from actions.history.queries import show
from actions.history.values import RollbackId, Voice
from actions.run.answering import Vote
from bot.terminal.following import say_request
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of
from bot.wiring import Wiring

SHORTEST_DIGEST = 8


@click.command
@click.argument("rollback", metavar="RB-N")
@click.option("--digest", metavar="DIGEST", help="Of what you saw, or its beginning: `request` and `show` print it.")
@click.option("--because", "reason", metavar="REASON", help="Why; needed for an override and for break-glass.")
@click.option(
    "--override",
    is_flag=True,
    help="Go ahead although the policy refuses. Needs the role and a reason; marked for ever.",
)
@click.option(
    "--break-glass",
    is_flag=True,
    help="No approver can be reached: go ahead as the policy allows it. Loud and recorded.",
)
@click.option("--yes", is_flag=True, help="Do not show it and ask; needs --digest.")
@json_option
@click.pass_obj
def approve(  # noqa: PLR0913 because every option is one
    wiring: Wiring, rollback: str, *, digest: str | None, reason: str | None, override: bool, break_glass: bool, yes: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Approve a rollback: exactly what is shown, and nothing else.

    Who you are is your login name, which the catalog's `approvers` must list under `terminal`. If anything that
    was shown changes (plan, scripts, revision, counts that got worse, policy), your approval is void and it is asked again.
    """
    if (yes or as_json) and not digest:
        raise click.UsageError("Say which plan you approve: --digest, as `backout show` prints it.")
    number = RollbackId.parse(rollback)
    with wiring.history() as history:
        current = show(history, number).rollback
        if digest is None:
            say_request(history, number)
            typed = click.prompt(f"Type {number} to approve exactly this", default="", show_default=False, err=True)
            if typed.strip().upper() != str(number):
                raise RefusedError("Not approved", next_step="Nothing was said.")
        said = Vote(
            voice=Voice.APPROVE,
            digest=_whole(digest, current.digest),
            reason=reason,
            override=override,
            break_glass=break_glass,
        )
        outcome = wiring.desk(history).vote(wiring.me, number, said)
        answer(outcome, number, as_json=as_json, after=facts_of(show(history, number).rollback))


def _whole(given: str | None, current: str | None) -> str | None:
    """The beginning of a digest stands for it, as long as nobody could mistake it for another."""
    if given is None:
        return current
    if len(given) < SHORTEST_DIGEST:
        raise click.UsageError(f"A digest needs at least {SHORTEST_DIGEST} of its digits.")
    return current if current and current.startswith(given.lower()) else given


def answer(outcome: Outcome, rollback: RollbackId, *, as_json: bool, after: object) -> None:
    """Refusals are errors, with the exit code of a refusal."""
    match outcome:
        case TurnedAway(why=why, next_step=next_step):
            raise RefusedError(why, where=str(rollback), next_step=next_step)
        case Rejected():
            said = f"{rollback} is rejected."
        case Counted(enough=True):
            said = f"{rollback} is approved. It runs now: backout status {rollback} --watch"
        case Counted(have=have, need=need):
            said = f"Your approval counts: {have} of {need}."
    if as_json:
        say_json(after)
    else:
        say(said)
