"""All tables of both sides, one after the other; what cannot be read is named, and the rest goes on."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import psycopg

from actions.assess.content.beside import compare_large_objects, compare_sequences
from actions.assess.content.both import Both, reason_of
from actions.assess.content.budget import OutOfBudgetError
from actions.assess.content.extensions import compare_kept, kept_tables
from actions.assess.content.forms import alone
from actions.assess.content.looking import Look
from actions.assess.content.outcomes import (
    AppearedTable,
    Comparison,
    LargeObjectOutcome,
    SequenceMove,
    Skipped,
    TableOutcome,
    Unread,
    VanishedTable,
)
from actions.assess.content.pairing import FOREIGN, Pairing, TablePair, leaves, pair_by_id, pair_by_name
from actions.assess.content.queries import number_of_rows, source
from actions.assess.content.sides import Side
from actions.assess.content.tables import compare_tables
from actions.assess.schema.naming import Identity
from actions.assess.schema.values import Table

_SIZES = """
SELECT c.oid::pg_catalog.int8, coalesce(pg_relation_size(c.oid), 0) FROM pg_class c
WHERE c.relkind = 'r' AND c.oid >= 16384"""


@dataclass(slots=True, kw_only=True)
class _Found:
    """A comparison in the making."""

    compared: int = 0
    tables: list[TableOutcome] = field(default_factory=list)
    vanished: list[VanishedTable] = field(default_factory=list)
    appeared: list[AppearedTable] = field(default_factory=list)
    sequences: tuple[SequenceMove, ...] = ()
    large_objects: LargeObjectOutcome | None = None
    unread: list[Unread] = field(default_factory=list)


def compare_all(both: Both, likely: Collection[Identity], *, by_id: bool) -> Comparison:
    """Everything that both sides hold. `likely` tables come first, then those whose columns differ, then small ones."""
    found = _Found()
    pairing = (pair_by_id if by_id else pair_by_name)(both.before.schema, both.now.schema)
    _count_alone(pairing, both, found)
    for pair in _in_order(pairing, both, likely):
        with _noting(found, pair.before.identity):
            outcome = compare_tables(pair, both)
            found.compared += 1
            if outcome is not None:
                found.tables.append(outcome)
    _look_beside(both, found, by_id=by_id)
    return Comparison(
        compared=found.compared,
        tables=tuple(sorted(found.tables, key=lambda outcome: outcome.table.order)),
        vanished=tuple(found.vanished),
        appeared=tuple(found.appeared),
        sequences=found.sequences,
        large_objects=found.large_objects,
        unread=tuple(found.unread),
        skipped=_skipped(both),
    )


def _count_alone(pairing: Pairing, both: Both, found: _Found) -> None:
    """Rows of tables that only one side has; and the contents of those that go, where a column may have got them."""
    into_columns = any(pair.appeared for pair in pairing.pairs)
    for table in pairing.vanished:
        with _noting(found, table.identity):
            rows, _ = both.at_once(partial(_rows, table), _nothing)
            contents = both.at_once(partial(_contents, table), _nothing)[0] if rows and into_columns else frozenset()
            found.vanished.append(VanishedTable(table=table.identity, rows=rows, contents=contents))
    for table in pairing.appeared:
        with _noting(found, table.identity):
            _, rows = both.at_once(_nothing, partial(_rows, table))
            found.appeared.append(AppearedTable(table=table.identity, rows=rows))


def _rows(table: Table, look: Look) -> int:
    return int(look.ask(number_of_rows(source(table, look.schema)))[0])


def _contents(table: Table, look: Look) -> frozenset[tuple[int, str]]:
    side = Side(
        source=source(table, look.schema), expressions=(), meanings=(),
        extra=tuple(alone(column, look.types) for column in table.columns), by_column=False,
    )  # fmt: skip
    return frozenset((tally.values, tally.fingerprint) for tally in side.extra_tallies(look))


def _nothing(_: Look) -> None:
    """The other side's part where only one has something to do."""


def _in_order(pairing: Pairing, both: Both, likely: Collection[Identity]) -> list[TablePair]:
    sizes: dict[int, int] = dict(both.before.rows(_SIZES))

    def order(pair: TablePair) -> tuple[bool, bool, int]:
        hinted = {pair.before.identity, pair.now.identity}.isdisjoint(likely)
        changed = pair.rebuilt or bool(pair.vanished or pair.appeared)
        parts = (pair.before, *leaves(pair.before, both.before.schema))
        return hinted, not changed, sum(sizes.get(part.oid, 0) for part in parts)

    return sorted(pairing.pairs, key=order)


def _look_into_extensions(both: Both, found: _Found) -> None:
    ours, theirs = both.at_once(kept_tables, kept_tables)
    for identity, kept in ours.items():
        with _noting(found, identity):
            outcome = compare_kept(kept, theirs.get(identity), both)
            found.compared += isinstance(outcome, TableOutcome | None)
            if isinstance(outcome, VanishedTable):
                found.vanished.append(outcome)
            elif outcome is not None:
                found.tables.append(outcome)


def _look_beside(both: Both, found: _Found, *, by_id: bool) -> None:
    with _noting(found, None, "tables of extensions: "):
        _look_into_extensions(both, found)
    with _noting(found, None, "sequences: "):
        found.sequences = compare_sequences(both, by_id=by_id)
    with _noting(found, None, "large objects: "):
        found.large_objects, readable = compare_large_objects(both)
        if not readable:
            reason = "large objects: this role may not read their contents, only their ids"
            found.unread.append(Unread(table=None, reason=reason))


def _skipped(both: Both) -> tuple[Skipped, ...]:
    return tuple(
        Skipped(table=table.identity, reason="foreign table: its rows are not in this database")
        for table in both.before.schema.tables
        if table.form == FOREIGN
    )


@contextmanager
def _noting(found: _Found, table: Identity | None, what: str = "") -> Iterator[None]:
    """What cannot be read is put down as such. A lost connection is not for us to bear."""
    try:
        yield
    except OutOfBudgetError as error:
        found.unread.append(Unread(table=table, reason=what + error.reason))
    except psycopg.Error as error:
        found.unread.append(Unread(table=table, reason=what + reason_of(error)))
