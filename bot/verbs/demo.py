import os
from pathlib import Path

import click

from actions.embedded import EmbeddedPostgres
from bot.demo import environment, make_service
from bot.terminal.output import say
from bot.verbs.check import check
from bot.verbs.history import history
from bot.wiring import Wiring


@click.command
@click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo keeps its data. Default: demo/ in BACKOUT_HOME.",
)  # fmt: skip
@click.pass_context
def demo(context: click.Context, home: Path | None) -> None:
    """Start an embedded PostgreSQL with an example service on it, check it, and show the history.

    Everything lives in one folder (--home); remove it and nothing is left.
    """
    folder = (home or context.obj.settings.home / "demo").absolute()
    say(f"Starting an embedded PostgreSQL in {folder} ...")
    with EmbeddedPostgres(folder / "postgres") as server:
        environ = environment(folder, make_service(server), os.environ)
        context.obj = Wiring(environ=environ)
        say("", "$ backout check")
        context.invoke(check)
        say("", "$ backout history")
        context.invoke(history)
