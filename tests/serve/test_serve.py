"""`backout serve --workers-only`: looks, notes, shares the work, outlives its database, ends when told."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from actions.history.database import History, conninfo_of
from actions.history.sightings import last_sightings
from actions.history.values import Sighting
from tests.cli.conftest import clean_environment
from tests.conftest import FAST, server_folder
from tests.serve.conftest import PATIENCE, Serve, Serving, deploy, eventually

pytestmark = pytest.mark.slow

NOBODY = "postgresql://orders:tr0ub4dor@127.0.0.1:1/orders"


def seen(history_url: str, service: str) -> tuple[Sighting, ...]:
    """What the history knows about a service, the latest first."""
    with History(conninfo_of(history_url)) as history:
        return last_sightings(history, service, 10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 because it is ours
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def wait_for_revisions(serving: Serving, count: int) -> None:
    serving.wait_for("revision_seen", count)


def test_a_revision_is_noted_when_it_is_first_seen_and_so_is_the_next_one(
    serve: Serve, history_url: str, orders: str, billing: str
) -> None:
    services = {"BACKOUT_DATABASE_URL": history_url, "ORDERS_URL": orders, "BILLING_URL": billing}
    first = serve(**services)
    wait_for_revisions(first, 2)
    (before,) = seen(history_url, "orders")
    assert (before.revision, before.source) == ("aaa1", "periodic")
    assert [row[2:4] for row in before.counters["tables"] if row[2] == "things"] == [["things", 7]]

    deploy(orders, "bbb2")
    assert first.stop()[0] == 0
    second = serve(**services)
    wait_for_revisions(second, 1)
    after, still = seen(history_url, "orders")
    assert (after.revision, still.revision) == ("bbb2", "aaa1")
    assert after.first_seen > still.last_seen >= still.first_seen == before.first_seen
    assert [each.revision for each in seen(history_url, "billing")] == ["aaa1"]


def test_two_processes_share_the_work_and_note_nothing_twice(
    serve: Serve, history_url: str, orders: str, billing: str
) -> None:
    services = {"BACKOUT_DATABASE_URL": history_url, "ORDERS_URL": orders, "BILLING_URL": billing}
    both = [serve(**services), serve(**services)]
    for each in both:
        each.wait_for("serve_ready")
    eventually(lambda: seen(history_url, "orders") and seen(history_url, "billing"))
    deploy(orders, "bbb2")
    third = serve(**services)
    eventually(lambda: len(seen(history_url, "orders")) == 2)
    assert [each.stop()[0] for each in [*both, third]] == [0, 0, 0]
    assert [each.revision for each in seen(history_url, "orders")] == ["bbb2", "aaa1"]
    assert [each.revision for each in seen(history_url, "billing")] == ["aaa1"]
    assert not [line for each in [*both, third] for line in each.lines() if line["level"] != "info"]
    with psycopg.connect(history_url) as connection:
        assert connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM procrastinate_workers").fetchone() == (0,)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_soon_and_with_zero(
    serve: Serve, history_url: str, orders: str, billing: str, by: signal.Signals
) -> None:
    serving = serve(BACKOUT_DATABASE_URL=history_url, ORDERS_URL=orders, BILLING_URL=billing)
    wait_for_revisions(serving, 2)
    code, seconds = serving.stop(by)
    assert code == 0
    assert seconds < 20
    events = [line["event"] for line in serving.lines()]
    assert (events[0], events[-2:]) == ("serve_started", ["serve_stopping", "serve_stopped"])
    assert "2 services of " in serving.lines()[0]["message"]


def test_a_service_that_does_not_answer_hinders_no_other_and_is_named_without_its_password(
    serve: Serve, history_url: str, billing: str
) -> None:
    serving = serve(BACKOUT_DATABASE_URL=history_url, ORDERS_URL=NOBODY, BILLING_URL=billing)
    wait_for_revisions(serving, 1)
    (missed,) = serving.wait_for("sighting_missed")
    assert (missed["level"], missed["service"]) == ("warning", "orders")
    assert "orders" in missed["message"]
    assert [each.revision for each in seen(history_url, "billing")] == ["aaa1"]
    assert not seen(history_url, "orders")
    assert serving.stop()[0] == 0
    assert "tr0ub4dor" not in serving.log.read_text()


def test_it_waits_while_the_history_is_away_and_goes_on_when_it_is_back(
    serve: Serve, orders: str, billing: str
) -> None:
    with server_folder() as folder, EmbeddedPostgres(folder / "history", settings=FAST) as server:
        url = server.url()
        serving = serve(BACKOUT_DATABASE_URL=url, ORDERS_URL=orders, BILLING_URL=billing)
        wait_for_revisions(serving, 2)
        server.close()
        serving.wait_for("history_away")
        deploy(orders, "bbb2")
        server.open()
        wait_for_revisions(serving, 3)
        assert [each.revision for each in seen(url, "orders")] == ["bbb2", "aaa1"]
        assert len(serving.said("history_away")) == 1
        code, seconds = serving.stop()
    assert (code, seconds < 20) == (0, True)
    assert "Traceback" not in serving.log.read_text()


def test_whoever_looks_after_it_hears_whether_it_lives_and_works(serve: Serve, history_url: str) -> None:
    listen = f"127.0.0.1:{free_port()}"
    serving = serve(BACKOUT_DATABASE_URL=history_url, ORDERS_URL=NOBODY, BILLING_URL=NOBODY, BACKOUT_LISTEN=listen)
    serving.wait_for("serve_ready")
    eventually(lambda: asked(f"http://{listen}/ready") == (200, {"status": "ready", "work": True}))
    assert asked(f"http://{listen}/health") == (200, {"status": "ok"})
    taken = serve(BACKOUT_DATABASE_URL=history_url, ORDERS_URL=NOBODY, BILLING_URL=NOBODY, BACKOUT_LISTEN=listen)
    assert taken.process.wait(PATIENCE) == 2
    assert "Nothing can listen at" in taken.log.read_text()
    assert serving.stop()[0] == 0


def test_without_its_history_it_lives_and_is_not_ready(serve: Serve) -> None:
    listen = f"127.0.0.1:{free_port()}"
    serving = serve(BACKOUT_DATABASE_URL=NOBODY, ORDERS_URL=NOBODY, BILLING_URL=NOBODY, BACKOUT_LISTEN=listen)
    serving.wait_for("history_away")
    assert asked(f"http://{listen}/health") == (200, {"status": "ok"})
    assert asked(f"http://{listen}/ready") == (503, {"status": "not ready", "work": False})


def test_it_waits_for_a_history_that_is_not_there_yet_and_can_be_stopped_meanwhile(serve: Serve) -> None:
    serving = serve(BACKOUT_DATABASE_URL=NOBODY, ORDERS_URL=NOBODY, BILLING_URL=NOBODY)
    (away,) = serving.wait_for("history_away")
    assert away["level"] == "warning"
    code, seconds = serving.stop()
    assert (code, seconds < 20) == (0, True)


def test_it_ends_in_time_when_the_history_went_away_a_moment_ago(serve: Serve, orders: str, billing: str) -> None:
    with server_folder() as folder, EmbeddedPostgres(folder / "history", settings=FAST) as server:
        serving = serve(BACKOUT_DATABASE_URL=server.url(), ORDERS_URL=orders, BILLING_URL=billing)
        wait_for_revisions(serving, 2)
        server.close()
        code, seconds = serving.stop()
    assert (code, seconds < 20) == (0, True)
    assert serving.lines()[-1]["event"] == "serve_stopped"
    assert "Traceback" not in serving.log.read_text()


def test_two_processes_share_the_embedded_server_and_the_last_one_stops_it(
    serve: Serve, home: Path, orders: str, billing: str
) -> None:
    both = [serve(ORDERS_URL=orders, BILLING_URL=billing) for _ in range(2)]
    for each in both:
        each.wait_for("serve_ready")
    eventually(lambda: sum(len(each.said("revision_seen")) for each in both) == 2)
    assert both[0].stop()[0] == 0
    assert list(home.rglob("postmaster.pid"))
    assert both[1].stop()[0] == 0
    assert not list(home.rglob("postmaster.pid"))


def test_without_slack_it_says_what_can_be_used_instead(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve"], cwd=tmp_path, env=clean_environment(BACKOUT_HOME=str(tmp_path)),
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set" in done.stderr
    assert "--workers-only" in done.stderr


def test_a_service_that_is_added_to_the_catalog_is_looked_at_without_a_restart(
    serve: Serve, history_url: str, orders: str, billing: str, tmp_path: Path
) -> None:
    whole = (tmp_path / "backout.yml").read_text()
    (tmp_path / "backout.yml").write_text(whole.partition("  billing:")[0])
    serving = serve(BACKOUT_DATABASE_URL=history_url, ORDERS_URL=orders, BILLING_URL=billing)
    wait_for_revisions(serving, 1)
    (tmp_path / "backout.yml").write_text(whole + "nonsense: 1\n")
    (refused,) = serving.wait_for("catalog_refused")
    assert refused["level"] == "error"
    (tmp_path / "backout.yml").write_text(whole)
    serving.wait_for("catalog_taken")
    # The next look comes with the next minute.
    eventually(lambda: seen(history_url, "billing"), seconds=75)
    assert serving.stop()[0] == 0
