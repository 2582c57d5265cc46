"""Whether there is anything in what took an older table's or column's place: asked of one copy, and never how much."""

# ruff: noqa: S608 -- names come from the catalog and are quoted

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg

from actions.assess.content.forms import quoted
from actions.assess.content.looking import Look, looking_at
from actions.assess.content.queries import source
from actions.assess.schema.naming import Identity
from actions.assess.schema.remade import Replaced
from actions.assess.schema.values import Schema

#: What is not answered by then is taken to be there.
_PATIENCE = "60s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    replaced: Replaced
    #: The table has rows.
    rows: bool
    #: The column has values; of a table, the same as `rows`.
    values: bool
    #: Every row has a value.
    full: bool = False


def standing(url: str, schema: Schema, found: Iterable[Replaced], *, today: bool) -> tuple[Standing, ...]:
    """`today`: the database stands before the downgrade, and has today's names."""
    wanted = tuple(found)
    if not wanted:
        return ()
    with looking_at(url, ignore_tables=(), schema=schema) as look:
        look.connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, false)", [_PATIENCE])
        return tuple(_standing(look, each, each.today if today else each.older) for each in wanted)


def _standing(look: Look, replaced: Replaced, name: Identity) -> Standing:
    table = look.schema.table_by_identity[name.parent or name]
    where = source(table, look.schema).sql
    rows = _is_there(look, f"SELECT EXISTS (SELECT FROM {where})")
    column = table.column(name.name) if name.table is not None else None
    if column is None or not rows:
        return Standing(replaced=replaced, rows=rows, values=rows)
    values = _is_there(look, f"SELECT EXISTS (SELECT FROM {where} WHERE {quoted(column)} IS NOT NULL)")
    gaps = _is_there(look, f"SELECT EXISTS (SELECT FROM {where} WHERE {quoted(column)} IS NULL)")
    return Standing(replaced=replaced, rows=rows, values=values, full=not gaps)


def _is_there(look: Look, question: str) -> bool:
    try:
        return bool(look.ask(question)[0])
    except psycopg.Error:
        return True
