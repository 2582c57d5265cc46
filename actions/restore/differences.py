"""What can be different between a backup and what came back of it, in words and numbers; never a row."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from actions.backup.manifest import Extension, LargeObjects, SequenceValue, TableContent
from actions.backup.schema_text import statement_title

#: More of one kind are counted, not listed.
MOST_NAMED = 20


class Part(StrEnum):
    """Of a database."""

    ROWS = "rows"
    SCHEMA = "schema"
    EXTENSION = "extension"
    SEQUENCE = "sequence"
    LARGE_OBJECTS = "large objects"
    MATERIALISED_VIEW = "materialised view"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    part: Part
    #: `public.people`, `CREATE INDEX people_name`, `vector`.
    name: str
    #: What is different, after the name: `2 rows are missing`.
    what: str
    #: Names of the columns in which rows or a table differ, where that is known.
    columns: tuple[str, ...] = ()
    #: Numbers, where there are any: what the backup says, and what came back.
    expected: int | None = None
    found: int | None = None

    def __str__(self) -> str:
        of = f" (in {', '.join(f'`{name}`' for name in self.columns)})" if self.columns else ""
        return f"{self.part} {self.name}: {self.what}{of}"


def schema_differences(expected: Sequence[str], found: Sequence[str]) -> Iterator[Difference]:
    """Two schemas, as statements. In which order they stand does not matter."""
    missing, added = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    by_title: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, statements in enumerate((missing, added)):
        for statement in statements.elements():
            by_title[statement_title(statement)][side].append(statement)
    for number, (title, (lost, new)) in enumerate(sorted(by_title.items())):
        if number == MOST_NAMED:
            more = len(by_title) - MOST_NAMED
            yield Difference(part=Part.SCHEMA, name=f"{more} more statements", what="they differ too", expected=more)
            return
        if lost and new:
            columns = _columns_apart(lost[0], new[0]) if title.startswith("CREATE TABLE") else ()
            yield Difference(part=Part.SCHEMA, name=title, what="it is another one", columns=columns)
        else:
            what = "it is missing in what came back" if lost else "it is only in what came back"
            yield Difference(part=Part.SCHEMA, name=title, what=what)


def _columns_apart(one: str, other: str) -> tuple[str, ...]:
    """pg_dump writes each column on a line of its own."""
    lines = [{line.strip().rstrip(",") for line in text.splitlines()[1:]} for text in (one, other)]
    names = {line.split()[0].strip('"') for line in lines[0] ^ lines[1] if line and line[0] not in "()"}
    return tuple(sorted(names - {"CONSTRAINT"}))


def extension_differences(expected: Sequence[Extension], found: Sequence[Extension]) -> Iterator[Difference]:
    wanted, there = ({each.name: each for each in side} for side in (expected, found))
    for name in sorted(wanted | there):
        one, other = wanted.get(name), there.get(name)
        if one is None or other is None:
            what = "it is missing in what came back" if other is None else "it is only in what came back"
        elif one.version != other.version:
            what = f"version {one.version} was backed up, {other.version} came back"
        elif one.schema_name != other.schema_name:
            what = f"it was in schema {one.schema_name} and came back in {other.schema_name}"
        else:
            continue
        yield Difference(part=Part.EXTENSION, name=name, what=what)


def sequence_differences(expected: Sequence[SequenceValue], found: Sequence[SequenceValue]) -> Iterator[Difference]:
    there = {(each.schema_name, each.name): each for each in found}
    for one in expected:
        title = f"{one.schema_name}.{one.name}"
        other = there.get((one.schema_name, one.name))
        if other is None:
            yield Difference(part=Part.SEQUENCE, name=title, what="it is missing in what came back")
        elif (one.last_value, one.is_called) != (other.last_value, other.is_called):
            what = (
                f"it stood at {one.last_value} and came back at {other.last_value}"
                if one.last_value != other.last_value
                else f"{one.last_value} would{' not' if other.is_called else ''} be given out again"
            )
            yield Difference(part=Part.SEQUENCE, name=title, what=what, expected=one.last_value, found=other.last_value)


def large_object_differences(expected: LargeObjects, found: LargeObjects) -> Iterator[Difference]:
    if expected.count != found.count:
        what = f"{expected.count:,} were backed up, {found.count:,} came back"
    elif expected.hash != found.hash:
        what = "their content or their numbers are others than those backed up"
    else:
        return
    yield Difference(
        part=Part.LARGE_OBJECTS, name="of the database", what=what, expected=expected.count, found=found.count
    )


def view_differences(expected: Mapping[str, int | None], found: Mapping[str, int | None]) -> Iterator[Difference]:
    for name in sorted({*expected, *found}):
        if name not in found or name not in expected:
            what = "it is missing in what came back" if name not in found else "it is only in what came back"
        elif expected[name] != found[name]:
            what = f"{_populated(expected[name])} in the backup, {_populated(found[name])} in what came back"
        else:
            continue
        yield Difference(
            part=Part.MATERIALISED_VIEW, name=name, what=what, expected=expected.get(name), found=found.get(name)
        )


def configuration_differences(expected: Sequence[TableContent], found: Sequence[TableContent]) -> Iterator[Difference]:
    """Rows in tables of extensions. Another version of one may have more of them; those are its own business."""
    there = {(each.schema_name, each.name): each for each in found}
    for one in expected:
        other = there.get((one.schema_name, one.name))
        if other is None:
            what = "the extension has no such table in what came back"
        elif other.rows != one.rows:
            what = f"{one.rows:,} rows of an extension's table were backed up, {other.rows:,} came back"
        elif other.hash != one.hash:
            what = f"{other.rows:,} rows of an extension's table came back, as many as were backed up, but with other values"
        else:
            continue
        yield Difference(
            part=Part.ROWS, name=f"{one.schema_name}.{one.name}", what=what, expected=one.rows,
            found=other.rows if other else None,
        )  # fmt: skip


def _populated(rows: int | None) -> str:
    return "not populated" if rows is None else f"{rows:,} rows"
