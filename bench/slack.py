"""Slack's acknowledgement, the start and the footprint: `backout serve` against the local Slack, and a plain Bolt app beside it.

Fifty commands a second are typed while ten rollbacks run; what is measured is from the envelope that leaves Slack to the
acknowledgement that arrives there. The plain app acknowledges and says hello, in the same run, on the same Slack.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "rollback"))

import psutil  # noqa: E402 because the shops are in the tests
from market import Market, Servers, opened  # noqa: E402
from world import free_port  # noqa: E402

from bot.sandbox.sandbox import Sandbox  # noqa: E402

MANIFEST = ROOT / "manifest.yml"
A_SECOND, SECONDS = 50, 20
ROLLBACKS = 10
IDLE_SECONDS = 20
PEOPLE = ("ana", "lena", "marco", "omar")

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


def run(arguments: Sequence[str]) -> dict[str, Any]:
    options = argparse.ArgumentParser(prog="python -m bench slack")
    options.add_argument("--seconds", type=int, default=SECONDS)
    options.add_argument("--rollbacks", type=int, default=ROLLBACKS)
    chosen = options.parse_args(list(arguments))
    with tempfile.TemporaryDirectory(prefix="backout-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        plain = _plain(folder, chosen.seconds)
        with Servers(folder) as servers:
            idle = _idle(servers, folder)
            busy = _busy(servers, folder, chosen.rollbacks, chosen.seconds)
    facts = {"plain_bolt": plain, "backout": busy, **idle}
    _show(facts)
    return facts


def _plain(folder: Path, seconds: int) -> dict[str, float]:
    with Sandbox(manifest=MANIFEST) as slack:
        slack.turn(limits=False)
        environ = {**os.environ, **slack.environment(), "PYTHONPATH": str(ROOT)}
        with _process([sys.executable, "-c", PLAIN], environ, folder):
            slack.wait_for_connection()
            return _type_at(slack, seconds)


def _idle(servers: Servers, folder: Path) -> dict[str, float]:
    """From the start of the process to `/ready`; then what it takes when nothing happens."""
    inside = folder / "idle"
    inside.mkdir()
    with Sandbox(manifest=MANIFEST) as slack, opened(servers, inside, shops=1) as market:
        began = time.monotonic()
        with _serving(slack, market) as (process, ready):
            ready_seconds = ready - began
            time.sleep(5)
            seen = psutil.Process(process.pid)
            before, at = seen.cpu_times(), time.monotonic()
            time.sleep(IDLE_SECONDS)
            after = seen.cpu_times()
            spent = after.user + after.system - before.user - before.system
            return {
                "ready_seconds": round(ready_seconds, 2),
                "idle_megabytes": round(seen.memory_info().rss / 1e6, 1),
                "idle_percent_of_a_core": round(100 * spent / (time.monotonic() - at), 2),
            }


def _busy(servers: Servers, folder: Path, rollbacks: int, seconds: int) -> dict[str, float]:
    inside = folder / "busy"
    inside.mkdir()
    with Sandbox(manifest=MANIFEST) as slack, opened(servers, inside, shops=rollbacks) as market:
        slack.turn(limits=False)
        with _serving(slack, market):
            ana = slack.person("ana")
            for shop in market.shops:
                ana.types(f"/rollback {shop.name} because we measure")
            return _type_at(slack, seconds)


@contextmanager
def _serving(slack: Sandbox, market: Market) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    port = free_port()
    environ = {**market.environ, **slack.environment(), "BACKOUT_LISTEN": f"127.0.0.1:{port}"}
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


def _type_at(slack: Sandbox, seconds: int) -> dict[str, float]:
    """Typed on the beat, whether or not the one before is acknowledged."""
    people = [slack.person(name) for name in PEOPLE]
    since = len(slack.traffic("ack"))
    missed = 0
    with ThreadPoolExecutor(64) as pool:
        began, asked = time.monotonic(), []
        for number in range(A_SECOND * seconds):
            time.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            asked.append(pool.submit(people[number % len(people)].types, "/rollback status", "#incidents"))
        missed = sum(not each.result().get("ok") for each in asked)
    took = sorted(float(each["seconds"]) for each in slack.traffic("ack")[since:] if each.get("seconds") is not None)
    cuts = quantiles(took, n=100)
    return {
        "commands": len(asked), "missed": missed, "p50_ms": round(cuts[49] * 1e3, 1), "p99_ms": round(cuts[98] * 1e3, 1),
        "worst_ms": round(took[-1] * 1e3, 1),
    }  # fmt: skip


def _show(facts: dict[str, Any]) -> None:
    print(json.dumps(facts, indent=2), file=sys.stderr)
