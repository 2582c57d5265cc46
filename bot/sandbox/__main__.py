"""`python -m bot.sandbox`: a local Slack until Ctrl-C, and the settings that connect a bot to it."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from actions.errors import BackoutError
from bot.sandbox import Sandbox


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    options.add_argument(
        "--manifest", type=Path, default=Path("manifest.yml"), help="the app's manifest (manifest.yml)"
    )
    options.add_argument("--port", type=int, default=8065, help="of the page (8065)")
    options.add_argument("--slack-port", type=int, default=0, help="of the Slack side (any that is free)")
    chosen = options.parse_args()
    stopping = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopping.set())
    try:
        with Sandbox(manifest=chosen.manifest, port=chosen.port, slack_port=chosen.slack_port) as slack:
            lines = [f"{name}={value}" for name, value in slack.environment().items()]
            sys.stdout.write("\n".join([f"# The page: {slack.page_url}", *lines, ""]))
            sys.stdout.flush()
            stopping.wait()
    except (BackoutError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
