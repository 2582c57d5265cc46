"""What a script copied whole from one table into another: every row of it, or every value of a column.

Only what is certain counts: `INSERT INTO a (...) SELECT ... FROM b` and `CREATE TABLE a AS SELECT ... FROM b` that end there, without
a call among the columns, in a script that deletes no rows, runs nothing else, and keeps what it made. `WHERE c IS NOT NULL`
leaves out no value of `c`. Any other copy may leave something out, and whether it did cannot be told from what is left.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from actions.assess.statements.names import name_at, past, word
from actions.assess.statements.splitting import parts
from actions.assess.statements.tokens import Token, tokens
from actions.assess.statements.values import Kind, Name, Statement

#: Every column of the table.
ALL = "*"
#: What writes no row away; SELECT moves sequences on.
_HARMLESS = ("insert", "update", "create", "select")


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    #: Every row of the table.
    rows: bool
    #: Columns with all of their values.
    columns: frozenset[str]

    def __or__(self, other: "Copied") -> "Copied":
        return Copied(rows=self.rows or other.rows, columns=self.columns | other.columns)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Copy:
    source: Name
    into: Name
    copied: Copied


def copied_whole(statements: Iterable[Statement]) -> Mapping[Name, Copied]:
    """What was copied of each table, by the name that it had at first; empty if anything may have taken rows out."""
    found: list[_Copy] = []
    #: By the bare name: whoever leaves the schema out once means the same table.
    earlier: dict[str, Name] = {}
    for statement in statements:
        read = tokens(statement.text)
        if _may_take_rows(statement, read):
            return {}
        if renamed := _renamed(read):
            was, now = renamed
            earlier[now.name] = earlier.pop(was.name, was)
            found = [replace(copy, into=now) if copy.into.name == was.name else copy for copy in found]
        elif dropped := _dropped(read):
            found = [copy for copy in found if copy.into.name not in dropped]
        else:
            found += [replace(copy, source=earlier.get(copy.source.name, copy.source)) for copy in _copies(read)]
    taken: dict[Name, Copied] = {}
    for copy in found:
        taken[copy.source] = taken.get(copy.source, copy.copied) | copy.copied
    return taken


def handed_on(statements: Iterable[Statement]) -> frozenset[tuple[Name, str]]:
    """Columns of which every value was put into another column of the row, as it was or cast to another type.

    `UPDATE t SET new = old::type`, perhaps `WHERE old IS NOT NULL AND new IS NULL`. A cast takes a value or fails.
    """
    return frozenset(found for statement in statements if (found := _handed_on(tokens(statement.text))))


def _handed_on(statement: Sequence[Token]) -> tuple[Name, str] | None:
    table, place = name_at(statement, past(statement, 1, "only"))
    if word(statement, 0) != "update" or table is None or word(statement, place) != "set":
        return None
    target, place = name_at(statement, place + 1)
    if target is None or place >= len(statement) or not statement[place].says("="):
        return None
    end = next((at for at, token in enumerate(statement) if token.says("where")), len(statement))
    value = statement[place + 1 : end]
    if len(value) > 2 and value[0].says("cast") and value[1].says("("):
        value = value[2:-1]
    column, after = name_at(value, 0)
    rest = value[after:]
    if column is None or (rest and (not rest[0].says("::", "as") or not _is_a_type(rest[1:]))):
        return None
    said = " ".join(token.name for token in statement[end:])
    filled = f"where {column.name} is not null"
    return (table, column.name) if said in ("", filled, f"{filled} and {target.name} is null") else None


def _is_a_type(read: Sequence[Token]) -> bool:
    name, place = name_at(read, 0)
    return name is not None and place == len(read)


def _may_take_rows(statement: Statement, read: Sequence[Token]) -> bool:
    writes = Kind.DATA in statement.kinds and word(read, 0) not in _HARMLESS
    return writes or Kind.CODE in statement.kinds or bool(statement.truncates)


def _renamed(statement: Sequence[Token]) -> tuple[Name, Name] | None:
    if word(statement, 0) != "alter" or word(statement, 1) != "table":
        return None
    was, place = name_at(statement, past(statement, 2, "if", "exists", "only"))
    if was is None or word(statement, place) != "rename" or word(statement, place + 1) != "to":
        return None
    now, _ = name_at(statement, place + 2)
    return (was, Name(schema=was.schema, name=now.name)) if now else None


def _dropped(statement: Sequence[Token]) -> tuple[str, ...]:
    if word(statement, 0) != "drop" or word(statement, 1) != "table":
        return ()
    listed = statement[past(statement, 2, "if", "exists") :]
    return tuple(name.name for part in parts(listed) if (name := name_at(part, 0)[0]))


def _copies(statement: Sequence[Token]) -> tuple[_Copy, ...]:
    """One, or several joined by UNION ALL. A word behind the last one (LIMIT, ...) would be about all of them."""
    select = next((place for place, token in enumerate(statement) if token.says("select")), None)
    into = _target(statement[:select]) if select is not None else None
    if select is None or into is None:
        return ()
    found = [_copy(query, into) for query in _united(statement[select:])]
    return tuple(copy for copy in found if copy) if None not in found else ()


def _united(query: Sequence[Token]) -> Iterator[Sequence[Token]]:
    start = 0
    for place in range(len(query)):
        if word(query, place) == "union" and word(query, place + 1) == "all":
            yield query[start:place]
            start = place + 2
    yield query[start:]


def _copy(query: Sequence[Token], into: Name) -> _Copy | None:
    end = next((place for place, token in enumerate(query) if token.says("from")), None)
    if word(query, 0) != "select" or end is None:
        return None
    listed = query[1:end]
    source, place = name_at(query, end + 1)
    place = past(query, place, "as")
    if place < len(query) and query[place].is_name and not query[place].says("where", "order"):
        place += 1
    filled, place = _where_filled(query, place)
    if source is None or not _is_over(query, place) or any(token.says("distinct", "(", ")") for token in listed):
        return None
    columns = frozenset[str]().union(*(_columns(item) for item in parts(listed)))
    if filled is not None:
        columns &= {filled}
    return _Copy(source=source, into=into, copied=Copied(rows=filled is None, columns=columns))


def _where_filled(query: Sequence[Token], place: int) -> tuple[str | None, int]:
    """The column of `WHERE c IS NOT NULL`, and the place after it."""
    if word(query, place) != "where":
        return None, place
    column, after = name_at(query, place + 1)
    if column is None or [word(query, after + step) for step in range(3)] != ["is", "not", "null"]:
        return None, place
    return column.name, after + 3


def _is_over(query: Sequence[Token], place: int) -> bool:
    """Nothing more, or an order by plain columns, which leaves nothing out."""
    if place == len(query):
        return True
    order = word(query, place) == "order" and word(query, place + 1) == "by"
    return order and all(len(item) == 1 and item[0].is_name for item in parts(query[place + 2 :]))


def _target(statement: Sequence[Token]) -> Name | None:
    """`INSERT INTO a (b, c)`, `CREATE TABLE a AS`."""
    if word(statement, 0) == "insert":
        name, place = name_at(statement, 2)
        return name if all(token.is_name or token.says("(", ")", ",") for token in statement[place:]) else None
    if word(statement, 0) == "create" and word(statement, 1) == "table":
        name, place = name_at(statement, past(statement, 2, "if", "not", "exists"))
        return name if word(statement, place) == "as" and place + 1 == len(statement) else None
    return None


def _columns(item: Sequence[Token]) -> frozenset[str]:
    """What is taken of the table: a column, or those of a sum; without a call there is one value for each row."""
    if len(item) == 1 and item[0].says("*"):
        return frozenset({ALL})
    end = next((place for place, token in enumerate(item) if token.says("as")), len(item))
    return frozenset(token.name for token in item[:end] if token.is_name)
