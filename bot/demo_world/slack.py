"""The demo's Slack: the local one, with the example company in it."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from actions.errors import BackoutError, ConfigurationError
from bot.demo_world.workspace import CHANNEL, hotel_company, welcome
from bot.sandbox import Sandbox

PORT = 8065
ROOT = Path(__file__).parents[2]


@contextmanager
def local_slack(port: int | None) -> Iterator[Sandbox]:
    """`port` None: the usual one, or any other when that is taken."""
    manifest = next(each for each in (ROOT / "manifest.yml", ROOT / "bot" / "manifest.yml") if each.exists())
    with ExitStack() as stack:
        try:
            slack = stack.enter_context(
                Sandbox(manifest=manifest, seed=hotel_company(), port=PORT if port is None else port)
            )
        except OSError as error:
            if port is not None:
                raise ConfigurationError(
                    f"Port {port} cannot be used: {error.strerror}",
                    next_step="Choose another one with --port, or 0 for any.",
                ) from error
            slack = stack.enter_context(Sandbox(manifest=manifest, seed=hotel_company()))
        yield slack


def post_welcome(slack: Sandbox, world: Path) -> None:
    """As the app would: through Slack's side, with its token."""
    asked = urllib.request.Request(  # noqa: S310 because it is on this machine
        f"{slack.api_url}chat.postMessage",
        data=json.dumps({"channel": slack.channel_id(CHANNEL), **welcome(world)}).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {slack.bot_token}"},
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 as above
        told = json.load(answer)
    if not told["ok"]:
        raise BackoutError(f"The demo's Slack would not take the first message: {told['error']}")
