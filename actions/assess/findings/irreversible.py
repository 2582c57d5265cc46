"""IR: downgrades that cannot work, do nothing, or cannot be seen into."""

from collections.abc import Iterator

from actions.assess.findings.evidence import Evidence, has_effect
from actions.assess.statements.values import Kind
from actions.assess.values import FailureKind, Finding
from actions.catalog.risk import Risk
from actions.redaction import redact

FAILURE_ADVICE = {
    FailureKind.DEPENDENCY: "See what depends on it (`\\d+` in psql, pg_depend), drop that first (indexes, foreign keys, "
    "views), then try again.",
    FailureKind.DATA_DOES_NOT_FIT: "Either fix the data first and then go back, or restore from a backup, which is safer.",
    FailureKind.MISSING_SCRIPT: "Restore the file from git (`git checkout <commit> -- path/to/versions/`) and try again.",
    FailureKind.IRREVERSIBLE: "Restore from a backup, or fix forward with a new migration.",
    FailureKind.BROKEN_SCRIPT: "The script itself must be mended; until then restore from a backup or roll forward.",
    FailureKind.LOCK: "Somebody else held a lock on the copy; try again.",
    FailureKind.TIMEOUT: "Give it more time (`migrations.timeout`, `database.statement_timeout`), or roll forward.",
    FailureKind.WRONG_DATABASE: "Make env.py use the URL that is handed over (`migrations.url` says how it is), not one of "
    "its own; nothing was sent to the other database.",
    FailureKind.OUTSIDE: "Nobody can rehearse what happens outside the database; read the script and do that part by hand.",
    FailureKind.SURROUNDINGS: "Look at the role's rights and the server, then assess again.",
    FailureKind.OTHER: "Read the script, or roll forward.",
}

#: Statements of these kinds leave no trace.
QUIET = frozenset({Kind.LOOK, Kind.SESSION})


def rehearsal_failed(evidence: Evidence) -> Iterator[Finding]:
    """IR101: the downgrade does not work; it was tried on a copy and failed.

    Each transaction is undone whole; what was committed before it failed (an autocommit block, one transaction per
    migration) stays. Going back this way will not succeed.
    """
    failure = evidence.failure
    if failure is None:
        return
    yield Finding(
        code="IR101",
        severity=Risk.HIGH,
        object=failure.revision or "",
        message=f"The downgrade fails in its rehearsal: {failure.message}",
        evidence={
            "kind": failure.kind.value,
            "sqlstate": failure.sqlstate,
            "revision": failure.revision,
            "objects": list(failure.objects),
            "rehearsed_on": "data" if evidence.data else "schema",
        },
        remedy=FAILURE_ADVICE[failure.kind],
    )


def raises_on_purpose(evidence: Evidence) -> Iterator[Finding]:
    """IR102: its author says that there is no way back: `downgrade()` does nothing but raise."""
    for revision in evidence.path.revisions:
        if revision.downgrade.body == "raises":
            said = revision.downgrade.raises
            yield Finding(
                code="IR102",
                severity=Risk.HIGH,
                object=revision.id,
                message=f"Revision {revision.id} is irreversible on purpose"
                + (f" ({said.error_class})" if said else ""),
                evidence={"revision": revision.id},
                remedy=FAILURE_ADVICE[FailureKind.IRREVERSIBLE],
            )


def empty_downgrade(evidence: Evidence) -> Iterator[Finding]:
    """IR103: `upgrade()` changes something and `downgrade()` nothing: the revision moves, the schema stays.

    Alembic calls that a success. The next upgrade then usually fails, because everything is there already.
    Silent when the upgrade has no effect either, as in a merge.
    """
    for revision in evidence.path.revisions:
        nothing = revision.downgrade.body in ("empty", "missing") or _sent_nothing(evidence, revision.id)
        if nothing and has_effect(revision.upgrade):
            yield Finding(
                code="IR103",
                severity=Risk.MEDIUM,
                object=revision.id,
                message=f"The downgrade of {revision.id} is empty: the database would say that it is older than it is",
                evidence={"revision": revision.id},
                remedy="Take the application back alone, or restore from a backup; going back by this script changes nothing.",
            )


def _sent_nothing(evidence: Evidence, revision: str) -> bool:
    """It ran in the rehearsal and did not change anything: `pass` in other words."""
    told = evidence.told
    if told is None or revision not in {name for name, _ in told.steps}:
        return False
    return all(sent.meaning.kinds <= QUIET for sent in evidence.sent() if sent.revision == revision)


def cannot_be_read(evidence: Evidence) -> Iterator[Finding]:
    """IR104: a script on the way cannot be imported, so Alembic cannot run it either.

    Or it asks the database while it is loaded: Alembic runs such a script, and only a rehearsal shows what it does. After one
    on the data it is medium.
    """
    for revision in evidence.path.revisions:
        if revision.failure is None:
            continue
        asks = revision.failure.code == "looks_at_database"
        seen = asks and evidence.data is not None and evidence.data.succeeds
        yield Finding(
            code="IR104",
            severity=Risk.MEDIUM if seen else Risk.HIGH,
            object=revision.id,
            message=f"The script of {revision.id} cannot be {'read' if asks else 'loaded'}: "
            + redact(revision.failure.message),
            evidence={"revision": revision.id, "where": revision.failure.where},
            remedy="Read the script: what it does depends on what it finds in the database. `--data` tries it on a copy."
            if asks
            else "Run it where its application is installed, or mend the import.",
        )


def nothing_was_rehearsed(evidence: Evidence) -> Iterator[Finding]:
    """IR105: there was no copy to try the downgrade on, so nothing about it is known for certain."""
    if evidence.schema is None and evidence.data is None and evidence.path.revisions:
        yield Finding(
            code="IR105",
            severity=Risk.HIGH,
            object="",
            message="The downgrade was not rehearsed: there is no server to make a copy on",
            remedy="Give the role CREATEDB, name an `admin_url`, or set `scratch: embedded` for this database.",
        )


def something_else_was_rehearsed(evidence: Evidence) -> Iterator[Finding]:
    """IR106: the rehearsal did not run the revisions that the scripts say are on the way.

    An `env.py` that runs nothing, or something of its own, ends well all the same. Whatever was not run is unknown.
    """
    told = evidence.told
    if told is None or not told.succeeded:
        return
    on_the_way = {revision.id for revision in evidence.path.revisions}
    ran = {revision for revision, _ in told.steps}
    for revision, what in [(each, "was not rehearsed") for each in sorted(on_the_way - ran)] + [
        (each, "ran in the rehearsal, and is not on the way that the scripts name") for each in sorted(ran - on_the_way)
    ]:
        yield Finding(
            code="IR106",
            severity=Risk.HIGH,
            object=revision,
            message=f"Revision {revision} {what}, although Alembic says that all went well",
            evidence={"revision": revision},
            remedy="See what env.py does instead of `context.run_migrations()`, then assess again.",
        )


FAMILY = (
    rehearsal_failed,
    raises_on_purpose,
    empty_downgrade,
    cannot_be_read,
    nothing_was_rehearsed,
    something_else_was_rehearsed,
)
