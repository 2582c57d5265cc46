"""The answer to `/rollback show RB-n`: what and why, who decided, step by step."""

from bot.render.blocks import section
from bot.render.message import Message, message
from bot.render.scene import Scene


def story(scene: Scene) -> Message:
    text = f"{scene.rollback.id} is {scene.rollback.status}"
    return message(text, section(text))
