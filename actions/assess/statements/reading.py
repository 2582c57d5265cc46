"""From text to statements with their meaning. What is not understood is CODE, never harmless."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from actions.assess.statements import definitions, relations
from actions.assess.statements.functions import calls
from actions.assess.statements.names import (
    holds_content,
    holds_statistics,
    is_catalog,
    is_version_table,
    table_at,
    word,
)
from actions.assess.statements.splitting import balanced, parts, split
from actions.assess.statements.tokens import Token, TokenKind, tokens
from actions.assess.statements.values import Kind, Name, Statement

#: Kinds, and the reasons for them.
Meaning: TypeAlias = tuple[frozenset[Kind], tuple[str, ...]]

_WRITERS = ("insert", "update", "delete", "merge")


def statements_in(text: str, *, version_table: str = "alembic_version", whole: bool = True) -> tuple[Statement, ...]:
    """Every statement of a text, in order. Never raises, whatever the text.

    String literals may have been masked as '?'. With `whole=False` the text was cut off somewhere: what the rest of it
    says is not known, so its last statement is CODE as well.
    """
    found = list(split(tokens(text)))
    strange = any(
        token.name == "standard_conforming_strings" for one in found if not one[0].says("show") for token in one
    )
    result = [_statement(text, each, version_table) for each in found]
    if strange:
        result = [_also(each, "changes how strings are read") for each in result]
    if not whole:
        last = result.pop() if result else Statement(text="", kinds=frozenset({Kind.CODE}))
        result.append(_also(last, "its text is cut off"))
    return tuple(result)


def _also(statement: Statement, reason: str) -> Statement:
    return Statement(
        text=statement.text,
        kinds=statement.kinds | {Kind.CODE},
        reasons=(*statement.reasons, reason),
        writes=statement.writes,
        truncates=statement.truncates,
        reads=statement.reads,
        retypings=statement.retypings,
        cascades=statement.cascades,
    )


def _statement(text: str, found: Sequence[Token], version_table: str) -> Statement:
    kinds, reasons = _meaning(found, version_table)
    defines = Kind.DDL in kinds
    return Statement(
        text=text[found[0].start : found[-1].end],
        kinds=kinds,
        reasons=tuple(dict.fromkeys(reasons)),
        writes=_writes(found) if Kind.DATA in kinds else (),
        truncates=_truncated(found),
        reads=_reads(found) if kinds & {Kind.READS, Kind.DATA} else (),
        retypings=tuple(definitions.retypings(found)) if defines else (),
        cascades=tuple(definitions.cascades(found)) if defines else (),
    )


def _meaning(found: Sequence[Token], version_table: str) -> Meaning:
    if any(token.kind is TokenKind.BROKEN for token in found) or not balanced(found):
        return frozenset({Kind.CODE}), ("could not be read to its end",)
    first = next((token for token in found if not token.says("(")), None)
    if first is None or first.kind is not TokenKind.WORD:
        return frozenset({Kind.CODE}), ("does not begin like a statement",)
    reader = _READERS.get(first.name)
    if reader is None or (first is not found[0] and reader is not _query):
        return frozenset({Kind.CODE}), (f"{first.name.upper()[:40]} is not known",)
    return reader(found, version_table)


def _query(found: Sequence[Token], version_table: str) -> Meaning:
    """SELECT, VALUES, TABLE and WITH; the latter may write as well."""
    kinds: set[Kind] = set()
    reasons: list[str] = []
    for place, token in enumerate(found):
        if token.says(*_WRITERS) and _is_verb(found, place):
            kinds.add(Kind.DATA)
            reasons.append(f"{token.name.upper()} within WITH")
    if any(token.says("into") for token in found) and not kinds:
        kinds |= {Kind.DATA, Kind.DDL}
        reasons.append("SELECT INTO makes a table with rows")
    named = [name for name in relations.read(found) if not is_version_table(name, version_table)]
    read = [name for name in named if not is_catalog(name) or holds_content(name)]
    if any(is_catalog(name) and holds_statistics(found, name) for name in named):
        kinds.add(Kind.MEASURES)
        reasons.append("looks at statistics")
    if read:
        kinds.add(Kind.READS)
        reasons.append(f"reads rows of {', '.join(map(str, read[:5]))}")
    for name, kind in calls(found, no_functions=relations.common_names(found)):
        kinds.add(kind)
        if kind is not Kind.LOOK:
            reasons.append(f"calls {name}()")
    return frozenset(kinds or {Kind.LOOK}), tuple(reasons)


def _is_verb(found: Sequence[Token], place: int) -> bool:
    """These words are no reserved ones: columns may be called so, and rows be locked FOR UPDATE."""
    if place and found[place - 1].says("for", "key", "select", ".", ",", "as"):
        return False
    after = {"insert": ("into",), "merge": ("into",), "delete": ("from",)}.get(found[place].name)
    return after is None or word(found, place + 1) in after


def _writing(found: Sequence[Token], version_table: str) -> Meaning:
    """INSERT, UPDATE, DELETE, MERGE."""
    written = relations.written(found)
    touched = {*written, *relations.read(found)}
    nested = any(token.says("select", "with", "table") for token in found[1:])
    if written and not nested and all(is_version_table(name, version_table) for name in touched):
        return frozenset({Kind.LOOK}), ()
    outside = [name for name, kind in calls(found) if kind is Kind.OUTSIDE]
    reasons = (f"{found[0].name.upper()} writes rows", *(f"calls {name}()" for name in outside))
    return frozenset({Kind.DATA, *([Kind.OUTSIDE] if outside else [])}), reasons


def _truncate(_found: Sequence[Token], _version_table: str) -> Meaning:
    return frozenset({Kind.DATA}), ("TRUNCATE removes all rows",)


def _copy(found: Sequence[Token], version_table: str) -> Meaning:
    incoming = any(token.says("from") for token in found) and not _opens(found, 1)
    kinds: set[Kind] = {Kind.DATA if incoming else Kind.READS}
    reasons = ["COPY writes rows" if incoming else "COPY reads rows"]
    if _opens(found, 1):
        more, why = _inner(_inside(found, 1), version_table)
        kinds |= more
        reasons += why
    places = [place for place, token in enumerate(found) if token.says("from", "to")]
    target = places[-1] + 1 if places else len(found)
    if word(found, target) not in {"stdin", "stdout"}:
        kinds.add(Kind.OUTSIDE)
        reasons.append("COPY with a program or a file of the server")
    return frozenset(kinds), tuple(reasons)


def _inner(found: Sequence[Token], version_table: str) -> Meaning:
    """A statement within another, of the kinds that can be."""
    if not found or word(found, 0) in {"copy", "declare", "explain", "prepare"}:
        return frozenset({Kind.CODE}), ("has no statement that is understood",)
    return _meaning(found, version_table)


def _opens(found: Sequence[Token], place: int) -> bool:
    return place < len(found) and found[place].says("(")


def _inside(found: Sequence[Token], place: int) -> tuple[Token, ...]:
    depth = 0
    for end in range(place, len(found)):
        depth += found[end].says("(") - found[end].says(")")
        if depth == 0:
            return tuple(found[place + 1 : end])
    return ()


def _definition(found: Sequence[Token], version_table: str) -> Meaning:
    kinds, reasons = definitions.definition_kinds(found)
    query = definitions.query_of_table(found)
    if query is None:
        return kinds, reasons
    derived = definitions.kind_of_object(found)[0] == "materialized view"
    more, why = _inner(query, version_table)
    # A materialised view holds nothing that its query does not bring back.
    more -= {Kind.READS, Kind.LOOK} if derived else {Kind.LOOK}
    if derived:
        return kinds | more, (*reasons, *why)
    return kinds | more | {Kind.DATA}, (*reasons, "makes a table with rows", *why)


def _grant(found: Sequence[Token], _version_table: str) -> Meaning:
    return definitions.grant_kinds(found)


def _after(skip: tuple[str, ...]) -> "Reader":
    """What follows these words is a statement of its own."""

    def reader(found: Sequence[Token], version_table: str) -> Meaning:
        place = next((place for place, token in enumerate(found) if token.says(*skip)), None)
        kinds, reasons = _inner(found[place + 1 :] if place is not None else (), version_table)
        return kinds | {Kind.SESSION}, reasons

    return reader


def _explain(found: Sequence[Token], version_table: str) -> Meaning:
    place = 1
    if word(found, 1) in {"analyze", "verbose"}:
        place = 3 if word(found, 2) in {"analyze", "verbose"} else 2
    elif _opens(found, 1):
        place = len(_inside(found, 1)) + 3
    runs = any(token.says("analyze") for token in found[1:place])
    kinds, reasons = _inner(found[place:], version_table)
    if runs or kinds <= {Kind.LOOK, Kind.DDL}:
        return (kinds, reasons) if runs else (frozenset({Kind.LOOK}), ())
    # A plan runs nothing, but it says how many rows there are about; and making it may call functions.
    code = {Kind.CODE} & kinds
    return frozenset({Kind.MEASURES, *code}), ("EXPLAIN tells how many rows there are", *(reasons if code else ()))


def _prepare(found: Sequence[Token], version_table: str) -> Meaning:
    if word(found, 1) == "transaction":
        return frozenset({Kind.OUTSIDE}), ("PREPARE TRANSACTION outlives its session",)
    return _after(("as",))(found, version_table)


def _transaction(found: Sequence[Token], _version_table: str) -> Meaning:
    if word(found, 1) == "prepared":
        return frozenset({Kind.OUTSIDE}), ("ends somebody's prepared transaction",)
    return frozenset({Kind.SESSION}), ()


def _fixed(kind: Kind, *reasons: str) -> "Reader":
    def reader(_found: Sequence[Token], _version_table: str) -> Meaning:
        return frozenset({kind}), reasons

    return reader


Reader: TypeAlias = Callable[[Sequence[Token], str], Meaning]

_READERS: Mapping[str, Reader] = {
    **dict.fromkeys(("select", "values", "table", "with"), _query),
    **dict.fromkeys(_WRITERS, _writing),
    **dict.fromkeys(("create", "alter", "drop", "comment"), _definition),
    **dict.fromkeys(("grant", "revoke"), _grant),
    **dict.fromkeys(("commit", "rollback", "begin", "start", "end", "abort", "savepoint", "release"), _transaction),
    **dict.fromkeys(
        ("set", "reset", "lock", "discard", "listen", "unlisten", "deallocate", "close", "move", "checkpoint"),
        _fixed(Kind.SESSION),
    ),
    **dict.fromkeys(
        ("analyze", "analyse", "vacuum", "reindex", "cluster", "refresh", "security", "import"), _fixed(Kind.DDL)
    ),
    "import": _fixed(Kind.OUTSIDE, "IMPORT FOREIGN SCHEMA asks another server"),
    "reassign": _fixed(Kind.OUTSIDE, "REASSIGN OWNED reaches beyond this database"),
    "notify": _fixed(Kind.OUTSIDE, "NOTIFY wakes listeners"),
    "fetch": _fixed(Kind.READS, "FETCH reads rows"),
    "show": _fixed(Kind.LOOK),
    "do": _fixed(Kind.CODE, "DO block"),
    "call": _fixed(Kind.CODE, "CALL of a procedure"),
    "execute": _fixed(Kind.CODE, "EXECUTE of a prepared statement"),
    "load": _fixed(Kind.CODE, "LOAD of a library"),
    "truncate": _truncate,
    "copy": _copy,
    "prepare": _prepare,
    "declare": _after(("for",)),
    "explain": _explain,
}


def _reads(found: Sequence[Token]) -> tuple[Name, ...]:
    if found[0].says("copy"):
        name, _ = table_at(found, 1)
        own = (name,) if name is not None else ()
        return relations.read(_inside(found, 1)) if _opens(found, 1) else own
    return relations.read(definitions.query_of_table(found) or found)


def _writes(found: Sequence[Token]) -> tuple[Name, ...]:
    if found[0].says("truncate"):
        return _truncated(found)
    if found[0].says("copy"):
        name, _ = table_at(found, 1)
        return (name,) if name is not None else ()
    made: tuple[Name, ...] = ()
    if definitions.query_of_table(found) is not None:
        name, _ = table_at(found, definitions.kind_of_object(found)[1])
        made = (name,) if name is not None else ()
    return tuple(dict.fromkeys((*made, *relations.written(found))))


def _truncated(found: Sequence[Token]) -> tuple[Name, ...]:
    if not found[0].says("truncate"):
        return ()
    ends = ("restart", "continue", "cascade", "restrict")
    end = next((place for place, token in enumerate(found) if token.says(*ends)), len(found))
    start = 2 if word(found, 1) == "table" else 1
    named = (table_at(part, 0)[0] for part in parts(found[start:end]))
    return tuple(dict.fromkeys(name for name in named if name is not None))
