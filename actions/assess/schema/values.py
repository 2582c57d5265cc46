"""A database's schema as frozen values: what it is, free of where it happens to be stored.

Equality is about content. Object ids, attribute numbers and file nodes travel along (`compare=False`) so that
two reads of the *same* database can be matched by identity, where a rename is a rename; they mean nothing
between two databases.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from actions.assess.schema.naming import Identity, Kind, SchemaObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Namespace(SchemaObject):
    kind: ClassVar[Kind] = Kind.SCHEMA


@dataclass(frozen=True, kw_only=True, slots=True)
class Column(SchemaObject):
    kind: ClassVar[Kind] = Kind.COLUMN

    number: int = field(compare=False)
    type: str
    type_oid: int = field(compare=False)
    nullable: bool
    #: What its NOT NULL says beyond that (18 and newer): a chosen name, NO INHERIT, NOT VALID, a comment.
    not_null_form: str | None
    #: The default's expression, or that of a generated column.
    default: str | None
    #: "stored" or "virtual".
    generated: str | None
    #: "always" or "by default".
    identity_kind: str | None
    collation: str | None
    #: Only where it differs from the type's own.
    storage: str | None
    compression: str | None
    statistics_target: int | None
    options: tuple[str, ...]
    #: It exists because a parent table has it.
    inherited: bool = field(compare=False)

    @property
    def key(self) -> tuple[object, ...]:
        return (self.oid, self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table(SchemaObject):
    kind: ClassVar[Kind] = Kind.TABLE

    #: "ordinary", "partitioned" or "foreign".
    form: str
    unlogged: bool
    access_method: str | None
    tablespace: str | None
    partition_key: str | None
    partition_bound: str | None
    #: Inherited from, or partition of; quoted where SQL would.
    parents: tuple[str, ...]
    parent_oids: tuple[int, ...] = field(compare=False)
    #: The composite type of a typed table (`CREATE TABLE ... OF`).
    of_type: str | None
    row_security: bool
    row_security_forced: bool
    replica_identity: str
    options: tuple[str, ...]
    foreign_server: str | None
    #: File node; a new one under the same oid means that the rows were written anew (or truncated).
    storage: int = field(compare=False)
    columns: tuple[Column, ...] = ()

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.identity.name == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class View(SchemaObject):
    kind: ClassVar[Kind] = Kind.VIEW

    #: "view" or "materialized view".
    form: str
    definition: str
    options: tuple[str, ...]
    tablespace: str | None
    #: A materialised view's content is derived, so whether it is there is no part of the schema.
    populated: bool = field(compare=False)
    storage: int = field(compare=False)
    #: Its columns as text: name, type, and default and comment where somebody set them.
    shape: tuple[str, ...]
    columns: tuple[Column, ...] = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraint(SchemaObject):
    kind: ClassVar[Kind] = Kind.CONSTRAINT

    #: "primary key", "unique", "foreign key", "check", "exclusion" or "trigger". NOT NULL is the column's.
    form: str
    definition: str
    deferrable: bool
    deferred: bool
    validated: bool
    enforced: bool
    table_oid: int = field(compare=False)
    columns: tuple[str, ...] = field(compare=False)
    column_numbers: tuple[int, ...] = field(compare=False)
    #: What a foreign key points at.
    refers_to: Identity | None = field(compare=False)
    refers_to_oid: int | None = field(compare=False)
    refers_to_columns: tuple[str, ...] = field(compare=False)
    refers_to_numbers: tuple[int, ...] = field(compare=False)
    #: It exists because a parent table has it.
    inherited: bool = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Index(SchemaObject):
    kind: ClassVar[Kind] = Kind.INDEX

    definition: str
    unique: bool
    primary: bool
    valid: bool
    clustered: bool
    tablespace: str | None
    #: The constraint that keeps it, if one does; that one says the rest.
    constraint: str | None = field(compare=False)
    table_oid: int = field(compare=False)
    #: Zero where the index has an expression.
    column_numbers: tuple[int, ...] = field(compare=False)
    storage: int = field(compare=False)
    inherited: bool = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Enum(SchemaObject):
    kind: ClassVar[Kind] = Kind.ENUM

    labels: tuple[str, ...]
    #: In the order of the labels; a renamed label keeps its own.
    label_oids: tuple[int, ...] = field(compare=False)
    array_oid: int = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Domain(SchemaObject):
    kind: ClassVar[Kind] = Kind.DOMAIN

    base: str
    nullable: bool
    default: str | None
    collation: str | None
    #: `name: definition` of each.
    constraints: tuple[str, ...]
    base_oid: int = field(compare=False)
    array_oid: int = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class UserType(SchemaObject):
    kind: ClassVar[Kind] = Kind.TYPE

    #: "composite", "range", "base" or "shell".
    form: str
    definition: str
    part_oids: tuple[int, ...] = field(compare=False)
    array_oid: int = field(compare=False)
    multirange_oid: int = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Function(SchemaObject):
    kind: ClassVar[Kind] = Kind.FUNCTION

    #: "function", "procedure", "aggregate" or "window function".
    form: str
    arguments: str
    result: str | None
    language: str
    body: str
    volatility: str
    parallel: str
    security_definer: bool
    strict: bool
    leakproof: bool
    cost: float
    rows: float
    settings: tuple[str, ...]
    support: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger(SchemaObject):
    kind: ClassVar[Kind] = Kind.TRIGGER

    definition: str
    #: "enabled", "disabled", "replica" or "always".
    enabled: str
    inherited: bool = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sequence(SchemaObject):
    """Its last value is content, never schema."""

    kind: ClassVar[Kind] = Kind.SEQUENCE

    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycles: bool
    unlogged: bool
    #: `schema.table.column`, quoted where SQL would.
    owned_by: str | None
    owner_table_oid: int | None = field(compare=False)
    owner_column: int | None = field(compare=False)
    #: It belongs to an identity column and cannot be had without it.
    internal: bool = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension(SchemaObject):
    kind: ClassVar[Kind] = Kind.EXTENSION

    version: str
    namespace: str
    #: Its tables in which it keeps rows for its users: what a dump would save.
    keeps: tuple[str, ...] = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy(SchemaObject):
    kind: ClassVar[Kind] = Kind.POLICY

    command: str
    permissive: bool
    roles: tuple[str, ...]
    using: str | None
    check: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(SchemaObject):
    kind: ClassVar[Kind] = Kind.RULE

    definition: str
    enabled: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication(SchemaObject):
    kind: ClassVar[Kind] = Kind.PUBLICATION

    operations: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription(SchemaObject):
    """Whether it is enabled is operation and whence it reads is secret: kept is only its name and what it follows."""

    kind: ClassVar[Kind] = Kind.SUBSCRIPTION

    publications: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Other(SchemaObject):
    """The rarer kinds: event trigger, statistics, operator, cast, collation, text search, foreign server, ..."""

    kind: ClassVar[Kind] = Kind.OTHER

    form: str
    definition: str

    @property
    def key(self) -> tuple[object, ...]:
        # Oids are unique within one catalog only, and these come from many.
        return (self.form, self.oid)


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Everything in one database that people or migrations made, each tuple sorted by identity."""

    server_version: int = field(compare=False)
    namespaces: tuple[Namespace, ...] = ()
    tables: tuple[Table, ...] = ()
    views: tuple[View, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    enums: tuple[Enum, ...] = ()
    domains: tuple[Domain, ...] = ()
    types: tuple[UserType, ...] = ()
    functions: tuple[Function, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    extensions: tuple[Extension, ...] = ()
    policies: tuple[Policy, ...] = ()
    rules: tuple[Rule, ...] = ()
    publications: tuple[Publication, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    others: tuple[Other, ...] = ()

    def every(self) -> Iterator[SchemaObject]:
        """All objects, a table before its columns; columns of views are part of the view."""
        for table in self.tables:
            yield table
            yield from table.columns
        for group in (
            self.namespaces, self.views, self.constraints, self.indexes, self.enums, self.domains, self.types,
            self.functions, self.triggers, self.sequences, self.extensions, self.policies, self.rules,
            self.publications, self.subscriptions, self.others,
        ):  # fmt: skip
            yield from group

    @cached_property
    def table_by_oid(self) -> Mapping[int, Table]:
        return {table.oid: table for table in self.tables}

    @cached_property
    def table_by_identity(self) -> Mapping[Identity, Table]:
        return {table.identity: table for table in self.tables}
