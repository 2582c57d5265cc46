"""The base of everything the catalog holds, and the words in which it refuses what does not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from actions.catalog.problems import Place, did_you_mean
from actions.catalog.tree import WrittenMapping
from actions.catalog.wording import listed, shown

#: Marks a problem that is reported at the place it comes from and must not be repeated here.
REPORTED_ELSEWHERE = "reported_elsewhere"
#: Marks a problem whose sentence is ours and complete.
SENTENCE = "sentence"
#: Marks "expected ..., found ...": the translator adds what was found, or hides it.
EXPECTED = "expected"
#: Marks a mapping in which none of the keys says which kind of thing it is.
WHICH_KIND = "which_kind"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What validation has to know about the file and entry it is in."""

    folder: Path
    """The folder of the file; relative paths of this machine start here."""
    home: str | None = None
    owner: str = "the catalog"
    """Whose variables these are, for the day one of them is not set."""
    shared: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Section to name to value, for references between entries."""
    declared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Section to every name in it, also of entries that are wrong themselves."""
    models: dict[Place, "type[Entry]"] = field(default_factory=dict)
    """Which type a mapping was taken for; filled while validating, read for "did you mean"."""


def reading_of(info: ValidationInfo) -> Reading | None:
    return info.context if isinstance(info.context, Reading) else None


def sentence(message: str, hint: str | None = None) -> PydanticCustomError:
    """A refusal whose words are complete."""
    return PydanticCustomError(SENTENCE, "{message}", {"message": message, "hint": hint})


def expected(what: str, hint: str | None = None) -> PydanticCustomError:
    """A refusal that continues with what was found, unless that could be a secret."""
    return PydanticCustomError(EXPECTED, "expected {message}", {"message": what, "hint": hint})


class Entry(BaseModel):
    """A frozen value of the catalog. Keys it does not know are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,
        # What is never read is never built: most commands need a few of these types, or none.
        defer_build=True,
    )

    #: The key that a value stands for when it is written instead of the whole mapping.
    short_form: ClassVar[str | None] = None
    short_types: ClassVar[tuple[type, ...]] = (str,)
    short_schema: ClassVar[Mapping[str, Any]] = {"type": "string"}

    @model_validator(mode="before")
    @classmethod
    def _expand_short_form(cls, written: Any, info: ValidationInfo) -> Any:
        reading = reading_of(info)
        if reading and isinstance(written, WrittenMapping):
            reading.models[written.place] = cls
        if cls.short_form and isinstance(written, cls.short_types):
            return {cls.short_form: written}
        return written

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        if cls.short_form:
            whole = handler.resolve_ref_schema(schema)
            long_form = dict(whole)
            whole.clear()
            description = cls.model_fields[cls.short_form].description
            short = {**cls.short_schema, "description": f"Short for `{cls.short_form}`: {description}"}
            whole.update({"anyOf": [short, long_form]})
        return schema


class Named(Entry):
    """An entry that knows the name under which it stands in its mapping; the name is not a key of its own."""

    name: SkipJsonSchema[str] = Field(default="", validation_alias="\0name", description="Given by the mapping's key.")

    def named(self, name: str) -> Self:
        return self.model_copy(update={"name": name})


def _give_names(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry.named(name) if isinstance(entry, Named) else entry for name, entry in entries.items()}


#: On a mapping of `Named` entries: each learns its name.
WITH_NAMES = AfterValidator(_give_names)


class InEditor:
    """Says in the JSON schema what a value looks like. (Pydantic's own `WithJsonSchema` cannot be in a union.)"""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.schema)


class Also:
    """Says in the JSON schema that a value may be written in another, shorter form too."""

    def __init__(self, **schema: Any) -> None:
        self.schema = schema

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [dict(self.schema), handler(core)]}


def look_up(section: str, noun: str, name: str, info: ValidationInfo) -> Any:
    """The entry of that name in another section, or a refusal that knows the names there are."""
    reading = reading_of(info)
    known = reading.shared.get(section, {}) if reading else {}
    if name in known:
        return known[name]
    names = reading.declared.get(section, frozenset()) if reading else frozenset()
    if name in names:
        raise PydanticCustomError(REPORTED_ELSEWHERE, "the entry that is meant has problems of its own")
    hint = did_you_mean(name, names)
    if hint is None:
        hint = f"Known: {listed(sorted(names))}." if 0 < len(names) <= 5 else f"Describe it under `{section}:`."
    raise sentence(f"There is no {noun} {shown(name)}.", hint)


def shared(section: str, noun: str) -> BeforeValidator:
    """Lets a text stand for the entry of that name in another section."""

    def by_name(written: Any, info: ValidationInfo) -> Any:
        return look_up(section, noun, written, info) if isinstance(written, str) else written

    return BeforeValidator(by_name)


class _OneOrMany:
    """A single value where a list is expected is a list of one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._as_list, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(core)
        return {"anyOf": [many["items"], many]}

    @staticmethod
    def _as_list(written: Any) -> Any:
        return written if isinstance(written, list | tuple | type(None)) else [written]


#: On a tuple: one of them may be written without the list.
ONE_OR_MANY = _OneOrMany()
