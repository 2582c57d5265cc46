"""Rows of the catalog queries to values. A row's names are the value's fields, so there is little to say here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from actions.assess.schema import values
from actions.assess.schema.expressions import settled, without_flags
from actions.assess.schema.naming import Identity, SchemaObject

Row = Mapping[str, Any]
Value = TypeVar("Value", bound=SchemaObject)

_STORED = "stored_"
_NAMES = frozenset({"schema", "table", "name"})
_TARGET = frozenset({"refers_to_schema", "refers_to_name"})


def build(value: type[Value], row: Row, **more: object) -> Value:
    """The value of one row."""
    plain, kept = _sorted_out(tuple(row))
    fields: dict[str, Any] = {name: tuple(found) if type(found := row[name]) is list else found for name in plain}
    stored = {short: str(found) for name, short in kept if (found := row[name]) is not None}
    identity = Identity(schema=row.get("schema"), table=row.get("table"), name=row["name"])
    return value(identity=identity, stored=stored, **{**fields, **more})


@cache
def _sorted_out(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Of all names in rows of one query: those of fields, and those of what is stored with its name there."""
    plain = tuple(name for name in names if name not in _NAMES and not name.startswith(_STORED))
    return plain, tuple((name, name[len(_STORED) :]) for name in names if name.startswith(_STORED))


def assemble(answers: Mapping[str, list[Row]], *, server_version: int, ignored: Iterable[str]) -> values.Schema:
    """One schema from the answers to all queries, without the ignored tables and what hangs on them."""
    unwanted = frozenset(ignored)
    columns = _grouped(answers["columns"])
    tables = [
        build(values.Table, row, columns=_columns_of(row, columns))
        for row in answers["tables"]
        if not unwanted & {row["name"], f"{row['schema']}.{row['name']}"}
    ]
    views = [_view(row, _columns_of(row, columns)) for row in answers["views"]]
    # Whatever hangs on a relation that is not ours to see (an extension's, an ignored one) is not ours either.
    seen = {(thing.identity.schema, thing.identity.name) for thing in (*tables, *views)}
    kept_oids = {table.oid for table in tables}
    every_oid = {row["oid"] for row in answers["tables"]}

    def of(value: type[Value], name: str, make: Callable[[type[Value], Row], Value] = build) -> tuple[Value, ...]:
        rows = answers[name]
        return _sorted(make(value, row) for row in rows if "table" not in row or (row["schema"], row["table"]) in seen)

    return values.Schema(
        server_version=server_version,
        namespaces=of(values.Namespace, "schemas"),
        tables=_sorted(tables),
        views=_sorted(views),
        constraints=of(values.Constraint, "constraints", _constraints(columns)),
        indexes=of(values.Index, "indexes", _settled("definition")),
        enums=of(values.Enum, "enums"),
        domains=of(values.Domain, "domains", _domain),
        types=of(values.UserType, "types"),
        functions=of(values.Function, "functions"),
        triggers=of(values.Trigger, "triggers", _settled("definition")),
        sequences=tuple(
            sequence
            for sequence in of(values.Sequence, "sequences")
            if sequence.owner_table_oid in kept_oids or sequence.owner_table_oid not in every_oid
        ),
        extensions=of(values.Extension, "extensions"),
        policies=of(values.Policy, "policies", _settled("using", "check")),
        rules=of(values.Rule, "rules", _settled("definition")),
        publications=of(values.Publication, "publications"),
        subscriptions=of(values.Subscription, "subscriptions"),
        others=of(values.Other, "others"),
    )


def _grouped(rows: Iterable[Row]) -> dict[int, list[Row]]:
    grouped: dict[int, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["oid"], []).append(row)
    return grouped


def _columns_of(relation: Row, columns: Mapping[int, list[Row]]) -> tuple[values.Column, ...]:
    rows = columns.get(relation["oid"], [])
    return tuple(_settled("default")(values.Column, row) for row in rows)


def _view(row: Row, columns: tuple[values.Column, ...]) -> values.View:
    shape = tuple(_shape(column, column.type, column.default) for column in columns)
    ids = " ".join(_shape(column, column.stored["type"], column.stored.get("default")) for column in columns)
    view = build(values.View, row, definition=settled(row["definition"]), columns=columns, shape=shape)
    return replace(view, stored={**view.stored, "shape": ids})


def _shape(column: values.Column, kind: str, expression: str | None) -> str:
    default = f" default {expression}" if expression else ""
    comment = f" -- {column.comment}" if column.comment else ""
    rights = f" ({', '.join(column.privileges)})" if column.privileges else ""
    return f"{column.identity.name} {kind}{default}{rights}{comment}"


def _settled(*fields: str) -> Callable[[type[Value], Row], Value]:
    """Build with these fields in their settled form."""

    def make(value: type[Value], row: Row) -> Value:
        return build(value, row, **{name: settled(row[name]) for name in fields if row[name]})

    return make


def _constraints(columns: Mapping[int, list[Row]]) -> Callable[[type[values.Constraint], Row], values.Constraint]:
    names = {(row["oid"], row["number"]): row["name"] for rows in columns.values() for row in rows}

    def make(value: type[values.Constraint], row: Row) -> values.Constraint:
        target = row["refers_to_oid"]
        derived = {
            "columns": tuple(names[row["table_oid"], number] for number in row["column_numbers"]),
            "refers_to": Identity(schema=row["refers_to_schema"], name=row["refers_to_name"]) if target else None,
            "refers_to_columns": tuple(names.get((target, number), "?") for number in row["refers_to_numbers"]),
            "definition": without_flags(settled(row["definition"])),
        }
        rest = {name: found for name, found in row.items() if name not in _TARGET}
        return build(value, rest, **derived)

    return make


def _domain(value: type[values.Domain], row: Row) -> values.Domain:
    return build(value, row, constraints=tuple(settled(text) for text in row["constraints"]))


def _sorted(found: Iterable[Value]) -> tuple[Value, ...]:
    return tuple(sorted(found, key=lambda thing: (thing.identity.order, str(thing.key))))
