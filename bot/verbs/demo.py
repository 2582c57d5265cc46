import contextlib
import os
import sys
import threading
import webbrowser
from pathlib import Path

import click

from bot.terminal.output import say
from bot.wiring import Wiring


@click.command
@click.option("--headless", is_flag=True, help="Without a browser: play one rollback to its end, with a transcript.")
@click.option("--port", type=click.IntRange(0, 65535), help="Of the page. Default: 8065, or any that is free.")
@click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path),
    help="Where it keeps its data while it runs. Default: demo/ in BACKOUT_HOME.",
)  # fmt: skip
@click.option("--keep", is_flag=True, help="Leave its data there afterwards, and go on with what is there.")
@click.pass_obj
def demo(wiring: Wiring, *, headless: bool, port: int | None, home: Path | None, keep: bool) -> None:
    """The whole product on this machine, in a browser, with no account anywhere.

    An embedded PostgreSQL, an example company with three services, the bot, and a page that looks like Slack. Nothing
    leaves this machine; when it ends, nothing is left of it (unless --keep).
    """
    from bot.demo import running_demo

    folder = (home or wiring.settings.home / "demo").absolute()
    if headless:
        from bot.demo_script import play

        with running_demo(folder, port=port if port is not None else 0, keep=keep, say=say) as world:
            play(world, say)
        say("Everything was verified.")
        return
    from bot.stopping import run_until_stopped

    def show(stopping: threading.Event) -> None:
        with running_demo(folder, port=port, keep=keep, say=say) as world:
            say(
                "", f"Open {world.channel_page} in a browser: #incidents says what to try.",
                "In another terminal, `backout` sees the same world after:",
                f"  export BACKOUT_HOME={folder} BACKOUT_CATALOG={world.environ['BACKOUT_CATALOG']}", "Ctrl-C ends it.",
            )  # fmt: skip
            if sys.stdout.isatty() and (sys.platform == "darwin" or os.environ.get("DISPLAY")):
                with contextlib.suppress(webbrowser.Error):
                    webbrowser.open(world.channel_page)
            while not stopping.wait(1):
                if world.serving.has_ended:
                    from actions.errors import BackoutError

                    raise BackoutError(
                        "`backout serve` has ended", next_step=f"See {folder / 'serve.log'} (with --keep)."
                    )

    run_until_stopped(show)
