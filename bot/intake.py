"""The text after `/rollback`, as a typed command or a helpful refusal. Pure; never raises."""

from collections.abc import Collection
from dataclasses import dataclass

from actions.history.values import RollbackId


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenDialog:
    """Nothing, or only a service that needs the rest: asked in a dialog."""

    service: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AskFor:
    """A new rollback."""

    service: str
    target: str = "-1"
    reason: str = ""
    #: `downgrade`, `restore`, `app-only`; None leaves it to the default.
    strategy: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusOf:
    rollback: RollbackId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryOf:
    service: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowOne:
    rollback: RollbackId


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupsOf:
    service: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Advise:
    failure: str
    service: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillOf:
    service: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """It was not understood, or would not be right."""

    what: str
    next_step: str


Command = OpenDialog | AskFor | Help | StatusOf | HistoryOf | ShowOne | BackupsOf | Advise | DrillOf | Refusal


def read(text: str, services: Collection[str]) -> Command:
    """What somebody wants who typed this after `/rollback`."""
    words = text.split()
    if not words:
        return OpenDialog()
    if words[0] == "help":
        return Help()
    if words[0] in services:
        return AskFor(service=words[0])
    return Refusal(what=f"There is no service {words[0]}.", next_step="See /rollback help.")
