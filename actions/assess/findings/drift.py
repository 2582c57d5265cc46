"""DR: after going back, things are not as somebody would expect."""

from collections.abc import Iterator, Sequence

from actions.assess.error_words import shown
from actions.assess.failures import source_of
from actions.assess.findings.evidence import Evidence
from actions.assess.schema.changes import Change
from actions.assess.schema.describing import describe
from actions.assess.values import Finding
from actions.catalog.risk import Risk

MOST_NAMED = 5


def way_up_is_shut(evidence: Evidence) -> Iterator[Finding]:
    """DR101: after the downgrade the upgrade no longer runs: the way forward is shut until somebody mends it.

    Usually something was left behind (an enum type, a function, a trigger) that the upgrade wants to create.
    """
    rehearsal = evidence.data or evidence.schema
    up = rehearsal.up if rehearsal else None
    if up is not None and up.trouble is not None:
        yield Finding(
            code="DR101",
            severity=Risk.MEDIUM,
            object=up.trouble.revision or "",
            message=f"After going back, the upgrade fails: {shown(up.trouble, source_of(evidence.path))}",
            evidence={"revision": up.trouble.revision, "sqlstate": up.trouble.sqlstate},
            remedy="Have the fix for the migration ready before going back, or the next deploy will not start.",
        )


def round_trip_differs(evidence: Evidence) -> Iterator[Finding]:
    """DR102: down and up again does not end where it began: the schema is another one then."""
    rehearsal = evidence.data or evidence.schema
    changes = rehearsal.round_trip if rehearsal else ()
    if changes:
        yield _about("DR102", "After going back and upgrading again, the schema is not the one of today", changes)


def unlike_the_older_release(evidence: Evidence) -> Iterator[Finding]:
    """DR103: what the downgrade leaves is not the schema that the older release was written for.

    Known with `--data` only: there the older schema is built by its own scripts, from nothing, and compared.
    """
    changes = evidence.data.unlike_older if evidence.data else None
    if changes:
        yield _about(
            "DR103", "The schema after going back is not the one that the older revision's scripts build", changes
        )


def older_release_unknown(evidence: Evidence) -> Iterator[Finding]:
    """DR104: whether what the downgrade leaves is the older release's schema was looked for and not found out.

    The older release's own scripts do not build it from nothing: they take too long, or their first tables come from
    elsewhere.
    """
    why = evidence.data.older_unknown if evidence.data else None
    if why:
        yield Finding(
            code="DR104", severity=Risk.LOW, object="",
            message=f"Whether the older release finds its schema is not known: its own scripts {why}",
        )  # fmt: skip


def _about(code: str, message: str, changes: Sequence[Change]) -> Finding:
    named = [describe(change) for change in changes[:MOST_NAMED]]
    more = f" (and {len(changes) - MOST_NAMED} more)" if len(changes) > MOST_NAMED else ""
    return Finding(
        code=code,
        severity=Risk.MEDIUM,
        object="",
        message=f"{message}: {'; '.join(named)}{more}",
        evidence={"differences": len(changes)},
        remedy="Look at whether the older release minds; mend the downgrade if it does.",
    )


FAMILY = (way_up_is_shut, round_trip_differs, unlike_the_older_release, older_release_unknown)
