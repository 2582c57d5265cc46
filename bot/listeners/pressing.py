"""A press of a button, decoded: what it carries is looked up, and counts only for the rollback that is told there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actions.errors import ConfigurationError
from actions.history.announcements import told_about
from actions.history.queries import show
from actions.history.values import Rollback
from bot.presence import Presence
from bot.render.buttons import Button, Reference
from bot.visitors import Visitor, visitor_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    button: Button
    value: object
    visitor: Visitor
    #: The view that it was pressed in, for those in views.
    view: Mapping[str, Any] = field(default_factory=dict)
    #: The message that it was pressed in; None in views.
    message: str | None = None
    #: Only one person sees that message: we have answered them with it.
    private: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Meant:
    """What a press is about, as it is now."""

    reference: Reference
    rollback: Rollback
    #: Where it is told, and where its thread begins.
    place: str | None
    thread: str | None


class ForgedError(ConfigurationError):
    """The value is not one that we gave this button."""


def press_of(button: Button, body: Mapping[str, Any]) -> Press:
    pressed = body.get("actions") or [{}]
    container = body.get("container") or {}
    return Press(
        button=button, value=pressed[0].get("value"), visitor=visitor_of(body), view=body.get("view") or {},
        message=container.get("message_ts"), private=bool(container.get("is_ephemeral")),
    )  # fmt: skip


def meant_by(presence: Presence, press: Press) -> Meant:
    """ForgedError for what we did not write, and for a value that belongs to another rollback's message."""
    return meant(presence, press.value, message=None if press.private else press.message, channel=press.visitor.channel)


def meant(presence: Presence, value: object, *, message: str | None = None, channel: str | None = None) -> Meant:
    reference = Reference.decode(value)
    if reference is None:
        raise ForgedError("The value is not one of ours")
    history = presence.desk.history
    try:
        rollback = show(history, reference.rollback, page=1).rollback
    except ConfigurationError:
        raise ForgedError(f"There is no {reference.rollback}") from None
    with history.reading() as connection:
        told = told_about(connection, reference.rollback)
    refs = {each.ref for each in told.said.values()}
    # One that was sent, and whose place a crash kept us from noting, is still to be found.
    if message is not None and message not in refs and None not in refs:
        raise ForgedError(f"The message is not one about {reference.rollback}")
    if message is not None and channel is not None and told.place.place not in (None, channel):
        raise ForgedError(f"{reference.rollback} is told elsewhere")
    live = told.said.get("live") or told.said.get("card")
    return Meant(reference=reference, rollback=rollback, place=told.place.place, thread=live.ref if live else None)
