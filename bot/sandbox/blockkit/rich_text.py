"""The block that Slack's own composer writes."""

from collections.abc import Mapping

from bot.sandbox.blockkit.language import Check, Shape, flag, integer, kinds, listed, one_of, shape, string

STYLE = shape(
    dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), flag)
)
KIND: Mapping[str, Check] = {"type": string(), "style": STYLE.check}

WORDS: Mapping[str, Shape] = {
    "text": shape({**KIND, "text": string()}, "type text"),
    "link": shape({**KIND, "url": string(3000), "text": string(), "unsafe": flag}, "type url"),
    "emoji": shape({**KIND, "name": string(), "unicode": string(), "skin_tone": integer(1, 6)}, "type name"),
    "user": shape({**KIND, "user_id": string()}, "type user_id"),
    "usergroup": shape({**KIND, "usergroup_id": string()}, "type usergroup_id"),
    "channel": shape({**KIND, "channel_id": string()}, "type channel_id"),
    "team": shape({**KIND, "team_id": string()}, "type team_id"),
    "broadcast": shape({**KIND, "range": one_of("here", "channel", "everyone")}, "type range"),
    "color": shape({**KIND, "value": string(pattern=r"#[0-9A-Fa-f]{6}")}, "type value"),
    "date": shape(
        {**KIND, "timestamp": integer(0, 9_999_999_999), "format": string(), "url": string(3000), "fallback": string()},
        "type timestamp format",
    ),
}
_WORDS = listed(kinds(lambda: WORDS), 10_000, fewest=0)
_BORDER = integer(0, 1)

PARTS: Mapping[str, Shape] = {
    "rich_text_section": shape({"type": string(), "elements": _WORDS}, "type elements"),
    "rich_text_quote": shape({"type": string(), "elements": _WORDS, "border": _BORDER}, "type elements"),
    "rich_text_preformatted": shape(
        {"type": string(), "elements": _WORDS, "border": _BORDER, "language": string()}, "type elements"
    ),
    "rich_text_list": shape(
        {
            "type": string(), "style": one_of("bullet", "ordered"), "indent": integer(0, 8), "offset": integer(0, 10_000),
            "border": _BORDER, "elements": listed(kinds(lambda: PARTS, "rich_text_section"), 10_000, fewest=0),
        },
        "type style elements",
    ),
}  # fmt: skip

RICH_TEXT = shape(
    {"type": string(), "block_id": string(255), "elements": listed(kinds(lambda: PARTS), 10_000)}, "type elements"
)
