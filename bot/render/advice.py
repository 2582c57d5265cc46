"""The answer to `/rollback advise "WHAT FAILED"`: what the services' decision matrices say to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.catalog.matrix import MatrixRow
from bot.render.blocks import section
from bot.render.foreign import foreign
from bot.render.message import Message, message


@dataclass(frozen=True, kw_only=True, slots=True)
class Advised:
    """One row that answers, the best first."""

    service: str
    row: MatrixRow


def advice(failure: str, found: Sequence[Advised]) -> Message:
    text = f"{len(found)} answers to {foreign(failure)}"
    return message(text, section(text))
