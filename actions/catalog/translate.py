"""What validation found, said in our words, at the place where it was written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from actions.catalog.entry import EXPECTED, REPORTED_ELSEWHERE, SENTENCE, WHICH_KIND, Reading
from actions.catalog.problems import Place, Problem, did_you_mean, problem_at
from actions.catalog.tree import WrittenMapping, place_of, written_keys
from actions.catalog.wording import found, listed, names_credential, shown_key

_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_MAPPING = "a mapping (`key: value` lines)"
_LIST = "a list (`- item` lines)"


def translate_all(errors: Sequence[ErrorDetails], tree: object, start: Place, reading: Reading) -> Iterator[Problem]:
    """One problem for each mistake; what only follows from another one is left out."""
    misspelled: set[tuple[tuple[int | str, ...], str | None]] = set()
    for error in errors:
        if error["type"] == "extra_forbidden":
            problem = _unknown_key(tree, error["loc"], start, reading)
            misspelled.add((error["loc"][:-1], problem.hint))
    for error in errors:
        path = error["loc"]
        if error["type"] == "missing" and (path[:-1], f"Did you mean `{path[-1]}`?") in misspelled:
            continue
        if error["type"] == "too_short" and any(
            other["loc"][: len(path)] == path and other is not error for other in errors
        ):
            continue
        problem_here = translate(error, tree, start, reading)
        if problem_here is not None:
            yield problem_here


def translate(error: ErrorDetails, tree: object, start: Place, reading: Reading) -> Problem | None:
    """One problem for one error; nothing when it is reported at another place anyway."""
    kind, path = error["type"], error["loc"]
    value, place = place_of(tree, path, start)
    match kind:
        case _ if kind == REPORTED_ELSEWHERE:
            return None
        case "extra_forbidden":
            return _unknown_key(tree, path, start, reading)
        case "missing":
            return _missing_key(tree, path, start, reading)
        case _ if kind == WHICH_KIND:
            return _which_kind(error, value, place)
        case _ if kind == SENTENCE:
            return problem_at(_exact(tree, path, start), _labelled(tree, path, error["msg"], colon=False), _hint(error))
        case _:
            wanted = error["msg"].removeprefix("expected ") if kind == EXPECTED else _wanted(error)
            hide = any(names_credential(key) for key in _keys(path))
            message = f"expected {wanted}, found {found(error['input'], hide=hide)}."
            return problem_at(_exact(tree, path, start), _labelled(tree, path, message, colon=True), _advice(error))


def _exact(tree: object, path: Sequence[int | str], start: Place) -> Place:
    """The value's place, or the key's where the key itself is wrong."""
    if len(path) >= 2 and path[-1] == "[key]":
        parent, _ = place_of(tree, path[:-2], start)
        if isinstance(parent, WrittenMapping) and path[-2] in parent.key_places:
            return parent.key_places[str(path[-2])]
    return place_of(tree, path, start)[1]


def _labelled(tree: object, path: Sequence[int | str], message: str, *, colon: bool) -> str:
    """The sentence with the key that it is about, where there is one."""
    if path and path[-1] == "[key]":
        return f"This key is not possible: {message}"
    keys = list(written_keys(tree, path))
    if not colon or not keys:
        return message[:1].upper() + message[1:]
    return f"{shown_key(keys[-1])}: {message}"


def _keys(path: Sequence[int | str]) -> Iterator[str]:
    """The parts of a path that are keys; kinds of a union and the mark of a wrong key are not."""
    return (part for part in path if isinstance(part, str) and not part.startswith(("<", "[")))


def _hint(error: ErrorDetails) -> str | None:
    hint = error.get("ctx", {}).get("hint")
    return hint if isinstance(hint, str) else None


def _unknown_key(tree: object, path: Sequence[int | str], start: Place, reading: Reading) -> Problem:
    key = str(path[-1])
    parent, place = place_of(tree, path[:-1], start)
    known: Sequence[str] = ()
    if isinstance(parent, WrittenMapping):
        place = parent.key_places.get(key, place)
        model = reading.models.get(parent.place)
        if model is not None:
            fields = model.model_fields.items()
            known = [field.alias or name for name, field in fields if field.validation_alias != "\0name"]
    hint = did_you_mean(key, known)
    if hint is None and known:
        hint = f"Known: {', '.join(known)}." if len(known) <= 12 else None
    return problem_at(place, f"{shown_key(key)} is not a key that is known here.", hint)


def _missing_key(tree: object, path: Sequence[int | str], start: Place, reading: Reading) -> Problem:
    key = str(path[-1])
    parent, place = place_of(tree, path[:-1], start)
    hint = None
    if isinstance(parent, WrittenMapping):
        place = parent.place
        model = reading.models.get(parent.place)
        field = next((f for n, f in model.model_fields.items() if (f.alias or n) == key), None) if model else None
        hint = field.description if field else None
    return problem_at(place, f"`{key}` is missing here.", f"It says: {hint}" if hint else None)


def _which_kind(error: ErrorDetails, value: object, place: Place) -> Problem:
    key, _, words = error["msg"].partition("|")
    choices = words.split(",")
    if not isinstance(value, WrittenMapping):
        choice = listed([f"{choice}: ..." for choice in choices] if not key else choices)
        near = did_you_mean(value, choices) if isinstance(value, str) else None
        return problem_at(place, f"Expected {choice}, found {found(value)}.", near)
    if key:
        if key not in value:
            return problem_at(value.place, f"`{key}` is missing here.", f"Write {listed(choices)}.")
        kind = value[key]
        near = did_you_mean(kind, choices) if isinstance(kind, str) else None
        message = f"`{key}`: expected {listed(choices)}, found {found(kind)}."
        return problem_at(value.value_places[key], message, near)
    for written in value:
        near = did_you_mean(written, choices)
        if near:
            return problem_at(value.key_places[written], f"{shown_key(written)} is not a key that is known here.", near)
    return problem_at(value.place, f"One of these keys must be here: {', '.join(choices)}.")


def _wanted(error: ErrorDetails) -> str:  # noqa: C901, PLR0911 - a table with sentences
    context: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "string_type":
            return "text"
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return "a whole number"
        case "float_type" | "float_parsing" | "finite_number":
            return "a number"
        case "bool_type" | "bool_parsing":
            return "`true` or `false`"
        case "literal_error" | "enum":
            return listed(_choices(error))
        case "greater_than_equal":
            return f"at least {context['ge']:g}"
        case "less_than_equal":
            return f"at most {context['le']:g}"
        case "tuple_type" | "list_type":
            return _LIST
        case "dict_type" | "model_type" | "mapping_type" | "model_attributes_type":
            return _MAPPING
        case "too_short":
            return "at least one entry"
        case "path_type":
            return "a path"
        case _:
            return "something else here"


def _choices(error: ErrorDetails) -> list[str]:
    return re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", ""))) or ["something else"]


def _advice(error: ErrorDetails) -> str | None:
    value = error["input"]
    match error["type"]:
        case "string_type" if isinstance(value, bool | int | float):
            return "Put it in quotes."
        case "string_type" if value is None:
            return "Text after ` #` is a comment; put it in quotes if you mean it."
        case "int_type" | "int_parsing" | "float_type" | "float_parsing" if isinstance(value, str) and value.isdigit():
            return "Leave out the quotes."
        case "bool_type" if isinstance(value, str) and value.lower() in _YES_NO:
            return f"Write `{_YES_NO[value.lower()]}`."
        case "literal_error" | "enum" if isinstance(value, str):
            return did_you_mean(value, _choices(error))
        case _:
            return _hint(error)
