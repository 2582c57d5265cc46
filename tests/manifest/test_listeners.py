"""What Slack can send to us, and what listens to it: the same."""

import re
from pathlib import Path

import yaml

from bot.listeners.buttons import HANDLERS
from bot.listeners.commands import COMMAND
from bot.render.buttons import Button

ROOT = Path(__file__).parents[2]
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))
LISTENERS = "\n".join(file.read_text("utf-8") for file in (ROOT / "bot" / "listeners").glob("*.py"))


def test_every_button_that_is_drawn_is_listened_to() -> None:
    """`OPEN_CARD` is a link: it is acknowledged, and nothing else happens."""
    assert {*HANDLERS, Button.OPEN_CARD} == set(Button)
    assert "app.action(Button.OPEN_CARD.value)" in LISTENERS


def test_the_commands_are_those_of_the_manifest() -> None:
    assert [each["command"] for each in MANIFEST["features"]["slash_commands"]] == [COMMAND]
    assert re.findall(r"app\.command\(([^)]*)\)", LISTENERS) == ["COMMAND"]


def test_the_events_are_those_of_the_manifest() -> None:
    heard = set(re.findall(r'app\.event\("([^"]+)"\)', LISTENERS))
    assert heard == set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])


def test_nothing_is_listened_to_that_the_manifest_does_not_switch_on() -> None:
    assert not re.findall(r"app\.(?:shortcut|message|function|options)\(", LISTENERS)
