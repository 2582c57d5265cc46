"""Was it said? A message that may have been sent is looked for by the word that travels with it."""

from datetime import datetime
from typing import Any, Final

from bot.slack_api import Slack

#: Travels with each message; by the word in it, one is found again.
EVENT_TYPE: Final = "backout_announcement"
#: By so much may Slack's clock differ from the database's.
SKEW_SECONDS = 600
PAGE, MOST_PAGES = 200, 15


def find(slack: Slack, nonce: str, *, channel: str, since: datetime, thread: str | None = None) -> str | None:
    """Where it is, among those since it was intended. SlackError when that cannot be seen."""
    oldest = f"{since.timestamp() - SKEW_SECONDS:.6f}"
    asking: dict[str, Any] = {
        "channel": channel, "oldest": oldest, "limit": PAGE, "include_all_metadata": True, "inclusive": True,
    }  # fmt: skip
    method = "conversations.history"
    if thread:
        method, asking["ts"] = "conversations.replies", thread
    for _ in range(MOST_PAGES):
        answer = slack.call(method, **asking)
        for message in answer.get("messages") or ():
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("nonce") == nonce:
                return str(message["ts"])
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return None
        asking["cursor"] = cursor
    return None
