"""Text that others wrote (people, scripts, servers), made harmless before it is shown.

It cannot mention anybody, look like a link, a button or a verdict of ours, turn the reading direction, hide
characters, or carry a secret.
"""

import re
import unicodedata
from typing import Final

from actions.redaction import redact
from bot.render.limits import cut, cut_plain

_BREAKS: Final = re.compile(r"[\r\n\t\v\f\u0085\u2028\u2029]+")
#: Control characters, everything that turns or hides text, and halves of characters.
_HIDDEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f\ud800-\udfff]"
)
_STACKED: Final = re.compile(
    r"([\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]{3})[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]+"
)
_CALL: Final = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
_EMOJI: Final = re.compile(r":(?=[\w+'-]{1,100}:)")
_EDGE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
#: Joins words and is not seen: `@here` with it inside calls nobody.
_JOINER: Final = "\u2060"
#: They look the same and mean nothing to Slack.
_MARKUP: Final = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def clean(text: object) -> str:
    """One line without anything hidden in it, and without secrets."""
    said = redact(str(text))
    said = _HIDDEN.sub("", _BREAKS.sub(" ", said))
    return _STACKED.sub(r"\1", " ".join(said.split()))


def foreign(text: object, most: int = 300) -> str:
    """For mrkdwn: as plain words."""
    said = cut_plain(clean(text), most)
    said = _EDGE.sub("ˍ", said.translate(_MARKUP))
    said = _EMOJI.sub(f":{_JOINER}", _CALL.sub(f"@{_JOINER}", said)).translate(_ESCAPED)
    return _isolated(said)


def code(text: object, most: int = 120) -> str:
    """For mrkdwn: the name of something, in code."""
    said = cut_plain(clean(text), most).replace("`", "\u02cb")
    return f"`{_isolated(_CALL.sub(f'@{_JOINER}', said).translate(_ESCAPED))}`" if said else "` `"


def worded(text: object, most: int = 400) -> str:
    """For mrkdwn: a sentence of ours that may quote others, with names in `code` as our sentences have them."""
    pieces = cut_plain(clean(text), most).split("`")
    if len(pieces) % 2 == 0:
        return foreign("`".join(pieces), most)
    return "".join(
        code(piece, most) if number % 2 and piece.strip() else _between(piece) for number, piece in enumerate(pieces)
    )


def _between(piece: str) -> str:
    """The spaces at its ends belong to the sentence."""
    inner = piece.strip()
    if not inner:
        return " " if piece else ""
    return f"{' ' * piece[0].isspace()}{foreign(inner, len(inner))}{' ' * piece[-1].isspace()}"


def plain(text: object, most: int = 300) -> str:
    """For places that know no markup: labels, options, headers."""
    said = cut_plain(clean(text), most)
    said = re.sub(r"<(?=[!@#])", f"<{_JOINER}", _CALL.sub(f"@{_JOINER}", said))
    return _isolated(_EMOJI.sub(f":{_JOINER}", said))


def typed(text: str) -> str:
    """What somebody typed, given back to them to go on with."""
    return "\n".join(_HIDDEN.sub("", line) for line in text.splitlines())


def quoted(text: object, most: int = 600) -> str:
    """As a quotation in mrkdwn: each line of it is marked as somebody's words."""
    lines = [foreign(line, most) for line in str(text).splitlines() if clean(line)]
    return cut("\n".join(f"> {line}" for line in lines[:12]), most * 2) or "> (nothing)"


def fenced(text: str, most: int = 2_800) -> str:
    """Several lines of code."""
    lines = [_HIDDEN.sub("", line) for line in redact(text).replace("\t", "    ").splitlines()]
    said = "\n".join(lines).replace("```", "\u02cb" * 3).translate(_ESCAPED)
    return f"```\n{cut(said, most)}\n```"


def _isolated(text: str) -> str:
    """Words that run from right to left do not pull their neighbours along."""
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return f"\u2068{text}\u2069"
    return text
