"""How a column's values are read so that equal values are equal text on both sides; pure SQL text.

- Same type: the server's text form, JSON by content (spacing and order of keys mean nothing), bytes by their hash.
- Numbers: the text form, and beside it the number without trailing zeros. 1.50 and 1.5 are one value in two forms.
- Dates and times of different types: the text form, and beside it the moment at UTC without zone. The migration's own
  session may have had another time zone; then the values count as lost, which is what the older release would see.
- Texts of all kinds, enum labels among them, are what they say. Padding of `char(n)` is not part of the value.
- Any other change of type: the text form, and the values count as restated, for they no longer are what they were.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from actions.assess.content.pairing import ColumnPair
from actions.assess.schema.values import Column, Schema


class Family(Enum):
    """Types whose values can be compared with each other."""

    INTEGER = auto()
    NUMBER = auto()
    TIME = auto()
    JSON = auto()
    JSON_ARRAY = auto()
    BYTES = auto()
    TEXT = auto()
    PADDED = auto()
    OTHER = auto()


#: By the server's built-in type ids, which never change.
_BUILT_IN: Mapping[int, Family] = {
    20: Family.INTEGER, 21: Family.INTEGER, 23: Family.INTEGER,
    700: Family.NUMBER, 701: Family.NUMBER, 1700: Family.NUMBER,
    1082: Family.TIME, 1114: Family.TIME, 1184: Family.TIME,
    114: Family.JSON, 3802: Family.JSON, 199: Family.JSON_ARRAY, 3807: Family.JSON_ARRAY,
    17: Family.BYTES, 25: Family.TEXT, 1043: Family.TEXT, 19: Family.TEXT, 2950: Family.TEXT, 1042: Family.PADDED,
}  # fmt: skip
_FLOATS = frozenset({700, 701})
_NUMERIC = 1700


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One column of both sides: what to select of `t` on each."""

    pair: ColumnPair
    before: str
    now: str
    #: The value apart from its form, where that is something else; on both sides or on neither.
    meaning_before: str | None = None
    meaning_now: str | None = None
    #: Whatever is still there is in another form, because the type is of another sort.
    restated: bool = False

    @property
    def key_before(self) -> str:
        return self.meaning_before or self.before

    @property
    def key_now(self) -> str:
        return self.meaning_now or self.now


@dataclass(frozen=True, kw_only=True)
class Types:
    """What the columns' types are at the bottom."""

    base: Mapping[int, int]
    enums: frozenset[int]

    @classmethod
    def of(cls, schema: Schema) -> "Types":
        return cls(
            base={domain.oid: domain.base_oid for domain in schema.domains},
            enums=frozenset(enum.oid for enum in schema.enums),
        )

    def bottom(self, column: Column) -> int:
        """The type's id, with domains taken off."""
        oid = column.type_oid
        while oid in self.base:
            oid = self.base[oid]
        return oid

    def family(self, column: Column) -> Family:
        oid = self.bottom(column)
        return Family.TEXT if oid in self.enums else _BUILT_IN.get(oid, Family.OTHER)


def reading(pair: ColumnPair, before: Types, now: Types, *, plain_json: bool = False) -> Reading:
    """How to read a column on both sides. `plain_json`: by its text, for JSON that jsonb cannot hold."""
    ours, theirs = quoted(pair.before), quoted(pair.now)
    families = {before.family(pair.before), now.family(pair.now)}
    if families <= {Family.JSON}:
        cast = "" if plain_json else "::pg_catalog.jsonb"
        return Reading(pair=pair, before=_json(ours, cast), now=_json(theirs, cast))
    if families == {Family.JSON_ARRAY} and not plain_json:
        form = "{}::pg_catalog.jsonb[]::pg_catalog.text"
        return Reading(pair=pair, before=form.format(ours), now=form.format(theirs))
    if families == {Family.BYTES}:
        return Reading(pair=pair, before=f"pg_catalog.md5({ours})", now=f"pg_catalog.md5({theirs})")
    meanings = _meanings(pair, before, now, families)
    same_sort = meanings[0] is not None or families in ({Family.INTEGER}, {Family.TEXT})
    return Reading(
        pair=pair,
        before=f"{ours}::pg_catalog.text",
        now=f"{theirs}::pg_catalog.text",
        meaning_before=meanings[0],
        meaning_now=meanings[1],
        restated=not same_sort and pair.before.type != pair.now.type,
    )


def alone(column: Column, types: Types) -> str:
    """How to read a column that only one side has."""
    if types.family(column) is Family.JSON:
        return _json(quoted(column), "")
    return f"{quoted(column)}::pg_catalog.text"


def quoted(column: Column) -> str:
    return f"t.{quoted_name(column.identity.name)}"


def quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _json(column: str, cast: str) -> str:
    if cast:
        return f"nullif({column}{cast}, 'null'::pg_catalog.jsonb)::pg_catalog.text"
    return f"nullif({column}::pg_catalog.text, 'null')"


def _meanings(pair: ColumnPair, before: Types, now: Types, families: set[Family]) -> tuple[str | None, str | None]:
    same_type = pair.before.type == pair.now.type
    columns = ((quoted(pair.before), before.bottom(pair.before)), (quoted(pair.now), now.bottom(pair.now)))
    if families == {Family.TIME} and not same_type:
        first, second = (f"{name}::pg_catalog.timestamp::pg_catalog.text" for name, _ in columns)
        return first, second
    exact = same_type and columns[0][1] != _NUMERIC
    if Family.NUMBER in families and families <= {Family.NUMBER, Family.INTEGER} and not exact:
        first, second = (_number(name, oid) for name, oid in columns)
        return first, second
    return None, None


def _number(column: str, oid: int) -> str:
    if oid not in _FLOATS:
        return f"pg_catalog.trim_scale({column}::pg_catalog.numeric)::pg_catalog.text"
    # By way of text: the direct cast keeps 15 digits only. Older servers' numerics know no infinity.
    text = f"{column}::pg_catalog.text"
    return (
        f"CASE WHEN {text} IN ('NaN', 'Infinity', '-Infinity') THEN {text}"
        f" ELSE pg_catalog.trim_scale({text}::pg_catalog.numeric)::pg_catalog.text END"
    )
