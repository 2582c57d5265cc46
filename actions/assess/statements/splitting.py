"""Where one statement ends and the next begins, by the rules that psql and the server keep."""

from collections.abc import Iterator, Sequence

from actions.assess.statements.tokens import Token

_ROUTINES = ("function", "procedure")


def split(tokens: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    """The tokens of each statement, without its semicolon; empty statements are left out."""
    statement: list[Token] = []
    parentheses = blocks = 0
    for token in tokens:
        if token.says(";") and parentheses <= 0 and blocks == 0:
            if statement:
                yield tuple(statement)
            statement, parentheses = [], 0
            continue
        parentheses += token.says("(") - token.says(")")
        # CREATE FUNCTION ... BEGIN ATOMIC ...; ...; END: its semicolons end nothing.
        if token.says("atomic") and statement and statement[-1].says("begin") and _makes_a_routine(statement):
            blocks = 1
        elif blocks:
            blocks += token.says("case", "begin") - token.says("end")
        statement.append(token)
    if statement:
        yield tuple(statement)


def _makes_a_routine(statement: Sequence[Token]) -> bool:
    return statement[0].says("create") and any(token.says(*_ROUTINES) for token in statement[1:4])


def balanced(statement: Sequence[Token]) -> bool:
    """Do its parentheses match?"""
    depth = 0
    for token in statement:
        depth += token.says("(", "[") - token.says(")", "]")
        if depth < 0:
            return False
    return depth == 0


def parts(statement: Sequence[Token], *, at: str = ",") -> Iterator[tuple[Token, ...]]:
    """Split at a sign outside of parentheses."""
    part: list[Token] = []
    depth = 0
    for token in statement:
        if depth == 0 and token.says(at):
            yield tuple(part)
            part = []
            continue
        depth += token.says("(", "[") - token.says(")", "]")
        part.append(token)
    yield tuple(part)
