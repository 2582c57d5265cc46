"""OU: migrations that reach outside their database, where no rehearsal and no transaction can follow."""

import re
from collections.abc import Iterator

from actions.assess.findings.evidence import Evidence, whose
from actions.assess.statements.values import Kind
from actions.assess.values import Finding
from actions.catalog.risk import Risk

_DROP_OWNED = re.compile(r"drop\s+owned\b", re.IGNORECASE)
#: Kinds of names in a script's code that lead out of the database.
OUTWARD = {
    "network": "the network",
    "storage": "object storage",
    "process": "other programs",
    "messaging": "chat and mail",
}


def was_held_back(evidence: Evidence) -> Iterator[Finding]:
    """OU101: in the rehearsal the downgrade tried to reach something outside, and was held back.

    In the real run nobody holds it back; and what it would have got there is not known. High where it is a program: that
    may be psql.
    """
    for what in evidence.told.outside if evidence.told else ():
        yield Finding(
            code="OU101",
            severity=Risk.HIGH if "program" in what else Risk.MEDIUM,
            object="",
            message=f"In its rehearsal the migration {what}; it was held back there, and will not be in the real run",
            evidence={"what": what},
            remedy="Read what the script does outside the database, and whether doing it again or half is harmless.",
        )


def mentions_the_outside(evidence: Evidence) -> Iterator[Finding]:
    """OU102: the text of the downgrade names things that lead out of the database: network, storage, programs."""
    for revision in evidence.path.revisions:
        found = sorted({mention.name for mention in revision.downgrade.mentions if mention.kind in OUTWARD})
        if found:
            yield Finding(
                code="OU102",
                severity=Risk.MEDIUM,
                object=revision.id,
                message=f"The downgrade of {revision.id} mentions {', '.join(found[:5])}: it may reach outside the database",
                evidence={"revision": revision.id, "names": found},
                remedy="Read the script: what happens outside cannot be rehearsed, and is not undone when it fails.",
            )


def cluster_wide(evidence: Evidence) -> Iterator[Finding]:
    """OU103: a statement with effect beyond this database: roles, other databases, server settings, other servers.

    A rehearsal on the same server is not free of it: roles are the server's, not the copy's. High for DROP OWNED: on a
    copy everything belongs to one role, so that nobody sees which tables would go.
    """
    for sent in evidence.sent():
        if Kind.OUTSIDE in sent.meaning.kinds:
            yield Finding(
                code="OU103",
                severity=Risk.HIGH if _DROP_OWNED.match(sent.meaning.text) else Risk.MEDIUM,
                object=sent.revision,
                message=f"{whose(sent.revision)} changes something beyond its database"
                + (f" ({', '.join(sent.meaning.reasons[:2])})" if sent.meaning.reasons else ""),
                evidence={"revision": sent.revision},
                remedy="Check who else uses it; rehearse on a server of its own (`scratch: embedded`).",
            )


FAMILY = (was_held_back, mentions_the_outside, cluster_wide)
