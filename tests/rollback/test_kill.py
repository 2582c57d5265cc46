"""The workers are killed while real shops go back: every run ends honestly, and nothing is left lying about."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from honesty import after_the_next_look, dishonest
from market import Market, Servers, opened
from striking import Blow, Struck, at_every_boundary, inside, inside_every_step, strike

from actions.history.database import History, open_history
from tests.conftest import server_folder


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with server_folder() as folder, Servers(folder) as running:
        folder.chmod(0o755)
        yield running


def go_back(market: Market, history: History, blows: list[Blow], *, workers: int = 1, seconds: float = 240) -> Struck:
    """All of them, with these blows on the way; fails on whatever is not as it should be."""
    market.ask_for_all(history)
    struck = strike(market, history, blows, workers=workers, seconds=seconds)
    wrong = {str(each): found for each, shop in market.rollbacks.items() if (found := dishonest(market, history, each, shop))}
    log = (market.folder / "serve.log").read_text()[-4000:]
    assert wrong == {}, f"{wrong}\n{struck}\n{log}"
    left = after_the_next_look(market, history)
    assert left == [], f"{left}\n{struck}\n{log}"
    return struck


@pytest.mark.timeout(180)
def test_killed_where_it_hurts_most_a_run_goes_on_where_it_was(servers: Servers) -> None:
    blows = [
        Blow(kind="step.captured", step="stop-writer"), Blow(kind="backup.making"), inside("prove", random.Random(1)),
        Blow(kind="step.captured", step="downgrade"), Blow(kind="step.revision_reached", step="downgrade"),
        Blow(kind="step.running", step="resume-web"),
    ]  # fmt: skip
    with server_folder() as folder, opened(servers, folder, shops=1, lease=3) as market:
        with open_history(market.history_url) as history:
            struck = go_back(market, history, blows)
            assert struck.unspent == []
            assert {str(each) for each in market.statuses(history).values()} == {"succeeded"}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("workers", [1, 3])
def test_killed_at_every_boundary_and_inside_every_step(servers: Servers, workers: int) -> None:
    chance = random.Random(workers)
    blows = at_every_boundary() if workers == 1 else inside_every_step(chance)
    with server_folder() as folder, opened(servers, folder, shops=4, lease=4) as market:
        with open_history(market.history_url) as history:
            struck = go_back(market, history, blows, workers=workers, seconds=500)
            assert struck.unspent == []
            assert len(struck.hits) >= 20
