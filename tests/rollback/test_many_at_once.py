"""Many services go back at once, on one worker and on three: each once, and none has two rollbacks at any moment."""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from honesty import after_the_next_look, dishonest
from market import START, TARGET, Market, Servers, opened
from striking import strike

from actions.history.database import History, open_history
from actions.history.lifecycle import Status
from actions.history.rollbacks import RollbackRequest, open_rollback
from tests.conftest import server_folder


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with server_folder() as folder, Servers(folder) as running:
        folder.chmod(0o755)
        yield running


def a_second_one_is_the_first(market: Market, history: History) -> None:
    for first, shop in market.rollbacks.items():
        request = RollbackRequest(
            request_key=secrets.token_hex(8), service=shop.name, environment="staging", requester="somebody else", target="-1",
        )  # fmt: skip
        assert open_rollback(history, request).rollback.id == first


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("shops", "workers"),
    [
        pytest.param(4, 3, marks=pytest.mark.slow),
        pytest.param(20, 1, marks=pytest.mark.nightly),
        pytest.param(20, 3, marks=pytest.mark.nightly),
    ],
)
def test_all_of_them_go_back_and_are_well(servers: Servers, shops: int, workers: int) -> None:
    with (
        server_folder() as folder, opened(servers, folder, shops=shops, lease=15) as market,
        open_history(market.history_url) as history,
    ):  # fmt: skip
        assert {shop.revision() for shop in market.shops} == {START}
        market.ask_for_all(history)
        a_second_one_is_the_first(market, history)
        strike(market, [], workers=workers, seconds=1500)
        assert set(market.statuses(history).values()) == {Status.SUCCEEDED}
        assert {shop.revision() for shop in market.shops} == {TARGET}
        wrong = {
            str(each): found
            for each, shop in market.rollbacks.items()
            if (found := dishonest(market, history, each, shop))
        }
        assert wrong == {}
        assert after_the_next_look(market, history) == []
