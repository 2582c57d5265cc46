"""Types by their names: the many spellings of one, and what they mean for a value."""

import re
from dataclasses import dataclass

_SPELLINGS = {
    "int": "integer", "int2": "smallint", "int4": "integer", "int8": "bigint", "bool": "boolean",
    "float4": "real", "float8": "double precision", "float": "double precision", "decimal": "numeric",
    "dec": "numeric", "varchar": "character varying", "char varying": "character varying", "char": "character",
    "bpchar": "character", "timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone",
    "timetz": "time with time zone", "time": "time without time zone", "varbit": "bit varying",
    "nchar": "character", "national character": "character", "national character varying": "character varying",
}  # fmt: skip
_SHAPE = re.compile(
    r"(?P<base>[^()\[\]]+?)\s*(?:\((?P<arguments>[\d,\s-]*)\))?\s*(?P<zone>with(?:out)? time zone)?\s*"
    r"(?P<dimensions>(?:\[\d*\]\s*)*)"
)
#: A lower-case name means the same with quotes and without.
_QUALIFIED = re.compile(r"""(?:(?:"[^"]*"|\w+)\.)?(?:"(?P<plain>[a-z_][a-z0-9_]*)"|(?P<name>"[^"]*"|\w+))""")
_TEXTS = frozenset({"text", "character varying"})
_WHOLE = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
_NUMBERS = frozenset({*_WHOLE, "numeric", "real", "double precision"})
_MOMENTS = frozenset(
    {"date"} | {f"{kind} {zone} time zone" for kind in ("timestamp", "time") for zone in ("with", "without")}
)
#: Types without an equality of their own, or with one that is not about the very value.
_COMPARED_AS_TEXT = frozenset({"json", "xml", "point", "polygon", "path", "line", "lseg", "box", "circle", "citext"})


@dataclass(frozen=True, kw_only=True, slots=True)
class TypeName:
    base: str
    arguments: tuple[int, ...] = ()
    array: bool = False

    @property
    def is_text(self) -> bool:
        """Text of any length."""
        return self.base in _TEXTS and not self.arguments and not self.array

    @property
    def length(self) -> int | None:
        """The most characters that it takes, if it is a text with such a limit."""
        limited = self.base in {"character varying", "character"} and self.arguments and not self.array
        return self.arguments[0] if limited else None

    @property
    def bound(self) -> int | None:
        """A whole number type takes what is at least minus this, and less than this."""
        return None if self.array else _WHOLE.get(self.base)

    @property
    def is_whole(self) -> bool:
        return self.bound is not None

    @property
    def is_number(self) -> bool:
        return self.base in _NUMBERS and not self.array

    @property
    def is_moment(self) -> bool:
        return self.base in _MOMENTS and not self.array

    @property
    def compared_as_text(self) -> bool:
        return self.base in _COMPARED_AS_TEXT


#: Words that stand beside others in the name of one type.
_OF_SEVERAL = frozenset(
    {"bit", "char", "character", "double", "national", "precision"}
    | {"time", "timestamp", "varying", "with", "without", "zone"}
)


def goes_on(word: str, following: str) -> bool:
    """Is the second word still part of the type that the first one names?"""
    return word in _OF_SEVERAL and following in _OF_SEVERAL


def type_name(written: str) -> TypeName:
    """However it was spelled, in whatever case. A type of somebody's own loses its schema."""
    text = "".join(part if part.startswith('"') else part.lower() for part in re.split(r'("[^"]*")', written))
    text = " ".join(text.split())
    found = _SHAPE.fullmatch(text)
    if found is None:
        return TypeName(base=text)
    base = found["base"].removeprefix("pg_catalog.")
    if found["zone"]:
        base = f"{base} {found['zone']}"
    base = _SPELLINGS.get(base, base)
    arguments = tuple(int(number) for number in re.findall(r"-?\d+", found["arguments"] or ""))
    if base == "numeric" and len(arguments) == 1:
        arguments = (*arguments, 0)
    if base == "double precision" and arguments:
        base, arguments = ("real" if arguments[0] <= 24 else base), ()
    if base == "character" and not arguments:
        arguments = (1,)
    own = _QUALIFIED.fullmatch(base)
    if own is not None:
        base = own["plain"] or own["name"]
    return TypeName(base=base, arguments=arguments, array=bool(found["dimensions"]))
