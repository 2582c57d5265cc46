"""What stands in the way of a drop: "cannot drop X because other objects depend on it", foretold.

The server keeps who depends on whom, and how, in one catalog; `bonds` walks it by the server's own rules. Only
functions whose body is kept as text escape it: those are searched for the name and reported as a mention, which
blocks nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import tuple_row

from actions.assess.schema.bonds import Bond, Dependent, Dropped, Node, bonds
from actions.assess.schema.naming import Identity
from actions.assess.schema.queries import dependencies as queries
from actions.assess.schema.refusals import translated
from actions.assess.schema.wording import display

__all__ = ["Bond", "Dependent", "Dropped", "dependents"]

#: For locks on catalogs, which hardly anybody takes.
_PATIENCE = timedelta(seconds=5)

_Row: TypeAlias = tuple[Any, ...]
_Cursor: TypeAlias = psycopg.Cursor[_Row]

#: Of a column that goes, these are parts that nobody would recognise or miss.
_UNSPOKEN = frozenset({"type", "toast table", "default", "rule"})
#: With a whole table, only these are worth a word; its own indexes, constraints and the like are expected to go.
_SPOKEN_WITH_TABLE = frozenset(
    {"table", "foreign table", "view", "materialized view", "function", "procedure", "statistics"}
)

_WORDS = {
    "table column": "column",
    "view column": "column",
    "foreign table column": "column",
    "default value": "default",
    "statistics object": "statistics",
    "publication relation": "publication",
}
_CONSTRAINTS = {
    "f": "foreign key",
    "p": "primary key",
    "u": "unique constraint",
    "c": "check constraint",
    "x": "exclusion constraint",
    "n": "not null constraint",
    "t": "constraint trigger",
}


def dependents(connection: psycopg.Connection, dropped: Iterable[Dropped]) -> tuple[Dependent, ...]:
    """What depends on these, all of them dropped together; what is among them itself does not count.

    Reads catalogs only, and holds no lock afterwards. What does not exist has no dependents.
    """
    asked = tuple(dropped)
    with (
        translated(connection, _PATIENCE),
        connection.transaction(force_rollback=True),
        connection.cursor(row_factory=tuple_row) as cursor,
    ):
        cursor.execute(queries.SETTINGS, {"patience": f"{_PATIENCE.total_seconds():g}s"})
        roots = _roots(cursor, asked)
        edges = [((a, b, c), (d, e, f), how) for a, b, c, d, e, f, how in cursor.execute(queries.EDGES)]
        found = bonds(edges, roots)
        names = _names(cursor, list(found))
        bodies = cursor.execute(queries.MENTIONS).fetchall()
    depending = {
        Dependent(kind=names[node][0], name=names[node][1], on=roots[root], bond=bond)
        for node, (bond, root) in found.items()
        if node in names and _worth_a_word(names[node][0], bond, roots[root])
    }
    depending |= set(_mentions(bodies, asked, frozenset(dependent.name for dependent in depending)))
    return tuple(sorted(depending, key=lambda one: (one.bond, one.kind, one.name, str(one.on))))


def _worth_a_word(kind: str, bond: Bond, dropped: Dropped) -> bool:
    if bond is Bond.BLOCKS:
        return True
    return kind in _SPOKEN_WITH_TABLE if dropped.column is None else kind not in _UNSPOKEN


def _roots(cursor: _Cursor, asked: Sequence[Dropped]) -> dict[Node, Dropped]:
    parameters = {
        "schemas": [one.table.schema for one in asked],
        "tables": [one.table.name for one in asked],
        "columns": [one.column for one in asked],
    }
    cursor.execute(queries.RESOLVE, parameters)
    return {(catalog, oid, number): asked[place - 1] for catalog, oid, number, place in cursor}


def _names(cursor: _Cursor, nodes: Sequence[Node]) -> dict[Node, tuple[str, str]]:
    """Kind and name of each, without the triggers by which the server itself keeps foreign keys."""
    parameters = {
        "classes": [node[0] for node in nodes],
        "oids": [node[1] for node in nodes],
        "parts": [node[2] for node in nodes],
    }
    cursor.execute(queries.NAMES, parameters)
    return {
        (catalog, oid, part): (_kind(kind, form), _called(kind, names, arguments))
        for catalog, oid, part, kind, names, arguments, form, internal in cursor
        if not internal
    }


def _kind(kind: str, form: str | None) -> str:
    return _WORDS.get(kind, kind) if form is None else _CONSTRAINTS[form]


def _called(kind: str, names: Sequence[str], arguments: Sequence[str]) -> str:
    match kind, names:
        case "publication relation", _:
            return display(Identity(name=arguments[0]))
        case "function" | "procedure" | "aggregate", [schema, name]:
            return display(Identity(schema=schema, name=f"{name}({', '.join(arguments)})"))
        case _, [schema, name]:
            return display(Identity(schema=schema, name=name))
        case _, [schema, table, name]:
            return display(Identity(schema=schema, table=table, name=name))
        case _:
            return " ".join([*names, *arguments])


def _mentions(bodies: Iterable[_Row], asked: Sequence[Dropped], known: frozenset[str]) -> Iterator[Dependent]:
    """Functions whose text has the name as a word, and for a column that of its table as well."""
    patterns = [(one, [_word(name) for name in (one.table.name, one.column) if name is not None]) for one in asked]
    for schema, name, kind, body in bodies:
        called = display(Identity(schema=schema, name=name))
        if called in known:
            continue
        for one, words in patterns:
            if all(word.search(body) for word in words):
                yield Dependent(kind=kind, name=called, on=one, bond=Bond.MENTIONS)


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])", re.IGNORECASE)
