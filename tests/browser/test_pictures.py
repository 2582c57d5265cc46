"""The pictures of the README: `BACKOUT_TEST_PICTURES=http://127.0.0.1:8065 pytest tests/browser/test_pictures.py` takes them from a running demo."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import opened

pytestmark = pytest.mark.browser

IMAGES = Path(__file__).parents[2] / "docs" / "images"
#: Read at import: the environment is cleaned before the first test.
DEMO = os.environ.get("BACKOUT_TEST_PICTURES", "")


@pytest.mark.skipif(not DEMO, reason="BACKOUT_TEST_PICTURES names no running demo")
@pytest.mark.parametrize(("name", "where", "settings"), [
    ("channel", "", {"color_scheme": "light"}),
    ("channel-dark", "", {"color_scheme": "dark"}),
    ("home", "#home", {"color_scheme": "light"}),
    ("narrow", "", {"color_scheme": "dark", "viewport": {"width": 400, "height": 800}}),
])  # fmt: skip
def test_a_picture_for_the_readme(
    new_page: Callable[..., Page], name: str, where: str, settings: dict[str, object]
) -> None:
    page = opened(
        new_page(**{"viewport": {"width": 1280, "height": 860}, "device_scale_factor": 2, **settings}),
        f"{DEMO}/{where}",
    )
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => undefined)")
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=IMAGES / f"{name}.png")
