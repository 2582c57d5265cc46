"""What tests look at in the local Slack: what was said since when, what is there, and that none of it is secret."""

import re
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

from world import Shop, wait_for

from bot.sandbox.person import NothingCameError
from bot.sandbox.sandbox import Sandbox

__all__ = [
    "PLANTED",
    "SLOW",
    "mark",
    "secrets_in",
    "sent",
    "since",
    "soon",
    "tells_nothing_secret",
    "there",
    "wait_for",
]

#: Of a row: nobody may ever see it.
PLANTED = "tr0ub4dor and his horse"
SLOW = 90.0


def tells_nothing_secret(shop: Shop, sandbox: Sandbox, log: str) -> None:
    assert secrets_in(sent(sandbox), shop, sandbox) == [], "it was sent"
    assert secrets_in(log, shop, sandbox) == [], "it was logged"


def secrets_in(text: str, shop: Shop, sandbox: Sandbox, *more: str) -> list[str]:
    """What is in there and should not be: its beginning."""
    password = re.search(r"://[^:]+:([^@]+)@", shop.url)
    assert password is not None
    planted = [
        PLANTED, password[1], shop.url, shop.history_url, sandbox.bot_token, sandbox.app_token, sandbox.signing_secret, *more,
    ]  # fmt: skip
    return [f"{each[:12]}..." for each in planted if each in text]


def sent(sandbox: Sandbox) -> str:
    """All that the program said to Slack: what it called, acknowledged and answered with."""
    ours = [each for each in sandbox.traffic() if each["kind"] in ("call", "ack", "response_url")]
    return str([[each.get(name) for name in ("arguments", "payload", "body")] for each in ours]) + there(sandbox)


def there(sandbox: Sandbox) -> str:
    """All that Slack keeps, as it was sent: its traffic is masked."""

    def look() -> str:
        space = sandbox.slack.workspace
        messages = [list(place.messages.values()) for place in space.conversations.values()]
        return str([messages, list(space.contents.values()), space.homes, space.stacks])

    return sandbox.do(look)


def since(sandbox: Sandbox, kind: str, mark: int) -> list[dict[str, Any]]:
    """What was said after that mark."""
    return [each for each in sandbox.traffic(kind) if each["id"] > mark]


def mark(sandbox: Sandbox) -> int:
    return max((int(each["id"]) for each in sandbox.traffic()), default=0)


def soon(look: Any, seconds: float = SLOW) -> Any:
    """What it returns, as soon as there is something; a modal that is not open yet is nothing."""
    until = time.monotonic() + seconds
    while True:
        try:
            found = look()
        except NothingCameError:
            found = None
        if found:
            return found
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)
