"""LK: what the downgrade locks, how long, and who is in its way."""

from collections.abc import Iterator

from actions.assess.findings.evidence import Evidence, display
from actions.assess.values import Finding
from actions.catalog.risk import Risk

STRONG = "AccessExclusiveLock"
#: Longer than this, people notice.
LONG_SECONDS = 1.0


def strong_locks(evidence: Evidence) -> Iterator[Finding]:
    """LK101: tables are locked against everybody, readers included, until the migration's transaction ends.

    Medium when the rehearsal with the data held one for longer than a second; else low.
    """
    held: dict[str, float] = {}
    for commit in evidence.told.commits if evidence.told else ():
        for lock in commit.locks:
            if lock.mode == STRONG and lock.relation != evidence.version_table:
                held[lock.relation] = max(held.get(lock.relation, 0.0), lock.seconds)
    if not held:
        return
    longest = max(held.values()) if evidence.data else None
    for_how_long = f" for up to {longest:.1f} s" if longest is not None else ""
    yield Finding(
        code="LK101",
        severity=Risk.MEDIUM if longest is not None and longest > LONG_SECONDS else Risk.LOW,
        object=", ".join(sorted(held)[:10]),
        message=f"{_tables(len(held))} locked against readers and writers{for_how_long}: {', '.join(sorted(held)[:10])}",
        evidence={"tables": sorted(held), "seconds": longest},
        remedy="Stop what writes first; the lock timeout of the catalog keeps the queue short.",
    )


def rewrites(evidence: Evidence) -> Iterator[Finding]:
    """LK102: the downgrade writes whole tables anew, which takes time and space in proportion to their size."""
    effects = evidence.schema.effects if evidence.schema else None
    if effects and effects.rewritten:
        names = [display(identity) for identity in effects.rewritten]
        yield Finding(
            code="LK102",
            severity=Risk.MEDIUM,
            object=", ".join(names),
            message=f"{_tables(len(names))} written anew: {', '.join(names)}",
            evidence={"tables": names},
            remedy="Rehearse it with the data (`--data`) to know how long that takes.",
        )


def _tables(count: int) -> str:
    return "1 table is" if count == 1 else f"{count} tables are"


FAMILY = (strong_locks, rewrites)
