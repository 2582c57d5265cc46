"""PostgreSQL's own rules for where a word, a string, a comment ends. Small and exact, and never raises.

It assumes `standard_conforming_strings`, the default since 2010; whoever sets it otherwise is found by its name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

#: Dollar quotes within dollar quotes that we follow.
_DEEPEST = 10

#: What a rehearsal writes in place of every string literal.
MASKED = "'?'"


class TokenKind(StrEnum):
    #: Unquoted: a keyword or a name.
    WORD = "word"
    #: "In double quotes": always a name.
    QUOTED = "quoted"
    STRING = "string"
    #: $$ in dollar quotes $$.
    DOLLAR = "dollar"
    NUMBER = "number"
    #: `$1`, `%s`, `%(name)s`.
    PARAMETER = "parameter"
    #: One character of punctuation or of an operator, or `::`.
    SIGN = "sign"
    #: Never closed, or not what it seems: nobody can say what follows.
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    kind: TokenKind
    #: As written.
    text: str
    #: For a word in lower case, for a quoted name without its quotes, for a sign itself; else empty.
    name: str
    start: int
    end: int

    @property
    def is_name(self) -> bool:
        return self.kind is TokenKind.WORD or self.kind is TokenKind.QUOTED

    def says(self, *words: str) -> bool:
        """Is it one of these keywords or signs? A quoted name never is."""
        return self.name in words and (self.kind is TokenKind.WORD or self.kind is TokenKind.SIGN)


_FIRST = r"A-Za-z_\u0080-\U0010ffff"
_SPACE = re.compile(r"[ \t\n\r\f\v]+|--[^\n\r]*")
_TOKEN = re.compile(
    rf"""
      (?P<string>[eE]'(?:[^'\\]|\\.|'')*' | (?:[uU]&|[bBxXnN])?'(?:[^']|'')*')
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")+")
    | (?P<broken>(?:[uU]&|[eEbBxXnN])?'|(?:[uU]&)?")
    | (?P<word>[{_FIRST}][{_FIRST}0-9$]*)
    | (?P<parameter>\$[0-9]+|%\([^()'"]*\)s|%s(?![{_FIRST}0-9$]))
    | (?P<number>(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?(?:[xXoObB][0-9a-fA-F_]+)?)
    | (?P<sign>::|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
_DOLLAR = re.compile(rf"\$(?:[{_FIRST}][{_FIRST}0-9]*)?\$")
_UNICODE = re.compile(r"\\(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4})|(\\))")
# Names fold by ASCII alone; `str.lower` knows more letters than the server.
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def tokens(text: str) -> tuple[Token, ...]:
    """The text's tokens without comments and white space. After a BROKEN one that was never closed nothing follows."""
    return tuple(_tokens(text, 0))


def _tokens(text: str, depth: int) -> Iterator[Token]:
    place = 0
    while place < len(text):
        space = _SPACE.match(text, place)
        if space is not None:
            yield from _hidden(text, space.start(), space.end())
            place = space.end()
            continue
        if text.startswith("/*", place):
            end = _comment_end(text, place)
            if end is None:
                yield _broken(text, place, len(text))
                return
            yield from _hidden(text, place, end)
            place = end
            continue
        token = _token(text, place, depth)
        yield token
        if token.kind is TokenKind.BROKEN and token.end == len(text):
            return
        place = token.end


def _token(text: str, place: int, depth: int) -> Token:
    dollar = _DOLLAR.match(text, place)
    if dollar is not None:
        end = text.find(dollar[0], dollar.end())
        if end < 0:
            return _broken(text, place, len(text))
        return _dollar_quoted(text, (place, end + len(dollar[0])), dollar[0], depth)
    found = _TOKEN.match(text, place)
    if found is None or found.lastgroup == "broken":
        return _broken(text, place, len(text))
    kind, written = TokenKind(found.lastgroup or ""), found[0]
    if kind is TokenKind.STRING and _glued(text, found.end(), written):
        return _broken(text, place, found.end())
    if kind is TokenKind.QUOTED and MASKED in written:
        return _broken(text, place, found.end())
    return Token(kind=kind, text=written, name=_name(kind, written), start=place, end=found.end())


def _name(kind: TokenKind, written: str) -> str:
    match kind:
        case TokenKind.WORD:
            return written.translate(_LOWER)
        case TokenKind.SIGN:
            return written
        case TokenKind.QUOTED if written[0] in "uU":
            return _UNICODE.sub(_letter, written[3:-1].replace('""', '"'))
        case TokenKind.QUOTED:
            return written[1:-1].replace('""', '"')
        case _:
            return ""


def _letter(found: re.Match[str]) -> str:
    if found[3]:
        return "\\"
    code = int(found[1] or found[2], 16)
    return chr(code) if code <= 0x10FFFF else found[0]


def _comment_end(text: str, place: int) -> int | None:
    """Comments nest."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, place):
        # `/*/` opens and does not close: the star belongs to the opening.
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return None


def _broken(text: str, start: int, end: int) -> Token:
    return Token(kind=TokenKind.BROKEN, text=text[start:end], name="", start=start, end=end)


# A rehearsal's masking finds literals by their quotes alone. An apostrophe that is none (in a comment, a name, after a
# backslash) makes it swallow real statements up to the next quote, and what it leaves there is a masked literal in a
# place where no literal can be. Such text is BROKEN: it may hide anything.


def _hidden(text: str, start: int, end: int) -> Iterator[Token]:
    if MASKED in text[start:end]:
        yield _broken(text, start, end)


def _glued(text: str, end: int, written: str) -> bool:
    return written[-3:] == MASKED and re.match(rf"[{_FIRST}0-9]", text[end : end + 1]) is not None


def _dollar_quoted(text: str, extent: tuple[int, int], tag: str, depth: int) -> Token:
    start, end = extent
    inside = text[start + len(tag) : end - len(tag)]
    if MASKED in inside and (
        depth > _DEEPEST or any(token.kind is TokenKind.BROKEN for token in _tokens(inside, depth + 1))
    ):
        return _broken(text, start, end)
    return Token(kind=TokenKind.DOLLAR, text=text[start:end], name="", start=start, end=end)
