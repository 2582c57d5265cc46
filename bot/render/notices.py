"""What only the one who asked sees: refusals, errors, receipts. Slack may lose them; nothing depends on them."""

from actions.approve.voices import TurnedAway
from actions.errors import BackoutError
from actions.history.values import Rollback, RollbackId
from bot.intake import Refusal
from bot.render.blocks import section
from bot.render.foreign import foreign
from bot.render.message import Message, message


def _said(text: str) -> Message:
    return message(text, section(text))


def turned_away(outcome: TurnedAway, rollback: RollbackId) -> Message:
    """Why a voice does not count, and who could."""
    return _said(f"{rollback}: {foreign(outcome.why)}. {foreign(outcome.next_step)}")


def not_understood(refusal: Refusal) -> Message:
    return _said(f"{foreign(refusal.what)} {foreign(refusal.next_step)}")


def trouble(error: BackoutError) -> Message:
    """An error of ours: what, where, and what next."""
    return _said(foreign(error.what))


def unexpected(reference: str) -> Message:
    """Something broke in us; the log has it under this reference."""
    return _said(f"Something went wrong in Backout. Reference {foreign(reference)}.")


def already_open(rollback: Rollback, link: str | None) -> Message:
    """One service has one open rollback."""
    return _said(f"{rollback.id} is open already. {link or ''}")


def received(rollback: Rollback, link: str | None) -> Message:
    return _said(f"{rollback.id} is being assessed. {link or ''}")


def forged() -> Message:
    """What a button carried was not ours, or is of something else."""
    return _said("This button is not one of ours.")


def not_here(why: str) -> Message:
    """The channel or the workspace is not one from which Backout may be used."""
    return _said(foreign(why))


def too_late(rollback: Rollback) -> Message:
    """A button of an old message: where the rollback stands by now."""
    return _said(f"{rollback.id} is {rollback.status} by now")
