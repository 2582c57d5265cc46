"""What people call things: names, kinds and types, in a word or two."""

import re

from actions.assess.schema.naming import Identity, Kind, SchemaObject
from actions.assess.schema.values import Constraint, Index

_TYPE_NAMES = (
    ("character varying", "varchar"),
    ("timestamp without time zone", "timestamp"),
    ("timestamp with time zone", "timestamptz"),
    ("time without time zone", "time"),
    ("time with time zone", "timetz"),
)
_TYPE_WITH_PRECISION = re.compile(r"\b(timestamp|time)\((\d+)\) with(out)? time zone")

#: Kinds whose form says what they are.
_NAMED_BY_FORM = frozenset({Kind.VIEW, Kind.FUNCTION, Kind.OTHER})


def display(identity: Identity) -> str:
    """The name as people write it: no `public.`, quotes only where they help, nothing that upsets a terminal."""
    parts = [identity.schema, identity.table, identity.name]
    if identity.schema == "public":
        parts[0] = None
    return ".".join(_quoted(part) for part in parts if part is not None)


def title(thing: SchemaObject) -> str:
    """The name of a thing; the rarer kinds have phrases for names, which need no quotes."""
    if thing.kind is not Kind.OTHER:
        return display(thing.identity)
    phrase = _printable(thing.identity.name).replace("public.", "")
    return phrase if thing.identity.schema in {None, "public"} else f"{_quoted(str(thing.identity.schema))}.{phrase}"


def noun(thing: SchemaObject) -> str:
    """What sort of thing it is."""
    kind = thing.kind.value
    form = str(getattr(thing, "form", ""))
    if isinstance(thing, Constraint):
        return form if form.endswith(" key") else f"{form} constraint"
    if isinstance(thing, Index):
        return "unique index" if thing.unique else kind
    if thing.kind in _NAMED_BY_FORM:
        return form
    return f"{form} {kind}" if form not in {"", "ordinary"} else kind


def short_type(name: str) -> str:
    """A type as people write it: `varchar(20)` for `character varying(20)`."""
    name = _TYPE_WITH_PRECISION.sub(lambda m: f"{m[1]}{'' if m[3] else 'tz'}({m[2]})", name)
    for long, short in _TYPE_NAMES:
        name = name.replace(long, short)
    return name.removeprefix("public.")


def _quoted(name: str) -> str:
    name = _printable(name)
    if re.fullmatch(r"[^\W\d][\w$]*", name) or re.fullmatch(r"[^\"`]+\(.*\)", name):
        return name
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _printable(name: str) -> str:
    # A backtick would end the quotes that every sentence puts around names.
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in name).replace("`", "'")
