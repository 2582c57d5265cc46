"""What only the one who asked sees: refusals, errors, receipts. Slack may lose them; nothing depends on them."""

from actions.approve.voices import TurnedAway
from actions.errors import BackoutError, ConfigurationError, HaltedError, RefusedError, UnavailableError
from actions.history.values import Rollback, RollbackId
from bot.intake import Refusal
from bot.render.blocks import button, context, row, section
from bot.render.buttons import Button
from bot.render.foreign import code, foreign, plain, worded
from bot.render.message import Block, Message, message
from bot.render.people import person, with_names
from bot.render.states import state

_SIGNS = {ConfigurationError: "🔧", RefusedError: "⛔", HaltedError: "🛑", UnavailableError: "🔌"}


def _said(text: str, *more: str) -> Message:
    return message(text, section("\n".join([text, *more])))


def turned_away(outcome: TurnedAway, rollback: RollbackId) -> Message:
    """Why a voice does not count, and who could. It was written down."""
    text = f"⛔ {rollback}: {_ended(worded(outcome.why, 600))}"
    return message(
        text,
        section(f"{text}\n→ {with_names(worded(outcome.next_step, 600))}"),
        context("Only you see this. It is in the record."),
    )


def not_understood(refusal: Refusal) -> Message:
    return _said(f"🤔 {worded(refusal.what, 400)}", f"→ {worded(refusal.next_step, 500)}")


def trouble(error: BackoutError) -> Message:
    """An error of ours: what, where, and what next."""
    sign = next((sign for kind, sign in _SIGNS.items() if isinstance(error, kind)), "❌")
    text = f"{sign} {_ended(worded(error.what, 900))}"
    more = [f"Where: {worded(error.where, 300)}"] if error.where else []
    if error.next_step:
        more.append(f"→ {with_names(worded(error.next_step, 600))}")
    return _said(text, *more)


def unexpected(reference: str) -> Message:
    """Something broke in us; the log has it under this reference."""
    return _said(
        "❌ Something went wrong in Backout itself. Whatever runs goes on; nothing more was done by this.",
        f"→ Tell whoever runs Backout the reference {code(reference)}: the log has it. At a terminal, every verb works as well.",
    )


def already_open(rollback: Rollback, link: str | None) -> Message:
    """One service has one open rollback."""
    text = f"{rollback.id} of {foreign(rollback.service, 60)} is open already: {state(rollback.status)}. One service has one at a time."
    return message(text, section(f"{text}\nAsked by {person(rollback.requester)}."), _open(rollback, link))


def received(rollback: Rollback, link: str | None) -> Message:
    text = f"{rollback.id}: {foreign(rollback.service, 60)} is being assessed. Nothing is changed before people have approved it."
    return message(text, section(text), _open(rollback, link))


def forged() -> Message:
    """What a button carried was not ours, or is of something else."""
    return _said("⛔ What this button says is nothing that Backout has written. Nothing was done; it is in the record.")


def not_here(why: str) -> Message:
    """The channel or the workspace is not one from which Backout may be used."""
    return _said(f"⛔ {_ended(worded(why, 400))}")


def too_late(rollback: Rollback) -> Message:
    """A button of an old message: where the rollback stands by now."""
    text = f"{rollback.id} is further than this message: {state(rollback.status)}. Nothing was done."
    return message(text, section(text), _open(rollback, None))


def _open(rollback: Rollback, link: str | None) -> Block:
    spoken = f"Show {rollback.id} of {plain(rollback.service, 40)}"
    if link:
        return row(button("Go to its card", Button.OPEN_CARD, spoken=f"Go to the card of {rollback.id}", url=link))
    return row(button(f"Show {rollback.id}", Button.SHOW, str(rollback.id), spoken=spoken))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
