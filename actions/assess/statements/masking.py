"""A statement's text without its values, for people to look at."""

from actions.assess.statements.tokens import Token, TokenKind, tokens

_VALUES = frozenset({TokenKind.STRING, TokenKind.DOLLAR, TokenKind.NUMBER, TokenKind.BROKEN})


def masked(text: str) -> str:
    """Names and keywords only: each string and number is a question mark, comments are left out, space is one space.

    A text that was cut off in the middle of a string ends there.
    """
    found = tokens(text)
    pieces: list[str] = []
    for place, token in enumerate(found):
        if place and _apart(found[place - 1], token):
            pieces.append(" ")
        pieces.append("?" if token.kind in _VALUES else token.text)
    return "".join(pieces)


def _apart(before: Token, token: Token) -> bool:
    return before.end < token.start
