"""References to environment variables: how URLs, keys and passwords get into the catalog without being in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from actions.catalog.entry import reading_of, sentence
from actions.errors import ConfigurationError

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NEARLY: Final = re.compile(r"\$\{?\s*([A-Za-z_][A-Za-z0-9_]*)")
SCHEMA: Final = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$", "examples": ["${DATABASE_URL}"]}


@dataclass(frozen=True, slots=True)
class EnvRef:
    """`${NAME}`: the value is looked up when it is needed, and is never kept or shown."""

    name: str
    owner: str = "the catalog"
    """Whose reference it is, to say so when the variable is not set."""

    def resolve(self, environ: Mapping[str, str]) -> str:
        """The variable's value. Empty means unset, as everywhere."""
        value = environ.get(self.name)
        if not value:
            raise ConfigurationError(
                f"The environment variable `{self.name}` is not set",
                where=self.owner,
                next_step=f"Set {self.name} where Backout runs; the catalog refers to it as ${{{self.name}}}.",
            )
        return value

    def is_set(self, environ: Mapping[str, str]) -> bool:
        return bool(environ.get(self.name))

    def __str__(self) -> str:
        return f"${{{self.name}}}"

    def __repr__(self) -> str:
        return f"EnvRef(${{{self.name}}})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            parse_reference, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: Any) -> dict[str, Any]:
        return dict(SCHEMA)


def parse_reference(written: Any, info: ValidationInfo) -> EnvRef:
    """A reference, or a refusal that never repeats what was written instead of one."""
    if isinstance(written, EnvRef):
        return written
    match = _REFERENCE.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        nearly = _NEARLY.match(written) if isinstance(written, str) else None
        hint = f"Write `${{{nearly[1]}}}`, nothing else." if nearly and len(nearly[1]) <= 60 else None
        raise sentence(
            "This must be a reference to an environment variable, such as `${DATABASE_URL}`, never the value itself.",
            hint,
        )
    reading = reading_of(info)
    return EnvRef(match[1], reading.owner if reading else "the catalog")


def as_variables(values: Mapping[str, "str | EnvRef"], environ: Mapping[str, str]) -> dict[str, str]:
    """The same mapping with every reference resolved."""
    return {name: value.resolve(environ) if isinstance(value, EnvRef) else value for name, value in values.items()}
