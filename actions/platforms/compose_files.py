"""Which files a compose project is read from: those that are named, those beside them, and those that they name in turn."""

import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from actions.platforms.compose import ComposeProject

BESIDE = ("*.yml", "*.yaml", ".env*", "*.env")
#: Under these keys a compose file names other files.
NAMING = frozenset({"include", "extends", "env_file", "label_file"})
#: A name that compose fills in first: which file it means is compose's secret.
FILLED_IN = "$"

Stamps = tuple[tuple[str, int], ...]


def stamps_of(project: ComposeProject) -> Stamps:
    """Of every file that may count, and when it was changed. Where a name cannot be followed no two answers are alike."""
    folder = project.folder
    open_ends = [folder / name for name in (*project.files, *project.env_files)]
    open_ends += [path for form in BESIDE for path in folder.glob(form)]
    seen: dict[str, int] = {}
    while open_ends:
        path = open_ends.pop().resolve()
        if str(path) in seen or (changed := _changed(path)) is None:
            continue
        seen[str(path)] = changed
        for name in _named_in(path):
            if FILLED_IN in name:
                seen[name] = time.monotonic_ns()
            open_ends += [near / name for near in {path.parent, folder}]
    return tuple(sorted(seen.items()))


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None  # not there, or no name for a file at all


def _named_in(file: Path) -> Iterator[str]:
    if file.suffix not in {".yml", ".yaml"}:
        return
    try:
        read = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return  # compose says what is wrong with it
    yield from _named_under(read, naming=False)


def _named_under(node: yaml.Node | None, *, naming: bool) -> Iterator[str]:
    if isinstance(node, yaml.ScalarNode) and naming:
        yield node.value
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _named_under(each, naming=naming)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _named_under(value, naming=naming or key.value in NAMING)
