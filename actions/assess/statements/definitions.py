"""DDL: what is made, changed or dropped, and what of it is not this database's alone."""

from collections.abc import Iterator, Sequence

from actions.assess.statements.names import name_at, past, table_at, text_of, word
from actions.assess.statements.splitting import parts
from actions.assess.statements.tokens import Token
from actions.assess.statements.values import Cascade, Kind, Retyping

_HERE = (
    "table", "index", "view", "materialized view", "sequence", "schema", "type", "domain", "function", "procedure",
    "routine", "aggregate", "trigger", "constraint trigger", "event trigger", "rule", "policy", "extension", "operator",
    "operator class", "operator family", "cast", "collation", "conversion", "statistics", "text search configuration",
    "text search dictionary", "text search parser", "text search template", "publication", "access method", "language",
    "transform", "foreign table", "default privileges", "large object", "column", "constraint",
)  # fmt: skip
#: Known to the whole cluster, or a door to another server.
_ELSEWHERE = (
    "role", "user", "group", "database", "tablespace", "system", "server", "user mapping", "foreign data wrapper",
    "subscription", "owned", "foreign server", "parameter",
)  # fmt: skip
_MODIFIERS = (
    "or", "replace", "temp", "temporary", "unlogged", "local", "global", "unique", "recursive", "trusted",
    "procedural", "default",
)  # fmt: skip
_BY_LENGTH = sorted((*_HERE, *_ELSEWHERE), key=lambda words: -len(words.split()))


def kind_of_object(statement: Sequence[Token]) -> tuple[str, int]:
    """What CREATE, ALTER, DROP (or COMMENT ON) speaks of, and the place after it; empty when it is not known."""
    place = past(statement, 1, "on")
    if word(statement, place) == "default" and word(statement, place + 1) == "privileges":
        return "default privileges", place + 2
    place = past(statement, place, *_MODIFIERS)
    for words in _BY_LENGTH:
        length = len(words.split())
        if " ".join(word(statement, place + ahead) for ahead in range(length)) == words:
            return words, place + length
    return "", place


def definition_kinds(statement: Sequence[Token]) -> tuple[frozenset[Kind], tuple[str, ...]]:
    """The kinds of a CREATE, ALTER, DROP or COMMENT, with the reasons."""
    what, _ = kind_of_object(statement)
    verb = statement[0].name.upper()
    if not what:
        return frozenset({Kind.CODE}), (f"{verb} of an unknown kind",)
    if what in _ELSEWHERE:
        return frozenset({Kind.DDL, Kind.OUTSIDE}), (f"{verb} {what.upper()} reaches beyond this database",)
    return frozenset({Kind.DDL}), ()


def grant_kinds(statement: Sequence[Token]) -> tuple[frozenset[Kind], tuple[str, ...]]:
    """GRANT and REVOKE: rights on an object, or a membership in a role, which all databases share."""
    on = next((place for place, token in enumerate(statement) if token.says("on")), None)
    if on is None:
        return frozenset({Kind.DDL, Kind.OUTSIDE}), ("role membership is shared by all databases",)
    what, _ = kind_of_object((statement[0], *statement[on:]))
    if what in {"database", "tablespace", "parameter", "foreign server", "foreign data wrapper"}:
        return frozenset({Kind.DDL, Kind.OUTSIDE}), (f"rights on a {what} are not this database's alone",)
    return frozenset({Kind.DDL}), ()


def query_of_table(statement: Sequence[Token]) -> tuple[Token, ...] | None:
    """The query of CREATE TABLE ... AS and CREATE MATERIALIZED VIEW ... AS."""
    what, _ = kind_of_object(statement)
    if not statement[0].says("create") or what not in {"table", "materialized view"}:
        return None
    depth = 0
    for place, token in enumerate(statement):
        depth += token.says("(") - token.says(")")
        if depth == 0 and token.says("as"):
            return tuple(statement[place + 1 :])
    return None


def retypings(statement: Sequence[Token]) -> Iterator[Retyping]:
    """Every `ALTER COLUMN ... TYPE` of an ALTER TABLE."""
    what, place = kind_of_object(statement)
    if not statement[0].says("alter") or what not in {"table", "foreign table"}:
        return
    table, place = table_at(statement, place)
    if table is None:
        return
    for action in parts(statement[past(statement, place, "*") :]):
        found = _retyped(action)
        if found is not None:
            column, type_, using = found
            yield Retyping(table=table, column=column, type=type_, using=using)


def _retyped(action: Sequence[Token]) -> tuple[str, str, str | None] | None:
    if word(action, 0) != "alter":
        return None
    name, place = name_at(action, 2 if word(action, 1) == "column" else 1)
    if word(action, place) == "set" and word(action, place + 1) == "data":
        place += 2
    if name is None or word(action, place) != "type":
        return None
    rest = action[place + 1 :]
    depth = 0
    for at, token in enumerate(rest):
        depth += token.says("(", "[") - token.says(")", "]")
        if depth == 0 and token.says("using"):
            return name.name, _type(rest[:at]), text_of(rest[at + 1 :])
    return name.name, _type(rest), None


def _type(tokens: Sequence[Token]) -> str:
    collate = next((place for place, token in enumerate(tokens) if token.says("collate")), len(tokens))
    return text_of(tokens[:collate])


def cascades(statement: Sequence[Token]) -> Iterator[Cascade]:
    """Every drop, also within ALTER TABLE, that says CASCADE."""
    what, place = kind_of_object(statement)
    if statement[0].says("drop") and statement[-1].says("cascade"):
        place = past(statement, place, "concurrently", "if", "exists")
        for part in parts(statement[place:-1]):
            yield Cascade(what=what or "object", name=text_of(part))
    if not statement[0].says("alter"):
        return
    table, place = table_at(statement, place)
    for action in parts(statement[place:]):
        if word(action, 0) == "drop" and action[-1].says("cascade"):
            kind = word(action, 1) if word(action, 1) in {"constraint", "attribute"} else "column"
            start = past(action, 1, "column", "constraint", "attribute", "if", "exists")
            name, _ = name_at(action, start)
            yield Cascade(what=kind, name=f"{table}.{name}")
