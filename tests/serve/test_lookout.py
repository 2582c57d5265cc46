"""The periodic task itself: one look, called directly, and what the queue makes of it."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import procrastinate
import psycopg
import pytest
from procrastinate.periodic import PeriodicDeferrer

from actions.assess.lookout import TASK, Lookout, sightings
from actions.catalog import Service, load_catalog
from actions.errors import ConfigurationError, UnavailableError
from actions.history.database import History, open_history
from actions.history.queue import queue_app
from actions.history.sightings import last_sightings
from actions.history.tidying import tidying
from actions.history.worker import keep_working
from tests.serve.conftest import CATALOG, deploy

SECRET = "tr0ub4dor-and-three"
NOBODY = f"postgresql://orders:{SECRET}@127.0.0.1:1/orders"


@pytest.fixture
def services(tmp_path: Path) -> Sequence[Service]:
    (tmp_path / "backout.yml").write_text(CATALOG)
    return tuple(load_catalog(tmp_path / "backout.yml", {}).services.values())


@pytest.fixture
def history(history_url: str) -> Iterator[History]:
    with open_history(history_url) as opened:
        yield opened


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The URL of something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"postgresql://orders:{SECRET}@127.0.0.1:{listening.getsockname()[1]}/orders?connect_timeout=60"


def events(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.__dict__["event"] for record in caplog.records if record.levelno == level]


def test_every_change_of_the_revision_is_a_sighting_and_looking_again_is_none(
    services: Sequence[Service], history: History, orders: str, billing: str
) -> None:
    lookout = Lookout(services, {"ORDERS_URL": orders, "BILLING_URL": billing}, threading.Event())
    for revision in ("aaa1", "aaa1", "bbb2", "bbb2", "aaa1"):
        deploy(orders, revision)
        lookout.look(history)
    found = last_sightings(history, "orders", 10)
    assert [each.revision for each in found] == ["aaa1", "bbb2", "aaa1"]
    assert all(newer.first_seen > older.last_seen for newer, older in pairwise(found))
    assert all(each.counters["tables"] for each in found)
    assert len(last_sightings(history, "billing", 10)) == 1


def test_looks_at_the_same_moment_note_nothing_twice(
    services: Sequence[Service], history: History, orders: str, billing: str
) -> None:
    environ = {"ORDERS_URL": orders, "BILLING_URL": billing}
    lookouts = [Lookout(services, environ, threading.Event()) for _ in range(6)]
    looking = [threading.Thread(target=each.look, args=(history,)) for each in lookouts]
    for each in looking:
        each.start()
    for each in looking:
        each.join()
    assert [len(last_sightings(history, name, 10)) for name in ("orders", "billing")] == [1, 1]


@pytest.mark.parametrize(
    "environ", [pytest.param({"ORDERS_URL": NOBODY}, id="nobody there"), pytest.param({}, id="variable not set")]
)
def test_trouble_is_a_warning_once_and_its_end_is_said(
    services: Sequence[Service], history: History, orders: str, billing: str, environ: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, logger="actions")
    changing = {**environ, "BILLING_URL": billing}
    lookout = Lookout(services, changing, threading.Event())
    lookout.look(history)
    lookout.look(history)
    assert events(caplog, logging.WARNING) == ["sighting_missed"]
    assert len(last_sightings(history, "billing")) == 1
    changing["ORDERS_URL"] = orders
    lookout.look(history)
    assert events(caplog, logging.INFO)[-2:] == ["sighting_resumed", "revision_seen"]
    assert SECRET not in caplog.text


def test_a_service_that_never_answers_is_given_up_and_not_asked_twice_at_once(
    services: Sequence[Service], history: History, billing: str, silent_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    lookout = Lookout(services, {"ORDERS_URL": silent_server, "BILLING_URL": billing}, threading.Event())
    lookout.look(history, within=timedelta(seconds=3.5))
    assert events(caplog, logging.WARNING) == ["sighting_missed"]
    assert len(last_sightings(history, "billing")) == 1
    began = time.monotonic()
    lookout.look(history, within=timedelta(seconds=60))
    assert time.monotonic() - began < 20
    assert len([each for each in threading.enumerate() if each.name.startswith("lookout")]) == 1


def test_a_look_ends_at_once_when_we_are_stopping(
    services: Sequence[Service], history: History, billing: str, silent_server: str
) -> None:
    stopping = threading.Event()
    lookout = Lookout(services, {"ORDERS_URL": silent_server, "BILLING_URL": billing}, stopping)
    threading.Timer(0.5, stopping.set).start()
    began = time.monotonic()
    lookout.look(history, within=timedelta(seconds=60))
    assert time.monotonic() - began < 20


def test_a_history_that_is_away_is_not_blamed_on_the_services(
    services: Sequence[Service], orders: str, billing: str, caplog: pytest.LogCaptureFixture
) -> None:
    lookout = Lookout(services, {"ORDERS_URL": orders, "BILLING_URL": billing}, threading.Event())
    with History("host=127.0.0.1 port=1 dbname=backout") as nowhere:
        lookout.look(nowhere)
    assert events(caplog, logging.WARNING) == ["sightings_postponed"]


def test_of_two_workers_that_think_of_the_same_minute_one_gets_a_job(
    services: Sequence[Service], history: History, history_url: str
) -> None:
    minute = 1_800_000_000

    async def defer(app: procrastinate.App) -> None:
        async with app.open_async():
            deferrer = PeriodicDeferrer(registry=app.periodic_registry)
            await deferrer.defer_jobs(list(deferrer.get_previous_tasks(at=minute + 1)))

    async def both() -> None:
        lookout = Lookout(services, {}, threading.Event())
        await asyncio.gather(*(defer(queue_app(history_url, sightings(lookout, history))) for _ in range(2)))

    asyncio.run(both())
    with psycopg.connect(history_url) as connection:
        found = connection.execute("SELECT task_name, args->>'timestamp' FROM procrastinate_jobs").fetchall()
    assert found == [(TASK, str(minute))]


def test_jobs_that_nobody_needs_any_more_are_removed(history: History, history_url: str) -> None:
    with psycopg.connect(history_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER")
        for task, status, age in (
            (TASK, "doing", "2 hours"), ("backout:other", "doing", "2 hours"), (TASK, "failed", "8 days"),
            (TASK, "failed", "6 days"), (TASK, "todo", "8 days"),
        ):  # fmt: skip
            connection.execute(
                "WITH job AS (INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES"
                " ('other', %s, %s) RETURNING id) INSERT INTO procrastinate_events (job_id, type, at)"
                " SELECT id, 'failed', now() - %s::interval FROM job",
                [task, status, age],
            )
        connection.execute("ALTER TABLE procrastinate_jobs ENABLE TRIGGER USER")
        app = queue_app(history_url, tidying(TASK))
        with app.open():
            app.configure_task("backout:queue:tidy").defer(timestamp=0)
        app = queue_app(history_url, tidying(TASK))
        app.run_worker(queues=["default"], wait=False, install_signal_handlers=False, delete_jobs="successful")
        left = connection.execute("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id").fetchall()
    assert left == [("backout:other", "doing"), (TASK, "failed"), (TASK, "todo")]


def test_work_goes_on_after_an_absence_but_not_after_a_mistake() -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise UnavailableError("away") if len(calls) == 1 else ConfigurationError("wrong")

    with pytest.raises(ConfigurationError):
        keep_working(work, threading.Event())
    assert len(calls) == 2
