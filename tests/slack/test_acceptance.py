"""The whole path, in Slack: a real service, a real `backout serve`, and the strict local Slack between them and people."""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import psycopg
import pytest
from scenes import a_shop, rests, runs, status
from world import PYTHON, Shop, free_port, wait_for

from actions.embedded import EmbeddedPostgres
from bot.sandbox.person import said
from bot.sandbox.sandbox import Sandbox

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
#: Of a row: nobody may ever see it.
PLANTED = "tr0ub4dor and his horse"
SLOW = 90.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(manifest=MANIFEST) as running:
        running.turn(limits_factor=5)
        yield running


@pytest.fixture(scope="module")
def shop(postgres_server: EmbeddedPostgres) -> Iterator[Shop]:
    with a_shop(postgres_server, policy={"quorum": 2}) as made:
        with psycopg.connect(made.url) as connection:
            connection.execute("INSERT INTO customers VALUES (900, %s)", [PLANTED])
        made.start()
        yield made


@contextmanager
def served(shop: Shop, sandbox: Sandbox, mode: str = "socket", **channel: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """`backout serve` with this Slack; its log holds nothing secret at the end, and neither does what it sent."""
    people = [sandbox.person(name).id for name in ("lena", "marco")]
    shop.more = {
        "approvers": {"group": sandbox.group_id("leads"), "users": people}, "channel": "#incidents",
        "checks": shop.entry()["checks"], **channel,
    }  # fmt: skip
    shop.write_catalog()
    port = free_port()
    environ = {
        **shop.environ,
        **sandbox.environment(mode=mode),
        "BACKOUT_LISTEN": f"127.0.0.1:{port}",
        "BACKOUT_LOG": "json",
    }
    log = shop.folder / "serve.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [PYTHON, "-m", "bot", "serve"], env=environ, cwd=shop.folder, stdout=stream, stderr=stream
        )
    try:
        wait_for(lambda: _ready(port), f"not ready: {log.read_text()[-2000:]}")
        if mode == "http":
            assert sandbox.connect_http(f"http://127.0.0.1:{port}/slack/events")
        else:
            sandbox.wait_for_connection(count=2)
        yield process
    finally:
        process.terminate()
        assert process.wait(20) == 0
        tells_nothing_secret(shop, sandbox, log.read_text())


def message(who: Any, key: str) -> Any:
    """What tells that, by what travels with it; None while it is not there."""
    found = [each for each in who.messages() if (each["metadata"] or {}).get("event_payload", {}).get("key") == key]
    assert len(found) < 2, f"{key} is there {len(found)} times"
    return found[0] if found else None


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def tells_nothing_secret(shop: Shop, sandbox: Sandbox, log: str) -> None:
    password = re.search(r"://[^:]+:([^@]+)@", shop.url)
    assert password is not None
    secrets = [
        PLANTED, password[1], shop.url, sandbox.bot_token, sandbox.app_token, sandbox.signing_secret,
    ]  # fmt: skip
    sent = str([[each.get("arguments"), each.get("body")] for each in sandbox.traffic()])
    for secret in secrets:
        assert secret not in sent, f"{secret[:12]}... was sent"
        assert secret not in log, f"{secret[:12]}... was logged"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("mode", ["socket", pytest.param("http", marks=pytest.mark.slow)])
def test_from_the_request_to_the_end(shop: Shop, sandbox: Sandbox, mode: str) -> None:
    target = f"{int(shop.revision()) - 1:04}"
    ana, lena, marco, omar = (sandbox.person(name) for name in ("ana", "lena", "marco", "omar"))
    with served(shop, sandbox, mode):
        assert ana.types("/rollback shop because checkout fails since 14:02")["ok"]
        ana.waits_for(saying="assess", ephemeral=True, seconds=SLOW)
        ask = lena.waits_for(saying="needs the approval", ephemeral=False, seconds=SLOW)
        assert f"<!subteam^{sandbox.group_id('leads')}>" in said(ask)
        card = next(each for each in ana.messages() if "Approve" in str(each["blocks"]))

        for who, words in ((ana, "asked for it"), (omar, "may not")):
            assert who.presses("Approve", card)["ok"]
            who.waits_for(saying=words, ephemeral=True, seconds=SLOW)
        for who in (lena, marco):
            assert who.presses("Approve", card)["ok"]
            ana.waits_for(saying=f"<@{who.id}>", after=ask["ts"], ephemeral=False, seconds=SLOW)

        wait_for(lambda: message(ana, "live"), "no live message", SLOW)
        assert rests(shop, seconds=300) == "succeeded"
        wait_for(lambda: message(ana, "over"), "the end was not told", SLOW)
        live = message(ana, "live")
        ana.waits_for_reply(live, saying="record up to", seconds=SLOW)
        last = message(ana, "card")
        assert last["ts"] == card["ts"]
        assert "Approve" not in str(last["blocks"])
        assert "went back" in last["text"].lower()
    assert shop.revision() == target
    once = [each["metadata"]["event_payload"]["key"] for each in ana.messages() if each["metadata"]]
    assert len(once) == len(set(once))


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_failure_behind_the_point_of_no_return_is_decided_in_slack(
    postgres_server: EmbeddedPostgres, sandbox: Sandbox
) -> None:
    ana, lena = sandbox.person("ana"), sandbox.person("lena")
    with a_shop(postgres_server, policy={"quorum": 1}) as shop:
        shop.start()
        sick = [{"command": ["false"], "patience": "1s"}]
        with served(shop, sandbox, checks=[{"sql": "SELECT count(*) FROM customers", "like_before": True}, *sick]):
            ana.types("/rollback shop because checkout fails")
            lena.waits_for(saying="needs the approval", ephemeral=False, seconds=SLOW)
            card = next(each for each in lena.messages() if "Approve" in str(each["blocks"]))
            lena.presses("Approve", card)
            wait_for(lambda: status(shop) == "choosing", "nobody was asked", 200)

            def offered() -> dict[str, Any] | None:
                return next((each for each in lena.messages() if "rollback_keep" in str(each["blocks"])), None)

            wait_for(offered, "no way on was offered", SLOW)
            asked = offered()
            assert asked is not None
            assert all(button in str(asked["blocks"]) for button in ("rollback_retry", "rollback_restore"))
            assert lena.presses("rollback_keep", asked)["ok"]
            wait_for(lambda: status(shop) == "failed", f"it is {status(shop)}", SLOW)
            lena.waits_for(saying="failed", ephemeral=False, seconds=SLOW)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_it_is_stopped_in_slack_and_the_service_is_as_it_was(
    postgres_server: EmbeddedPostgres, sandbox: Sandbox
) -> None:
    ana, lena = sandbox.person("ana"), sandbox.person("lena")
    with a_shop(postgres_server, policy={"quorum": 1}, quiet_for="20s") as shop:
        shop.start()
        with served(shop, sandbox):
            ana.types("/rollback shop because checkout fails")
            lena.waits_for(saying="needs the approval", ephemeral=False, seconds=SLOW)
            card = next(each for each in lena.messages() if "Approve" in str(each["blocks"]))
            lena.presses("Approve", card)
            runs(shop, "prove-quiet")
            live = next(each for each in ana.messages() if "rollback_stop" in str(each["blocks"]))
            ana.presses("rollback_stop", live)
            assert rests(shop) == "stopped"
            ana.waits_for(saying="stopped", ephemeral=False, seconds=SLOW)
        assert shop.revision() == "0003"
