"""The schema as statements: what `pg_dump --schema-only` (or `pg_restore --schema-only`) writes, without its frame.

Two databases have the same schema when these statements are the same, in whatever order: a dump sorts by name and by
dependency, and the second can fall out differently. Left out are comments, psql's own commands (`\\restrict` has a new
key every time) and settings of the session, thereby also in which tablespace something lies.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator

_TOKEN = re.compile(
    r"""
    (?P<remark>--[^\n]*)
  | (?P<command>\\[^\n]*)
  | (?P<block>/\*)
  | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
  | (?P<quoted>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*")
  | (?P<word>[^\W\d][\w$]*)
  | (?P<mark>[;()])
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_SETTING = re.compile(r"SET \w+ = |SELECT pg_catalog\.set_config\(")
_UNSEEN = ("remark", "command", "block")
_ROUTINES = ({"function"}, {"procedure"})
_END_OF_NAME = re.compile(r" AS |\(|'|\$|;| IS ")


def schema_statements(text: str) -> tuple[str, ...]:
    """Every statement of the script, without its semicolon, in the script's order."""
    return tuple(statement for statement in _split(text) if not _SETTING.match(statement))


def schema_hash(statements: Iterable[str]) -> str:
    """sha256 of them all, as hexadecimal digits; their order does not matter."""
    whole = hashlib.sha256()
    for statement in sorted(statements):
        whole.update(hashlib.sha256(statement.encode(errors="surrogateescape")).digest())
    return whole.hexdigest()


def statement_title(statement: str) -> str:
    """What it is about, in a few words: `CREATE TABLE public.people`. Nothing of what is quoted in it."""
    line = " ".join(statement.split())
    end = _END_OF_NAME.search(line)
    return (line[: end.start()] if end else line).strip()[:120]


def _split(text: str) -> Iterator[str]:
    statement = _Statement()
    position = 0
    while token := _TOKEN.search(text, position):
        if text[position : token.start()].strip():
            statement.begin(position)
        kind, position = str(token.lastgroup), _end_of(token, text)
        if kind in _UNSEEN:
            continue
        if token[0] == ";" and statement.is_over:
            if statement.begun and (whole := text[statement.start : token.start()].strip()):
                yield whole
            statement = _Statement()
            continue
        statement.begin(token.start())
        statement.note(kind, token[0])
    statement.begin(position)
    # Complete scripts leave nothing here; what an incomplete one does is a part of its difference.
    if whole := text[statement.start :].strip():
        yield whole


def _end_of(token: re.Match[str], text: str) -> int:
    """Of all that it opens."""
    if token.lastgroup == "dollar":
        end = text.find(token[0], token.end())
        return len(text) if end < 0 else end + len(token[0])
    return _after_block(text, token.end()) if token.lastgroup == "block" else token.end()


def _after_block(text: str, position: int) -> int:
    """The end of a comment in whose inside others may be."""
    depth = 1
    while depth and (edge := _BLOCK_EDGE.search(text, position)):
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return len(text) if depth else position


class _Statement:
    """Where one begins, and whether a semicolon is its end: not within parentheses, and not in a routine's body in
    standard SQL (`BEGIN ATOMIC .. END`). psql decides by the same signs.
    """

    def __init__(self) -> None:
        self.start = 0
        self.begun = False
        self._depth = 0
        self._bodies = 0
        self._words: list[str] = []

    def begin(self, start: int) -> None:
        """Here, unless it has begun before."""
        if not self.begun:
            self.start, self.begun = start, True

    @property
    def is_over(self) -> bool:
        return self._depth <= 0 and self._bodies == 0

    def note(self, kind: str, text: str) -> None:
        if text in ("(", ")"):
            self._depth += 1 if text == "(" else -1
        elif kind == "word":
            self._note_word(text.lower())

    def _note_word(self, word: str) -> None:
        if len(self._words) < 4:
            self._words.append(word)
        if self._depth or not self._makes_a_routine():
            return
        if word == "begin" or (word == "case" and self._bodies):
            self._bodies += 1
        elif word == "end" and self._bodies:
            self._bodies -= 1

    def _makes_a_routine(self) -> bool:
        words = self._words
        if words[:1] != ["create"]:
            return False
        kind = words[3:4] if words[1:3] == ["or", "replace"] else words[1:2]
        return set(kind) in _ROUTINES
