"""Which tables a query reads and a statement writes, by the places where SQL has them."""

from collections.abc import Iterator, Sequence

from actions.assess.statements.names import name_at, past, table_at, word
from actions.assess.statements.tokens import Token
from actions.assess.statements.values import Name

#: Functions that have a FROM of their own: `extract(year FROM x)`.
_FROM_INSIDE = ("extract", "substring", "trim", "overlay", "position", "btrim", "ltrim", "rtrim")
_LIST_ENDS = (
    "where", "group", "order", "having", "limit", "offset", "fetch", "window", "union", "intersect", "except", "for",
    "returning", "when", "on",
)  # fmt: skip
_BEFORE_NAME = ("only", "lateral", "(")


def read(statement: Sequence[Token]) -> tuple[Name, ...]:
    """Tables, views and other relations that it reads from; names of its own WITH are left out."""
    own = common_names(statement)
    found = dict.fromkeys(_read(statement))
    return tuple(name for name in found if name.schema is not None or name.name not in own)


def _read(statement: Sequence[Token]) -> Iterator[Name]:
    #: Per open parenthesis: does a comma here part the relations of a FROM?
    lists = [False]
    for place, token in enumerate(statement):
        if token.says("("):
            lists.append(lists[-1] and _opens_item(statement, place))
        elif token.says(")"):
            lists = lists[:-1] or [False]
        elif token.says(*_LIST_ENDS):
            # `ON` ends nothing, yet commas after it only ever part relations again or arguments in parentheses.
            lists[-1] = lists[-1] and token.says("on")
        elif token.says("from", "using") and _starts_list(statement, place):
            lists[-1] = True
        elif token.says("table") and (place == 0 or not statement[place - 1].says("returns")):
            yield from _item(statement, place + 1, bare=True)
        if _item_follows(statement, place, in_list=lists[-1]):
            yield from _item(statement, place + 1)


def _opens_item(statement: Sequence[Token], place: int) -> bool:
    """A parenthesis around joined relations, and not around a query of its own."""
    query = word(statement, place + 1) in {"select", "with", "values", "table"}
    return place > 0 and not query and statement[place - 1].says("from", "join", ",", "lateral", "using", "(")


def _starts_list(statement: Sequence[Token], place: int) -> bool:
    token = statement[place]
    if token.says("using"):
        # DELETE ... USING a, b and MERGE ... USING a; a join's USING has columns in parentheses.
        return place + 1 < len(statement) and not statement[place + 1].says("(")
    return not (place and statement[place - 1].says("distinct")) and not _inside_function(statement, place)


def _inside_function(statement: Sequence[Token], place: int) -> bool:
    depth = 0
    for before in range(place - 1, -1, -1):
        depth += statement[before].says(")") - statement[before].says("(")
        if depth < 0:
            return before > 0 and statement[before - 1].says(*_FROM_INSIDE)
    return False


def _item_follows(statement: Sequence[Token], place: int, *, in_list: bool) -> bool:
    token = statement[place]
    if token.says("join"):
        return True
    if token.says("from", "using"):
        return in_list and _starts_list(statement, place)
    return in_list and token.says(",")


def _item(statement: Sequence[Token], place: int, *, bare: bool = False) -> Iterator[Name]:
    place = past(statement, place, *(() if bare else _BEFORE_NAME), "only")
    if word(statement, place) in {"select", "with", "values", "table", "rows"}:
        return
    name, after = name_at(statement, place)
    if name is not None and not (after < len(statement) and statement[after].says("(")):
        yield name


def common_names(statement: Sequence[Token]) -> frozenset[str]:
    """The names that its WITH clauses give to queries."""
    found: set[str] = set()
    for place, token in enumerate(statement):
        if not token.says("with", ",", "recursive"):
            continue
        name, after = name_at(statement, place + 1)
        if name is None or name.schema is not None:
            continue
        if after < len(statement) and statement[after].says("("):
            after = _closing(statement, after) + 1
        if word(statement, after) == "as":
            after = past(statement, after + 1, "not", "materialized")
            if after < len(statement) and statement[after].says("("):
                found.add(name.name)
    return frozenset(found)


def _closing(statement: Sequence[Token], place: int) -> int:
    depth = 0
    for end in range(place, len(statement)):
        depth += statement[end].says("(") - statement[end].says(")")
        if depth == 0:
            return end
    return len(statement)


def written(statement: Sequence[Token]) -> tuple[Name, ...]:
    """Tables that it inserts into, updates, deletes from, merges into, copies into or makes by a query."""
    return tuple(dict.fromkeys(_written(statement)))


def _written(statement: Sequence[Token]) -> Iterator[Name]:
    for place in range(len(statement)):
        start = _target(statement, place)
        name, _ = table_at(statement, start) if start is not None else (None, 0)
        if name is not None:
            yield name


def _target(statement: Sequence[Token], place: int) -> int | None:
    """Where the written table's name begins, if a verb stands here."""
    token, before = statement[place], word(statement, place - 1) if place else ""
    if token.says("update"):
        return None if before in {"for", "key", "on", "do", "then"} else place + 1
    if token.says("into"):
        return place + 1
    if token.says("delete") and word(statement, place + 1) == "from":
        return place + 2
    return None
