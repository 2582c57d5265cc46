"""Rows that users keep in tables of extensions (the jobs of a scheduler, reference systems of their own).

An extension says itself which of its tables those are and which of their rows are the users': what a dump would save.
The tables are the extension's, so they are followed by name and compared as a whole: a row is there or it is not.
"""

# ruff: noqa: S608 -- names come from the catalog and are quoted; the condition is the extension's own, as for a dump

from collections.abc import Callable
from dataclasses import dataclass

from actions.assess.content.both import Both
from actions.assess.content.forms import quoted_name
from actions.assess.content.lines import surplus
from actions.assess.content.looking import Look
from actions.assess.content.outcomes import Matching, TableOutcome, VanishedTable
from actions.assess.content.queries import Source, counted_hashes, number_of_rows, row_hash
from actions.assess.schema.naming import Identity

_KEPT = """
SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text, coalesce(e.extcondition[kept.place], ''),
       ARRAY(SELECT a.attname::pg_catalog.text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname COLLATE "C")
FROM pg_extension e, unnest(e.extconfig) WITH ORDINALITY AS kept(oid, place)
JOIN pg_class c ON c.oid = kept.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') ORDER BY 1, 2"""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptTable:
    """One such table, on the side that was asked."""

    table: Identity
    #: `WHERE ...` for the users' own rows; empty for all.
    condition: str
    columns: tuple[str, ...]

    def source(self) -> Source:
        name = f"{quoted_name(self.table.schema or 'public')}.{quoted_name(self.table.name)}"
        return Source(sql=f"(SELECT * FROM {name} {self.condition}) AS t")


def kept_tables(look: Look) -> dict[Identity, KeptTable]:
    found = (
        KeptTable(table=Identity(schema=schema, name=name), condition=condition, columns=tuple(columns))
        for schema, name, condition, columns in look.rows(_KEPT)
    )
    return {each.table: each for each in found}


def compare_kept(ours: KeptTable, theirs: KeptTable | None, both: Both) -> TableOutcome | VanishedTable | None:
    """What of our rows is not on the other side; None: nothing is different."""
    if theirs is None:
        (rows, _) = both.at_once(_count(ours), _nothing)
        return VanishedTable(table=ours.table, rows=rows)
    (before, now) = both.at_once(_count(ours), _count(theirs))
    # A column that is not there any more takes along what every row had in it.
    lost, new = _alone(ours, theirs, both) if set(ours.columns) <= set(theirs.columns) else (before, now)
    if not (lost or new):
        return None
    return TableOutcome(
        table=ours.table, now=ours.table, rebuilt=False, matched_by=Matching.WHOLE_ROWS, rekeyed=False,
        rows_before=before, rows_now=now, rows_lost=lost, rows_new=new,
    )  # fmt: skip


def _alone(ours: KeptTable, theirs: KeptTable, both: Both) -> tuple[int, int]:
    row = row_hash([f"t.{quoted_name(column)}::pg_catalog.text" for column in ours.columns], by_column=True)

    def work(before: Look, now: Look) -> tuple[int, int]:
        questions = counted_hashes(ours.source(), row), counted_hashes(theirs.source(), row)
        with before.lines(questions[0], 2) as first, now.lines(questions[1], 2) as second:
            found = surplus(first, second)
            return found.before, found.now

    return both.together(work)


def _count(kept: KeptTable) -> Callable[[Look], int]:
    return lambda look: int(look.ask(number_of_rows(kept.source()))[0])


def _nothing(_: Look) -> None:
    """The other side has nothing to do."""
