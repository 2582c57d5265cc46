"""A catalog whose files change while a process runs."""

import logging
from pathlib import Path

import pytest

from actions.catalog import CatalogError
from actions.catalog.watched import REMIND_EVERY_SECONDS, WatchedCatalog

ONE = "services:\n  {name}:\n    environment: staging\n    platform: local\n    database: ${{URL}}\n"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Watching:
    """A file, a catalog that watches it, and time that passes when a test says so."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, Clock()
        self.watched = WatchedCatalog(path, {}, clock=self.clock)

    def names(self, *, later: float = 0.0) -> list[str]:
        """After two looks, the first of which sees the change and the second that it is over."""
        for _ in range(2):
            self.clock.now += 1 + later
            found = list(self.watched.now().services)
        return found


@pytest.fixture
def watching(tmp_path: Path) -> Watching:
    (tmp_path / "catalog.yml").write_text(ONE.format(name="orders"))
    return Watching(tmp_path / "catalog.yml")


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.event for record in caplog.records if hasattr(record, "event")]


def test_a_change_is_taken(watching: Watching, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    every_time = watching.watched.services()
    watching.path.write_text(ONE.format(name="billing"))
    assert watching.names() == ["billing"]
    assert [service.name for service in every_time] == ["billing"]
    assert said(caplog) == ["catalog_taken"]
    assert watching.names() == ["billing"]
    assert said(caplog) == ["catalog_taken"], "nothing is said where nothing changes"


def test_whoever_begins_with_what_was_read_long_ago_catches_up_before_anything_else(watching: Watching) -> None:
    watching.path.write_text(ONE.format(name="billing"))
    watching.watched.catch_up()
    assert list(watching.watched.now().services) == ["billing"]
    watching.path.write_text("services: [")
    watching.watched.catch_up()
    assert list(watching.watched.now().services) == ["billing"]


def test_what_cannot_be_used_changes_nothing_and_is_said_loudly_until_it_is_mended(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    watching.path.write_text(ONE.format(name="billing") + "    enviroment: x\n")
    assert watching.names() == ["orders"]
    assert watching.names() == ["orders"]
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "STAYS IN FORCE" in record.getMessage()
    assert "catalog.yml:6:5" in record.getMessage()
    watching.names(later=REMIND_EVERY_SECONDS)
    assert said(caplog).count("catalog_refused") > 1
    watching.path.write_text(ONE.format(name="billing"))
    assert watching.names() == ["billing"]
    caplog.clear()
    watching.names(later=REMIND_EVERY_SECONDS)
    assert said(caplog) == []


def test_a_file_that_is_still_being_written_is_waited_for(watching: Watching) -> None:
    whole = ONE.format(name="orders") + ONE.format(name="billing").partition("\n")[2]
    for cut in (60, 120, len(whole)):
        watching.path.write_text(whole[:cut])
        watching.clock.now += 1
        assert list(watching.watched.now().services) == ["orders"]
    assert watching.names() == ["orders", "billing"]


def test_another_file_in_its_place_and_one_more_in_the_folder_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(ONE.format(name="orders"))
    watching = Watching(tmp_path)
    (tmp_path / ".new").write_text(ONE.format(name="others"))
    (tmp_path / ".new").replace(tmp_path / "a.yml")
    assert watching.names() == ["others"]
    (tmp_path / "b.yaml").write_text(ONE.format(name="billing"))
    assert watching.names() == ["others", "billing"]
    (tmp_path / "b.yaml").unlink()
    assert watching.names() == ["others"]


def test_files_that_are_gone_change_nothing(watching: Watching, caplog: pytest.LogCaptureFixture) -> None:
    watching.path.unlink()
    assert watching.names() == ["orders"]
    assert said(caplog) == ["catalog_refused"]


def test_the_first_one_must_be_right(tmp_path: Path) -> None:
    (tmp_path / "catalog.yml").write_text("services: {}\n")
    with pytest.raises(CatalogError):
        WatchedCatalog(tmp_path / "catalog.yml", {})
