"""`SERVICE [to REV | -N] [using WAY] [scope PART] [with data] [because REASON]`: the words behind the service.

A way is a strategy, or a runbook that the catalog declares for the service; a runbook has scopes and phases, no revision.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.intake.commands import AskFor, Refusal
from bot.intake.nearest import listed, nearest
from bot.intake.tidying import bare, sentence

LONGEST_REASON: Final = 2_000
#: Of a runbook, where nobody says which part of it.
ALL: Final = "all"
STRATEGIES: Final = {
    "downgrade": "downgrade",
    "restore": "restore",
    "app-only": "app-only",
    "apponly": "app-only",
    "app": "app-only",
}
_BACK: Final = re.compile(r"-([0-9]{1,4})")
_REVISION: Final = re.compile(r"[\w.@+:/][\w.@+:/-]{0,99}", re.ASCII)
_BECAUSE: Final = frozenset({"because", "--because", "reason", "--reason", "reason:", "because:", "bc", "cause"})
_USING: Final = frozenset({"using", "by", "via", "strategy", "--strategy", "runbook", "--runbook", "with", "--with"})
_PARTS: Final = frozenset({"scope", "--scope", "phase", "--phase", "phases", "--phases"})
_NAMES: Final = re.compile(r"[a-z][a-z0-9-]{0,47}(?:,[a-z][a-z0-9-]{0,47}){0,30}")
_PREVIOUS: Final = frozenset({"previous", "prev", "last", "before"})
_FORWARDS: Final = re.compile(r"(?:head|heads|latest|newest|\+\d+)", re.IGNORECASE)


#: What one clause says, and how many words it has.
_Clause = tuple[Mapping[str, Any], int]


def read_request(service: str, text: str, runbooks: Collection[str] = ()) -> AskFor | Refusal:
    """`text` is what follows the service; `runbooks` are its own."""
    said: dict[str, Any] = {}
    while words := [bare(word) for word in text.split(None, 4)[:4]]:
        if words[0].casefold() in _BECAUSE:
            asked = _asked(service, said, runbooks)
            return asked if isinstance(asked, Refusal) else _with_reason(asked, _without(text, 1))
        clause = _target_clause(words) or _data_clause(words) or _part_clause(words) or _way_clause(words, runbooks)
        if clause is None:
            return _not_known(words[0], service)
        if isinstance(clause, Refusal):
            return clause
        found, used = clause
        if "target" in found and "target" in said:
            return Refusal(
                what=f"Where shall {service} go back to: {said['target']} or {found['target']}?",
                next_step="Say only one of them.",
            )
        said |= found
        text = _without(text, used)
    return _asked(service, said, runbooks)


def _asked(service: str, said: dict[str, Any], runbooks: Collection[str]) -> AskFor | Refusal:
    """A part belongs to a runbook, a revision to a strategy."""
    part = said.pop("part", None)
    way = said.get("strategy")
    if part is not None and way is None and len(runbooks) == 1:
        way = said["strategy"] = next(iter(runbooks))
    if way not in runbooks:
        if part is None:
            return AskFor(service=service, **said)
        there = f"Write `using` and one of its runbooks: {listed(runbooks)}." if runbooks else "Leave it out."
        return Refusal(what="A scope is a part of a runbook.", next_step=there)
    if "target" in said:
        return Refusal(
            what=f"{way} is a runbook: it has scopes and phases, no revision.",
            next_step="Write `scope NAME` or `phases A,B`; left out, it is all of it.",
        )
    return AskFor(service=service, **said, target=part or ALL)


def _without(text: str, words: int) -> str:
    parts = text.split(None, words)
    return parts[words] if len(parts) > words else ""


def _target_clause(words: Sequence[str]) -> _Clause | Refusal | None:
    word, following = words[0], words[1] if len(words) > 1 else ""
    if _BACK.fullmatch(word):
        value, used = word, 1
    elif word.casefold().startswith("--to="):
        value, used = word.partition("=")[2], 1
    elif word.casefold() == "back" and following.casefold() == "to":
        value, used = words[2] if len(words) > 2 else "", 3
    elif word.casefold() in ("to", "--to", "back"):
        value, used = following, 2
    else:
        return None
    target = read_target(value)
    return target if isinstance(target, Refusal) else ({"target": target}, used)


def _data_clause(words: Sequence[str]) -> _Clause | None:
    said = [word.casefold() for word in words]
    if said[0] in ("--data", "--with-data"):
        return {"with_data": True}, 1
    for form in (("with", "data"), ("with", "the", "data")):
        if tuple(said[: len(form)]) == form:
            return {"with_data": True}, len(form)
    return None


def _part_clause(words: Sequence[str]) -> _Clause | Refusal | None:
    word, _, value = words[0].partition("=")
    if word.casefold() not in _PARTS:
        return None
    named = value or (words[1] if len(words) > 1 else "")
    if not _NAMES.fullmatch(named.casefold()):
        return Refusal(what="Which part of the runbook?", next_step="Write `scope compose-file`, or `phases a,b`.")
    return {"part": named.casefold()}, 1 if value else 2


def _way_clause(words: Sequence[str], runbooks: Collection[str]) -> _Clause | Refusal | None:
    word, following = words[0].casefold(), words[1].casefold() if len(words) > 1 else ""
    if word.startswith(("--strategy=", "--runbook=")):
        name, used = word.partition("=")[2], 1
    elif word in _USING and following:
        name, used = following, 2
    elif word in STRATEGIES or word in runbooks:
        name, used = word, 1
    else:
        return None
    if name in runbooks:
        return {"strategy": name}, used
    return ({"strategy": STRATEGIES[name]}, used) if name in STRATEGIES else _no_way(name, runbooks)


def _with_reason(asked: AskFor, text: str) -> AskFor | Refusal:
    reason = sentence(text)
    if len(reason) > LONGEST_REASON:
        return Refusal(
            what=f"The reason has {len(reason):,} characters; it is shown to the approvers and can have {LONGEST_REASON:,}.",
            next_step="Say it in a few sentences, and put the rest into the channel.",
        )
    return replace(asked, reason=reason)


def read_target(word: str) -> str | Refusal:
    if not word:
        return Refusal(
            what="Back to what?", next_step="Write a revision (`to 4f1a`), `to base`, or so many steps back (`-2`)."
        )
    if word.casefold() in _PREVIOUS:
        return "-1"
    back = _BACK.fullmatch(word)
    if back and int(back[1]):
        return f"-{int(back[1])}"
    if back or _FORWARDS.fullmatch(word):
        return Refusal(what=f"{word} is not a way back.", next_step="Write `-1` for one revision back.")
    if not _REVISION.fullmatch(word):
        return Refusal(
            what=f"{word[:60]!r} is not a revision.",
            next_step="Write its id or the beginning of it, a label, `base`, or `-2` for two steps back.",
        )
    return word


def _no_way(name: str, runbooks: Collection[str]) -> Refusal:
    if name.replace("-", "").replace("_", "").startswith(("rollforward", "forward", "fix")):
        return Refusal(
            what="Rolling forward is a new migration that people write; Backout has no steps for it.",
            next_step="Write and deploy it.",
        )
    known = ["downgrade", "restore", "app-only", *runbooks]
    near = nearest(name, known)
    return Refusal(
        what=f"There is no way back named {name[:60]!r}.",
        next_step=f"Did you mean {near[0]}?" if near else f"There are {listed(known)}.",
    )


def _not_known(word: str, service: str) -> Refusal:
    if word.isascii() and word.isdecimal():
        return Refusal(
            what=f"{word[:20]} could be a revision or a number of steps.",
            next_step=f"Write `-{word[:4]}` for so many steps back, or `to {word[:20]}` for the revision.",
        )
    near = nearest(word, ("because", "to", "using", "scope", *STRATEGIES))
    if near:
        return Refusal(what=f"I do not know {word[:60]!r} here.", next_step=f"Did you mean `{near[0]}`?")
    return Refusal(
        what=f"I do not know {word[:60]!r} here.",
        next_step=f"A reason goes behind `because`: `/rollback {service} because checkout fails`.",
    )
