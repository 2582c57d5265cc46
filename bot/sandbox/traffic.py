"""The raw traffic between Slack and the app, for whoever looks at it: tokens are masked before anything is kept."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.journal import Journal

Json = dict[str, Any]
EVERYBODY = "traffic"
LONGEST = 200_000
_TOKEN = re.compile(r"\b(x(?:oxb|app|oxp)-)[A-Za-z0-9-]+")


class Traffic:
    def __init__(self, now: Callable[[], float], secrets: tuple[str, ...]) -> None:
        self.journal = Journal(kept=5_000)
        self._now = now
        self._secrets = secrets

    def note(self, kind: str, **what: Any) -> None:
        entry = {"id": self.journal.last + 1, "at": self._now(), "kind": kind, **what}
        self.journal.tell(EVERYBODY, "traffic", self._masked(entry))

    def all(self) -> list[Json]:
        return [each.data for each in self.journal.kept(EVERYBODY)]

    def _masked(self, entry: Mapping[str, Any]) -> Json:
        """A copy, as it was at this moment."""
        text = json.dumps(entry, default=str)
        if len(text) > LONGEST:
            entry = {
                **entry,
                "arguments": "too long to show",
                "payload": "too long to show",
                "answer": "too long to show",
            }
            text = json.dumps(entry, default=str)
        text = _TOKEN.sub(r"\1…", text)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        masked: Json = json.loads(text)
        return masked
