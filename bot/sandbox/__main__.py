"""`python -m bot.sandbox`: a local Slack until Ctrl-C, and the settings that connect a bot to it."""

import argparse
import sys
from multiprocessing.connection import wait
from pathlib import Path

from actions.errors import BackoutError
from bot.sandbox import Sandbox
from bot.stopping import woken_by_signals


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    options.add_argument(
        "--manifest", type=Path, default=Path("manifest.yml"), help="the app's manifest (manifest.yml)"
    )
    options.add_argument("--port", type=int, default=8065, help="of the page (8065)")
    options.add_argument("--slack-port", type=int, default=0, help="of the Slack side (any that is free)")
    chosen = options.parse_args()
    try:
        with (
            woken_by_signals() as woken,
            Sandbox(manifest=chosen.manifest, port=chosen.port, slack_port=chosen.slack_port) as slack,
        ):
            lines = [f"{name}={value}" for name, value in slack.environment().items()]
            sys.stdout.write("\n".join([f"# The page: {slack.page_url}", *lines, ""]))
            sys.stdout.flush()
            wait([woken])
    except (BackoutError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
