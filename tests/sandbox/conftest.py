"""A workspace whose app may do everything, and a person or two."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.sandbox import Sandbox
from tests.sandbox.apps import client

MANIFEST = Path(__file__).parent / "manifest.yml"


@pytest.fixture
def slack() -> Iterator[Sandbox]:
    with Sandbox(manifest=MANIFEST) as running:
        yield running


@pytest.fixture
def web(slack: Sandbox) -> WebClient:
    return client(slack)
