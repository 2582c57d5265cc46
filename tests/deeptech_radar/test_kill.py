"""The worker is killed in the middle of a rollback in the cluster: another goes on, nothing is started twice, and
everything is given back exactly."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import pytest
from killing import Blow, a_worker, killed_on_the_way
from scenes import kinds, newest
from world import wait_for

from actions.embedded import EmbeddedPostgres
from tests.deeptech_radar.world import CRONJOBS, NEWER, OLDER, SPACE, Radar, a_radar
from tests.kube_real.cluster import clusters

pytestmark = [pytest.mark.timeout(900)]
#: The schedules between the first and the last are stopped and resumed as those are.
WRITERS = (CRONJOBS[0], CRONJOBS[-1], "deeptech-api-scaler", "deeptech-api")
STEPS = (
    "preflight", "capture", *(f"stop-{name}" for name in WRITERS), "prove-quiet", "back-up", "prove", "downgrade", "verify",
    "release", *(f"resume-{name}" for name in WRITERS), "health", "close",
)  # fmt: skip


@pytest.fixture(params=clusters(), ids=lambda make: make.__name__)
def radar(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> Iterator[Radar]:
    """One of its own for each: what a case that fails leaves under way is nobody else's."""
    with a_radar(postgres_server, request.param, lease="4s") as made, a_worker(made) as made.hand:
        yield made


def go_back(radar: Radar, blows: list[Blow], **how: Any) -> str:
    radar.backout("request", "deeptech-radar", "--to", "0004")
    return killed_on_the_way(radar, radar.hand, blows, **how)


def is_in_the_migration(radar: Radar) -> bool:
    """The Job's own session, on the live database."""
    session = "application_name LIKE 'backout RB-% downgrade' AND datname = current_database()"
    return bool(radar.ask(f"SELECT count(*) FROM pg_stat_activity WHERE {session}"))


def kept_jobs(radar: Radar) -> list[str]:
    """Not those that only a process knew that was killed: the next command after their time clears them away."""
    jobs = radar.cluster.store.all("Job", SPACE)
    return [str(each["metadata"]["name"]) for each in jobs if "backout/until" not in each["metadata"]["annotations"]]


def is_honest(radar: Radar, before: object, status: str) -> None:
    assert status == "succeeded", radar.backout("show", newest(radar)).stdout
    assert (radar.revision(), radar.image(), radar.release()) == ("0004", OLDER, "1.0")
    assert radar.shape() == before
    radar.is_rolled_out()
    assert radar.writes()
    wait_for(lambda: not kept_jobs(radar), "Jobs are left")
    downgrades = [argv for name, argv in radar.cluster.kubelet.started if "-downgrade-" in name]
    assert len(downgrades) == 1, "the downgrade was started again"


@pytest.mark.slow
def test_a_downgrade_whose_runner_is_killed_in_its_middle_is_heard_out(radar: Radar) -> None:
    before = radar.shape()
    for image in (NEWER, OLDER):
        radar.cluster.images[image].env["RADAR_SLOW"] = "9"
    status = go_back(radar, [("step.captured", "downgrade")], when=lambda: is_in_the_migration(radar))
    assert "step.found_again" in kinds(radar)
    is_honest(radar, before, status)


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
