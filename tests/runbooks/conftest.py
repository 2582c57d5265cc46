import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from garage import Garage

from actions.history.database import open_history


@pytest.fixture
def garage(database_url: str, tmp_path: Path) -> Iterator[Garage]:
    (tmp_path / "home").mkdir()
    with open_history(database_url) as history:
        yield Garage(folder=tmp_path / "garage", home=tmp_path / "home", history=history)
