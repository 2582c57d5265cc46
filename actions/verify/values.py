"""Comparing what was seen with what the catalog expects. Pure."""

from collections.abc import Mapping
from typing import Any

from actions.catalog.checks import JsonExpectation, SqlCheck
from actions.verify.outcome import Seen, Value


def json_at(document: Any, path: str) -> tuple[bool, Any]:
    """Whether there is something at the path, and what."""
    for part in path.removeprefix(".").split("."):
        if isinstance(document, Mapping) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return False, None
    return True, document


def judge_json(expected: JsonExpectation, found: Any, *, before: Value, queried: Value) -> Seen:
    value = found if isinstance(found, str | int | float | bool) or found is None else "(a structure)"
    where = expected.path
    if expected.equals is not None and not same(found, expected.equals):
        return Seen(passed=False, said=f"{where} is {shown(value)}, not {shown(expected.equals)}", value=value)
    if expected.at_least is not None and not _at_least(found, expected.at_least):
        return Seen(passed=False, said=f"{where} is {shown(value)}, less than {expected.at_least:g}", value=value)
    if expected.like_before and not same(found, before):
        return Seen(passed=False, said=f"{where} is {shown(value)}; before it was {shown(before)}", value=value)
    if expected.same_as is not None and not same(found, queried):
        said = f"{where} is {shown(value)}, the database says {shown(queried)}"
        return Seen(passed=False, said=said, value=value)
    return Seen(passed=True, said=f"{where} is {shown(value)}", value=value)


def judge_sql(check: SqlCheck, value: Value, *, before: Value) -> Seen:
    for wanted, words in ((check.equals, "not"), (before if check.like_before else None, "before it was")):
        if wanted is not None and not _near(check, value, wanted):
            return Seen(passed=False, said=f"it gives {shown(value)}, {words} {shown(wanted)}", value=value)
    if check.like_before and before is None and value is not None:
        return Seen(passed=False, said=f"it gives {shown(value)}; what it gave before is not known", value=value)
    if check.at_least is not None and not _at_least(value, check.at_least):
        return Seen(passed=False, said=f"it gives {shown(value)}, less than {check.at_least:g}", value=value)
    if check.at_most is not None and not (_is_number(value) and float(value or 0) <= check.at_most):
        return Seen(passed=False, said=f"it gives {shown(value)}, more than {check.at_most:g}", value=value)
    return Seen(passed=True, said=f"it gives {shown(value)}", value=value)


def same(one: Any, other: Any) -> bool:
    """As people mean it: `3` in YAML is the 3 of the database; but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other or (isinstance(one, bool) and isinstance(other, bool) and one == other)
    if _is_number(one) and _is_number(other):
        return float(one) == float(other)
    return bool(one == other) or (one is not None and other is not None and str(one) == str(other))


def shown(value: Any) -> str:
    """Short, and not the beginning of a dump."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _near(check: SqlCheck, value: Value, wanted: Value) -> bool:
    if check.tolerance is not None and _is_number(value) and _is_number(wanted):
        return check.tolerance.accepts(wanted=float(wanted or 0), seen=float(value or 0))
    return same(value, wanted)


def _at_least(value: Any, least: float) -> bool:
    return _is_number(value) and float(value) >= least


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
