import contextlib
import os
import sys
import threading
import webbrowser
from pathlib import Path

import click

from bot.terminal.output import say
from bot.wiring import Wiring

#: To end what it started; a second Ctrl-C ends it at once.
GRACE_SECONDS = 60.0


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
    from bot.demo import StoppedError, running_demo

    folder = (home or wiring.settings.home / "demo").absolute()
    from actions.errors import BackoutError
    from bot.stopping import run_until_stopped

    def perform(stopping: threading.Event) -> None:
        from bot.demo_script import play

        try:
            with running_demo(folder, port=port or 0, keep=keep, say=say, should_stop=stopping.is_set) as world:
                play(world, say, should_stop=stopping.is_set)
        except StoppedError:
            raise BackoutError("Stopped before its end", next_step="Start it again.") from None
        say("Everything was verified.")

    def show(stopping: threading.Event) -> None:
        with (
            contextlib.suppress(StoppedError),
            running_demo(folder, port=port, keep=keep, say=say, should_stop=stopping.is_set) as world,
        ):
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
                    raise BackoutError(
                        "`backout serve` has ended", next_step=f"See {folder / 'serve.log'} (with --keep)."
                    )

    run_until_stopped(perform if headless else show, grace=GRACE_SECONDS)
