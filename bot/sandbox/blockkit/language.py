"""The words that the tables are written in. A check is told a value and where it is, and says what is wrong with it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Findings:
    said: list[str] = field(default_factory=list)

    def add(self, message: str, where: str) -> None:
        self.said.append(f"{message} [json-pointer:{where}]")


Check = Callable[[Any, str, Findings], None]
#: Of a whole object: what is wrong with it, or nothing.
Rule = Callable[[Json], str | None]


@dataclass(frozen=True)
class Shape:
    """An object: its fields, which of them must be there, and rules that concern several."""

    fields: Mapping[str, Check]
    required: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()

    def check(self, value: Any, where: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add("must provide an object", where)
            return
        for name in sorted(self.required - value.keys()):
            findings.add(f"missing required field: {name}", where)
        for name, inner in value.items():
            if name not in self.fields:
                findings.add(f"invalid additional property: {name}", where)
            elif inner is None:
                findings.add("must not be null", f"{where}/{name}")
            else:
                self.fields[name](inner, f"{where}/{name}", findings)
        for rule in self.rules:
            if message := rule(value):
                findings.add(message, where)


def shape(fields: Mapping[str, Check], required: str = "", *rules: Rule) -> Shape:
    return Shape(fields, frozenset(required.split()), rules)


def string(longest: int | None = None, *, shortest: int = 1, pattern: str | None = None) -> Check:
    def check(value: Any, where: str, findings: Findings) -> None:
        if not isinstance(value, str):
            findings.add("must provide a string", where)
        elif len(value) < shortest:
            findings.add(f"must be more than {shortest - 1} characters", where)
        elif longest is not None and len(value) > longest:
            findings.add(f"must be less than {longest + 1} characters", where)
        elif pattern is not None and not re.fullmatch(pattern, value):
            findings.add("failed to match schema", where)

    return check


def integer(least: int, most: int) -> Check:
    def check(value: Any, where: str, findings: Findings) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            findings.add("must provide an integer", where)
        elif value < least:
            findings.add(f"must be greater than {least - 1}", where)
        elif value > most:
            findings.add(f"must be less than {most + 1}", where)

    return check


def flag(value: Any, where: str, findings: Findings) -> None:
    if not isinstance(value, bool):
        findings.add("must provide a boolean", where)


def anything(value: Any, where: str, findings: Findings) -> None:
    """For parts that we do not look into."""


def one_of(*allowed: str) -> Check:
    def check(value: Any, where: str, findings: Findings) -> None:
        if value not in allowed:
            findings.add(f"must be one of: {', '.join(allowed)}", where)

    return check


def listed(each: Check, most: int, *, fewest: int = 1) -> Check:
    def check(value: Any, where: str, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.add("must provide an array", where)
            return
        if len(value) < fewest:
            findings.add(f"must provide at least {fewest} items", where)
        if len(value) > most:
            findings.add(f"no more than {most} items allowed", where)
        for index, inner in enumerate(value):
            each(inner, f"{where}/{index}", findings)

    return check


def kinds(table: Callable[[], Mapping[str, Shape]], *allowed: str) -> Check:
    """An object whose `type` says which shape it has. The table is asked for late, since tables mention one another."""

    def check(value: Any, where: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add("must provide an object", where)
            return
        kind = value.get("type")
        if kind is None:
            findings.add("missing required field: type", where)
        elif kind not in table() or (allowed and kind not in allowed):
            findings.add(f"unsupported type: {kind}", f"{where}/type")
        else:
            table()[kind].check(value, where, findings)

    return check


def exactly_one(*names: str) -> Rule:
    def rule(value: Json) -> str | None:
        given = sum(name in value for name in names)
        return None if given == 1 else f"must define exactly one of: {', '.join(names)}"

    return rule


def at_least_one(*names: str) -> Rule:
    def rule(value: Json) -> str | None:
        return None if any(name in value for name in names) else f"must define at least one of: {', '.join(names)}"

    return rule
