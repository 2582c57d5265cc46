"""What one snapshot held that another does not: pure counting, by content.

A loss is counted in cells (one value of one row) and rows, each with multiplicity. Counting cells lets two losses be
intersected: what the downgrade took *and* the second upgrade did not bring back is `taken & still_missing`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.situations.snapshot import Row, Snapshot, Table

#: The text of a row's primary key; nothing where rows cannot be told apart.
Key: TypeAlias = tuple[str | None, ...]
RowId: TypeAlias = tuple[str, Key]
Cell: TypeAlias = tuple[str, Key, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Rows that are missing, and non-null values that are missing, those of missing rows included."""

    rows: Counter[RowId] = field(default_factory=Counter)
    cells: Counter[Cell] = field(default_factory=Counter)
    #: Tables whose rows could not be matched by key: the key is gone, or there is none.
    keyless: frozenset[str] = frozenset()

    def __and__(self, other: "Loss") -> "Loss":
        keyless = self.keyless | other.keyless
        mine, theirs = self.without_keys(keyless), other.without_keys(keyless)
        return Loss(rows=mine.rows & theirs.rows, cells=mine.cells & theirs.cells, keyless=keyless)

    def __sub__(self, other: "Loss") -> "Loss":
        keyless = self.keyless | other.keyless
        mine, theirs = self.without_keys(keyless), other.without_keys(keyless)
        return Loss(rows=mine.rows - theirs.rows, cells=mine.cells - theirs.cells, keyless=keyless)

    def without_keys(self, tables: frozenset[str]) -> "Loss":
        rows: Counter[RowId] = Counter()
        cells: Counter[Cell] = Counter()
        for (table, key), times in self.rows.items():
            rows[table, () if table in tables else key] += times
        for (table, key, column, value), times in self.cells.items():
            cells[table, () if table in tables else key, column, value] += times
        return Loss(rows=rows, cells=cells, keyless=self.keyless | tables)

    def without_rows(self, rows: frozenset[RowId]) -> "Loss":
        """Leaves out what concerns these rows."""
        return Loss(
            rows=Counter({row: times for row, times in self.rows.items() if row not in rows}),
            cells=Counter({cell: times for cell, times in self.cells.items() if cell[:2] not in rows}),
            keyless=self.keyless,
        )

    def rows_by_table(self) -> dict[str, int]:
        counted: Counter[str] = Counter()
        for (table, _), times in self.rows.items():
            counted[table] += times
        return dict(sorted(counted.items()))

    def values_by_column(self) -> dict[str, int]:
        """Values missing from rows that are still there, by `table.column`."""
        counted: Counter[str] = Counter()
        for (table, key, column, _), times in self.cells.items():
            if table in self.keyless or not self.rows[table, key]:
                counted[f"{table}.{column}"] += times
        for table in self.keyless:
            gone = self.rows[table, ()]
            for name in [name for name in counted if name.rpartition(".")[0] == table]:
                counted[name] -= gone
        return {name: times for name, times in sorted(counted.items()) if times > 0}


def losses(before: Snapshot, after: Snapshot, *, by_identity: bool) -> Loss:
    """What `before` held and `after` does not.

    By identity follows renames within one database; by name is how an application looks at it.
    """
    rows: Counter[RowId] = Counter()
    cells: Counter[Cell] = Counter()
    keyless: set[str] = set()
    for table in before.tables.values():
        other = counterpart(table, after, by_identity=by_identity)
        if other is None:
            for row in table.rows:
                rows[table.name, key_of(row, table.key)] += 1
                cells.update(_cells(table, row))
        elif not _compare_by_key(table, other, _columns(table, other, by_identity=by_identity), rows, cells):
            keyless.add(table.name)
            _compare_as_heaps(table, other, _columns(table, other, by_identity=by_identity), rows, cells)
    return Loss(rows=rows, cells=cells, keyless=frozenset(keyless))


def counterpart(table: Table, other: Snapshot, *, by_identity: bool) -> Table | None:
    if by_identity and (same := other.by_oid(table.oid)):
        return same
    return other.tables.get(table.name)


def _columns(table: Table, other: Table, *, by_identity: bool) -> Mapping[int, int | None]:
    """Where each column went: its number there."""
    if not (by_identity and table.oid == other.oid):
        return {number: other.number(name) for number, name in table.columns.items()}
    return {
        number: number if number in other.columns else _made_anew(name, table, other)
        for number, name in table.columns.items()
    }


def _made_anew(name: str, table: Table, other: Table) -> int | None:
    number = other.number(name)
    return None if number in table.columns else number


def key_of(row: Row, key: tuple[int, ...]) -> Key:
    return tuple(row[number] for number in key)


def _cells(table: Table, row: Row) -> list[Cell]:
    key = key_of(row, table.key)
    return [(table.name, key, table.columns[number], value) for number, value in row.items() if value is not None]


def _compare_by_key(
    table: Table,
    other: Table,
    columns: Mapping[int, int | None],
    rows: Counter[RowId],
    cells: Counter[Cell],
) -> bool:
    """Whether the rows could be matched by primary key; if not, nothing was counted."""
    there = [columns[number] for number in table.key]
    if not there or None in there:
        return False
    found = {tuple(row[number] for number in there if number is not None): row for row in other.rows}
    matched = [(row, found.get(key_of(row, table.key))) for row in table.rows]
    if len(found) != len(other.rows) or _under_new_keys(table, other, columns, matched):
        return False
    for row, match in matched:
        if match is None:
            rows[table.name, key_of(row, table.key)] += 1
            cells.update(_cells(table, row))
            continue
        for number, value in row.items():
            new = columns[number]
            if value is not None and (new is None or match[new] != value):
                cells[table.name, key_of(row, table.key), table.columns[number], value] += 1
    return True


def _under_new_keys(
    table: Table, other: Table, columns: Mapping[int, int | None], matched: list[tuple[Row, Row | None]]
) -> bool:
    """No key is known there, yet the rest of some row is: the rows were given new keys, which is not losing them."""
    if any(match for _, match in matched) or len(other.rows) < len(matched):
        return False
    rest = {number: new for number, new in columns.items() if number not in table.key and new is not None}
    theirs = {tuple(row[new] for new in rest.values()) for row in other.rows}
    return bool(rest) and any(tuple(row[number] for number in rest) in theirs for row, _ in matched)


def _compare_as_heaps(
    table: Table,
    other: Table,
    columns: Mapping[int, int | None],
    rows: Counter[RowId],
    cells: Counter[Cell],
) -> None:
    missing = len(table.rows) - len(other.rows)
    if missing > 0:
        rows[table.name, ()] += missing
    for number, name in table.columns.items():
        new = columns[number]
        had = Counter(row[number] for row in table.rows if row[number] is not None)
        has = Counter(row[new] for row in other.rows) if new is not None else Counter()
        for value, times in (had - has).items():
            cells[table.name, (), name, str(value)] += times


def schema_differences(before: Snapshot, after: Snapshot) -> list[str]:
    """What an application that knows `before` would find different, one line each: `- gone`, `+ new`, `~ changed`."""
    gone = [f"- {kind} {name}" for kind, name in before.schema.keys() - after.schema.keys()]
    new = [f"+ {kind} {name}" for kind, name in after.schema.keys() - before.schema.keys()]
    both = before.schema.keys() & after.schema.keys()
    changed = [f"~ {kind} {name}" for kind, name in both if before.schema[kind, name] != after.schema[kind, name]]
    return sorted(gone) + sorted(new) + sorted(changed)
