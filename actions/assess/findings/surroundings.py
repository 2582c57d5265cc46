"""EV: the server, the role and the others who use the database now."""

from collections.abc import Iterator

from actions.assess.findings.evidence import Evidence, display
from actions.assess.values import Finding
from actions.catalog.risk import Risk


def not_the_owner(evidence: Evidence) -> Iterator[Finding]:
    """EV101: the role does not own tables that the downgrade changes; PostgreSQL would refuse.

    The rehearsal does not show it: on the copy, everything belongs to the role that made it.
    """
    around = evidence.surroundings
    theirs = [table for table in around.tables if not table.ours] if around else []
    if theirs and around:
        names = ", ".join(display(table.table) for table in theirs[:5])
        yield Finding(
            code="EV101", severity=Risk.MEDIUM, object=names,
            message=f"`{around.role.name}` does not own {names}, which the downgrade changes",
            evidence={"owners": sorted({table.owner for table in theirs})},
            remedy="Run the downgrade as the owner, or grant the role membership in it.",
        )  # fmt: skip


def hidden_rows(evidence: Evidence) -> Iterator[Finding]:
    """EV102: row security hides rows from the role, so that counts may be too low; counted is only what it may see."""
    around = evidence.surroundings
    hidden = [table for table in around.tables if table.rows_hidden] if around else []
    if hidden:
        names = ", ".join(display(table.table) for table in hidden[:5])
        yield Finding(
            code="EV102", severity=Risk.MEDIUM if evidence.settled_by_data else Risk.HIGH, object=names,
            message=f"Row security hides rows of {names} from us: what would be lost cannot be counted",
            remedy="Give the role BYPASSRLS for assessments.",
        )  # fmt: skip


def others_in_the_way(evidence: Evidence) -> Iterator[Finding]:
    """EV103: transactions that are open now hold locks on these tables, or have been open for long: the downgrade would
    wait for them, and everybody else for the downgrade.
    """
    waiting = evidence.waiting
    if waiting is None:
        return
    for each in waiting.transactions:
        who = each.application or each.kind or "somebody"
        length = f" for {each.open_for.total_seconds():.0f} s" if each.open_for else ""
        tables = f", holding {', '.join(display(table) for table in each.tables[:3])}" if each.tables else ""
        yield Finding(
            code="EV103", severity=Risk.MEDIUM, object=f"pid {each.pid}",
            message=f"{who} ({each.user or 'unknown user'}, pid {each.pid}) has a transaction open{length}{tables}",
            evidence={"pid": each.pid, "state": each.state, "address": each.address, "query": each.query},
            remedy="Let it end, or end it (pg_terminate_backend), before going back.",
        )  # fmt: skip
    for prepared in waiting.prepared:
        yield Finding(
            code="EV103", severity=Risk.MEDIUM, object=f"prepared {prepared.name}",
            message=f"A prepared transaction of {prepared.owner} has been open for {prepared.open_for.total_seconds():.0f} s",
            remedy="Commit or roll it back (COMMIT PREPARED, ROLLBACK PREPARED).",
        )  # fmt: skip


def replicated(evidence: Evidence) -> Iterator[Finding]:
    """EV104: tables of the downgrade are published or subscribed to: whoever is on the other end does not go back."""
    replication = evidence.replication
    if replication is None:
        return
    names = sorted({display(table) for _, tables in replication.publications for table in tables})
    names += sorted(display(table) for table in replication.subscribed)
    if names:
        yield Finding(
            code="EV104", severity=Risk.MEDIUM, object=", ".join(names[:5]),
            message=f"{', '.join(names[:5])} {'is' if len(names) == 1 else 'are'} replicated: the other side keeps the newer schema",
            evidence={"tables": names}, remedy="Take the other side back as well, or stop the replication first.",
        )  # fmt: skip


FAMILY = (not_the_owner, hidden_rows, others_in_the_way, replicated)
#: These come and go by themselves (sessions of others, what there was time for); an approval does not hang on them.
PASSING = frozenset({"EV103", "DR104"})
