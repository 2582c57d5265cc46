"""A real service, a real `backout serve`, and the strict local Slack between them and people.

One of each for a module where that is possible: what a test leaves behind is one more rollback that ended.
"""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import psutil
import psycopg
from scenes import a_shop, again_at_head, newest, rests, runs, status
from world import FIRST, PYTHON, THIRD, Shop, free_port, wait_for

from bot.sandbox.person import Actor, NothingCameError, said
from bot.sandbox.sandbox import Sandbox
from bot.signs import ANSWERING, HEARING, WORK

__all__ = [
    "ANSWERING",
    "FIRST",
    "HEARING",
    "PLANTED",
    "SLOW",
    "THIRD",
    "WORK",
    "Asked",
    "Served",
    "Shop",
    "a_shop",
    "rests",
    "runs",
    "said",
    "served",
    "status",
    "wait_for",
]  # fmt: skip

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
#: Of a row: nobody may ever see it.
PLANTED = "tr0ub4dor and his horse"
SLOW = 90.0


@dataclass
class Served:
    """One `backout serve`."""

    shop: Shop
    sandbox: Sandbox
    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    # Its parts --------------------------------------------------------------------------------------------------------

    def part(self, name: str) -> psutil.Process:
        """The process of a part, as `ps` shows it."""
        found: list[psutil.Process] = []

        def look() -> bool:
            children = psutil.Process(self.process.pid).children()
            found[:] = [each for each in children if each.name() == name and each.status() != psutil.STATUS_ZOMBIE]
            return bool(found)

        wait_for(look, f"there is no part for {name}")
        return found[0]

    def ready(self) -> tuple[int, dict[str, Any]]:
        return self._ask("ready")

    def health(self) -> int:
        return self._ask("health")[0]

    def _ask(self, what: str) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{what}", timeout=2) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
        except OSError:
            return 0, {}

    def lines(self, event: str) -> list[dict[str, Any]]:
        whole = self.log.read_text().rpartition("\n")[0].splitlines()
        told = [json.loads(line) for line in whole if line.startswith("{")]
        return [line for line in told if line.get("event") == event]

    def wait_for_line(self, event: str, times: int = 1) -> None:
        wait_for(lambda: len(self.lines(event)) >= times, f"{event} is not in the log", SLOW)

    # What people do ---------------------------------------------------------------------------------------------------

    def says(self, **entry: Any) -> None:
        """The catalog says this about the service now, beside what it always says, and `serve` has read it."""
        taken = len(self.lines("catalog_taken"))
        before = (self.shop.folder / "catalog.yml").read_text()
        more, policy = {**people(self.sandbox), **entry}, entry.pop("policy", None)
        self.shop.more = {**more, **({"policy": {"quorum": 0, **policy}} if policy else {})}
        self.shop.write_catalog()
        if (self.shop.folder / "catalog.yml").read_text() != before:
            # Each part of it for itself, also those that nobody asks anything.
            self.wait_for_line("catalog_taken", taken + 3)

    def asked(self, who: Actor, text: str = "/rollback shop because checkout fails since 14:02") -> "Asked":
        """The card of what was asked for, when it can be decided on."""
        before = _count(self.shop)
        done = who.types(text)
        assert done["ok"], done
        wait_for(lambda: _count(self.shop) > before, f"nothing was opened for {text}", SLOW)
        return self.newest()

    def newest(self) -> "Asked":
        return Asked(served=self, rollback=newest(self.shop))

    def at_head(self) -> None:
        """The newer release, deployed anew, and running."""
        again_at_head(self.shop)
        for name in ("older-release", "sick"):
            (self.shop.folder / name).unlink(missing_ok=True)
        for name in ("writer", "web"):
            if not self.shop.processes(name):
                self.shop.launch(name)
        wait_for(lambda: self.shop.writes() and self.shop.answers(), "the shop does not run")


@dataclass
class Asked:
    """One rollback, as people see it in #incidents."""

    served: Served
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


@contextmanager
def served(shop: Shop, sandbox: Sandbox, *, mode: str = "socket", **environ: str) -> Iterator[Served]:
    """`backout serve` with this Slack, with the catalog as it is; ready. Its log holds nothing secret at the end, and neither
    does what it sent."""
    port = free_port()
    variables = {
        **shop.environ, **sandbox.environment(mode=mode), "BACKOUT_LISTEN": f"127.0.0.1:{port}", "BACKOUT_LOG": "json",
        **environ,
    }  # fmt: skip
    log = shop.folder / f"serve-{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [PYTHON, "-m", "bot", "serve"], env=variables, cwd=shop.folder, stdout=stream, stderr=stream
        )
    made = Served(shop=shop, sandbox=sandbox, process=process, port=port, log=log)
    try:
        wait_for(lambda: made.ready()[0] == 200, f"not ready: {made.ready()} {log.read_text()[-2000:]}", SLOW)
        if mode == "http":
            assert sandbox.connect_http(f"http://127.0.0.1:{port}/slack/events")
        yield made
        if process.poll() is None:
            process.terminate()
            assert process.wait(20) == 0, log.read_text()[-3000:]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    tells_nothing_secret(shop, sandbox, log.read_text())


def tells_nothing_secret(shop: Shop, sandbox: Sandbox, log: str) -> None:
    password = re.search(r"://[^:]+:([^@]+)@", shop.url)
    assert password is not None
    secrets = [
        PLANTED, password[1], shop.url, sandbox.bot_token, sandbox.app_token, sandbox.signing_secret,
    ]  # fmt: skip
    sent = str([[each.get("arguments"), each.get("body")] for each in sandbox.traffic()]) + there(sandbox)
    for secret in secrets:
        assert secret not in sent, f"{secret[:12]}... was sent"
        assert secret not in log, f"{secret[:12]}... was logged"


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


def people(sandbox: Sandbox) -> dict[str, Any]:
    ids = [sandbox.person(name).id for name in ("lena", "marco")]
    return {"approvers": {"group": sandbox.group_id("leads"), "users": ids}, "channel": "#incidents"}


def _count(shop: Shop) -> int:
    with psycopg.connect(shop.history_url, application_name="the test") as connection:
        row = connection.execute("SELECT count(*) FROM rollbacks").fetchone()
    return int(row[0]) if row else 0


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
