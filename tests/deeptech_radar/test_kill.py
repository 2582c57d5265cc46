"""The worker is killed in the middle of a rollback in the cluster: another goes on, nothing is started twice, and
everything is given back exactly."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import pytest
from scenes import kinds, newest, query, steps
from world import wait_for

from actions.embedded import EmbeddedPostgres
from tests.deeptech_radar.world import CRONJOBS, NEWER, OLDER, SPACE, Radar, a_radar

pytestmark = [pytest.mark.timeout(900)]
WRITERS = (*CRONJOBS, "deeptech-api-scaler", "deeptech-api")
STEPS = (
    "preflight", "capture", *(f"stop-{name}" for name in WRITERS), "prove-quiet", "back-up", "prove", "downgrade", "verify",
    "release", *(f"resume-{name}" for name in WRITERS), "health", "close",
)  # fmt: skip
RESTING = ("succeeded", "failed", "stopped", "choosing", "halted")


@pytest.fixture(scope="module")
def radar(postgres_server: EmbeddedPostgres) -> Iterator[Radar]:
    with a_radar(postgres_server) as made:
        made.lease = "4s"
        yield made


def events(radar: Radar) -> list[tuple[str, str]]:
    """Kind and step of every entry about the newest rollback."""
    found = query(
        radar, "SELECT body::jsonb->>'kind', coalesce(body::jsonb->'details'->>'step', '') FROM events"
        " WHERE rollback_id = (SELECT max(id) FROM rollbacks) ORDER BY seq",
    )  # fmt: skip
    return [(str(kind), str(step)) for kind, step in found]


def go_back(radar: Radar, blows: list[tuple[str, str]], *, later: float = 0.0, seconds: float = 600) -> str:
    """Kills the worker after each of these entries has come for the first time; where the rollback ends."""
    radar.deploy(NEWER, "0005")
    worker = radar.start_worker()
    left, until = list(blows), time.monotonic() + seconds
    try:
        radar.backout("request", "deeptech-radar", "--to", "0004")
        while (
            status := str(query(radar, "SELECT status FROM rollbacks ORDER BY id DESC LIMIT 1")[0][0])
        ) not in RESTING:
            assert time.monotonic() < until, (status, steps(radar), left)
            if (hit := next((blow for blow in events(radar) if blow in left), None)) is not None:
                left.remove(hit)
                time.sleep(later)
                worker.kill()
                worker.wait()
                worker = radar.start_worker()
            time.sleep(0.05)
    finally:
        worker.terminate()
        worker.wait(30)
    assert left == [], f"never came: {left}"
    return status


def is_honest(radar: Radar, before: object, status: str) -> None:
    assert status == "succeeded", radar.backout("show", newest(radar)).stdout
    assert (radar.revision(), radar.image(), radar.release()) == ("0004", OLDER, "1.0")
    assert radar.shape() == before
    radar.is_rolled_out()
    assert radar.writes()
    wait_for(lambda: not radar.cluster.store.all("Job", SPACE), "Jobs are left")
    downgrades = [argv for name, argv in radar.cluster.kubelet.started if "-downgrade-" in name]
    assert len(downgrades) == 1, "the downgrade was started again"
    radar.cluster.kubelet.started.clear()


@pytest.mark.slow
def test_a_downgrade_whose_runner_is_killed_in_its_middle_is_heard_out(radar: Radar) -> None:
    before = radar.shape()
    for image in (NEWER, OLDER):
        radar.cluster.images[image].env["RADAR_SLOW"] = "9"
    try:
        status = go_back(radar, [("step.captured", "downgrade")], later=5)
        assert "step.found_again" in kinds(radar)
        is_honest(radar, before, status)
    finally:
        for image in (NEWER, OLDER):
            radar.cluster.images[image].env["RADAR_SLOW"] = "0"


@pytest.mark.slow
def test_killed_at_every_change_of_the_cluster_it_goes_on_where_it_was(radar: Radar) -> None:
    before = radar.shape()
    blows = [("step.captured", f"stop-{name}") for name in ("arxiv-hourly", "deeptech-api-scaler", "deeptech-api")]
    blows += [("step.done", "stop-deeptech-api"), ("step.captured", "release")]
    blows += [("step.running", f"resume-{name}") for name in ("deeptech-api", "deeptech-api-scaler", "arxiv-hourly")]
    is_honest(radar, before, go_back(radar, blows))


@pytest.mark.nightly
@pytest.mark.parametrize("later", [0.0, 0.15, 0.4])
def test_killed_at_the_beginning_of_every_step(radar: Radar, later: float) -> None:
    before = radar.shape()
    blows = [("step.running", name) for name in STEPS]
    is_honest(radar, before, go_back(radar, blows, later=later, seconds=800))
