"""AP: the application and the schema belong together; going back with one of them alone may break the other."""

from collections.abc import Iterator

from actions.assess.findings.evidence import Evidence, display
from actions.assess.schema.changes import Changed, Gone, Renamed
from actions.assess.schema.naming import Kind
from actions.assess.values import Finding
from actions.catalog.risk import Risk

#: What a running release notices when it goes.
NOTICED = frozenset(
    {Kind.TABLE, Kind.COLUMN, Kind.VIEW, Kind.FUNCTION, Kind.ENUM, Kind.TYPE, Kind.SCHEMA, Kind.SEQUENCE}
)
MOST_NAMED = 5


def needs_the_newer_schema(evidence: Evidence) -> Iterator[Finding]:
    """AP101: the release that runs now was written for the newer schema; without what goes, it breaks.

    It has to be taken back together with the schema.
    """
    rehearsal = evidence.data if evidence.data and evidence.data.succeeds else evidence.schema
    changes = rehearsal.changes if rehearsal else ()
    gone = [
        display(change.identity)
        for change in changes
        if change.kind in NOTICED
        and (isinstance(change, Gone | Renamed) or (isinstance(change, Changed) and change.attribute("type")))
    ]
    if gone:
        more = f" and {len(gone) - MOST_NAMED} more" if len(gone) > MOST_NAMED else ""
        known = evidence.application_known
        yield Finding(
            code="AP101", severity=Risk.LOW, object=", ".join(gone[:MOST_NAMED]),
            message=f"The release that runs now may need {', '.join(gone[:MOST_NAMED])}{more}: take it back as well",
            evidence={"objects": gone},
            remedy=None if known else "Say under `application` in the catalog how the application is taken back.",
        )  # fmt: skip


def kept_by_a_repository(evidence: Evidence) -> Iterator[Finding]:
    """AP102: Argo CD, Flux or KEDA keeps workloads of the service as a repository or a rule has them, and would undo the
    rollback. Low where the catalog says `gitops: pause`: then they are paused first.
    """
    if evidence.keepers:
        names = ", ".join(evidence.keepers[:MOST_NAMED])
        paused = evidence.keepers_paused
        yield Finding(
            code="AP102", severity=Risk.LOW if paused else Risk.MEDIUM, object=names,
            message=f"{names} would put back what the rollback changes" + ("; it is paused first" if paused else ""),
            evidence={"keepers": list(evidence.keepers)},
            remedy="Revert the release in the repository, then resume it." if paused
            else "Pause it by hand before the rollback, or write `gitops: pause` under `platform`.",
        )  # fmt: skip


def checks_that_cannot_be_made(evidence: Evidence) -> Iterator[Finding]:
    """AP103: a check of the catalog asks for what the downgrade takes away. After the downgrade it would fail, and a person
    would have to choose between going on without it and bringing the backup back.
    """
    for each in evidence.schema.unanswered if evidence.schema else ():
        yield Finding(
            code="AP103", severity=Risk.MEDIUM, object=each.check,
            message=f"The check `{each.check}` cannot be made after the downgrade: {each.why}",
            evidence={"check": each.check, "why": each.why},
            remedy="Change the check under `checks`, or be there to choose when it fails: nothing is lost by it.",
        )  # fmt: skip


FAMILY = (needs_the_newer_schema, kept_by_a_repository, checks_that_cannot_be_made)
