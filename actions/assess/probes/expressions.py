"""Expressions as the server prints them, taken out of the definitions that they stand in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actions.assess.probes.typenames import goes_on
from actions.assess.statements.splitting import parts
from actions.assess.statements.tokens import Token, TokenKind, tokens


def checked(definition: str) -> str | None:
    """The expression of `CHECK (...)`, with its parentheses."""
    found = tokens(definition)
    if len(found) < 3 or not found[0].says("check") or not found[1].says("("):
        return None
    end = _closing(found, 1)
    return definition[found[1].start : found[end].end] if end is not None else None


@dataclass(frozen=True, kw_only=True, slots=True)
class UniqueIndex:
    """What a unique index keeps apart."""

    keys: tuple[str, ...]
    #: Only rows of this kind; None: all.
    where: str | None
    nulls_distinct: bool


def unique_index(definition: str) -> UniqueIndex | None:
    """Of `CREATE UNIQUE INDEX ... USING btree (...) ...`; None for any other form."""
    found = tokens(definition)
    using = next((place for place, token in enumerate(found) if token.says("using")), None)
    if using is None or using + 3 >= len(found) or not found[using + 2].says("("):
        return None
    end = _closing(found, using + 2)
    if end is None:
        return None
    keys = tuple(_key(definition, part) for part in parts(found[using + 3 : end]))
    rest = found[end + 1 :]
    where = next((token for token in rest if token.says("where")), None)
    return UniqueIndex(
        keys=keys, where=definition[where.end :] if where else None, nulls_distinct=not _says(rest, "nulls", "not")
    )


def nulls_distinct(definition: str) -> bool:
    """Of `UNIQUE (...)`: may there be several rows with NULL?"""
    return not _says(tokens(definition), "nulls", "not", "distinct")


def _key(definition: str, part: Sequence[Token]) -> str:
    """A column, a call or an expression in parentheses; how it is sorted is left out."""
    place = 0
    if part[0].says("("):
        place = _closing(part, 0) or 0
    else:
        while place + 2 < len(part) and part[place + 1].says("."):
            place += 2
        if place + 1 < len(part) and part[place + 1].says("("):
            place = _closing(part, place + 1) or place
    return definition[part[0].start : part[place].end]


def is_constant(expression: str) -> bool:
    """Literals with casts only: it gives every row the same, now and later."""
    if any(token.text.strip("'").lower() in _NOT_ALWAYS_THE_SAME for token in tokens(expression)):
        return False
    return all(token.kind in _LITERALS or token.says(*_CONSTANT_WORDS) for token in _without_types(expression))


#: Strings that mean another moment every time.
_NOT_ALWAYS_THE_SAME = frozenset({"now", "today", "tomorrow", "yesterday"})
_LITERALS = frozenset({TokenKind.STRING, TokenKind.NUMBER})
_CONSTANT_WORDS = ("true", "false", "null", "array", "(", ")", "[", "]", ",", "-", "+")


def _without_types(expression: str) -> Iterator[Token]:
    """The tokens that are no part of the name of a type after `::`. The type's numbers and brackets do no harm."""
    before: Token | None = None
    in_type = False
    for token in tokens(expression):
        in_type = token.says("::") or (in_type and before is not None and _still_type(before, token))
        names_a_type = in_type and (token.is_name or token.says("::", "."))
        if not names_a_type:
            yield token
        before = token


def _still_type(before: Token, token: Token) -> bool:
    if not token.is_name:
        return token.says(".", "(", ")", ",", "[", "]") or token.kind is TokenKind.NUMBER
    return before.says("::", ".") or goes_on(before.name, token.name) or token.says("with", "without")


def _closing(found: Sequence[Token], place: int) -> int | None:
    depth = 0
    for end in range(place, len(found)):
        depth += found[end].says("(") - found[end].says(")")
        if depth == 0:
            return end
    return None


def _says(found: Sequence[Token], *words: str) -> bool:
    return any(
        all(token.says(word) for token, word in zip(found[at:], words, strict=False)) and at + len(words) <= len(found)
        for at in range(len(found))
    )
