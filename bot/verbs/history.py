import click

from actions.history.lifecycle import Status
from actions.history.queries import recent
from actions.history.values import RollbackId
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of, rollbacks_table
from bot.wiring import Wiring


@click.command
@click.argument("service", required=False)
@click.option("--status", type=click.Choice([status.value for status in Status]), help="Only rollbacks in this status.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")
@click.option("--before", metavar="RB-N", help="Only older ones than this: the next page.")
@json_option
@click.pass_obj
def history(
    wiring: Wiring, service: str | None, status: str | None, limit: int, before: str | None, *, as_json: bool
) -> None:
    """Show what was rolled back, newest first: when, which service, from where to where, by whom, how it ended."""
    page = RollbackId.parse(before) if before else None
    with wiring.history() as opened:
        found = recent(opened, service=service, status=Status(status) if status else None, before=page, limit=limit)
    if as_json:
        say_json(facts_of(found))
        return
    if not found:
        about = f" of {service}" if service else ""
        say(f"No rollbacks{about} here yet." if not status and not before else f"No such rollbacks{about}.")
        return
    say(rollbacks_table(found))
    if len(found) == limit:
        say(f"Older ones: backout history --before {found[-1].id}")
