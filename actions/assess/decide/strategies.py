"""Which way out is best. All four are shown with their cost, and exactly one is recommended.

What decides, in this order:

1. What is possible comes before what is not.
2. What loses nothing comes before what loses something, or could. Bringing back empty what the upgrade dropped
   counts as losing it: a restore would bring back the content.
3. What the policy does not refuse comes before what it refuses.
4. Among those that lose nothing, what people said about the trouble decides (`_ORDER`), after seed 004: a minor
   problem, or one that a new migration puts right, is no reason to take the schema down; a broken application is.
   The application alone goes back where the older release can work with the newer schema.
5. Among those that lose something: a restore before a downgrade where the upgrade removed something, or where
   data may be rewritten (seed 002); else the one that loses less.

So nothing that loses data is ever recommended while a possible way loses none; and rolling forward is one, until
somebody says that it cannot be fixed that way. When nothing is possible, rolling forward is named all the same, as
the only one that makes nothing worse.
"""

from collections.abc import Collection, Mapping
from math import inf

from actions.assess.decide.facts import Facts, StrategyName, Symptom, Trouble
from actions.assess.decide.loss import loss_of
from actions.assess.decide.ways import Quality, Way, app_only, downgrade, restore, roll_forward
from actions.assess.values import Strategy

_APP, _DOWN, _RESTORE, _FORWARD = StrategyName
_SOUND, _DOUBTFUL = Quality

#: Ways that lose nothing, the best first, by what the trouble is. Rolling forward stands in it once for both qualities.
_Order = tuple[tuple[StrategyName, Quality], ...]
_BROKEN: _Order = (
    (_APP, _SOUND),
    (_FORWARD, _SOUND),
    (_DOWN, _SOUND),
    (_RESTORE, _SOUND),
    (_APP, _DOUBTFUL),
    (_FORWARD, _DOUBTFUL),
    (_DOWN, _DOUBTFUL),
)
_ORDER: Mapping[Symptom | None, _Order] = {
    Symptom.MINOR: (
        (_FORWARD, _SOUND),
        (_FORWARD, _DOUBTFUL),
        (_APP, _SOUND),
        (_DOWN, _SOUND),
        (_APP, _DOUBTFUL),
        (_RESTORE, _SOUND),
        (_DOWN, _DOUBTFUL),
    ),
    # An older application repairs no data.
    Symptom.BAD_DATA: (
        (_FORWARD, _SOUND),
        (_RESTORE, _SOUND),
        (_DOWN, _SOUND),
        (_FORWARD, _DOUBTFUL),
        (_APP, _SOUND),
        (_APP, _DOUBTFUL),
        (_DOWN, _DOUBTFUL),
    ),
    Symptom.BROKEN: _BROKEN,
    None: _BROKEN,
}


def rank_strategies(facts: Facts, *, refused: Collection[StrategyName] = ()) -> tuple[Strategy, ...]:
    """All four, the best first, and that one recommended. `refused` are those that the policy refuses."""
    ways = (app_only(facts), downgrade(facts), restore(facts), roll_forward(facts))
    best, *others = sorted(ways, key=lambda way: _rank(way, facts, refused))
    if not best.possible:
        best = next(way for way in ways if way.name is StrategyName.ROLL_FORWARD)
        others = [way for way in sorted(ways, key=lambda way: _rank(way, facts, refused)) if way is not best]
    second = next((way for way in others if way.possible), None)
    reason = f"{_reason(best, facts)}{_then(best, second)}"
    return (
        _strategy(best, refused, reason),
        *(_strategy(way, refused, None) for way in others),
    )


def _rank(way: Way, facts: Facts, refused: Collection[StrategyName]) -> tuple[bool, bool, bool, float, float, int]:
    name = list(StrategyName).index(way.name)
    if way.loses:
        loss = loss_of(facts.losses)
        restore_first = bool(loss.emptied or loss.unsure) and way.name is StrategyName.DOWNGRADE
        return not way.possible, True, way.name in refused, restore_first, inf if way.rows is None else way.rows, name
    order = _ORDER[facts.trouble.symptom]
    place = order.index((way.name, way.quality)) if (way.name, way.quality) in order else len(order)
    return not way.possible, False, way.name in refused, place, 0, name


def _strategy(way: Way, refused: Collection[StrategyName], recommended: str | None) -> Strategy:
    parts = [recommended, way.why, "The policy refuses it now." if way.possible and way.name in refused else None]
    return Strategy(
        name=way.name.value,
        possible=way.possible,
        recommended=recommended is not None,
        data_lost=way.data_lost,
        estimated_seconds=way.estimate.seconds,
        estimated_from=way.estimate.rests_on,
        why=" ".join(part for part in parts if part),
        needs=way.needs,
    )


def _reason(best: Way, facts: Facts) -> str:
    if not best.possible:
        return "Nothing works as things are, and this makes nothing worse: remove what stands in the way of another."
    if best.loses:
        return _least_loss(best, facts)
    if best.name is StrategyName.ROLL_FORWARD:
        return _rather_forward(facts.trouble)
    return _KEEPS_ALL[best.name, best.quality]


_KEEPS_ALL: Mapping[tuple[StrategyName, Quality], str] = {
    (_APP, _SOUND): "It loses nothing and leaves the schema alone.",
    (_APP, _DOUBTFUL): "It loses nothing and leaves the schema alone; if it does not work, go forward again.",
    (_DOWN, _SOUND): "It was tried with success, and nothing is lost.",
    (_DOWN, _DOUBTFUL): "Nothing is known to be lost, and no surer way is possible.",
    (_RESTORE, _SOUND): "The backup is proven, and nothing was written since.",
}


def _least_loss(best: Way, facts: Facts) -> str:
    loss = loss_of(facts.losses)
    if best.name is StrategyName.RESTORE and (loss.emptied or loss.unsure):
        return "No possible way keeps everything, and only a restore brings back what the upgrade removed or rewrote."
    return "No possible way is known to keep everything, and this is the one by which least is given up."


def _rather_forward(trouble: Trouble) -> str:
    if trouble.symptom is Symptom.MINOR:
        return "The problem is a minor one: improve it with a new migration rather than going back."
    if trouble.fixable_forward:
        return "What a new migration can put right is no reason to take the schema down."
    return "Every way back loses data, is refused, or is not known to work; a new migration loses nothing."


def _then(best: Way, second: Way | None) -> str:
    if second is None or best.name is not StrategyName.ROLL_FORWARD:
        return ""
    return f" If it cannot be fixed in time, `{second.name}` comes next."
