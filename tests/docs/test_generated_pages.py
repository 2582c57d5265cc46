from pathlib import Path

import pytest

from bot.docs import ROOT, pages
from bot.settings import names


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in pages()])
def test_generated_pages_are_up_to_date(file: Path) -> None:
    assert file.read_text() == pages()[file], "run `make schema`"


def test_every_setting_in_the_docs_exists() -> None:
    import re

    mentioned = set()
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        mentioned |= set(re.findall(r"\b(?:BACKOUT|SLACK)_[A-Z_]+\b", page.read_text()))
    for_tests = {f"BACKOUT_TEST_{name}" for name in ("REQUIRE", "ALL", "NODE", "PICTURES")}
    assert mentioned <= {*names(), *for_tests}


def test_links_between_pages_lead_somewhere() -> None:
    import re

    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if not link.startswith("http"):
                assert (page.parent / link).exists(), f"{page.name} links to {link}"
