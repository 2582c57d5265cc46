"""DL: rows and values that would be gone, counted on the live database; with a data rehearsal, as it really went."""

import re
from collections.abc import Iterator

from actions.assess.content.outcomes import Comparison
from actions.assess.content.verdicts import Missing, certain, loses_data, missing
from actions.assess.findings.evidence import Evidence, display
from actions.assess.probes.conversions import computed_by
from actions.assess.probes.values import Tally
from actions.assess.schema.changes import Changed
from actions.assess.schema.effects import extensions_with_rows
from actions.assess.schema.naming import Identity
from actions.assess.schema.type_usage import columns_using
from actions.assess.schema.values import UserType
from actions.assess.statements.reading import statements_in
from actions.assess.values import Finding
from actions.catalog.risk import Risk

REMEDY = (
    "Restore from a backup of before, roll the application back alone, or fix forward; or keep a copy of what goes."
)


def said(tally: Tally, noun: str) -> str:
    """`1,204 values`, `about 2,000,000 rows`, `perhaps some rows`."""
    if tally.rows is None:
        return f"{'at least one of its' if tally.some else 'perhaps some'} {noun}"
    return f"{'' if tally.exact else 'about '}{tally.rows:,} {noun if tally.rows != 1 else noun[:-1]}"


def numbers(tally: Tally) -> dict[str, object]:
    return {"count": tally.rows, "exact": tally.exact, **({"why": tally.why} if tally.why else {})}


def dropped_columns(evidence: Evidence) -> Iterator[Finding]:
    """DL101: a column that is dropped holds values; they go with it.

    Low while it is empty: then dropping it loses nothing. Silent after a data rehearsal, which tells what was really
    lost (a column that the upgrade computes again loses nothing).
    """
    if evidence.losses is None or evidence.settled_by_data:
        return
    for loss in evidence.losses.columns:
        name = f"{display(loss.table)}.{loss.column}"
        if not loss.values.possible:
            yield Finding(
                code="DL101", severity=Risk.LOW, object=name, message=f"`{name}` is dropped; it is empty",
                evidence=numbers(loss.values),
            )  # fmt: skip
            continue
        beyond = loss.beyond_default
        apart = f", {said(beyond, 'values')} other than its default" if beyond and beyond.rows is not None else ""
        yield Finding(
            code="DL101", severity=Risk.HIGH, object=name,
            message=f"`{name}` is dropped with {said(loss.values, 'values')}{apart}",
            evidence={**numbers(loss.values), "written_since_deploy": loss.written.rows if loss.written else None},
            remedy=REMEDY,
        )  # fmt: skip


def dropped_tables(evidence: Evidence) -> Iterator[Finding]:
    """DL102: a table that is dropped holds rows; they go with it. Low while it is empty."""
    if evidence.losses is None or evidence.settled_by_data:
        return
    for loss in evidence.losses.tables:
        name = display(loss.table)
        empty = not loss.rows.possible
        yield Finding(
            code="DL102", severity=Risk.LOW if empty else Risk.HIGH, object=name,
            message=f"Table `{name}` is dropped; it is empty" if empty else f"Table `{name}` is dropped with {said(loss.rows, 'rows')}",
            evidence={**numbers(loss.rows), "written_since_deploy": loss.written.rows if loss.written else None},
            remedy=None if empty else REMEDY,
        )  # fmt: skip


def silent_changes(evidence: Evidence) -> Iterator[Finding]:
    """DL103: a column's type changes and values come out as other ones, without an error: cut, rounded, mapped.

    Medium when every value was looked at and none changes; but high where the upgrade no longer runs afterwards and the
    values stay in a form of another type (numbers as text), and where the upgrade had computed them: then a cast is not the
    way back to what they were (`to_jsonb(note)` leaves quotation marks in the text).
    """
    if evidence.losses is None or evidence.settled_by_data:
        return
    up = evidence.schema.up if evidence.schema else None
    for_good = up is not None and not up.succeeded
    computed = set(_computed_on_the_way_up(evidence)) if evidence.losses.retypes else set()
    for retype in evidence.losses.retypes:
        name = f"{display(retype.table)}.{retype.column}"
        how = f"`{name}` changes from {retype.before} to {retype.after}"
        if not retype.values.possible:
            yield Finding(code="DL103", severity=Risk.LOW, object=name, message=f"{how}; it holds no values")
        elif retype.opaque:
            yield Finding(
                code="DL103", severity=Risk.HIGH, object=name, message=f"{how}, and {retype.opaque}",
                evidence=numbers(retype.values), remedy=f"A data rehearsal (`--data`) tells what becomes of them. {REMEDY}",
            )  # fmt: skip
        elif retype.changes.possible:
            yield Finding(
                code="DL103", severity=Risk.HIGH, object=name,
                message=f"{how}: {said(retype.changes, 'values')} would come out as other ones",
                evidence=numbers(retype.changes), remedy=REMEDY,
            )  # fmt: skip
        elif for_good and _without_size(retype.before) != _without_size(retype.after):
            yield Finding(
                code="DL103", severity=Risk.HIGH, object=name,
                message=f"{how}; nothing turns the values back, since the upgrade fails after it",
                evidence=numbers(retype.values), remedy=REMEDY,
            )  # fmt: skip
        elif (retype.table, retype.column) in computed:
            yield Finding(
                code="DL103", severity=Risk.HIGH, object=name,
                message=f"{how}; the upgrade had computed its values, and this is not the way back to what they were",
                evidence=numbers(retype.values), remedy=f"A data rehearsal (`--data`) tells what becomes of them. {REMEDY}",
            )  # fmt: skip
        else:
            yield Finding(code="DL103", severity=Risk.MEDIUM, object=name, message=f"{how}; no value changes by it")


def _computed_on_the_way_up(evidence: Evidence) -> Iterator[tuple[Identity, str]]:
    """The columns whose values the upgrade made by more than casts, by their names of today."""
    up = evidence.schema.up if evidence.schema else None
    effects = evidence.schema.effects if evidence.schema else None
    if up is None or effects is None:
        return
    sent = [
        retyping
        for statement in up.statements
        for meaning in statements_in(statement.sql, version_table=evidence.version_table, whole=not statement.cut)
        for retyping in meaning.retypings
    ]
    for retyped in effects.columns_retyped:
        if computed_by(retyped, sent):
            yield retyped.table, retyped.before.identity.name


def _without_size(type_name: str) -> str:
    """`character varying` of `character varying(20)`."""
    return re.sub(r"\([\d, ]+\)", "", type_name)


def really_lost(evidence: Evidence) -> Iterator[Finding]:
    """DL104: in the rehearsal with the data, rows or values were gone after the downgrade, and the upgrade did not bring
    them back. This is what would happen.
    """
    content = evidence.data.content if evidence.data else None
    if evidence.data is None or content is None or not loses_data(content, evidence.data.content_again):
        return
    lost = lost_for_good(content, evidence.data.content_again)
    for entry in lost:
        what = f"{entry.missing:,} of {entry.had:,} {'values' if entry.column else 'rows'}"
        name = display(entry.column or entry.table)
        yield Finding(
            code="DL104", severity=Risk.HIGH, object=name, message=f"`{name}` lost {what} in the rehearsal",
            evidence={"count": entry.missing, "of": entry.had, "exact": True}, remedy=REMEDY,
        )  # fmt: skip
    if not lost:
        yield Finding(
            code="DL104", severity=Risk.HIGH, object="", message="Values or large objects came out otherwise in the rehearsal",
            remedy=REMEDY,
        )  # fmt: skip


def lost_for_good(after: Comparison, again: Comparison | None) -> tuple[Missing, ...]:
    """What was missing after the downgrade and still is after the upgrade (or what is missing, where that failed)."""
    gone = missing(after)
    if again is None:
        return gone
    still = {(entry.table, entry.column): entry for entry in missing(again)}
    return tuple(still[entry.table, entry.column] for entry in gone if (entry.table, entry.column) in still) or tuple(
        still.values()
    )


def comes_back(evidence: Evidence) -> Iterator[Finding]:
    """DL105: in the rehearsal with the data something was missing after the downgrade, and the upgrade brought all of it
    back: it is derived from what stays.
    """
    content = evidence.data.content if evidence.data else None
    if evidence.data is None or content is None or loses_data(content, evidence.data.content_again):
        return
    gone = missing(content)
    if gone:
        names = ", ".join(f"`{display(entry.column or entry.table)}`" for entry in gone[:5])
        yield Finding(
            code="DL105", severity=Risk.MEDIUM, object="", message=f"What goes with {names} is computed again by the upgrade",
            evidence={"places": len(gone)},
        )  # fmt: skip


def not_compared(evidence: Evidence) -> Iterator[Finding]:
    """DL106: the rehearsal with the data went through, but not everything could be compared afterwards."""
    data = evidence.data
    if data is None or data.content is None or certain(data.content, data.content_again):
        return
    unread = data.content.unread + (data.content_again.unread if data.content_again else ())
    names = sorted({display(entry.table) for entry in unread if entry.table})
    yield Finding(
        code="DL106", severity=Risk.HIGH, object=", ".join(names[:5]),
        message=f"Not everything could be compared after the rehearsal ({', '.join(sorted({e.reason for e in unread}))})",
        evidence={"tables": names}, remedy="Rehearse again with more time.",
    )  # fmt: skip


def rewritten_in_place(evidence: Evidence) -> Iterator[Finding]:
    """DL108: a column keeps its type (or gets it back) and its values are computed anew on the way: `TYPE text USING
    lower(name)`. The schema looks the same before and after; the values are not.
    """
    if evidence.settled_by_data:
        return
    counted = {(each.table.name, each.column) for each in (evidence.losses.retypes if evidence.losses else ())}
    for sent in evidence.sent():
        for retyping in sent.meaning.retypings:
            if retyping.using is None or (retyping.table.name, retyping.column) in counted:
                continue
            name = f"{retyping.table}.{retyping.column}"
            yield Finding(
                code="DL108", severity=Risk.HIGH, object=name,
                message=f"The values of `{name}` are computed anew by the downgrade of {sent.revision}",
                remedy=f"A data rehearsal (`--data`) tells what becomes of them. {REMEDY}",
            )  # fmt: skip


def rewritten_unseen(evidence: Evidence) -> Iterator[Finding]:
    """DL109: a table got a new file, and no change of its columns says why: it was emptied (TRUNCATE, by whatever way
    that was sent), or its values were computed anew and the types are the same again.
    """
    effects = evidence.schema.effects if evidence.schema else None
    if effects is None or evidence.schema is None or evidence.settled_by_data:
        return
    changed = {each.table for each in (*effects.columns_new, *effects.columns_generated)}
    changed |= {each.table for each in effects.columns_retyped}
    parents = {table.identity: table.parent_oids for table in evidence.schema.before.tables}
    known = {table.oid for table in evidence.schema.before.tables if table.identity in changed}
    for table in effects.rewritten:
        if table in parents and table not in changed and known.isdisjoint(parents[table]):
            name = display(table)
            yield Finding(
                code="DL109", severity=Risk.HIGH, object=name,
                message=f"`{name}` is emptied or written anew, and no change of its columns says why",
                remedy=f"A data rehearsal (`--data`) tells what becomes of its rows. {REMEDY}",
            )  # fmt: skip


def composite_types(evidence: Evidence) -> Iterator[Finding]:
    """DL110: a composite type loses an attribute or changes one, and columns hold values of it."""
    if evidence.schema is None or evidence.settled_by_data:
        return
    for change in evidence.schema.changes:
        was = change.before if isinstance(change, Changed) else None
        if not isinstance(was, UserType) or not isinstance(change, Changed) or not change.attribute("definition"):
            continue
        for use in columns_using(evidence.schema.before, was.oid):
            name = f"{display(use.table)}.{use.column.identity.name}"
            yield Finding(
                code="DL110", severity=Risk.HIGH, object=name,
                message=f"`{name}` holds values of `{display(was.identity)}`, whose attributes change",
                remedy=f"A data rehearsal (`--data`) tells what becomes of them. {REMEDY}",
            )  # fmt: skip


def extensions_rows(evidence: Evidence) -> Iterator[Finding]:
    """DL111: an extension goes, or gets another version, and keeps rows for its users in tables of its own.

    Jobs of a scheduler, reference systems of a map: DROP EXTENSION takes them along. They are not counted.
    """
    if evidence.schema is None or evidence.settled_by_data:
        return
    for extension in extensions_with_rows(evidence.schema.changes):
        name = extension.identity.name
        yield Finding(
            code="DL111", severity=Risk.HIGH, object=name,
            message=f"The extension `{name}` goes or changes, and with it perhaps rows of {', '.join(extension.keeps[:5])}",
            evidence={"tables": list(extension.keeps)},
            remedy=f"A data rehearsal (`--data`) tells what becomes of them. {REMEDY}",
        )  # fmt: skip


def losses_unknown(evidence: Evidence) -> Iterator[Finding]:
    """DL107: the live database could not be asked what would be lost."""
    if evidence.losses is None and evidence.schema and evidence.schema.succeeds and not evidence.settled_by_data:
        yield Finding(
            code="DL107", severity=Risk.HIGH, object="", message="What would be lost could not be counted on the live database",
            remedy="Give the role the right to read the tables, then assess again.",
        )  # fmt: skip


FAMILY = (
    dropped_columns, dropped_tables, silent_changes, really_lost, comes_back, not_compared, losses_unknown, rewritten_in_place,
    rewritten_unseen, composite_types, extensions_rows,
)  # fmt: skip
