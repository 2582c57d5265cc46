from pathlib import Path

import pytest

from tests.files.rooms import Room


@pytest.fixture
def room(database_url: str, tmp_path: Path) -> Room:
    home = tmp_path / "service"
    home.mkdir()
    return Room(url=database_url, home=home)
