"""Answers to `/rollback status`, `history` and `backups`."""

from collections.abc import Sequence
from datetime import datetime

from actions.history.values import Rollback
from actions.restore.listing import Listing
from bot.render.blocks import section
from bot.render.foreign import foreign
from bot.render.message import Message, message
from bot.render.people import moment


def open_ones(rollbacks: Sequence[Rollback], at: datetime) -> Message:
    text = f"{len(rollbacks)} open, {moment(at)}" if rollbacks else "No rollback is open."
    return message(text, section(text))


def history_page(rollbacks: Sequence[Rollback], *, service: str | None, more: bool, at: datetime) -> Message:
    """The newest first; `more`: a button for older ones."""
    text = f"{len(rollbacks)} rollbacks of {service or 'all'}{', and older ones' if more else ''}, {moment(at)}"
    return message(text, section(text))


def backups_page(listing: Listing, at: datetime) -> Message:
    text = f"{len(listing.backups)} backups of {foreign(listing.service)}, {moment(at)}"
    return message(text, section(text))
