"""Does an approval still hold for the world as it is now? If not, why not, in sentences."""

from collections.abc import Mapping
from typing import Final

from actions.assess.decide.digest import Seal
from actions.assess.decide.ledgers import NO_GROWTH, is_worse
from actions.assess.decide.wording import listed, quoted
from actions.catalog.tolerance import Tolerance
from actions.history.canonical import Json

_AGAIN: Final = "Assess again and approve what is there now."

_CHANGED: Final[Mapping[str, str]] = {
    "version": "Backout was replaced by a version that seals other facts",
    "service": "It is another service than the one that was approved",
    "live": "The live revision is another one than when it was approved",
    "target": "The target is another one than when it was approved",
    "scripts": "The migrations on the path changed since they were approved",
    "strategy": "The strategy is another one than the one that was approved",
    "plan": "The plan changed since it was approved",
    "backup": "Another backup would be restored than the one that was approved",
    "findings": "The findings changed since it was approved",
    "beyond_ledger": "What can be destroyed beyond the ledger changed since it was approved",
    "comes_back_empty": "What comes back empty changed since it was approved",
    "policy": "The policy changed since it was approved",
    "rehearsals": "The outcome of the trials is another one than when it was approved",
}

#: Parts that are lists, and how many values of an entry name it.
_NAMED_BY: Final[Mapping[str, int]] = {
    "live": 1,
    "target": 1,
    "scripts": 1,
    "findings": 2,
    "beyond_ledger": 1,
    "comes_back_empty": 1,
}


def voided_by(shown: Seal, now: Seal, *, growth: Tolerance = NO_GROWTH) -> tuple[str, ...]:
    """Why an approval of `shown` does not hold for `now`; empty when it does.

    It holds for other counts as long as none is worse than shown, by more than the policy lets it grow.
    """
    parts = sorted({*shown.exact, *now.exact})
    changed = [part for part in parts if _differs(shown.exact.get(part), now.exact.get(part))]
    exact = [_said(part, shown.exact.get(part), now.exact.get(part)) for part in changed]
    return (*exact, *is_worse(shown.ledger, now.ledger, growth=growth))


def _differs(old: Json, new: Json) -> bool:
    # True equals 1 in Python, and not in what the digest is made of.
    return Seal(exact={"": old}, ledger=None).digest != Seal(exact={"": new}, ledger=None).digest


def _said(part: str, old: Json, new: Json) -> str:
    what = _CHANGED.get(part, f"{quoted(part)} changed since it was approved")
    return f"{what}{_details(part, old, new)}. {_AGAIN}"


def _details(part: str, old: Json, new: Json) -> str:
    if part not in _NAMED_BY or not isinstance(old, list) or not isinstance(new, list):
        return ""
    lists = {"gone": (old, new), "new": (new, old)}
    named = {
        word: _names(part, [item for item in some if item not in others]) for word, (some, others) in lists.items()
    }
    said = [f"{word}: {names}" for word, names in named.items() if names]
    return f" ({'; '.join(said)})" if said else " (in another order)"


def _names(part: str, items: list[Json]) -> str:
    words = [[str(word) for word in item] if isinstance(item, list) else [str(item)] for item in items]
    return listed([quoted(" ".join(filter(None, names[: _NAMED_BY[part]]))) for names in words])
