"""The seed's runbook from its first step to its last, and each thing that it says can go wrong."""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import pytest
from scenes import kinds, newest, rests, steps
from world import wait_for

from actions.embedded import EmbeddedPostgres
from tests.deeptech_radar.world import CRONJOBS, NEWER, OLDER, SPACE, Radar, a_radar


@pytest.fixture(scope="module")
def radar(postgres_server: EmbeddedPostgres) -> Iterator[Radar]:
    with a_radar(postgres_server) as made, made.worker():
        yield made


def test_the_whole_runbook(radar: Radar) -> None:
    before = radar.shape()
    assert (radar.release(), radar.revision()) == ("2.0", "0005")
    said = radar.backout(
        "request", "deeptech-radar", "--to", "0004", "--because", "application crashes after migration"
    )
    assert "RB-" in said.stdout
    assert rests(radar) == "succeeded", (steps(radar), radar.backout("show", newest(radar)).stdout)
    assert radar.revision() == "0004"
    assert (radar.image(), radar.release()) == (OLDER, "1.0")
    assert radar.shape() == before
    assert radar.writes()
    assert NEWER != OLDER
    order = list(steps(radar))
    assert [name for name in order if name.startswith("resume-")][-5:] == [f"resume-{name}" for name in CRONJOBS]
    assert (
        order.index("back-up") < order.index("downgrade") < order.index("release") < order.index("resume-deeptech-api")
    )
    assert radar.cluster.store.all("Job", SPACE) == [] or kinds(radar)
    wait_for(lambda: not radar.cluster.store.all("Job", SPACE), "Jobs are left")
