"""Composition objects: texts, options, confirmations."""

from typing import Any

from bot.sandbox.blockkit.language import Check, Findings, Json, Shape, flag, listed, one_of, shape, string

PLAIN, MRKDWN = "plain_text", "mrkdwn"
ACTION_ID = string(255)
URL = string(3000, pattern=r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//\S+|mailto:\S+|[^\s:/]+\.[^\s/]+\S*")


def text(longest: int, *allowed: str) -> Check:
    """A text object; of both kinds unless one is named."""

    def check(value: Any, where: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add("must provide an object", where)
            return
        kind = value.get("type")
        if kind is None:
            findings.add("missing required field: type", where)
        elif kind not in (allowed or (PLAIN, MRKDWN)):
            findings.add(f"must be a {' or '.join(allowed or (PLAIN, MRKDWN))} text object", f"{where}/type")
        else:
            _texts(longest)[kind].check(value, where, findings)

    return check


def _texts(longest: int) -> dict[str, Shape]:
    return {
        PLAIN: shape({"type": string(), "text": string(longest), "emoji": flag}, "type text"),
        MRKDWN: shape({"type": string(), "text": string(longest), "verbatim": flag}, "type text"),
    }


def plain(longest: int) -> Check:
    return text(longest, PLAIN)


def option(*, marked: bool = False, link: bool = False) -> Shape:
    """`marked`: checkboxes and radio buttons may have mrkdwn; `link`: those of an overflow menu may lead somewhere."""
    words = text(75) if marked else plain(75)
    fields: dict[str, Check] = {"text": words, "value": string(150), "description": words}
    if link:
        fields["url"] = URL
    return shape(fields, "text value")


OPTION, MARKED_OPTION, LINK_OPTION = option(), option(marked=True), option(link=True)
OPTION_GROUP = shape({"label": plain(75), "options": listed(OPTION.check, 100)}, "label options")

CONFIRM = shape(
    {
        "title": plain(100),
        "text": text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": one_of("primary", "danger"),
    },
    "title text confirm deny",
)
DISPATCH = shape({"trigger_actions_on": listed(one_of("on_enter_pressed", "on_character_entered"), 2)})
FILTER = shape(
    {
        "include": listed(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    }
)
SLACK_FILE = shape({"id": string(), "url": string()})


def initial_is_offered(value: Json) -> str | None:
    """What is chosen from the start must be among the options, to the letter."""
    offered = list(value.get("options") or ())
    for group in value.get("option_groups") or ():
        offered += group.get("options") or [] if isinstance(group, dict) else []
    chosen = [value["initial_option"]] if "initial_option" in value else value.get("initial_options") or []
    if not isinstance(chosen, list) or all(each in offered for each in chosen):
        return None
    return "the initial options must be among the options"
