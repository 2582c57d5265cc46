"""Slack's acknowledgement, the start and the footprint: `backout serve` against the local Slack, and a plain Bolt app beside it.

Fifty commands a second are typed while ten rollbacks run; what is measured is from the envelope that leaves Slack to the
acknowledgement that arrives there. The plain app acknowledges and says hello, in the same run, on the same Slack.

The local Slack is a process of its own, and whoever types is another, which sends small requests and does nothing else. They
share the machine with what is measured, as the rollbacks and their databases do.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "rollback"))

import aiohttp  # noqa: E402 because the shops are in the tests
import psutil  # noqa: E402
from market import Market, Servers, opened  # noqa: E402
from world import free_port  # noqa: E402

from actions.history.database import History, conninfo_of  # noqa: E402
from actions.history.queries import live  # noqa: E402

MANIFEST = ROOT / "manifest.yml"
A_SECOND, SECONDS = 50, 20
ROLLBACKS = 10
#: As `nice` counts: people and Slack have machines of their own.
PRIORITY_OF_OTHER_MACHINES = -15
STARTS = 3
SETTLE_SECONDS, IDLE_SECONDS = 10, 60
PEOPLE = ("ana", "lena", "marco", "omar")
WAIT_SECONDS = 60.0
#: A server-sent event that brings nothing new for so long was the last one.
QUIET_SECONDS = 2.0

PLAIN = """
import os, sys
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
app = App(client=WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))
@app.command("/rollback")
def hello(ack, respond):
    ack()
    respond("hello")
SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start()
"""


@dataclass(frozen=True, kw_only=True)
class LocalSlack:
    """One in a process of its own, through its control side."""

    page: str
    environ: Mapping[str, str]

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        asked = urllib.request.Request(  # noqa: S310 because it is on this machine
            f"{self.page}/control/{path}", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def state(self) -> Any:
        with urllib.request.urlopen(f"{self.page}/control/state", timeout=30) as answer:  # noqa: S310
            return json.load(answer)


def run(arguments: Sequence[str]) -> dict[str, Any]:
    options = argparse.ArgumentParser(prog="python -m bench slack")
    options.add_argument("--seconds", type=int, default=SECONDS)
    options.add_argument("--rollbacks", type=int, default=ROLLBACKS)
    options.add_argument("--idle", type=int, default=IDLE_SECONDS)
    chosen = options.parse_args(list(arguments))
    with tempfile.TemporaryDirectory(prefix="backout-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Servers(folder) as servers:
            plain_alone = _plain(folder, chosen.seconds)
            idle = _idle(servers, folder, chosen.idle)
            busy = _busy(servers, folder, chosen.rollbacks, chosen.seconds)
    facts = {"plain_bolt_with_nothing_else_running": plain_alone, "backout": busy, **idle, "load": os.getloadavg()}
    _show(facts)
    return facts


@contextmanager
def _slack() -> Iterator[LocalSlack]:
    words = [sys.executable, "-m", "bot.sandbox", "--manifest", str(MANIFEST), "--port", "0"]
    with subprocess.Popen(
        words,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_be_another_machine,  # noqa: PLW1509  one thread
    ) as process:
        assert process.stdout is not None
        page, environ = process.stdout.readline().partition("page: ")[2].strip(), dict[str, str]()
        while len(environ) < 5:
            name, _, value = process.stdout.readline().strip().partition("=")
            environ[name] = value
        try:
            slack = LocalSlack(page=page, environ=environ)
            slack.post("knobs", {"limits": False})
            yield slack
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


def _plain(folder: Path, seconds: int) -> dict[str, Any]:
    with ExitStack() as stack:
        slack = stack.enter_context(_slack())
        environ = {**os.environ, **slack.environ, "PYTHONPATH": str(ROOT)}
        stack.enter_context(_process([sys.executable, "-c", PLAIN], environ, folder))
        while not slack.state()["app"]["connected"]:
            time.sleep(0.1)
        return _type_at(slack, seconds)


def _idle(servers: Servers, folder: Path, seconds: int) -> dict[str, Any]:
    """From the start of the process to `/ready`, the middle of some; then what it takes when nothing happens."""
    inside = folder / "idle"
    inside.mkdir()
    with _slack() as slack, opened(servers, inside, shops=1) as market:
        took = []
        for number in range(STARTS):
            began = time.monotonic()
            with _serving(slack, market) as (process, ready):
                took.append(ready - began)
                if number < STARTS - 1:
                    continue
                time.sleep(SETTLE_SECONDS)
                before, at = _spent(process.pid), time.monotonic()
                time.sleep(seconds)
                spent = _spent(process.pid) - before
                return {
                    "ready_seconds": round(median(took), 2),
                    "idle_megabytes": round(sum(each.memory_full_info().pss for each in _family(process.pid)) / 1e6, 1),
                    "idle_percent_of_a_core": round(100 * spent / (time.monotonic() - at), 2),
                }
    raise AssertionError


def _family(pid: int) -> list[psutil.Process]:
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def _spent(pid: int) -> float:
    """Processor seconds of all its processes, and of those that came and went."""
    times = [each.cpu_times() for each in _family(pid)]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def _busy(servers: Servers, folder: Path, rollbacks: int, seconds: int) -> dict[str, Any]:
    inside = folder / "busy"
    inside.mkdir()
    with ExitStack() as stack:
        slack = stack.enter_context(_slack())
        market = stack.enter_context(opened(servers, inside, shops=rollbacks))
        stack.enter_context(_serving(slack, market))
        history = stack.enter_context(History(conninfo_of(market.history_url)))
        people, channel = _ids(slack)
        for shop in market.shops:
            words = f"/rollback {shop.name} because we measure"
            if not slack.post("act", {"as": people["ana"], "act": "post", "channel": channel, "text": words})["ok"]:
                raise RuntimeError(f"{words} was not acknowledged")
        until = time.monotonic() + WAIT_SECONDS
        while len(live(history)) < rollbacks:
            if time.monotonic() > until:
                raise RuntimeError("Not all rollbacks were opened")
            time.sleep(0.05)
        facts = _type_at(slack, seconds)
        return {**facts, "rollbacks_open_at_the_end": len(live(history))}


def _ids(slack: LocalSlack) -> tuple[dict[str, str], str]:
    state = slack.state()
    people = {each["name"]: each["id"] for each in state["people"]}
    return people, next(each["id"] for each in state["channels"] if each["name"] == "incidents")


@contextmanager
def _serving(slack: LocalSlack, market: Market) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    port = free_port()
    environ = {**market.environ, **slack.environ, "BACKOUT_LISTEN": f"127.0.0.1:{port}"}
    del environ["BACKOUT_LEASE"]  # short for those who kill; here it is as it comes
    with _process([sys.executable, "-m", "bot", "serve"], environ, market.folder) as process:
        while not _ready(port):
            if process.poll() is not None:
                raise RuntimeError("backout serve did not start")
            time.sleep(0.02)
        yield process, time.monotonic()


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def _process(words: list[str], environ: dict[str, str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / "bench-slack.log").open("ab") as log:
        process = subprocess.Popen(words, env=environ, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _type_at(slack: LocalSlack, seconds: int) -> dict[str, Any]:
    """Typed on the beat, whether or not the one before is acknowledged; by a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork"), initializer=_be_another_machine) as typist:
        return typist.submit(_type, slack, seconds).result()


def _type(slack: LocalSlack, seconds: int) -> dict[str, Any]:
    return asyncio.run(_typing(slack, seconds))


def _be_another_machine() -> None:
    """People and Slack have processors of their own. Here they share ours, so they go first, where that is allowed."""
    os.setsid()
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY_OF_OTHER_MACHINES)
        Path("/proc/self/autogroup").write_text(str(PRIORITY_OF_OTHER_MACHINES))


async def _typing(slack: LocalSlack, seconds: int) -> dict[str, Any]:
    people, channel = _ids(slack)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        loop = asyncio.get_running_loop()
        known = {each["id"] async for each in _traffic(session, slack)}

        async def types(person: str) -> bool:
            told = {"as": person, "act": "post", "channel": channel, "text": "/rollback status"}
            async with session.post(f"{slack.page}/control/act", json=told) as answer:
                return bool((await answer.json()).get("ok"))

        began, asked = loop.time(), []
        for number in range(A_SECOND * seconds):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - loop.time()))
            asked.append(asyncio.ensure_future(types(people[PEOPLE[number % len(PEOPLE)]])))
        lasted = loop.time() - began
        missed = sum(not each for each in await asyncio.gather(*asked))
        heard = [each async for each in _traffic(session, slack) if each["id"] not in known and each["kind"] == "ack"]
    took = sorted(float(each["seconds"]) for each in heard if each.get("seconds") is not None)
    cuts = quantiles(took, n=100)
    return {
        "commands": len(asked), "a_second": round(len(asked) / lasted, 1), "missed": missed,
        "p50_ms": round(cuts[49] * 1e3, 1), "p99_ms": round(cuts[98] * 1e3, 1), "worst_ms": round(took[-1] * 1e3, 1),
    }  # fmt: skip


async def _traffic(session: aiohttp.ClientSession, slack: LocalSlack) -> AsyncIterator[dict[str, Any]]:
    """All that the local Slack remembers."""
    async with session.get(f"{slack.page}/control/traffic") as stream:
        with suppress(TimeoutError):
            while line := await asyncio.wait_for(stream.content.readline(), QUIET_SECONDS):
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


def _show(facts: dict[str, Any]) -> None:
    print(json.dumps(facts, indent=2), file=sys.stderr)
