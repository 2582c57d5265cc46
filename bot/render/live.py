"""The one message that shows a run while it goes on, and how it ended. Edited, paced by whoever sends it."""

from bot.render.blocks import section
from bot.render.message import Message, message
from bot.render.scene import Scene


def live(scene: Scene) -> Message:
    """Steps with state, time and progress; trouble and what can be chosen; a halt; the end."""
    rollback = scene.rollback
    text = f"{rollback.id}: {rollback.status}"
    return message(text, section(text))
