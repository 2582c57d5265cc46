"""Every verb on the command line, and the one place where an error becomes an exit code.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused, 4 halted (a person must look).
"""

import gc
import logging
import os
import secrets
import sys
from collections.abc import Callable
from importlib.metadata import version

import click

from actions.errors import BackoutError
from bot.logs import set_up_logging
from bot.terminal.output import say_trouble
from bot.verbs import Verbs
from bot.wiring import Wiring

log = logging.getLogger(__name__)

EXAMPLES = """\b
Examples:
  backout check                 Is everything ready for a rollback?
  backout history               What was rolled back, by whom, with what outcome
  backout show RB-142           One rollback with its steps, approvals and events
  backout audit                 Is the history as it was written?

Settings come from the environment (see .env.example). Docs: docs/start.md
"""


@click.group(
    cls=Verbs, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(version("backout"), prog_name="backout")
@click.pass_context
def backout(context: click.Context) -> None:
    """Take a service back to an earlier state, safely, at three in the morning.

    Backout measures what going back would cost, gets the team's approval for exactly that, carries it out
    once, and writes down everything that happened.
    """
    context.obj = Wiring()
    settings = context.obj.settings
    set_up_logging(settings.log, settings.log_level)


def main() -> None:
    """The edge of the process: every error ends here, as a sentence and an exit code."""
    # Loading makes objects by the hundred thousand, and hardly one of them is garbage: looking for some after every few
    # hundred, as Python does by itself, takes a fifth of the time.
    gc.set_threshold(50_000)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    # For every connection that we make: without it a database in SQL_ASCII answers in bytes.
    os.environ.setdefault("PGCLIENTENCODING", "UTF8")
    return at_the_edge(lambda: backout.main(arguments, prog_name="backout", standalone_mode=False))


def at_the_edge(call: Callable[[], object]) -> int:  # noqa: PLR0911 because every way to end has its own code
    """How it ended, said and as an exit code."""
    try:
        code = call()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        say_trouble("Stopped.")
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); say nothing, not even at interpreter exit.
        sys.stdout = None
        return 0
    except BackoutError as error:
        what = f"{error.where}: {error.what}" if error.where else error.what
        say_trouble(what, error.next_step)
        return error.exit_code
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("Unexpected error %s", reference, extra={"event": "unexpected_error", "reference": reference})
        say_trouble(
            f"Something unexpected went wrong (reference {reference}); nothing was changed by this command after that.",
            "The log line with this reference has the details. Please report it.",
        )
        return 1
