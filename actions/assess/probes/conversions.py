"""By which expression a column's values become those of another type, as far as that can be understood.

Understood is a plain assignment and a chain of casts of the column itself. Everything else is somebody's own
computation, and what becomes of the values is not ours to guess.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from actions.assess.probes.typenames import TypeName, goes_on, type_name
from actions.assess.schema.effects import Retyped
from actions.assess.statements.names import text_of
from actions.assess.statements.splitting import balanced
from actions.assess.statements.tokens import Token, tokens
from actions.assess.statements.values import Retyping


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """How values get from the one type to the other."""

    using: str | None
    #: The cast names the type, so what is too long is cut off instead of refused.
    explicit: bool = False
    #: By way of their text.
    via_text: bool = False
    #: Why it is not understood.
    opaque: str | None = None


def conversion_of(retyped: Retyped, seen: Iterable[Retyping]) -> Conversion:
    """The conversion of this column among all that the migrations asked for."""
    found = tuple(dict.fromkeys(one for one in seen if _is_about(one, retyped)))
    if not found:
        return Conversion(using=None, opaque="the statement that changes its type was not seen")
    if len(found) > 1:
        return Conversion(using=None, opaque="its type is changed more than once on the way")
    (one,) = found
    if type_name(one.type) != type_name(retyped.after.type):
        return Conversion(using=one.using, opaque="its type is changed by something else as well")
    return _understood(one)


def computed_by(retyped: Retyped, seen: Iterable[Retyping]) -> bool:
    """Whether one of these gave this column other values than casts of it would."""
    return any(_is_about(one, retyped) and _understood(one).opaque is not None for one in seen)


def _is_about(one: Retyping, retyped: Retyped) -> bool:
    before, after = retyped.before.identity, retyped.after.identity
    tables = {(identity.schema, identity.table) for identity in (before, after)}
    return one.column in {before.name, after.name} and any(
        one.table.name == table and one.table.schema in {None, schema} for schema, table in tables
    )


def _understood(one: Retyping) -> Conversion:
    if one.using is None:
        return Conversion(using=None)
    chain = _casts(tokens(one.using), one.column)
    if chain is None:
        return Conversion(using=one.using, opaque="its values are computed by an expression of its own")
    target = type_name(one.type)
    explicit = bool(chain) and chain[-1] == target
    between = chain[:-1] if explicit else chain
    if not explicit and between and between[-1].base == target.base and not between[-1].arguments:
        between = between[:-1]
    if any(not step.is_text for step in between):
        return Conversion(using=one.using, opaque="its values are cast by way of another type")
    return Conversion(using=one.using, explicit=explicit, via_text=bool(between))


def _casts(expression: Sequence[Token], column: str) -> tuple[TypeName, ...] | None:
    """The types that the column is cast to, first to last; None if it is anything else than the column with casts."""
    expression = _bare(expression)
    if not expression:
        return None
    if expression[0].says("cast") and len(expression) > 2 and expression[1].says("(") and expression[-1].says(")"):
        inside = expression[2:-1]
        at = _last_outside(inside, "as")
        return _then(_casts(inside[:at], column), inside[at + 1 :]) if at is not None and balanced(inside) else None
    at = _last_outside(expression, "::")
    if at is not None:
        return _then(_casts(expression[:at], column), expression[at + 1 :])
    last = expression[-1]
    names = all(token.is_name if place % 2 == 0 else token.says(".") for place, token in enumerate(expression))
    return () if names and len(expression) % 2 and last.name == column else None


def _then(chain: tuple[TypeName, ...] | None, type_: Sequence[Token]) -> tuple[TypeName, ...] | None:
    words = all(token.is_name or token.text.isdigit() or token.says("(", ")", ",", "[", "]", ".") for token in type_)
    names = [token for token in type_ if not token.says("(", ")", ",") and not token.text.isdigit()]
    one = all(not (a.is_name and b.is_name) or goes_on(a.name, b.name) for a, b in pairwise(names))
    return None if chain is None or not type_ or not words or not one else (*chain, type_name(text_of(type_)))


def _bare(expression: Sequence[Token]) -> Sequence[Token]:
    """Without parentheses around the whole."""
    while len(expression) > 1 and expression[0].says("(") and expression[-1].says(")") and balanced(expression[1:-1]):
        expression = expression[1:-1]
    return expression


def _last_outside(expression: Sequence[Token], sign: str) -> int | None:
    """The last place of a sign that is in no parentheses."""
    depth, found = 0, None
    for place, token in enumerate(expression):
        depth += token.says("(") - token.says(")")
        if depth == 0 and token.says(sign):
            found = place
    return found
