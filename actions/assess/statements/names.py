"""Names of tables, read from tokens."""

import re
from collections.abc import Sequence

from actions.assess.statements.tokens import Token, TokenKind
from actions.assess.statements.values import Name

#: Between the verb and the name of its table.
_AROUND = ("if", "exists", "not", "only", "table", "concurrently", "temp", "temporary", "unlogged", "local", "global")


def past(tokens: Sequence[Token], place: int, *words: str) -> int:
    """The place after all of these words that stand here."""
    while place < len(tokens) and tokens[place].says(*words):
        place += 1
    return place


def table_at(tokens: Sequence[Token], place: int) -> tuple[Name | None, int]:
    """The table named here, perhaps after ONLY or IF EXISTS, and the place after it."""
    place = past(tokens, place, *_AROUND)
    return name_at(tokens, past(tokens, place, "("))


def name_at(tokens: Sequence[Token], place: int) -> tuple[Name | None, int]:
    """The dotted name that stands here, and the place after it."""
    dotted: list[str] = []
    while place < len(tokens) and tokens[place].is_name:
        dotted.append(tokens[place].name)
        place += 1
        if place >= len(tokens) or not tokens[place].says("."):
            break
        place += 1
    if not dotted:
        return None, place
    return Name(schema=dotted[-2] if len(dotted) > 1 else None, name=dotted[-1]), place


def is_catalog(name: Name) -> bool:
    """One of the server's own tables. Nothing forbids an application a table `pg_...` of its own; nobody has one."""
    if name.schema is not None:
        return name.schema in {"pg_catalog", "information_schema"}
    return name.name.startswith("pg_")


#: What the server itself writes down about the rows of tables. `pg_stat_activity` and its kind are about sessions.
_STATISTICS = re.compile(r"pg_stat(?:io)?_(?:xact_)?(?:all|user|sys)_\w+|pg_stats\w*|pg_statistic\w*|pg_stat_database")
_CONTENT = re.compile(r"pg_sequences|pg_largeobject\w*")
_COLUMNS_OF_STATISTICS = ("reltuples", "relpages", "relallvisible", "relallfrozen")


def holds_content(name: Name) -> bool:
    """A catalog whose rows are the application's."""
    return _CONTENT.fullmatch(name.name) is not None


def holds_statistics(statement: Sequence[Token], name: Name) -> bool:
    """A catalog that tells how many rows there are about: in a copy, empty or not, it says something else."""
    if _STATISTICS.fullmatch(name.name):
        return True
    return name.name == "pg_class" and (
        any(token.name in _COLUMNS_OF_STATISTICS for token in statement) or _takes_all_columns(statement)
    )


def _takes_all_columns(statement: Sequence[Token]) -> bool:
    return any(
        token.says("*") and place > 0 and statement[place - 1].says("select", ",", ".", "distinct", "all")
        for place, token in enumerate(statement)
    )


def is_version_table(name: Name, version_table: str) -> bool:
    """`version_table` may be plain, then in any schema, or `schema.table`."""
    return str(name) == version_table or name.name == version_table


def text_of(tokens: Sequence[Token]) -> str:
    """Tokens as text again, with one space where something stood between them."""
    text = ""
    for place, token in enumerate(tokens):
        gap = place > 0 and tokens[place - 1].end < token.start
        text += f" {token.text}" if gap else token.text
    return text


def word(tokens: Sequence[Token], place: int) -> str:
    """The keyword at this place; empty if there is none."""
    return tokens[place].name if place < len(tokens) and tokens[place].kind is TokenKind.WORD else ""
