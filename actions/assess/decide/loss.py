"""What a downgrade costs, read from the ledger: lost for certain, perhaps lost, and back without its content."""

from dataclasses import dataclass

from actions.assess.decide.facts import DifferenceKind, Facts, Losses, Unmeasured
from actions.assess.decide.wording import SHOWN, count, listed, quoted, retold
from actions.assess.values import LedgerEntry

#: Whatever these hold is in the ledger: where that is empty, nobody used them.
_COUNTED_IN_LEDGER = frozenset(
    {
        DifferenceKind.ADDED_TABLE,
        DifferenceKind.ADDED_COLUMN,
        DifferenceKind.ADDED_REQUIRED_COLUMN,
        DifferenceKind.ADDED_INDEX,
        DifferenceKind.REMOVED_INDEX,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """The cost of a downgrade in data."""

    #: Entries with rows, the greatest first.
    certain: tuple[LedgerEntry, ...]
    #: Why more can be lost than that, as sentences.
    unsure: tuple[str, ...]
    #: Comes back without what it held before the upgrade.
    emptied: tuple[str, ...]

    @property
    def known_to_be_nothing(self) -> bool:
        return not (self.certain or self.unsure or self.emptied)

    @property
    def rows(self) -> int | None:
        """Rows and values that are lost; None when it can be more than was counted."""
        return None if self.unsure else sum(entry.rows for entry in self.certain)

    def __str__(self) -> str:
        parts = []
        if self.certain:
            parts.append(said_entries(self.certain))
        if self.unsure:
            parts.append(f"{'perhaps more' if self.certain else 'not known'}: {' '.join(self.unsure)}")
        if self.emptied:
            back = listed([quoted(name) for name in self.emptied])
            parts.append(f"{'' if parts else 'nothing that is there now; '}{back} would come back empty")
        return "; ".join(parts) or "nothing"


def loss_of(losses: Losses) -> Loss:
    """What was measured, with everything that was not measured counted as a loss that cannot be ruled out."""
    entries = losses.ledger or ()
    certain = sorted((e for e in entries if e.rows > 0), key=lambda e: (-e.rows, e.table, e.column or ""))
    unsure = [] if losses.ledger is not None else ["What would be lost was not counted."]
    # An estimate of nothing is a guess: one value that the statistics missed would be gone.
    guessed = sorted(named(entry) for entry in entries if entry.rows <= 0 and not entry.exact)
    if guessed:
        unsure.append(f"{listed(guessed)} could only be estimated as empty.")
    unsure += _beyond(losses.beyond_ledger)
    if losses.comes_back_empty is None:
        unsure.append("It was not examined what comes back empty.")
    return Loss(certain=tuple(certain), unsure=tuple(unsure), emptied=tuple(sorted(losses.comes_back_empty or ())))


def _beyond(unmeasured: tuple[Unmeasured, ...] | None) -> list[str]:
    if unmeasured is None:
        return ["It was not examined what else is destroyed."]
    said = [retold(message) for message in sorted({each.message for each in unmeasured})]
    left = len(said) - SHOWN
    return [*said[:SHOWN], f"And {count(left, 'further reason')}."] if left > 0 else said


def new_data(facts: Facts) -> int | None:
    """Rows that were written since the deploy and need the newer schema; None when nobody knows.

    What only added things and left them empty was not written with, even where no counter can say so.
    """
    by_table: dict[str, int] = {}
    for entry in facts.losses.ledger or ():
        since = entry.written_since_deploy or 0
        capped = min(since, entry.rows) if entry.exact else since
        by_table[entry.table] = max(by_table.get(entry.table, 0), capped)
    seen = max(sum(by_table.values()), facts.new_data.rows or 0)
    if seen > 0 or facts.new_data.rows is not None:
        return seen
    differences = facts.older_release.differences
    only_added = differences is not None and all(d.kind in _COUNTED_IN_LEDGER for d in differences)
    return 0 if only_added and loss_of(facts.losses).known_to_be_nothing else None


def named(entry: LedgerEntry) -> str:
    return quoted(entry.table if entry.column is None else f"{entry.table}.{entry.column}")


def said_entries(entries: tuple[LedgerEntry, ...]) -> str:
    """`1,204 values in users.preferences, 20 rows of orders`, the first few in full."""
    said = [said_entry(entry) for entry in entries[:SHOWN]]
    left = entries[SHOWN:]
    if left:
        rows = sum(entry.rows for entry in left)
        said.append(f"and {rows:,} more in {count(len(left), 'other table or column', 'other tables and columns')}")
    return ", ".join(said)


def said_entry(entry: LedgerEntry) -> str:
    about = "" if entry.exact else "about "
    what = f"{count(entry.rows, 'row')} of" if entry.column is None else f"{count(entry.rows, 'value')} in"
    since = entry.written_since_deploy
    return f"{about}{what} {named(entry)}{'' if since is None else f' ({since:,} written since the deploy)'}"
