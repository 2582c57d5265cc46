"""What an object of the catalog is called, and what every such object has."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What sort of thing an object of the catalog is."""

    SCHEMA = "schema"
    TABLE = "table"
    COLUMN = "column"
    CONSTRAINT = "constraint"
    INDEX = "index"
    ENUM = "enum"
    DOMAIN = "domain"
    TYPE = "type"
    VIEW = "view"
    FUNCTION = "function"
    TRIGGER = "trigger"
    SEQUENCE = "sequence"
    EXTENSION = "extension"
    POLICY = "policy"
    RULE = "rule"
    PUBLICATION = "publication"
    SUBSCRIPTION = "subscription"
    OTHER = "other"


#: Kinds whose content dies with them: one that was dropped and made anew under its old name is not the same one.
HOLDS_CONTENT = frozenset({Kind.TABLE, Kind.COLUMN, Kind.SEQUENCE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What people call an object. `table` is set for what belongs to a table or view; a function has its argument types
    in its name."""

    schema: str | None = None
    table: str | None = None
    name: str

    @property
    def parent(self) -> "Identity | None":
        """The table or view that this object belongs to."""
        return None if self.table is None else Identity(schema=self.schema, name=self.table)

    @property
    def order(self) -> tuple[str, str, str]:
        return (self.schema or "", self.table or "", self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaObject:
    """What every object of the catalog has."""

    kind: ClassVar[Kind]

    identity: Identity
    oid: int = field(compare=False)
    #: Attribute -> fingerprint of how the server stores it, by ids instead of names. Where the text of an attribute
    #: differs and this does not, something that it mentions was renamed and the object itself was not touched.
    stored: Mapping[str, str] = field(compare=False)
    owner: str | None = None
    #: What differs from the usual rights of a fresh object, one entry per role and right; empty when nothing does.
    privileges: tuple[str, ...] = ()
    comment: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Identity within one database; survives renames."""
        return (self.oid,)


def attributes(thing: SchemaObject) -> tuple[str, ...]:
    """The names of what can change about it: its fields without ids, name, and columns (objects of their own)."""
    kind = type(thing)
    if kind not in _ATTRIBUTES:
        compared = (field.name for field in fields(kind) if field.compare)
        _ATTRIBUTES[kind] = tuple(name for name in compared if name not in {"identity", "columns"})
    return _ATTRIBUTES[kind]


#: Asked for thousands of objects, the same for each kind.
_ATTRIBUTES: dict[type[SchemaObject], tuple[str, ...]] = {}
