"""The workers are killed while real shops go back: every run ends honestly, and nothing is left lying about."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from clocks import COMPILER
from honesty import after_the_next_look, dishonest
from market import Market, Servers, opened
from striking import Blow, Struck, at_the_beginning_of_everything, inside_every_step, strike

from actions.history.database import History, open_history
from actions.history.lifecycle import Status
from actions.history.queries import show
from tests.conftest import server_folder


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with server_folder() as folder, Servers(folder) as running:
        folder.chmod(0o755)
        yield running


def go_back(market: Market, history: History, blows: list[Blow], *, workers: int = 1, seconds: float = 280) -> Struck:
    """All of them, with these blows on the way; fails on whatever is not as it should be."""
    market.ask_for_all(history)
    struck = strike(market, blows, workers=workers, seconds=seconds)
    wrong = {
        str(each): found for each, shop in market.rollbacks.items() if (found := dishonest(market, history, each, shop))
    }
    log = (market.folder / "serve.log").read_text()[-4000:]
    assert wrong == {}, f"{wrong}\n{struck}\n{log}"
    left = after_the_next_look(market, history)
    assert left == [], f"{left}\n{struck}\n{log}"
    return struck


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_killed_where_it_hurts_most_a_run_goes_on_where_it_was(servers: Servers) -> None:
    blows = [
        Blow(kind="step.captured", step="stop-writer"), Blow(kind="backup.making"),
        Blow(kind="step.revision_reached", step="downgrade"),
    ]  # fmt: skip
    with (
        server_folder() as folder, opened(servers, folder, shops=1, lease=5) as market,
        open_history(market.history_url) as history,
    ):  # fmt: skip
        struck = go_back(market, history, blows)
        assert struck.unspent == []
        assert set(market.statuses(history).values()) == {Status.SUCCEEDED}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("workers", [1, 3])
def test_killed_at_every_boundary_and_inside_every_step(servers: Servers, workers: int) -> None:
    chance = random.Random(workers)  # noqa: S311 because it draws moments, not keys
    blows = at_the_beginning_of_everything() if workers == 1 else inside_every_step(chance)
    with (
        server_folder() as folder, opened(servers, folder, shops=3) as market,
        open_history(market.history_url) as history,
    ):  # fmt: skip
        struck = go_back(market, history, blows, workers=workers, seconds=500)
        assert struck.unspent == []
        assert len(struck.blows) >= 14
        assert len(struck.hits) >= 14


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_a_worker_that_was_frozen_until_another_took_over_does_no_harm_when_it_wakes(servers: Servers) -> None:
    blows = [
        Blow(how="freeze", kind="step.running", step="back-up", later=0.3),
        # Longer than anybody waits for it to let go of the database.
        Blow(how="freeze", kind="step.captured", step="downgrade", later=0.2, lasting=35),
        Blow(how="freeze", kind="step.running", step="resume-web"),
    ]  # fmt: skip
    with (
        server_folder() as folder, opened(servers, folder, shops=1) as market,
        open_history(market.history_url) as history,
    ):  # fmt: skip
        assert go_back(market, history, blows, workers=1).unspent == []


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_databases_that_restart_or_stay_away_for_longer_than_the_lease_cost_no_honesty(servers: Servers) -> None:
    blows = [
        Blow(how="service", kind="rollback.requested", later=0.5),
        Blow(how="history", kind="step.running", step="capture"),
        Blow(how="service", kind="step.running", step="stop-web"),
        Blow(how="history", kind="step.running", step="prove", later=0.5),
        # Under the rehearsal on the copy that was just proven.
        Blow(how="service", kind="backup.proven", later=0.3),
        Blow(how="service", kind="step.revision_reached", step="downgrade"),
        Blow(how="history", kind="step.running", step="verify", later=0.1),
    ]  # fmt: skip
    with (
        server_folder() as folder, opened(servers, folder, shops=2) as market,
        open_history(market.history_url) as history,
    ):  # fmt: skip
        struck = go_back(market, history, blows)
        assert len(struck.blows) >= 2
        # They were away, and nothing was wrong with them.
        assert set(market.statuses(history).values()) == {Status.SUCCEEDED}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_history_that_is_away_for_a_minute_is_waited_for(servers: Servers) -> None:
    blows = [Blow(how="history", kind="step.running", step="prove", later=0.3, lasting=60)]
    with (
        server_folder() as folder, opened(servers, folder, shops=2, lease=5) as market,
        open_history(market.history_url) as history,
    ):  # fmt: skip
        assert go_back(market, history, blows, seconds=500).unspent == []
        assert set(market.statuses(history).values()) == {Status.SUCCEEDED}


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.skipif(COMPILER is None, reason="no C compiler is here to build a wrong clock with")
def test_replicas_whose_clocks_are_hours_apart_carry_on_for_each_other(servers: Servers) -> None:
    blows = [
        Blow(kind="backup.made"), Blow(how="freeze", kind="step.running", step="prove", later=0.3),
        Blow(kind="step.captured", step="downgrade"), Blow(kind="step.running", step="resume-web"),
    ]  # fmt: skip
    with (
        server_folder() as folder, opened(servers, folder, shops=2, lease=5) as market,
        open_history(market.history_url) as history,
    ):  # fmt: skip
        market.clocks = (-2 * 3600, 0, 5 * 3600)
        struck = go_back(market, history, blows, workers=3)
        assert struck.unspent == []
        assert set(market.statuses(history).values()) == {Status.SUCCEEDED}
        owners = {
            event.actor for each in market.rollbacks for event in show(history, each).events if ":" in event.actor
        }
        assert len(owners) > 1
