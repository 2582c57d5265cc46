"""The first word decides: a verb, a service, the number of a rollback; anything else is answered with what is near.

A service that has a verb's name: the verb wins, unless what follows only fits a service (`to`, `-2`, `because`).
`service NAME` always means the service.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from actions.errors import ConfigurationError
from actions.history.values import RollbackId
from bot.intake.commands import (
    Advise,
    AskFor,
    BackupsOf,
    Command,
    DrillOf,
    Help,
    HistoryOf,
    OpenDialog,
    Refusal,
    ShowOne,
    StatusOf,
)
from bot.intake.nearest import listed, nearest
from bot.intake.request import read_request
from bot.intake.tidying import bare, sentence, tidy

VERBS: Final = ("help", "status", "history", "show", "backups", "advise", "drill")
SERVICE_WORD: Final = "service"
#: The command itself, by those who type it where Slack has typed it for them.
_SAID_TWICE: Final = ("/rollback", "rollback", "request", "undo")
#: Other words for them that people try.
_ALSO: Final[Mapping[str, str]] = {
    "?": "help", "--help": "help", "-h": "help", "usage": "help", "list": "status", "open": "status", "log": "history",
    "backup": "backups", "advice": "advise",
}  # fmt: skip
#: What is done with buttons, or at a terminal.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "approve": "Approve it with the button on its card: what you approve is what you see there.",
    "reject": "Reject it with the button on its card; it asks for the reason.",
    "stop": "Stop it with the button on its card.",
    "cancel": "Stop it with the button on its card.",
    "abort": "Stop it with the button on its card.",
    "retry": "The message about its failure has the buttons Retry, Restore and Keep.",
    "restore": "To go back by a backup, write `/rollback SERVICE using restore`.",
    "resume": "The message about its failure, or about its halt, has the buttons.",
    "keep": "The message about its failure has the buttons Retry, Restore and Keep.",
    "assess": "Ask for the rollback: it is assessed, and nothing is done before people approve it.",
    "audit": "At a terminal: backout audit.",
    "check": "At a terminal: backout check.",
}
_ONLY_FITS_A_SERVICE: Final = re.compile(
    r"(?:--)?(?:to|because|reason|using|by|via|with|strategy|scope|phases)(?:=.*)?|-[0-9]{1,4}"
)
_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?")
_SEE_HELP: Final = "`/rollback help` has everything that can be said."


def read(text: str, services: Collection[str], runbooks: Mapping[str, Collection[str]] | None = None) -> Command:
    """What somebody wants who typed this after `/rollback`. `runbooks`: the services' own, by service."""
    own = runbooks or {}
    first, rest = _split(tidy(text))
    if first.casefold() in _SAID_TWICE and first.casefold() not in services:
        first, rest = _split(rest)
    if not first:
        return OpenDialog()
    word = first.casefold()
    if word == SERVICE_WORD and rest:
        return _explicit(rest, services, own)
    if word in services and (word not in VERBS or _ONLY_FITS_A_SERVICE.fullmatch(_split(rest)[0].casefold())):
        return read_request(word, rest, own.get(word, ()))
    verb = _ALSO.get(word, word)
    return _READERS[verb](rest, services) if verb in VERBS else _no_verb(first, rest, services)


def _no_verb(first: str, rest: str, services: Collection[str]) -> Command:
    if number := _number(first):
        return ShowOne(rollback=number)
    if instead := _ELSEWHERE.get(first.casefold()):
        return Refusal(what=f"`{first.casefold()}` is not said here.", next_step=instead)
    return _unknown(first, rest, services)


def _split(text: str) -> tuple[str, str]:
    parts = text.split(None, 1)
    return (bare(parts[0]) if parts else "", parts[1] if len(parts) > 1 else "")


def _explicit(rest: str, services: Collection[str], own: Mapping[str, Collection[str]]) -> AskFor | Refusal:
    name, after = _split(rest)
    service = _service(name, services)
    return service if isinstance(service, Refusal) else read_request(service, after, own.get(service, ()))


def _service(name: str, services: Collection[str]) -> str | Refusal:
    if name.casefold() in services:
        return name.casefold()
    near = nearest(name, services)
    if near:
        return Refusal(what=f"There is no service {name[:60]!r}.", next_step=f"Did you mean {' or '.join(near)}?")
    known = f"There are {listed(services)}." if services else "The catalog has no services yet."
    return Refusal(what=f"There is no service {name[:60]!r}.", next_step=known)


def _number(word: str) -> RollbackId | None:
    try:
        return RollbackId.parse(word)
    except ConfigurationError:
        return None


def _status(rest: str, services: Collection[str]) -> Command:
    word = _split(rest)[0]
    if not word:
        return StatusOf()
    if word.casefold() in services:
        return StatusOf(service=word.casefold())
    return _one(word, services, lambda number: StatusOf(rollback=number), "status")


def _show(rest: str, services: Collection[str]) -> Command:
    word = _split(rest)[0]
    if not word:
        return Refusal(what="Show which rollback?", next_step="Write its number: `/rollback show RB-142`.")
    return _one(word, services, lambda number: ShowOne(rollback=number), "show")


def _one(word: str, services: Collection[str], made: Callable[[RollbackId], Command], verb: str) -> Command:
    if number := _number(word):
        return made(number)
    if word.casefold() in services:
        name = word.casefold()
        return Refusal(
            what=f"{name} is a service; `{verb}` wants the number of a rollback.",
            next_step=f"Those of {name}: `/rollback history {name}`.",
        )
    return Refusal(
        what=f"{word[:60]!r} is not the number of a rollback.", next_step=f"Write it like `/rollback {verb} RB-142`."
    )


def _history(rest: str, services: Collection[str]) -> Command:
    word = _split(rest)[0]
    if not word:
        return HistoryOf()
    found = _service(word, services)
    if not isinstance(found, Refusal):
        return HistoryOf(service=found)
    # Its history outlives a service.
    if nearest(word, services) or not _NAME.fullmatch(word.casefold()):
        return found
    return HistoryOf(service=word.casefold())


def _backups(rest: str, services: Collection[str]) -> Command:
    service = _only_or_named(rest, services, "backups")
    return service if isinstance(service, Refusal) else BackupsOf(service=service)


def _drill(rest: str, services: Collection[str]) -> Command:
    service = _only_or_named(rest, services, "drill")
    return service if isinstance(service, Refusal) else DrillOf(service=service)


def _only_or_named(rest: str, services: Collection[str], verb: str) -> str | Refusal:
    word = _split(rest)[0]
    if word:
        return _service(word, services)
    if len(services) == 1:
        return next(iter(services))
    known = f"There are {listed(services)}." if services else "The catalog has no services yet."
    return Refusal(what=f"Of which service? `/rollback {verb} SERVICE`", next_step=known)


def _advise(rest: str, services: Collection[str]) -> Command:
    first, after = _split(rest)
    if first.casefold() in services:
        service, failure = first.casefold(), sentence(after)
    else:
        service, failure = None, sentence(rest)
    if not failure:
        return Refusal(what="What failed?", next_step='Say it in a few words: `/rollback advise "login is broken"`.')
    return Advise(failure=failure[:500], service=service)


def _help(rest: str, services: Collection[str]) -> Command:  # noqa: ARG001 -- whatever is asked about, help has it
    return Help()


_READERS: Final[Mapping[str, Callable[[str, Collection[str]], Command]]] = {
    "help": _help, "status": _status, "history": _history, "show": _show, "backups": _backups, "advise": _advise,
    "drill": _drill,
}  # fmt: skip


def _unknown(first: str, rest: str, services: Collection[str]) -> Refusal:
    near = nearest(first, [*VERBS, *services])
    what = f"{first[:60]!r} is neither a service nor a word that I know."
    if not near:
        known = f"Services: {listed(services)}. " if services else ""
        return Refusal(what=what, next_step=f"{known}{_SEE_HELP}")
    more = f" {' '.join(rest.split())}" if rest and len(rest) < 80 else ""
    return Refusal(what=what, next_step=f"Did you mean {' or '.join(f'`/rollback {each}{more}`' for each in near)}?")
