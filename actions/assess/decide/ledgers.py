"""Is a later ledger worse than the one that people approved?

Only worse counts: data that was deleted meanwhile, or a count that turned out smaller, makes nobody change their
mind. Of what was counted, one row more is worse. Of what was estimated, one tenth is noise.

A table that is written to all the time would outgrow every approval. So a policy may allow some growth: of entries of
which people saw that they keep being written, and which were written since; by no more than it says.
"""

from collections.abc import Mapping, Sequence

from actions.assess.decide.loss import named, said_entry
from actions.assess.values import LedgerEntry
from actions.catalog.tolerance import Tolerance

#: The server's statistics move by so much from one look to the next, though nothing changed.
NOISE = 0.10

_Key = tuple[str, str]


#: Not a row more.
NO_GROWTH = Tolerance(by=0)


def is_worse(
    old: Sequence[LedgerEntry] | None, new: Sequence[LedgerEntry] | None, *, growth: Tolerance = NO_GROWTH
) -> tuple[str, ...]:  # fmt: skip
    """What got worse, one sentence for each, by name; empty when nothing did.

    Nothing can be worse than a ledger that was not counted: whoever approved that, approved any loss.
    """
    if old is None:
        return ()
    if new is None:
        return ("What would be lost was counted when it was approved, and cannot be counted now. Assess again.",)
    before, now = _by_name(old), _by_name(new)
    return tuple(said for key in sorted(now) for said in _entry_worse(before.get(key), now[key], growth))


def _entry_worse(old: LedgerEntry | None, new: LedgerEntry, growth: Tolerance) -> tuple[str, ...]:
    again = "Assess again and approve the new numbers."
    if old is None:
        return () if new.exact and new.rows <= 0 else (f"New in the ledger: {said_entry(new)}. {again}",)
    allowed = old.rows if old.exact and new.exact else old.rows * (1 + NOISE)
    if new.rows > allowed and not _grew_as_allowed(old, new, growth):
        return (f"More would be lost than was approved: {said_entry(new)} instead of {_amount(old)}. {again}",)
    if old.rows <= 0 and old.exact and not new.exact:
        return (f"{named(new)} was counted as empty when it was approved, and is only estimated now. {again}",)
    if old.written_since_deploy == 0 and new.written_since_deploy != 0:
        since = new.written_since_deploy
        rows = "an unknown number" if since is None else f"{since:,}"
        return (f"Nothing in {named(new)} was written since the deploy when it was approved; now {rows}. {again}",)
    return ()


def _grew_as_allowed(old: LedgerEntry, new: LedgerEntry, growth: Tolerance) -> bool:
    """The counters of writes lag, so they say that rows are being written, and not how many by now."""
    before, since = old.written_since_deploy, new.written_since_deploy
    goes_on = before is not None and since is not None and since > before > 0
    return goes_on and old.exact and new.exact and growth.accepts(wanted=old.rows, seen=new.rows)


def _amount(entry: LedgerEntry) -> str:
    return f"{entry.rows:,}" if entry.exact else f"about {entry.rows:,}"


def _by_name(ledger: Sequence[LedgerEntry]) -> Mapping[_Key, LedgerEntry]:
    """Named twice counts as the worse of the two."""
    entries: dict[_Key, LedgerEntry] = {}
    for entry in sorted(ledger, key=_badness):
        entries[entry.table, "" if entry.column is None else f".{entry.column}"] = entry
    return entries


def _badness(entry: LedgerEntry) -> tuple[int, bool, bool, int]:
    since = entry.written_since_deploy
    return entry.rows, not entry.exact, since is None, since or 0
