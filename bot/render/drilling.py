"""A drill: that it began, and its report."""

from actions.restore.drill import Drill
from bot.render.blocks import section
from bot.render.foreign import foreign
from bot.render.message import Message, message


def drill_begun(service: str) -> Message:
    text = f"Rollback test of {foreign(service)} has begun."
    return message(text, section(text))


def drill_report(drill: Drill) -> Message:
    text = f"Rollback test of {foreign(drill.service)}: {'passed' if drill.passed else 'not passed'}"
    return message(text, section(text))
