"""manifest.yml: as Slack's published schema wants it, complete for what the code calls, and with nothing to spare."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))
SCOPES = set(MANIFEST["oauth_config"]["scopes"]["bot"])

#: What a bot token needs for each method, as Slack's reference has it; where one of several is enough, in one set.
NEEDS: dict[str, tuple[set[str], ...]] = {
    "apps.connections.open": (), "auth.test": (), "chat.getPermalink": (), "views.open": (), "views.update": (), "views.publish": (),
    "chat.postMessage": ({"chat:write"},), "chat.update": ({"chat:write"},), "chat.postEphemeral": ({"chat:write"},),
    "chat.delete": ({"chat:write"},),
    "conversations.create": ({"channels:manage", "channels:write"},), "conversations.invite": ({"channels:manage", "channels:write.invites"},),
    "conversations.setTopic": ({"channels:manage", "channels:write.topic"},), "conversations.join": ({"channels:join"},),
    "conversations.archive": ({"channels:manage"},),
    "conversations.list": ({"channels:read"}, {"groups:read"}), "conversations.info": ({"channels:read"}, {"groups:read"}),
    "conversations.members": ({"channels:read"}, {"groups:read"}),
    "conversations.history": ({"channels:history"}, {"groups:history"}), "conversations.replies": ({"channels:history"}, {"groups:history"}),
    "conversations.open": ({"im:write"},), "files.getUploadURLExternal": ({"files:write"},), "files.completeUploadExternal": ({"files:write"},),
    "usergroups.users.list": ({"usergroups:read"},), "users.info": ({"users:read"},), "users.list": ({"users:read"},),
}  # fmt: skip
#: Not for a method: `commands` is for slash commands, `chat:write.public` widens where chat.postMessage works.
FOR_NO_METHOD = {"commands", "chat:write.public"}

#: The published schema (manifest-schema, version 1), for the parts that we use: what may be there, and how long.
KNOWN: dict[str, set[str]] = {
    "": {"_metadata", "display_information", "features", "oauth_config", "settings"},
    "display_information": {"name", "description", "long_description", "background_color"},
    "features": {"app_home", "bot_user", "shortcuts", "slash_commands", "unfurl_domains", "workflow_steps"},
    "features.app_home": {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    "features.bot_user": {"display_name", "always_online"},
    "features.slash_commands": {"command", "description", "usage_hint", "should_escape", "url"},
    "oauth_config": {"scopes", "redirect_urls", "token_management_enabled"},
    "oauth_config.scopes": {"bot", "user"},
    "settings": {"allowed_ip_address_ranges", "event_subscriptions", "interactivity", "org_deploy_enabled", "socket_mode_enabled", "token_rotation_enabled"},
    "settings.event_subscriptions": {"request_url", "user_events", "bot_events"},
    "settings.interactivity": {"is_enabled", "request_url", "message_menu_options_url"},
}  # fmt: skip
LONGEST = {
    "display_information.name": 35, "display_information.description": 140, "features.bot_user.display_name": 80,
    "features.slash_commands.command": 32, "features.slash_commands.description": 2000, "features.slash_commands.usage_hint": 1000,
}  # fmt: skip


def _walk(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    yield at, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, f"{at}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, at)


def _called() -> set[str]:
    """Every method that the code names in a string: `"chat.postMessage"`."""
    found = set()
    for file in (ROOT / "bot").rglob("*.py"):
        if "sandbox" in file.parts:
            continue
        text = file.read_text("utf-8")
        found |= set(
            re.findall(
                r'"((?:apps|auth|bookmarks|chat|conversations|files|pins|reactions|team|usergroups|users|views)\.[a-zA-Z.]+)"',
                text,
            )
        )
    return found


@pytest.mark.parametrize("at", KNOWN)
def test_has_only_what_the_schema_knows(at: str) -> None:
    for place, value in _walk(MANIFEST):
        if place == at and isinstance(value, dict):
            assert set(value) <= KNOWN[at]


def test_nothing_is_longer_than_the_schema_lets_it_be() -> None:
    said = [(place, value) for place, value in _walk(MANIFEST) if place in LONGEST]
    assert {place for place, _ in said} == set(LONGEST)
    for place, value in said:
        assert 0 < len(value) <= LONGEST[place]
    assert re.fullmatch(r"#[0-9a-fA-F]{3,6}", MANIFEST["display_information"]["background_color"])


def test_rollback_alone_is_a_command_and_mentions_arrive_escaped() -> None:
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command["command"] == "/rollback"
    assert command["should_escape"] is True
    assert "url" not in command


def test_what_the_schema_does_not_catch() -> None:
    """Slack takes a manifest without these, and then the app does not work."""
    assert "commands" in SCOPES
    assert MANIFEST["features"]["bot_user"]["display_name"]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"] is True
    assert MANIFEST["settings"]["event_subscriptions"]["bot_events"] == ["app_home_opened"]


def test_every_method_that_the_code_calls_has_its_scope() -> None:
    for method in sorted(_called()):
        assert method in NEEDS, f"Which scope does {method} need?"
        for one_of in NEEDS[method]:
            assert SCOPES & one_of, f"{method} needs {' or '.join(sorted(one_of))}"


def test_no_scope_is_asked_for_in_vain() -> None:
    used = {scope for method in _called() for one_of in NEEDS[method] for scope in one_of}
    assert used >= SCOPES - FOR_NO_METHOD
