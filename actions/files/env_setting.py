"""Switching one setting of a `.env` file: that line changes and nothing else, byte by byte.

Comments, order, quotes, `export`, blank lines and line ends stay. Where a name is there more than once, the last one
counts for compose and for shells, so that one is switched. A name inside a quoted text of several lines is no setting.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from actions.errors import ConfigurationError

_ASSIGNED = re.compile(
    # Space before a value belongs to the head; space before a comment does not: without it the comment would be a value.
    r"(?P<head>\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=(?:[ \t]*(?=[^ \t#])|(?=#)|))(?P<rest>.*)",
    re.DOTALL,
)
_SINGLE = re.compile(r"'[^']*'", re.DOTALL)
_DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
#: Of a value without quotes: a hash after a space begins a comment.
_PLAIN = re.compile(r"(?P<value>.*?)(?P<tail>\s+#.*|\s*)\Z", re.DOTALL)
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=~^&?*()\[\]{}<>|;!-]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\t": "\\t"}
_BOM = "\ufeff"


@dataclass(frozen=True, kw_only=True, slots=True)
class Switched:
    """The file as it should be now."""

    text: str
    #: How often the name stood there; the last one counts.
    found: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Assignment:
    start: int
    head: str
    rest: str


def switch(text: str, name: str, value: str) -> Switched:
    """ConfigurationError when the value cannot be written in such a file."""
    there = [each for each in _assignments(text) if _named(each) == name]
    if not there:
        return Switched(text=_appended(text, f"{name}={_quoted(value, '')}"), found=0)
    last = there[-1]
    old, tail = _value_and_tail(last.rest)
    begin = last.start + len(last.head)
    written = _quoted(value, old[:1])
    if tail.startswith(
        "#"
    ):  # an empty value before a comment: without a space the comment would be part of the new one
        tail = f" {tail}"
    text = text[:begin] + written + tail + text[begin + len(last.rest) :]
    return Switched(text=text, found=len(there))


def value_of(text: str, name: str) -> str | None:
    """What it is set to, without its quotes; None where it is not there."""
    there = [each for each in _assignments(text) if _named(each) == name]
    if not there:
        return None
    value, _ = _value_and_tail(there[-1].rest)
    if value[:1] == '"':
        return re.sub(
            r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), value[1:-1], flags=re.DOTALL
        )
    return value[1:-1] if value[:1] == "'" else value


def _named(each: _Assignment) -> str:
    found = _ASSIGNED.fullmatch(each.head + each.rest)
    return found["name"] if found else ""


def _assignments(text: str) -> Iterator[_Assignment]:
    """Each with the whole of its value, also over several lines; without the end of its line."""
    position = len(_BOM) if text.startswith(_BOM) else 0
    while position < len(text):
        end = _line_end(text, position)
        line = text[position:end]
        found = _ASSIGNED.fullmatch(line)
        if found is None or line.lstrip().startswith("#"):
            position = _next_line(text, end)
            continue
        rest_at = position + len(found["head"])
        quoted = _DOUBLE.match(text, rest_at) or _SINGLE.match(text, rest_at)
        if quoted is not None and quoted.end() > end:
            end = _line_end(text, quoted.end())
        yield _Assignment(start=position, head=found["head"], rest=text[rest_at:end])
        position = _next_line(text, end)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    return end - 1 if end > position and text[end - 1] == "\r" else end


def _next_line(text: str, end: int) -> int:
    following = text.find("\n", end)
    return len(text) if following < 0 else following + 1


def _value_and_tail(rest: str) -> tuple[str, str]:
    quoted = _DOUBLE.match(rest) or _SINGLE.match(rest)
    if quoted is not None:
        return quoted[0], rest[quoted.end() :]
    found = _PLAIN.fullmatch(rest)
    return (found["value"], found["tail"]) if found else ("", rest)


def _quoted(value: str, quote: str) -> str:
    """As it was quoted before, where that can hold the value."""
    if any(ord(letter) < 32 and letter != "\t" for letter in value) or "\x7f" in value:
        raise ConfigurationError("A setting of a `.env` file cannot hold more than one line")
    single = f"'{value}'" if "'" not in value else None
    double = '"' + re.sub(r'[\\"$\t]', lambda found: _ESCAPES[found[0]], value) + '"'
    if quote == '"':
        return double
    if quote == "'" and single is not None:
        return single
    if _BARE.fullmatch(value):
        return value
    return single or double


def _appended(text: str, line: str) -> str:
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    between = "" if not text.strip(_BOM) or text.endswith("\n") else newline
    return f"{text}{between}{line}{newline}"
