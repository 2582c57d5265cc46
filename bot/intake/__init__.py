"""The text after `/rollback`, as a typed command or a helpful refusal. Pure, and never raises."""

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
from bot.intake.reading import read

__all__ = [
    "Advise",
    "AskFor",
    "BackupsOf",
    "Command",
    "DrillOf",
    "Help",
    "HistoryOf",
    "OpenDialog",
    "Refusal",
    "ShowOne",
    "StatusOf",
    "read",
]
