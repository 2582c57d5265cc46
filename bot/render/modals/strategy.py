"""The dialog to choose another way out."""

from collections.abc import Iterator, Mapping

from actions.assess.values import Strategy
from bot.intake.request import STRATEGIES
from bot.render.assessed import Assessed, assessed
from bot.render.blocks import context, option, question, radio, section
from bot.render.buttons import Dialog, Field, Reference
from bot.render.cost import ways
from bot.render.foreign import foreign, plain
from bot.render.message import Block, View, modal
from bot.render.modals.answers import written
from bot.render.modals.request import WAYS
from bot.render.scene import Scene
from bot.wording.measures import length


def strategy_dialog(scene: Scene) -> View:
    """With the cost of each; the one that was asked for is not offered again."""
    found = assessed(scene.shown)
    metadata = Reference(rollback=scene.rollback.id, digest=scene.rollback.digest).encode()
    blocks = list(_blocks(scene, found))
    if not any(block["type"] == "input" for block in blocks):
        return modal(Dialog.STRATEGY, "Another way out", *blocks, metadata=metadata)
    return modal(Dialog.STRATEGY, "Another way out", *blocks, metadata=metadata, submit="Assess it", close="Not now")


def _blocks(scene: Scene, found: Assessed) -> Iterator[Block]:
    rollback = scene.rollback
    asked = found.strategy or rollback.runbook
    yield section(
        f"*{rollback.id}* of *{foreign(rollback.service, 60)}* is to go by *{foreign(asked, 40)}*.", name="of"
    )
    if compared := ways(found):
        yield section(compared, name="ways")
    others = [
        option(name, value, _cost(value, found) or description) for value, name, description in WAYS if value != asked
    ]
    possible = {each.name for each in found.strategies if each.possible} or {value for value, _, _ in WAYS}
    open_ = [each for each in others if each["value"] in possible]
    if not open_:
        yield section("No other way is possible. Rolling forward is a new migration that people write.", name="none")
        return
    best = found.recommended
    initial = best.name if best is not None and any(each["value"] == best.name for each in open_) else None
    yield question(Field.STRATEGY, "Which way instead?", radio(open_, initial=initial))
    yield context("It is assessed anew. Approvals that were given are void, for it is another plan.", name="void")


def _cost(name: str, found: Assessed) -> str | None:
    strategy: Strategy | None = next((each for each in found.strategies if each.name == name), None)
    if strategy is None:
        return None
    took = f", about {length(strategy.estimated_seconds)}" if strategy.estimated_seconds is not None else ""
    return f"Loses {plain(strategy.data_lost, 50)}{took}"


def strategy_in(values: Mapping[str, object]) -> str | None:
    """None: nothing that could be chosen. Never raises."""
    chosen = written(values, Field.STRATEGY)
    return chosen if chosen in STRATEGIES.values() else None
