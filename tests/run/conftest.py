from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.history.database import History, open_history


@pytest.fixture
def history(database_url: str) -> Iterator[History]:
    with open_history(database_url) as opened:
        yield opened


@pytest.fixture
def here() -> Path:
    return Path(__file__).parent
