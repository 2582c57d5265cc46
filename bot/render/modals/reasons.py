"""Dialogs that ask for a sentence: a rejection, an override, break-glass, what was seen after a halt."""

from collections.abc import Mapping
from dataclasses import dataclass

from actions.history.values import Rollback
from actions.run.answering import Way
from bot.render.blocks import lines_of_text, option, question, radio
from bot.render.buttons import Dialog, Field, Reference
from bot.render.message import View, modal
from bot.render.modals.answers import written


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    way: Way
    seen: str


def _asks(dialog: Dialog, title: str, rollback: Rollback, label: str, submit: str, least: int = 0) -> View:
    metadata = Reference(rollback=rollback.id, digest=rollback.digest).encode()
    return modal(
        dialog, title, question(Field.REASON, label, lines_of_text(least=least)), metadata=metadata, submit=submit
    )


def reject_dialog(rollback: Rollback) -> View:
    return _asks(Dialog.REJECT, "Reject", rollback, "Why not?", "Reject")


def override_dialog(rollback: Rollback, *, reason_length: int = 10) -> View:
    return _asks(Dialog.OVERRIDE, "Override the policy", rollback, "Why can it not wait?", "Override", reason_length)


def break_glass_dialog(rollback: Rollback) -> View:
    return _asks(Dialog.BREAK_GLASS, "Break the glass", rollback, "Why can it not wait?", "Go ahead")


def looked_dialog(rollback: Rollback) -> View:
    metadata = Reference(rollback=rollback.id, digest=rollback.digest).encode()
    ways = [option(way.value, way.value) for way in Way]
    return modal(
        Dialog.LOOKED, "After a halt",
        question(Field.WAY, "How does it go on?", radio(ways)), question(Field.SEEN, "What did you see?", lines_of_text()),
        metadata=metadata, submit="Go on",
    )  # fmt: skip


def reason_in(values: Mapping[str, object]) -> str:
    """From `view.state.values`; empty when there is none. Never raises."""
    return written(values, Field.REASON) or ""


def looked_in(values: Mapping[str, object]) -> Looked | dict[str, str]:
    """Errors by block. Never raises."""
    way, seen = written(values, Field.WAY), written(values, Field.SEEN)
    if way not in {each.value for each in Way}:
        return {Field.WAY.value: "Choose how it goes on."}
    return Looked(way=Way(way), seen=seen or "")
