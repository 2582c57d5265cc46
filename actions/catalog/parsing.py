"""YAML text to a tree of placed values.

We build from the parser's events and not with PyYAML's own composer, which recurses (a thousand brackets end the
program) and copies nothing but lets a few lines of aliases expand to billions of values when they are walked.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from actions.catalog.problems import Place, Problem, problem_at
from actions.catalog.scalars import plain
from actions.catalog.syntax import explain
from actions.catalog.tree import WrittenList, WrittenMapping
from actions.catalog.wording import shown_key

DEEPEST: Final = 50
MOST_REPEATED: Final = 100_000
LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_STANDARD = "tag:yaml.org,2002:"
# What YAML 1.1 takes for the end of a line, and editors do not, would shift the lines of every message after it.
_STRAY: Final = re.compile(f"{yaml.reader.Reader.NON_PRINTABLE.pattern}|[\x85\u2028\u2029\ufeff]")
_SKIPPED: Final = object()
_MERGE: Final = object()


class _GiveUpError(Exception):
    """The rest of the file cannot be read sensibly; the problem has been noted."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being filled."""

    value: WrittenList | WrittenMapping
    anchor: str | None
    size: int = 1
    key: str | object | None = None
    key_place: Place | None = None
    merges: list[tuple[object, Place]] = field(default_factory=list)


def parse(text: str, file: str, loader: Any = LOADER) -> tuple[object, tuple[Problem, ...]]:
    """The file's value (nothing for an empty file) and what is wrong with it as YAML."""
    stray = _STRAY.search(text)
    if stray:
        lines = re.split(r"\r\n|\r|\n", text[: stray.start()])
        place = Place(file=file, line=len(lines), column=len(lines[-1]) + 1)
        return None, (problem_at(place, "There is an invisible character here that does not belong into YAML."),)

    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except _GiveUpError:
        pass
    except yaml.MarkedYAMLError as error:
        builder.problems.append(explain(error, text, file))
    except (yaml.YAMLError, ValueError, OverflowError):  # the parser written in Python lets bad escapes through
        builder.problems.append(problem_at(Place(file=file), "This file is not valid YAML."))
    return builder.root, tuple(builder.problems)


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.root: object = None
        self.problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[object, int] | None] = {}
        self._documents = 0
        self._repeated = 0

    def take(self, event: yaml.Event) -> None:
        place = self._place(event)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._give_up(place, "A second document begins here (`---`); one file holds one document.")
            case yaml.ScalarEvent():
                self._scalar(event, place)
            case yaml.AliasEvent():
                self._alias(event, place)
            case yaml.SequenceStartEvent():
                self._open(WrittenList(place), event, place)
            case yaml.MappingStartEvent():
                self._open(WrittenMapping(place), event, place)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()
            case _:
                pass

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        if mark is None:  # the parsers always set it; only the types do not say so
            return Place(file=self.file)
        return Place(file=self.file, line=mark.line + 1, column=mark.column + 1)

    def _give_up(self, place: Place, message: str) -> None:
        self.problems.append(problem_at(place, message))
        raise _GiveUpError

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> None:
        if self._awaits_key():
            self._begin_key(event.value, place, merge=event.value == "<<" and not event.style)
            return
        value: object = event.value
        if event.tag not in (None, "!"):
            value = self._tagged(event, place)
        elif event.tag is None and not event.style:
            value = plain(event.value)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, place, size=1, empty=value is None and not event.value)

    def _tagged(self, event: yaml.ScalarEvent, place: Place) -> object:
        kind = str(event.tag).removeprefix(_STANDARD)
        if kind not in {"str", "int", "float", "bool", "null"} or kind == event.tag:
            self.problems.append(problem_at(place, "Tags (`!name`) have no meaning in a catalog; leave it out."))
        return event.value if kind == "str" else plain(event.value)

    def _alias(self, event: yaml.AliasEvent, place: Place) -> None:
        name = event.anchor or ""
        if name not in self._anchors:
            # The name is not repeated: a password that begins with `*` looks like one.
            self._give_up(
                place, "No anchor (`&name`) of this name comes before it. Text beginning with `*` needs quotes."
            )
        known = self._anchors[name]
        if known is None:
            self._give_up(place, "This alias stands inside its own anchor, so it would never end.")
            return
        value, size = known
        self._repeated += size
        if self._repeated > MOST_REPEATED:
            self._give_up(place, "The aliases in this file expand to far too many values.")
        if self._awaits_key():
            self._begin_key(value, place)
        else:
            self._add(value, place, size=size)

    def _open(self, value: WrittenList | WrittenMapping, event: yaml.CollectionStartEvent, place: Place) -> None:
        if len(self._stack) >= DEEPEST:
            self._give_up(place, f"This is nested more than {DEEPEST} levels deep.")
        if event.tag not in (None, "!", f"{_STANDARD}map", f"{_STANDARD}seq"):
            self.problems.append(problem_at(place, "Tags (`!name`) have no meaning in a catalog; leave it out."))
        if self._awaits_key():
            self._begin_key(value, place)
            # A collection as key was refused: what is in it goes nowhere.
            self._stack.append(_Open(value=value, anchor=None, size=-1))
            return
        if event.anchor:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(value=value, anchor=event.anchor))

    def _close(self) -> None:
        done = self._stack.pop()
        if done.size < 0:
            return
        for merged, place in done.merges:
            self._merge(done.value, merged, place)
        if done.anchor:
            self._anchors[done.anchor] = (done.value, done.size)
        self._add(done.value, done.value.place, size=done.size)

    def _merge(self, into: WrittenList | WrittenMapping, merged: object, place: Place) -> None:
        sources = merged if isinstance(merged, WrittenList) else [merged]
        for source in sources:
            if isinstance(into, WrittenMapping) and isinstance(source, WrittenMapping):
                into.adopt(source)
            else:
                self.problems.append(problem_at(place, "Only mappings can be merged with `<<`."))

    def _awaits_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].value, WrittenMapping) and self._stack[-1].key is None

    def _begin_key(self, key: object, place: Place, *, merge: bool = False) -> None:
        top = self._stack[-1]
        top.key_place = place
        top.key = _SKIPPED
        assert isinstance(top.value, WrittenMapping)  # noqa: S101 - only mappings await keys
        if not isinstance(key, str):
            self.problems.append(problem_at(place, "A key must be simple text."))
        elif key in top.value and not merge:
            first = top.value.key_places[key]
            message = f"{shown_key(key)} is written twice in one mapping; the first is in line {first.line}."
            self.problems.append(problem_at(place, message))
        else:
            top.key = _MERGE if merge else key

    def _add(self, value: object, place: Place, *, size: int, empty: bool = False) -> None:
        if not self._stack:
            self.root = value
            return
        top = self._stack[-1]
        if top.size >= 0:
            top.size += size
        if isinstance(top.value, WrittenList):
            top.value.add(value, place)
            return
        key, top.key = top.key, None
        if key is _MERGE:
            top.merges.append((value, place))
        elif isinstance(key, str) and top.key_place is not None:
            top.value.add(key, value, top.key_place, place)
            if empty:
                top.value.empty.add(key)
