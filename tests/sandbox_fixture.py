"""A local Slack for each test. In a conftest: `from tests.sandbox_fixture import slack as slack`.

The workspace: #incidents (with the app), #general, #leads (private, without the app); ana is on call, lena and marco lead
and are the group @leads, omar has no part in it, gwen is a guest, sam is of another company.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox import Sandbox

MANIFEST = Path(__file__).parents[1] / "manifest.yml"


@pytest.fixture
def slack() -> Iterator[Sandbox]:
    """With the manifest that people install."""
    with Sandbox(manifest=MANIFEST) as running:
        yield running
