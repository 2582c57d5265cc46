"""The questions to one side, as SQL text; pure.

Values never leave the server: only 64-bit hashes of their text form do, and sums of these where one number is enough.
Two different contents look the same with a chance of about one in 10^19.
"""

# ruff: noqa: S608 -- names come from the catalog and are quoted; nothing else gets in

from collections.abc import Sequence
from dataclasses import dataclass

from actions.assess.content.forms import quoted_name
from actions.assess.content.pairing import FOREIGN, PARTITIONED, leaves
from actions.assess.schema.values import Schema, Table

#: A select list holds 1664; every column asks for up to three.
COLUMNS_AT_ONCE = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What to read: something to put after FROM, known as `t`."""

    sql: str


def source(table: Table, schema: Schema, also: Sequence[Table] = ()) -> Source:
    """A table with just its own rows, or a partitioned one with those of all its partitions in this database."""
    plain = f"ONLY {_qualified(table)}"
    if table.form != PARTITIONED and not also:
        return Source(sql=f"{plain} AS t")
    parts = leaves(table, schema)
    if not also and all(part.form != FOREIGN for part in parts):
        return Source(sql=f"{_qualified(table)} AS t")
    listed = ", ".join(quoted_name(column.identity.name) for column in table.columns)
    sources = [plain, *(f"ONLY {_qualified(part)}" for part in parts if part.form != FOREIGN)]
    sources += [f"ONLY {_qualified(extra)}" for extra in also]
    return Source(sql="(" + " UNION ALL ".join(f"SELECT {listed} FROM {name}" for name in sources) + ") AS t")


def hashed(expression: str, seed: str = "0") -> str:
    return f'pg_catalog.hashtextextended(({expression}) COLLATE "C", {seed})'


def row_hash(expressions: Sequence[str], *, by_column: bool) -> str:
    """One number for several values. `by_column` never builds a text longer than the longest value."""
    parts = [hashed(expression) for expression in expressions] if by_column else expressions
    return hashed(f"ROW({', '.join(parts)})::pg_catalog.text")


def fingerprint(where: Source, row: str) -> str:
    """Number of rows, and a number that any changed value changes, whatever the order."""
    return f"SELECT count(*), coalesce(sum({row}), 0)::pg_catalog.text FROM {where.sql}"


def number_of_rows(where: Source) -> str:
    return f"SELECT count(*) FROM {where.sql}"


def counts(where: Source, expressions: Sequence[str]) -> str:
    """Number of values of each."""
    return f"SELECT {', '.join(f'count({expression})' for expression in expressions)} FROM {where.sql}"


def tallies(where: Source, expressions: Sequence[str], seed: str) -> str:
    """For each: number of values, and a number that depends on them all and on the seeds of their rows."""
    asked = (
        f"count({expression}), coalesce(sum({hashed(expression, seed)}), 0)::pg_catalog.text"
        for expression in expressions
    )
    return f"SELECT {', '.join(asked)} FROM {where.sql}"


def spread(where: Source, expressions: Sequence[str]) -> str:
    """For each: number of values, and whether there are none (0), one (1) or several (2) different ones."""
    hashes = ", ".join(f"{hashed(expression)} AS h{n}" for n, expression in enumerate(expressions))
    asked = ", ".join(
        f"count(h{n}), CASE WHEN count(h{n}) = 0 THEN 0 WHEN min(h{n}) = max(h{n}) THEN 1 ELSE 2 END"
        for n, _ in enumerate(expressions)
    )
    return f"SELECT {asked} FROM (SELECT {hashes} FROM {where.sql}) AS r"


def keyed_lines(where: Source, key: str, expressions: Sequence[str]) -> str:
    """Per row the hash of its key and of each value (0: null), in the order of the first."""
    values = "".join(f", coalesce({hashed(expression)}, 0)" for expression in expressions)
    return _copy(f"SELECT {key}{values} FROM {where.sql} ORDER BY 1")


def counted_hashes(where: Source, expression: str) -> str:
    """Every different hash and how often it occurs, in the order of the first; nulls are left out."""
    inner = f"SELECT {expression} AS h FROM {where.sql}"
    return _copy(f"SELECT h, count(*) FROM ({inner}) AS r WHERE h IS NOT NULL GROUP BY h ORDER BY h")


def _copy(query: str) -> str:
    return f"COPY ({query}) TO STDOUT (FORMAT binary)"


def _qualified(table: Table) -> str:
    return f"{quoted_name(table.identity.schema or 'public')}.{quoted_name(table.identity.name)}"
