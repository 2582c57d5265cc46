"""The app's manifest: what it may do here is what `manifest.yml` asks for, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from actions.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True, slots=True)
class SlashCommand:
    command: str
    description: str
    usage_hint: str = ""
    #: `@ana` arrives as `<@U…>`.
    escaped: bool = False
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    name: str
    bot_name: str
    scopes: frozenset[str]
    commands: tuple[SlashCommand, ...] = ()
    events: frozenset[str] = frozenset()
    events_url: str | None = None
    interactive: bool = False
    interactivity_url: str | None = None
    options_url: str | None = None
    home_tab: bool = False
    messages_tab: bool = True
    messages_read_only: bool = False


def read_manifest(path: Path) -> Manifest:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The app's manifest cannot be read: {error}", where=str(path)) from error
    if not isinstance(document, Mapping):
        raise ConfigurationError("The app's manifest is not a mapping", where=str(path))
    return parse_manifest(document, where=str(path))


def parse_manifest(document: Mapping[str, Any], *, where: str = "manifest") -> Manifest:
    features = _part(document, "features")
    settings = _part(document, "settings")
    events = _part(settings, "event_subscriptions")
    interactivity = _part(settings, "interactivity")
    home = _part(features, "app_home")
    bot = _part(features, "bot_user")
    manifest = Manifest(
        name=str(_part(document, "display_information").get("name", "")),
        bot_name=str(bot.get("display_name", "")),
        scopes=frozenset(_part(_part(document, "oauth_config"), "scopes").get("bot") or ()),
        commands=tuple(_command(each) for each in features.get("slash_commands") or ()),
        events=frozenset(events.get("bot_events") or ()),
        events_url=events.get("request_url"),
        interactive=bool(interactivity.get("is_enabled")),
        interactivity_url=interactivity.get("request_url"),
        options_url=interactivity.get("message_menu_options_url"),
        home_tab=bool(home.get("home_tab_enabled")),
        messages_tab=bool(home.get("messages_tab_enabled")),
        messages_read_only=bool(home.get("messages_tab_read_only_enabled")),
    )
    _refuse_what_slack_would(manifest, where)
    return manifest


def _refuse_what_slack_would(manifest: Manifest, where: str) -> None:
    wrong = None
    if not manifest.name:
        wrong = "has no display_information.name"
    elif not manifest.bot_name:
        wrong = "has no features.bot_user, so there is no bot to install"
    elif manifest.commands and "commands" not in manifest.scopes:
        wrong = "has slash commands, but not the scope commands"
    elif "app_home_opened" in manifest.events and not manifest.home_tab and not manifest.messages_tab:
        wrong = "asks for app_home_opened, but has no Home"
    if wrong:
        raise ConfigurationError(f"The app's manifest {wrong}", where=where)


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _command(document: Mapping[str, Any]) -> SlashCommand:
    return SlashCommand(
        command=str(document["command"]),
        description=str(document.get("description", "")),
        usage_hint=str(document.get("usage_hint", "")),
        escaped=bool(document.get("should_escape")),
        url=document.get("url"),
    )
