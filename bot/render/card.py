"""The card of a rollback in its channel: verdict and consequence first. One message, edited at every change."""

from bot.render.blocks import button, row, section
from bot.render.buttons import Button, Reference
from bot.render.foreign import foreign
from bot.render.message import Message, message
from bot.render.scene import Scene


def card(scene: Scene) -> Message:
    """In whatever state it is: assessing, waiting, asked again, approved, rejected, expired, refused, stopped, running,
    ended."""
    rollback = scene.rollback
    text = f"{rollback.id} {foreign(rollback.service)}: {rollback.status}"
    value = Reference(rollback=rollback.id, digest=rollback.digest).encode()
    return message(
        text, section(text),
        row(
            button("Approve", Button.APPROVE, value, spoken=f"Approve {rollback.id}", style="primary"),
            button("Reject", Button.REJECT, value, spoken=f"Reject {rollback.id}", style="danger"),
        ),
    )  # fmt: skip
