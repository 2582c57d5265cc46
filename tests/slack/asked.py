"""One rollback, as people see it in Slack: what is told about it, what it offers, and that it was told once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from bot.sandbox.person import Actor, said
from tests.slack.looking import SLOW, wait_for

if TYPE_CHECKING:
    from tests.slack.serving import Served


@dataclass
class Asked:
    """One rollback, as people see it in #incidents."""

    served: "Served"
    rollback: str

    def told(self, who: Actor) -> dict[str, list[dict[str, Any]]]:
        """What is there about it, by what it tells: in the channel and in threads."""
        found: dict[str, list[dict[str, Any]]] = {}
        messages = who.messages()
        threads = [reply for each in messages if each["reply_count"] for reply in who.thread(each)[1:]]
        for each in [*messages, *threads]:
            payload = (each["metadata"] or {}).get("event_payload", {})
            if payload.get("rollback") == self.rollback:
                found.setdefault(payload["key"], []).append(each)
        return found

    def message(self, who: Actor, key: str) -> dict[str, Any]:
        """The one that tells that, as soon as it is there; `key` may end before its number."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [
                one for each, some in self.told(who).items() if key in (each, each.partition(":")[0]) for one in some
            ]
            return bool(found)

        wait_for(look, f"{key} of {self.rollback} is not told", SLOW)
        return found[-1]

    def offers(self, who: Actor, label: str, *, key: str = "card") -> dict[str, Any]:
        """The message, as soon as it has this button."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [each for each in self.told(who).get(key, []) if f"'{label}'" in str(each["blocks"])]
            return bool(found)

        wait_for(look, f"nobody is offered {label} on the {key} of {self.rollback}", SLOW)
        return found[0]

    def presses(self, who: Actor, label: str, *, key: str = "card") -> None:
        while not (done := who.presses(label, self.offers(who, label, key=key)))["ok"]:
            # It was drawn anew in the moment between.
            assert done["error"] == "not_visible", done

    def status(self) -> str:
        return self.fact("SELECT status FROM rollbacks WHERE id = %s")

    def fact(self, query: str) -> str:
        """Of the history; the query is given its number."""
        with psycopg.connect(self.served.shop.history_url, application_name="the test") as connection:
            row = connection.execute(query.encode(), [int(self.rollback.removeprefix("RB-"))]).fetchone()
        return str(row[0]) if row else "none"

    def is_asked_again(self, who: Actor, strategy: str = "downgrade", *, after: str) -> None:
        """It waits with another plan than the one of `after`, and the card shows that one."""

        def look() -> bool:
            digest = self.digest()
            anew = digest != after and self.fact("SELECT strategy FROM rollbacks WHERE id = %s") == strategy
            return anew and self.status() == "waiting" and digest in str(self.told(who)["card"][0]["blocks"])

        wait_for(look, f"{self.rollback} is not asked again", 200)

    def digest(self) -> str:
        return self.fact("SELECT digest FROM rollbacks WHERE id = %s")

    def becomes(self, status: str, seconds: float = 200) -> None:
        wait_for(lambda: self.status() == status, f"{self.rollback} is {self.status()}, not {status}", seconds)

    def is_told_once(self, who: Actor, words: str) -> dict[str, list[dict[str, Any]]]:
        """When everything was told: each message once, and the card and the end say so. Returns what is there."""
        ended = ("over", "chain")
        wait_for(lambda: all(key in self.told(who) for key in ended), f"the end of {self.rollback} is not told", SLOW)
        wait_for(lambda: words in said(self.told(who)["card"][0]).lower(), f"the card does not say {words}", SLOW)
        self._settles()
        found = self.told(who)
        assert {key: len(each) for key, each in found.items() if len(each) > 1} == {}
        assert words in said(found["over"][0]).lower() or words in said(found["live"][0]).lower()
        return found

    def _settles(self) -> None:
        settled = "SELECT settled FROM places WHERE rollback_id = %s"
        wait_for(lambda: self.fact(settled) == "True", f"the telling of {self.rollback} does not come to its end", SLOW)
