"""What can differ between two schemas."""

from dataclasses import dataclass
from typing import TypeAlias

from actions.assess.schema.naming import Identity, Kind, SchemaObject

#: What an attribute may hold.
Attribute: TypeAlias = object


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeChange:
    """One attribute of an object, as it was and as it is. `name` is the field's name in its value."""

    name: str
    before: Attribute
    after: Attribute


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """It was there and is not any more. What belonged to a table that is gone went with it and is not listed."""

    before: SchemaObject

    @property
    def kind(self) -> Kind:
        return self.before.kind

    @property
    def identity(self) -> Identity:
        return self.before.identity


@dataclass(frozen=True, kw_only=True, slots=True)
class New:
    """It was not there and is now. What belongs to a new table came with it and is not listed."""

    after: SchemaObject

    @property
    def kind(self) -> Kind:
        return self.after.kind

    @property
    def identity(self) -> Identity:
        return self.after.identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Renamed:
    """The same object under another name or in another schema. Anything else about it is a `Changed` beside this."""

    before: SchemaObject
    after: SchemaObject

    @property
    def kind(self) -> Kind:
        return self.before.kind

    @property
    def identity(self) -> Identity:
        return self.before.identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """The same object with other attributes."""

    before: SchemaObject
    after: SchemaObject
    attributes: tuple[AttributeChange, ...]

    @property
    def kind(self) -> Kind:
        return self.before.kind

    @property
    def identity(self) -> Identity:
        return self.before.identity

    def attribute(self, name: str) -> AttributeChange | None:
        return next((change for change in self.attributes if change.name == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reordered:
    """The common columns of a table come in another order; matters to `SELECT *` and to nothing else."""

    identity: Identity
    columns_before: tuple[str, ...]
    columns_after: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        return Kind.TABLE


Change: TypeAlias = Gone | New | Renamed | Changed | Reordered
