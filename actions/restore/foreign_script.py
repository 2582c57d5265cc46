"""A SQL script of pg_dump, taken apart while it streams by: statements, rows of COPY, and lines meant for psql.

It is cut exactly where psql would cut it, and nothing in it is ever given to psql: a line such as `\\! rm -r /` in a
dump is a command that psql runs on the machine of whoever restores it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from actions.errors import BackoutError

#: The longest thing that must not be cut in two: `$tag$`, a doubled quote, a keyword.
LOOK_AHEAD = 160
NEWLINE = 0x0A
#: PostgreSQL itself takes no longer one.
LONGEST_STATEMENT = 1 << 30


@dataclass(frozen=True, slots=True)
class Statement:
    text: bytes


@dataclass(frozen=True, slots=True)
class CopyBegins:
    """`COPY .. FROM stdin`; its rows follow."""

    text: bytes


@dataclass(frozen=True, slots=True)
class CopyRows:
    """Whole rows or parts of them, as they come."""

    text: bytes


@dataclass(frozen=True, slots=True)
class CopyEnds:
    """After the line `\\.`."""


@dataclass(frozen=True, slots=True)
class ForPsql:
    """A backslash outside of quotes: psql would take it and the rest of the line as an order."""

    text: bytes


Piece = Statement | CopyBegins | CopyRows | CopyEnds | ForPsql


class CutOffError(BackoutError):
    """The script ends in the middle of something."""


_WORD = rb"[\w$\x80-\xff]"
_PLAIN = re.compile(rb"--|/\*|['\"$;\\()]")
_ROUTINE = re.compile(rb"--|/\*|['\"$;\\()]|(?<!" + _WORD + rb")(?:begin|case|end)(?!" + _WORD + rb")", re.IGNORECASE)
_MAKES_ROUTINE = re.compile(rb"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b", re.IGNORECASE)
_TAG = re.compile(rb"\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$")
_ESCAPED_END = re.compile(rb"\\.|''|'", re.DOTALL)
_COMMENT_EDGE = re.compile(rb"/\*|\*/")
_LEADING = re.compile(rb"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_FROM_STDIN = re.compile(rb"COPY\b.*\bFROM\s+STDIN\b[^;]*;\Z", re.IGNORECASE | re.DOTALL)
_END_OF_ROWS = re.compile(rb"\\\.(?:\r?\n|\Z)")
_REST_OF_LINE = re.compile(rb"[ \t\r]*\n")


def without_comments_before(statement: bytes) -> bytes:
    """From its first word on."""
    match = _LEADING.match(statement)
    return statement[match.end() :] if match else statement


class _Cutter:
    """Holds what has not been cut off yet."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        # Its front can be taken off without moving the rest.
        self._held = bytearray()
        self._at_end = False

    def pieces(self) -> Iterator[Piece]:
        while (found := self._next_statement()) is not None:
            yield found
            if isinstance(found, CopyBegins):
                yield from self._rows()

    def _next_statement(self) -> Piece | None:
        """None at the end of the script."""
        position = self._first_word()
        pattern = _ROUTINE if _MAKES_ROUTINE.match(self._held, position) else _PLAIN
        depth = begun = 0
        while True:
            match = pattern.search(self._held, position)
            if match is None or (match.end() + LOOK_AHEAD > len(self._held) and not self._at_end):
                # What was searched without a find need not be searched again, but for its edge.
                edge = max(position, len(self._held) - LOOK_AHEAD) if match is None else position
                if self._more():
                    position = edge
                    continue
                if match is None:
                    return self._leftover()
            token, position = bytes(match[0]).lower(), match.end()
            if token == b";" and depth == begun == 0:
                return self._cut(position)
            if token == b"\\":
                return self._order(match.start())
            if token in (b"begin", b"case", b"end"):
                begun = max(0, begun - 1) if token == b"end" else begun + (token == b"begin" or begun > 0)
            elif token in (b"(", b")"):
                depth = max(0, depth + (1 if token == b"(" else -1))
            elif token != b";":
                position = self._past(bytes(match[0]), match.start())

    def _first_word(self) -> int:
        """Where the next statement begins, with enough of it at hand to tell its kind."""
        while True:
            match = _LEADING.match(self._held)
            position = match.end() if match else 0
            if len(self._held) - position >= LOOK_AHEAD or not self._more():
                return position

    def _past(self, token: bytes, start: int) -> int:
        """The position after the comment or quoted thing that begins here."""
        position = start + len(token)
        if token == b"--":
            return self._find(b"\n", position, optional=True)
        if token == b"/*":
            return self._past_comment(position)
        if token == b'"':
            return self._find(b'"', position)
        if token == b"'":
            return self._past_escaped(position) if self._has_escapes(start) else self._find(b"'", position)
        tag = _TAG.match(self._held, start)
        if tag is None or (start and re.fullmatch(_WORD, self._held[start - 1 : start])):
            return position  # a parameter, or part of a name
        return self._find(bytes(tag[0]), tag.end())

    def _has_escapes(self, quote: int) -> bool:
        """`E'...'`, where the E is not the end of a name."""
        before = bytes(self._held[max(0, quote - 2) : quote])
        return before[-1:] in (b"E", b"e") and not re.fullmatch(_WORD, before[-2:-1] or b" ")

    def _find(self, wanted: bytes, position: int, *, optional: bool = False) -> int:
        while True:
            found = self._held.find(wanted, position)
            if found >= 0:
                return found + len(wanted)
            position = max(position, len(self._held) - len(wanted) + 1)
            if not self._more():
                if optional:
                    return len(self._held)
                raise CutOffError("The script ends within a quoted text")

    def _past_escaped(self, position: int) -> int:
        while True:
            match = _ESCAPED_END.search(self._held, position)
            # The last byte may be the first half of a pair.
            if match is not None and (match.end() < len(self._held) or self._at_end):
                position = match.end()
                if match[0] == b"'":
                    return position
            elif not self._more():
                raise CutOffError("The script ends within a quoted text")

    def _past_comment(self, position: int) -> int:
        depth = 1
        while depth:
            match = _COMMENT_EDGE.search(self._held, position)
            if match is None:
                position = max(position, len(self._held) - 1)
                if not self._more():
                    raise CutOffError("The script ends within a comment")
            else:
                depth += 1 if match[0] == b"/*" else -1
                position = match.end()
        return position

    def _cut(self, end: int) -> Piece:
        text = self._take(end)
        if _FROM_STDIN.match(without_comments_before(text)):
            return CopyBegins(text)
        return Statement(text)

    def _order(self, start: int) -> Piece:
        """What stood before it on the way is dropped with it: nobody may run half a statement."""
        end = self._find(b"\n", start, optional=True)
        before, text = self._take(start), self._take(end - start)
        if without_comments_before(before):
            return ForPsql(b"\\ in the middle of a statement")
        return ForPsql(text.strip())

    def _leftover(self) -> Piece | None:
        if without_comments_before(self._take(len(self._held))):
            raise CutOffError("The script ends in the middle of a statement")
        return None

    def _rows(self) -> Iterator[Piece]:
        while b"\n" not in self._held and self._more():
            pass
        line = _REST_OF_LINE.match(self._held)
        if line is None:
            raise CutOffError("The script ends where rows should begin, or has something behind COPY")
        self._take(line.end())
        while True:
            # What is held begins with a whole line, always.
            start, end = self._end_of_rows()
            if end:
                if start:
                    yield CopyRows(self._take(start))
                self._take(end - start)
                yield CopyEnds()
                return
            if edge := self._held.rfind(b"\n") + 1:
                yield CopyRows(self._take(edge))
            if not self._more():
                raise CutOffError("The script ends within the rows of a table")

    def _end_of_rows(self) -> tuple[int, int]:
        """From where to where the line `\\.` goes; zeros when it is not there, or may not be whole."""
        start = self._held.find(b"\\.")
        while start >= 0:
            if start == 0 or self._held[start - 1] == NEWLINE:
                line = _END_OF_ROWS.match(self._held, start)
                if line is not None and (self._at_end or line[0].endswith(b"\n")):
                    return start, line.end()
            start = self._held.find(b"\\.", start + 2)
        return 0, 0

    def _take(self, length: int) -> bytes:
        text = bytes(memoryview(self._held)[:length])
        del self._held[:length]
        return text

    def _more(self) -> bool:
        chunk = None if self._at_end else next(self._chunks, None)
        if chunk is None:
            self._at_end = True
            return False
        self._held += chunk
        if len(self._held) > LONGEST_STATEMENT:
            raise BackoutError("The script has a statement of more than a gigabyte")
        return True


def cut(chunks: Iterable[bytes]) -> Iterator[Piece]:
    """The pieces of a script in their order; CutOffError when its end is missing."""
    return _Cutter(chunks).pieces()
