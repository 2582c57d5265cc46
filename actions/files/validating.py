"""Whether the files of an export are what the database had: read back from the disk, by another reader than our writer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from actions.catalog.exports import Export
from actions.errors import BackoutError
from actions.files.exporting import record_title
from actions.files.folder import Folder, mark_of, opened
from actions.files.listing import Listing, listing
from actions.files.names import NamePattern, UnusableNameError
from actions.files.order import Exported, ExportOrder, Progress, StoppedError, Validated
from actions.files.record import Record

#: So many faults are told; the others are counted.
MOST_TOLD = 20
_LOOK_UP_EVERY = 50
# Ten times faster, where PyYAML was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _OddFileError(Exception):
    """A file that is not what an export makes; the sentence goes on after its name."""


@dataclass(slots=True)
class _Seen:
    """What has been found so far."""

    files: int = 0
    parsed: int = 0
    ours: int = 0
    related: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    faults_count: int = 0

    def fault(self, sentence: str) -> None:
        self.faults_count += 1
        if len(self.faults) < MOST_TOLD:
            self.faults.append(sentence)


def validate(order: ExportOrder, exported: Exported) -> Validated:
    """Reads every file again and holds their numbers against the database's of the snapshot that was exported."""
    template = order.template
    seen = _Seen(related=dict.fromkeys(template.related, 0))
    with (
        listing() as names,
        opened(order.home, template.folder, where=order.where, temporary="", make=False) as folder,
    ):
        record = Record(folder, record_title(template))
        recorded = 0
        for name, mark in record.last():
            names.remember(name, mark)
            recorded += 1
        for name in folder.walk(NamePattern(template.file)):
            _look_up(order, seen, exported)
            _look_at(name, folder, names, template, exported, seen)
        if seen.ours < recorded:
            for name, _ in record.last():
                if folder.mark(name) is None:
                    seen.fault(f"`{name}` is missing")
    _compare(exported, seen)
    order.watch(Progress(fraction=1.0, words=f"{seen.files} files, {seen.faults_count} faults"))
    return Validated(
        files=seen.files, rows=exported.counted, parsed=seen.parsed, related=seen.related,
        counted_related=exported.counted_related, faults=tuple(seen.faults), faults_count=seen.faults_count,
    )  # fmt: skip


def _look_at(name: str, folder: Folder, names: Listing, template: Export, exported: Exported, seen: _Seen) -> None:
    seen.files += 1
    content = folder.read(name)
    if content is None:
        seen.fault(f"`{name}` is not a plain file")
        return
    if names.wrote(name, mark_of(content)):
        seen.ours += 1
    elif names.knows(name):
        seen.fault(f"`{name}` was changed since the export")
    elif name in exported.strangers:
        seen.fault(f"`{name}` stands for no row, and no export made it")
    try:
        tree = _tree_of(content, template)
        _compare_name(name, tree, template, exported)
        for key, related in template.related.items():
            seen.related[key] += _number(tree, key, is_single=related.single)
        seen.parsed += 1
    except _OddFileError as error:
        seen.fault(f"`{name}` {error}")


def _tree_of(content: bytes, template: Export) -> Mapping[str, Any]:
    """What stands under the root."""
    try:
        text = content.decode()
        whole = json.loads(text) if template.format == "json" else yaml.load(text, Loader=_LOADER)  # noqa: S506  a safe one
    except (ValueError, RecursionError, yaml.YAMLError):
        # Not "from": parsers quote what they read.
        raise _OddFileError(f"is not {template.format.upper()}") from None
    if template.root is not None:
        whole = whole.get(template.root) if isinstance(whole, dict) else None
    if not isinstance(whole, dict):
        raise _OddFileError(f"has no mapping under `{template.root}`" if template.root else "is not a mapping")
    for key in template.fields_:
        if key not in whole:
            raise _OddFileError(f"has no `{key}`")
    return whole


def _compare_name(name: str, tree: Mapping[str, Any], template: Export, exported: Exported) -> None:
    """The columns in the file's name are those in the file, where they can be told from it."""
    if not exported.named_by:
        return
    pattern = NamePattern(template.file)
    values = {column: _text(tree.get(key)) for column, key in exported.named_by.items()}
    try:
        is_same = pattern.name(values) == name
    except UnusableNameError:
        is_same = False
    if not is_same:
        keys = ", ".join(f"`{key}`" for key in exported.named_by.values())
        raise _OddFileError(f"is not the name that follows from {keys} in it")


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, bool) else str(value)


def _number(tree: Mapping[str, Any], key: str, *, is_single: bool) -> int:
    if key not in tree:
        raise _OddFileError(f"has no `{key}`")
    value = tree[key]
    if is_single and (value is None or isinstance(value, dict)):
        return 0 if value is None else 1
    if not is_single and isinstance(value, list):
        return len(value)
    raise _OddFileError(f"has something else than related rows under `{key}`")


def _compare(exported: Exported, seen: _Seen) -> None:
    if seen.files != exported.counted:
        seen.fault(f"There are {seen.files} files, and the database had {exported.counted} rows")
    if exported.files != exported.counted:
        seen.fault(f"{exported.files} rows were exported, and the database had {exported.counted}")
    for key, number in exported.counted_related.items():
        if seen.related[key] != number:
            seen.fault(f"The files have {seen.related[key]} under `{key}`, and the database had {number}")


def _look_up(order: ExportOrder, seen: _Seen, exported: Exported) -> None:
    if seen.files % _LOOK_UP_EVERY:
        return
    if order.should_stop():
        raise StoppedError("The validation was stopped", where=order.where)
    done = min(1.0, seen.files / max(1, exported.counted))
    order.watch(Progress(fraction=done, words=f"Reading files again: {seen.files} of {exported.counted}"))


def require_valid(validated: Validated, *, where: str) -> None:
    """BackoutError that names the faults, when there are any."""
    if validated.passed:
        return
    told = "; ".join(validated.faults)
    more = validated.faults_count - len(validated.faults)
    raise BackoutError(
        f"The exported files are not what the database had: {told}{f'; and {more} more' if more else ''}",
        where=where,
        next_step="Move files that do not belong there away, and export again.",
    )
