"""Every message and view as Slack gets it, one readable file each. `make snapshots` renews them; read the difference."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.render.pages import MESSAGES, VIEWS
from tests.render.rules import check_message, check_view

FOLDER = Path(__file__).parent / "snapshots"
RENEW = os.environ.get("BACKOUT_TEST_SNAPSHOTS") == "renew"


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_as_it_was_and_slack_takes_it(name: str) -> None:
    message = MESSAGES[name]()
    check_message(message)
    _compare(name, message.payload)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_as_it_was_and_slack_takes_it(name: str) -> None:
    view = VIEWS[name]()
    check_view(view)
    _compare(name, view)


def test_no_snapshot_is_left_of_what_is_gone() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == {*MESSAGES, *VIEWS}


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith(("card", "live", "said"))])
def test_the_text_alone_names_the_rollback_and_its_verdict(name: str) -> None:
    text = MESSAGES[name]().text
    assert "RB-142" in text
    assert name == "said_chain" or name.startswith("said_step") or "orders" in text


def _compare(name: str, made: Any) -> None:
    file = FOLDER / f"{name}.json"
    text = json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if RENEW:
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.exists(), "A new one: `make snapshots` writes it down."
    assert text == file.read_text(encoding="utf-8"), "It looks otherwise now: `make snapshots` if it shall."
