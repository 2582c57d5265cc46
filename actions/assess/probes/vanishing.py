"""Rows and values that go with their table or column."""

from collections.abc import Iterator, Mapping

from psycopg import sql

from actions.assess.probes.expressions import is_constant
from actions.assess.probes.inquiries import Inquiry, Tallies
from actions.assess.probes.questions import Question, cast, column, not_null, rows_of, values_of, written_out
from actions.assess.probes.sizes import TableSize
from actions.assess.probes.typenames import type_name
from actions.assess.probes.values import NONE, ColumnLoss, ColumnRows, TableLoss
from actions.assess.schema.effects import Effects
from actions.assess.schema.naming import Identity
from actions.assess.schema.type_usage import ColumnOf
from actions.assess.schema.values import Table


def tables_gone(effects: Effects, sizes: Mapping[Identity, TableSize]) -> Iterator[Inquiry[TableLoss]]:
    """Each table with all that belongs to it; a partition or child goes, and is counted, with its parent."""
    gone = {table.oid for table in effects.tables_gone}
    for table in effects.tables_gone:
        if not gone & set(table.parent_oids):
            yield _table(table, sizes.get(table.identity))


def _table(table: Table, size: TableSize | None) -> Inquiry[TableLoss]:
    children = size.children if size is not None else 0
    if table.form == "foreign" and not children:
        # Its rows are on another server, and stay there.
        return Inquiry(questions=(), conclude=lambda _: TableLoss(table=table.identity, rows=NONE, children=0))
    return Inquiry(
        questions=(rows_of(table.identity),),
        conclude=lambda tallies: TableLoss(table=table.identity, rows=tallies[0], children=children),
    )


def columns_gone(effects: Effects) -> Iterator[Inquiry[ColumnLoss]]:
    """Columns that vanish, and those that are computed from now on."""
    for one in (*effects.columns_gone, *effects.columns_generated):
        yield _column(one)


def _column(one: ColumnOf) -> Inquiry[ColumnLoss]:
    name = one.column.identity.name
    if one.column.generated is not None:
        # Computed from other columns, it holds nothing of its own.
        return Inquiry(
            questions=(),
            conclude=lambda _: ColumnLoss(table=one.table, column=name, values=NONE, beyond_default=NONE),
        )
    beyond = _beyond_default(one)

    def conclude(tallies: Tallies) -> ColumnLoss:
        return ColumnLoss(
            table=one.table, column=name, values=tallies[0], beyond_default=tallies[1] if len(tallies) > 1 else None
        )

    return Inquiry(questions=(values_of(one.table, name), *([beyond] if beyond else [])), conclude=conclude)


def _beyond_default(one: ColumnOf) -> Question | None:
    default = one.column.default
    if default is None or not is_constant(default):
        return None
    name = one.column.identity.name
    usual: sql.Composable = sql.SQL("({})").format(written_out(default))
    value: sql.Composable = column(name)
    if type_name(one.column.type).compared_as_text:
        value, usual = cast(value, "text"), cast(usual, "text")
    where = sql.SQL("{} AND {} IS DISTINCT FROM {}").format(not_null(name), value, usual)
    return Question(table=one.table, where=where)


def columns_coming_back(effects: Effects) -> Iterator[Inquiry[ColumnRows]]:
    """Rows of tables to which a column comes back: empty, or refused if it must not be."""
    for one in effects.columns_new:
        yield _column_rows(one, rows_of(one.table))


def nulls(effects: Effects) -> Iterator[Inquiry[ColumnRows]]:
    """NULLs in columns that become NOT NULL."""
    for one in effects.columns_not_null:
        where = sql.SQL("{} IS NULL").format(column(one.column.identity.name))
        yield _column_rows(one, Question(table=one.table, where=where))


def _column_rows(one: ColumnOf, question: Question) -> Inquiry[ColumnRows]:
    return Inquiry(
        questions=(question,),
        conclude=lambda tallies: ColumnRows(table=one.table, column=one.column.identity.name, rows=tallies[0]),
    )
