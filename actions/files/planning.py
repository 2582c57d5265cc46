"""From the catalog's template to what is read of each table, held against the tables that are there."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from actions.catalog.exports import Export, ExportedField, RelatedRows
from actions.errors import ConfigurationError
from actions.files.names import NamePattern
from actions.files.session import Connection
from actions.files.shapes import Format, Shape, needs_care
from actions.files.tables import Table, describe, named


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """One value of a file."""

    key: str
    column: str
    #: None where the server's JSON is right as it is.
    shape: Shape | None
    #: JSON in a column of text.
    parse: bool
    default: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A table, which of its rows, and what is written of each."""

    table: Table
    where: Mapping[str, str]
    written: tuple[Written, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """Rows of another table that belong to each row."""

    key: str
    source: Source
    #: Column of the related table, and column of the row.
    match: tuple[tuple[str, str], ...]
    #: Of the row's columns, as they are written in a query.
    key_types: tuple[str, ...]
    order_by: tuple[str, ...]
    single: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All that an export reads."""

    main: Source
    relations: tuple[Relation, ...]
    names: NamePattern
    root: str | None
    form: Format

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns of the row that related rows are found by."""
        return tuple(dict.fromkeys(own for relation in self.relations for _, own in relation.match))

    @property
    def named_by(self) -> dict[str, str]:
        """Column in a file's name to the key under which it stands in the file, letter by letter; empty when not all do."""
        columns = self.main.table.columns
        keys = {
            each.column: each.key for each in reversed(self.main.written)
            if not each.parse and columns[each.column].is_its_text
        }  # fmt: skip
        wanted = self.names.columns
        return {column: keys[column] for column in wanted} if all(column in keys for column in wanted) else {}


def plan(connection: Connection, template: Export, *, where: str) -> Plan:
    """ConfigurationError for a table or column that is not there, or is not what the template takes it for."""
    names = NamePattern(template.file)
    if names.is_reserved():
        raise ConfigurationError("Names that begin with `.backout-export-` are Backout's own", where=where)
    main = _source(connection, template, template.format, where=where)
    main.table.require(names.columns, where=where)
    relations = tuple(
        _relation(connection, key, related, template.format, main.table, where=where)
        for key, related in template.related.items()
    )
    both = {each.key for each in main.written} & template.related.keys()
    if both:
        raise ConfigurationError(
            f"`{min(both)}` is both a column and a list of related rows",
            where=where,
            next_step="Give the related rows another name, or list the `fields`.",
        )
    return Plan(main=main, relations=relations, names=names, root=template.root, form=template.format)


def _relation(
    connection: Connection, key: str, related: RelatedRows, form: Format, main: Table, *, where: str
) -> Relation:
    source = _source(connection, related, form, where=where)
    source.table.require([*related.match, *related.order_by], where=where)
    main.require(related.match.values(), where=where)
    return Relation(
        key=key,
        source=source,
        match=tuple(related.match.items()),
        key_types=tuple(main.columns[own].type_name for own in related.match.values()),
        order_by=related.order_by,
        single=related.single,
    )


def _source(connection: Connection, rows: Export | RelatedRows, form: Format, *, where: str) -> Source:
    table = describe(connection, rows.table, where=where)
    fields = rows.fields_ or {column: ExportedField(column=column) for column in table.columns}
    table.require([*rows.where, *(field.column for field in fields.values())], where=where)
    return Source(
        table=table,
        where={column: _literal(value) for column, value in rows.where.items()},
        written=tuple(_written(table, key, field, form, where=where) for key, field in fields.items()),
    )


def _written(table: Table, key: str, field: ExportedField, form: Format, *, where: str) -> Written:
    column = table.columns[field.column]
    if field.parse == "json" and column.holds == "other":
        raise ConfigurationError(
            f"`parse: json` is for columns of text, and `{field.column}` of `{table.title}` is {column.type_name}",
            where=where,
            next_step="Leave `parse` out.",
        )
    return Written(
        key=key,
        column=field.column,
        shape=column.shape if needs_care(column.shape) else None,
        parse=field.parse == "json" and column.holds == "text",
        default=_writable(field.default, form),
    )


def _writable(default: Any, form: Format) -> Any:
    """JSON has no word for infinity."""
    if form == "json" and isinstance(default, float) and not math.isfinite(default):
        return "NaN" if math.isnan(default) else "Infinity" if default > 0 else "-Infinity"
    if isinstance(default, dict):
        return {key: _writable(value, form) for key, value in default.items()}
    return [_writable(value, form) for value in default] if isinstance(default, list | tuple) else default


def _literal(value: str | float) -> str:
    """As the server reads it for a column of any type."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def condition(source: Source, alias: str) -> tuple[sql.Composable, list[str]]:
    """`WHERE`'s own part, and its values."""
    parts = [sql.SQL("{}.{} = %s").format(named(alias), named(column)) for column in source.where]
    return sql.SQL(" AND ").join(parts) if parts else sql.SQL("true"), list(source.where.values())
