"""From what arrives to what was meant: Slack escapes and links things, telephones correct dashes and quotes."""

import re
from html import unescape
from typing import Final

#: Longer than any message somebody types by hand.
LONGEST: Final = 12_000

_TOKEN: Final = re.compile(r"<([^<>|]{1,3000})(?:\|([^<>]{0,3000}))?>")
_HIDDEN: Final = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
#: Whichever opened or closed it.
QUOTES: Final = "\"'`\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\u300c\u300d"
#: `--`, which telephones make one dash of.
_LONG_DASHES: Final = "\u2014\u2015"


def tidy(text: str) -> str:
    """As it was typed: mentions and links by their names, entities as characters, nothing that is not seen."""
    said = _HIDDEN.sub("", text[:LONGEST])
    return unescape_slack(_TOKEN.sub(_by_name, said)).strip()


def unescape_slack(text: str) -> str:
    """Slack escapes three characters, and no others."""
    return re.sub(r"&(?:lt|gt|amp);", lambda found: unescape(found[0]), text)


def _by_name(found: re.Match[str]) -> str:
    target, label = found[1], found[2]
    if target.startswith("@"):
        return f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    return label or target.removeprefix("mailto:")


def bare(word: str) -> str:
    """Without quotes around it, a comma behind it, or a dash that was corrected."""
    kept = word.strip(QUOTES).rstrip(",;")
    stripped = kept.lstrip(DASHES)
    dashes = kept[: len(kept) - len(stripped)]
    if not dashes:
        return kept
    if stripped.isascii() and stripped.isdecimal():
        return f"-{stripped}"
    return ("--" if len(dashes) > 1 or dashes in _LONG_DASHES else "-") + stripped


def sentence(text: str) -> str:
    """Without the quotes around all of it."""
    said = text.strip()
    while len(said) > 1 and said[0] in QUOTES and said[-1] in QUOTES:
        said = said[1:-1].strip()
    return said
