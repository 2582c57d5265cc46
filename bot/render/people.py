"""People, groups and moments, as Slack writes them out for whoever reads."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from actions.catalog.people import Approvers
from bot.render.foreign import foreign

_USER: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_GROUP: Final = re.compile(r"S[A-Z0-9]{2,20}")


def person(name: str) -> str:
    """A Slack user as a mention; somebody at a terminal by name. Slack notifies them where this is posted anew."""
    return f"<@{name}>" if _USER.fullmatch(name) else foreign(name, 80)


def people(approvers: Approvers | None) -> str:
    """Whom to call, as mentions: a group stands for its people, who are listed for when it cannot be read."""
    if approvers is None:
        return "nobody (the catalog names no one)"
    if approvers.group and _GROUP.fullmatch(approvers.group):
        return f"<!subteam^{approvers.group}>"
    named = [*map(person, approvers.users)] or [f"{foreign(each, 80)} (at a terminal)" for each in approvers.terminal]
    return listed(named) if named else "nobody"


def listed(words: Iterable[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    known = list(words)
    return f"{', '.join(known[:-1])} {last} {known[-1]}" if len(known) > 1 else "".join(known)


def moment(at: datetime) -> str:
    """In the reader's own time zone; in UTC where Slack cannot know it."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def clock(at: datetime) -> str:
    return f"<!date^{int(at.timestamp())}^{{time}}|{at:%H:%M} UTC>"


_PERSON: Final = r"[UW][A-Z0-9]{2,20}"
#: Where sentences of ours name somebody. Nowhere else: a reason that somebody wrote calls nobody.
_NAMED: Final = (
    re.compile(rf"^(?P<before>(?:Rejected|Stopped|Given up) by )(?P<who>{_PERSON})(?=\W|$)"),
    re.compile(rf"^(?P<before>)(?P<who>{_PERSON})(?= chose )"),
    re.compile(rf"^(?P<before>Ask )(?P<who>{_PERSON})(?=\.?$)"),
)
_LISTED: Final = re.compile(r"^(?P<before>Who could: |Ask one of: )(?P<who>[^,.]+(?:, [^,.]+)*)(?P<after>\.?)$")


def with_names(sentence: str) -> str:
    """Ids at the places where our sentences name people become mentions. For text that is mrkdwn already."""
    for pattern in _NAMED:
        if found := pattern.match(sentence):
            return f"{found['before']}<@{found['who']}>{sentence[found.end() :]}"
    if found := _LISTED.match(sentence):
        who = found["who"].split(", ")
        # A group stands for its people; whoever decides at a terminal is nobody to call in Slack.
        called = next(
            ([each] for each in who if _GROUP.fullmatch(each)), [each for each in who if _USER.fullmatch(each)]
        )
        return f"{found['before']}{listed(map(_mention, called or who))}{found['after']}"
    return sentence


def _mention(name: str) -> str:
    return f"<!subteam^{name}>" if _GROUP.fullmatch(name) else person(name)
