"""The catalog's files: which there are, and their text."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actions.catalog.parsing import parse
from actions.catalog.problems import Place, Problem, problem_at

LARGEST: Final = 4_000_000
SUFFIXES: Final = (".yml", ".yaml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file that could be read as YAML, perhaps with problems."""

    name: str
    folder: Path
    tree: object


def read_sources(path: Path) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """All files of the catalog in order of their names, and what is wrong before we even look inside."""
    try:
        files = files_of(path)
    except OSError as error:
        return (), (problem_at(Place(file=str(path)), f"This cannot be read: {reason(error)}."),)
    except ValueError:
        return (), (problem_at(Place(file="catalog"), "This is not a path."),)
    if not files:
        wanted = " or ".join(f"`*{suffix}`" for suffix in SUFFIXES)
        return (), (problem_at(Place(file=str(path)), f"This folder has no {wanted} file."),)

    sources: list[Source] = []
    problems: list[Problem] = []
    for file in files:
        tree, found = _read(file)
        problems += found
        if tree is not None:
            sources.append(Source(name=str(file), folder=file.absolute().parent, tree=tree))
    return tuple(sources), tuple(problems)


def reason(error: OSError) -> str:
    """Why, in words, without the path that the message begins with anyway."""
    match error:
        case FileNotFoundError():
            return "there is no file or folder of this name"
        case PermissionError():
            return "permission denied"
        case _:
            return (error.strerror or "the system refuses").lower()


def files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        path.stat()
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and not file.name.startswith("."))


def _read(file: Path) -> tuple[object, tuple[Problem, ...]]:
    start = Place(file=str(file))
    try:
        if file.stat().st_size > LARGEST:
            return None, (problem_at(start, "This file is far too large for a catalog."),)
        content = file.read_bytes()
    except OSError as error:
        return None, (problem_at(start, f"This cannot be read: {reason(error)}."),)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = Place(file=str(file), line=before.count(b"\n") + 1, column=error.start - before.rfind(b"\n"))
        return None, (problem_at(place, "This file is not UTF-8; save it as UTF-8."),)
    tree, problems = parse(text, str(file))
    if tree is None and not problems:
        return None, (problem_at(start, "This file is empty.", "Begin with `services:`."),)
    return tree, problems
