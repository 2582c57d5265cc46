import click

from actions.history.queries import show as show_story
from actions.history.values import RollbackId
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of, story_page
from bot.wiring import Wiring


@click.command
@click.argument("rollback", metavar="RB-N")
@click.option("--after", type=click.IntRange(0), default=0, help="Only entries after this number: the next page.")
@json_option
@click.pass_obj
def show(wiring: Wiring, rollback: str, after: int, *, as_json: bool) -> None:
    """Show one rollback: what and why, its steps and their times, who decided, and every entry about it."""
    wanted = RollbackId.parse(rollback)
    with wiring.history() as opened:
        story = show_story(opened, wanted, after=after)
    if as_json:
        say_json(facts_of(story))
    else:
        say(*story_page(story))
