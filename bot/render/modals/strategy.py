"""The dialog to choose another way out."""

from collections.abc import Mapping

from bot.render.blocks import option, question, radio
from bot.render.buttons import Dialog, Field, Reference
from bot.render.message import View, modal
from bot.render.modals.answers import written
from bot.render.scene import Scene


def strategy_dialog(scene: Scene) -> View:
    ways = [option(name, name) for name in ("downgrade", "restore", "app-only")]
    metadata = Reference(rollback=scene.rollback.id, digest=scene.rollback.digest).encode()
    return modal(
        Dialog.STRATEGY, "Another way out", question(Field.STRATEGY, "Which?", radio(ways)), metadata=metadata,
        submit="Assess it",
    )  # fmt: skip


def strategy_in(values: Mapping[str, object]) -> str | None:
    """Never raises."""
    return written(values, Field.STRATEGY)
