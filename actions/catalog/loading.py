"""From files to a catalog, or to the list of everything that is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from actions.catalog.agreement import check_agreement
from actions.catalog.catalog import Catalog, CatalogFile
from actions.catalog.entry import Named, Reading
from actions.catalog.files import Source, read_sources
from actions.catalog.problems import CatalogError, Place, Problem, did_you_mean, problem_at
from actions.catalog.references import check_runbook, check_service, circles, includes
from actions.catalog.translate import translate_all
from actions.catalog.tree import WrittenMapping, mappings, texts
from actions.catalog.wording import found, holds_password, shown_key

#: The sections in the order in which they can refer to each other.
SECTIONS: Final = ("teams", "stores", "policies", "runbooks", "services")
_OWNERS: Final = {
    "services": "service",
    "stores": "store",
    "policies": "policy",
    "runbooks": "runbook",
    "teams": "team",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Written:
    """One entry of a section as it stands in a file."""

    value: object
    key_place: Place
    value_place: Place
    folder: Path


@dataclass(slots=True)
class _Loaded:
    """What has been understood so far."""

    written: dict[str, dict[str, _Written]] = field(default_factory=lambda: {section: {} for section in SECTIONS})
    values: dict[str, dict[str, Any]] = field(default_factory=lambda: {section: {} for section in SECTIONS})
    problems: list[Problem] = field(default_factory=list)


def load_catalog(path: Path, environ: Mapping[str, str]) -> Catalog:
    """The catalog in a file, or in the `.yml` and `.yaml` files of a folder.

    No variable that the catalog refers to has to be set; `environ` only says what `~` means. Raises `CatalogError`
    with all problems of all files.
    """
    sources, problems = read_sources(path)
    loaded = _Loaded(problems=list(problems))
    for source in sources:
        _collect(source, loaded)
    for section in SECTIONS:
        _validate_section(section, loaded, environ)
    loaded.problems += _look_at_references(loaded)
    for source in sources:
        loaded.problems += _empty_values(source.tree, loaded.problems)
        loaded.problems += _passwords(source.tree, loaded.problems)
    if not loaded.problems and not loaded.values["services"]:
        place = Place(file=str(path))
        loaded.problems.append(problem_at(place, "No service is described.", "Add one under `services:`."))
    if loaded.problems:
        raise CatalogError(loaded.problems)
    return Catalog(**{section: dict(values) for section, values in loaded.values.items()})


def _collect(source: Source, loaded: _Loaded) -> None:
    """Sorts a file's entries into the sections, and notices names that were taken before."""
    tree = source.tree
    if not isinstance(tree, WrittenMapping):
        message = f"A catalog is a mapping that begins with `services:`, found {found(tree)}."
        loaded.problems.append(problem_at(Place(file=source.name), message))
        return
    for section, entries in tree.items():
        if section.startswith("x-"):
            continue
        if section not in SECTIONS:
            hint = did_you_mean(section, SECTIONS) or f"Known: {', '.join(SECTIONS)}."
            message = f"{shown_key(section)} is not a key that is known here."
            loaded.problems.append(problem_at(tree.key_places[section], message, hint))
        elif not isinstance(entries, WrittenMapping):
            message = f"`{section}`: expected a mapping of names, found {found(entries)}."
            loaded.problems.append(problem_at(tree.value_places[section], message))
        else:
            _collect_entries(section, entries, source, loaded)


def _collect_entries(section: str, entries: WrittenMapping, source: Source, loaded: _Loaded) -> None:
    for name, value in entries.items():
        place = entries.key_places[name]
        earlier = loaded.written[section].get(name)
        if earlier is not None:
            message = f"{shown_key(name)} is described twice under `{section}`; the first is in {earlier.key_place}."
            loaded.problems.append(problem_at(place, message))
            continue
        loaded.written[section][name] = _Written(
            value=value, key_place=place, value_place=entries.value_places[name], folder=source.folder
        )


@cache
def _adapter(section: str) -> TypeAdapter[Any]:
    return TypeAdapter(CatalogFile.model_fields[section].rebuild_annotation())


def _validate_section(section: str, loaded: _Loaded, environ: Mapping[str, str]) -> None:
    """Every entry by itself, so that a mistake in one hides nothing in another."""
    declared = {each: frozenset(entries) for each, entries in loaded.written.items()}
    for name, written in loaded.written[section].items():
        reading = Reading(
            folder=written.folder,
            home=environ.get("HOME") or None,
            owner=f"{_OWNERS[section]} `{name}`",
            shared=loaded.values,
            declared=declared,
        )
        tree = WrittenMapping(written.key_place)
        tree.add(name, written.value, written.key_place, written.value_place)
        try:
            value = _adapter(section).validate_python(tree, context=reading)[name]
        except ValidationError as error:
            errors = error.errors(include_url=False)
            loaded.problems += translate_all(errors, tree, written.value_place, reading)
        else:
            loaded.values[section][name] = value.named(name) if isinstance(value, Named) else value


def _look_at_references(loaded: _Loaded) -> Iterator[Problem]:
    shared_runbooks = {name: written.value for name, written in loaded.written["runbooks"].items()}
    for runbook in shared_runbooks.values():
        yield from check_runbook(runbook)
    yield from circles({name: includes(runbook) for name, runbook in shared_runbooks.items()}, "runbooks")
    for written in loaded.written["services"].values():
        if isinstance(written.value, WrittenMapping):
            yield from check_service(written.value, shared_runbooks)
            yield from check_agreement(written.value)
            own = written.value.get("runbooks")
            for runbook in own.values() if isinstance(own, WrittenMapping) else ():
                yield from check_runbook(runbook)


def _empty_values(tree: object, problems: Sequence[Problem]) -> list[Problem]:
    """Keys with nothing after the colon. Often it is a channel whose hash began a comment."""
    spoken_of = {(problem.line, problem.column, problem.message.split(":")[0]) for problem in problems}
    hint = "Text after ` #` is a comment; put it in quotes. Or leave the key out."
    found: list[Problem] = []
    for mapping in mappings(tree):
        for key in sorted(mapping.empty):
            place = mapping.key_places[key]
            if (place.line, place.column, shown_key(key)) not in spoken_of:
                found.append(problem_at(place, f"{shown_key(key)}: nothing is written here.", hint))
    return found


def _passwords(tree: object, problems: Sequence[Problem]) -> list[Problem]:
    """Passwords in places where nothing else is wrong; where it is, the person will look anyway."""
    spoken_of = {(problem.file, problem.line, problem.column) for problem in problems}
    hint = "Refer to an environment variable instead: `${NAME}`."
    return [
        problem_at(place, "A password is written here.", hint)
        for text, place in texts(tree, Place(file=""))
        if holds_password(text) and (place.file, place.line, place.column) not in spoken_of
    ]
