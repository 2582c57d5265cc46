"""A real service, a real `backout serve`, and the strict local Slack between them and people.

One of each for a module where that is possible: what a test leaves behind is one more rollback that ended.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import psutil
import psycopg
from scenes import a_shop, again_at_head, newest, rests, runs, status, steps
from world import FIRST, PYTHON, THIRD, Shop, free_port

from bot.sandbox.person import Actor, said
from bot.sandbox.sandbox import Sandbox
from bot.signs import ANSWERING, HEARING, WORK
from tests.slack.asked import Asked
from tests.slack.looking import PLANTED, SLOW, mark, since, soon, tells_nothing_secret, wait_for

__all__ = [
    "ANSWERING", "FIRST", "HEARING", "PLANTED", "SLOW", "THIRD", "WORK", "Asked", "Served", "Shop", "a_shop", "mark", "rests",
    "runs", "said", "served", "since", "soon", "status", "steps", "wait_for",
]  # fmt: skip

MANIFEST = Path(__file__).parents[2] / "manifest.yml"


@dataclass
class Served:
    """One `backout serve`."""

    shop: Shop
    sandbox: Sandbox
    environ: dict[str, str]
    mode: str
    port: int
    log: Path
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                [PYTHON, "-m", "bot", "serve"], env=self.environ, cwd=self.shop.folder, stdout=stream, stderr=stream
            )

    def kill(self) -> None:
        """It and its parts, at one stroke: nobody says good-bye."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children()]
        for blow in (signal.SIGSTOP, signal.SIGKILL):
            for each in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each.pid, blow)
        self.process.wait()

    def begins_anew(self) -> None:
        self.kill()
        self.start()

    def is_ready(self) -> None:
        wait_for(lambda: self.ready()[0] == 200, f"not ready: {self.ready()} {self.log.read_text()[-2000:]}", SLOW)

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


@contextlib.contextmanager
def served(shop: Shop, sandbox: Sandbox, *, mode: str = "socket", **environ: str) -> Iterator[Served]:
    """`backout serve` with this Slack, with the catalog as it is; ready. Its log holds nothing secret at the end, and neither
    does what it sent."""
    port = free_port()
    variables = {
        **shop.environ, **sandbox.environment(mode=mode), "BACKOUT_LISTEN": f"127.0.0.1:{port}", "BACKOUT_LOG": "json",
        **environ,
    }  # fmt: skip
    made = Served(
        shop=shop, sandbox=sandbox, environ=variables, mode=mode, port=port, log=shop.folder / f"serve-{port}.log",
    )  # fmt: skip
    made.start()
    try:
        made.is_ready()
        if mode == "http":
            assert sandbox.connect_http(f"http://127.0.0.1:{port}/slack/events")
        yield made
        if made.process.poll() is None:
            made.process.terminate()
            assert made.process.wait(20) == 0, made.log.read_text()[-3000:]
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait()
    tells_nothing_secret(shop, sandbox, made.log.read_text())


def people(sandbox: Sandbox) -> dict[str, Any]:
    ids = [sandbox.person(name).id for name in ("lena", "marco")]
    return {"approvers": {"group": sandbox.group_id("leads"), "users": ids}, "channel": "#incidents"}


def _count(shop: Shop) -> int:
    with psycopg.connect(shop.history_url, application_name="the test") as connection:
        row = connection.execute("SELECT count(*) FROM rollbacks").fetchone()
    return int(row[0]) if row else 0
