"""The driver where our files are not: it arrives over standard input, and does there what it does here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.downgrade import baggage
from actions.platforms.port import Inside
from tests.downgrade.project import fenced, write_project

ELSEWHERE = Inside(image="anything")


@pytest.fixture
def scratch(postgres_url: str) -> Iterator[ScratchDatabase]:
    with ScratchServer(postgres_url) as server, server.database() as database:
        yield database


def test_everything_that_the_driver_needs_is_packed() -> None:
    """Whatever one of them imports from beside itself is one of them."""
    here = Path(baggage.__file__).parent
    for name in baggage.FILES:
        for line in (here / f"{name}.py").read_text().splitlines():
            if line.strip().startswith("from .") and (needed := line.split()[1].removeprefix(".")):
                assert needed in baggage.FILES, f"{name} needs {needed}"


def test_a_driver_that_travelled_goes_down_and_up_behind_its_gate(tmp_path: Path, scratch: ScratchDatabase) -> None:
    project = write_project(tmp_path / "project", downgrade='op.drop_column("people", "mail")')
    assert fenced(project, scratch, "upgrade", "head", inside=ELSEWHERE).succeeded
    told = fenced(project, scratch, "downgrade", "-1", inside=ELSEWHERE)
    assert told.succeeded, told.trouble
    assert [revision for revision, _ in told.steps] == ["b2"]
    assert told.fenced in ("network", "process")
