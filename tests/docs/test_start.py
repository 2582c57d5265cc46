"""What the first page shows has to be right, and short."""

import re
from pathlib import Path

import pytest

from actions.catalog.loading import load_catalog
from bot.docs import ROOT

START = (ROOT / "docs" / "start.md").read_text()
ENTRIES = re.findall(r"```yaml\n(services:.*?)```", START, re.DOTALL)
KINDS = {re.search(r"kind: (\w+)", text)[1]: text for text in ENTRIES}  # type: ignore[index]


def test_each_platform_has_its_smallest_service() -> None:
    assert {"local", "compose", "kubernetes"} <= set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_is_a_catalog_of_at_most_fifteen_lines(kind: str, tmp_path: Path) -> None:
    text = KINDS[kind]
    assert len(text.splitlines()) <= 15
    (tmp_path / "backout.yml").write_text(text)
    (service,) = load_catalog(tmp_path / "backout.yml", {}).services.values()
    assert service.platform.kind == kind


@pytest.mark.parametrize(
    "file", sorted((ROOT / "docs" / "examples").glob("*/backout.yml")), ids=lambda file: file.parent.name
)
def test_every_example_is_a_catalog(file: Path) -> None:
    assert load_catalog(file, {}).services
