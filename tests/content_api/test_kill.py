"""The worker is killed while a service goes back on compose: another goes on, nothing is started twice, and the containers are
given back exactly."""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import pytest
from killing import Blow, a_worker, entries, killed_on_the_way
from scenes import newest, steps

from actions.embedded import EmbeddedPostgres
from tests.content_api.world import ContentApi, a_content_api

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]
STEPS = (
    "preflight", "capture", "stop-worker", "stop-api", "prove-quiet", "back-up", "prove", "downgrade", "verify", "release",
    "resume-api", "resume-worker", "health", "close",
)  # fmt: skip


@pytest.fixture(scope="module")
def api(postgres_server: EmbeddedPostgres) -> Iterator[ContentApi]:
    policy = {"quorum": 0, "after_new_data": "allow"}
    with a_content_api(postgres_server, lease="4s", policy=policy) as made, a_worker(made) as made.hand:
        yield made
        made.backout("audit")


def go_back(api: ContentApi, blows: list[Blow], *, later: float = 0.0) -> None:
    if api.revision() != "0007":
        api.deploy()
    before, users = api.shape(), api.ask("SELECT count(*) FROM users")
    api.backout("request", "content-api")
    ended = killed_on_the_way(api, api.hand, blows, later=later, seconds=1000)
    assert ended == "succeeded", (steps(api), api.backout("show", newest(api)).stdout)
    assert api.revision() == "0006"
    assert api.health() == {"status": "ok", "release": "1.0"}
    assert api.shape() == before
    assert api.ask("SELECT count(*) FROM users") == users
    assert api.writes()
    assert api.left_over() == []
    assert [kind for kind, _ in entries(api)].count("step.revision_reached") <= 1, "the downgrade was started again"


@pytest.mark.slow
def test_killed_at_every_change_of_the_containers_it_goes_on_where_it_was(api: ContentApi) -> None:
    blows = [("step.captured", f"stop-{name}") for name in ("worker", "api")]
    blows += [("step.done", "stop-api"), ("step.captured", "downgrade"), ("step.captured", "release")]
    blows += [("step.running", f"resume-{name}") for name in ("api", "worker")]
    go_back(api, blows)


@pytest.mark.nightly
@pytest.mark.parametrize("later", [0.0, 0.3, 1.0])
def test_killed_at_the_beginning_of_every_step_and_inside_it(api: ContentApi, later: float) -> None:
    go_back(api, [("step.running", name) for name in STEPS], later=later)
