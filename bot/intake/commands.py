"""What somebody can want who types `/rollback`."""

from dataclasses import dataclass

from actions.history.values import RollbackId


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenDialog:
    """Nothing was said: everything is asked in a dialog."""

    service: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AskFor:
    """A new rollback."""

    service: str
    target: str = "-1"
    reason: str = ""
    #: `downgrade`, `restore`, `app-only`; None leaves it to the default.
    strategy: str | None = None
    #: Rehearse on a copy of the data before people decide.
    with_data: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusOf:
    """Of one rollback, of a service's open one, or of all that are open."""

    rollback: RollbackId | None = None
    service: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryOf:
    #: Perhaps one that the catalog does not have any more.
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
