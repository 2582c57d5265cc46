"""The findings as a page for people, made from the docstrings of the rules."""

import inspect
from types import ModuleType

from actions.assess.findings.all import FAMILIES, Rule

HEAD = """\
# Findings

What `backout assess` can find, by its stable code. This page is made from `actions/assess/findings/` by `make schema`.

Severities are `none`, `low`, `medium`, `high` and `critical`; the risk of a rollback is its worst finding. No number that
nobody knows counts as zero: what cannot be counted or seen into is a finding of its own.
"""


def page() -> str:
    return HEAD + "".join(family_page(family) for family in FAMILIES)


def codes() -> tuple[str, ...]:
    return tuple(_split(rule)[0] for family in FAMILIES for rule in family.FAMILY)


def family_page(family: ModuleType) -> str:
    prefix, _, title = (inspect.getdoc(family) or "").partition(": ")
    first, *rest = title.split("\n\n")
    text = f"\n## {prefix}: {_one_line(first)}\n"
    text += "".join(f"\n{_one_line(part)}\n" for part in rest)
    return text + "".join(_rule(rule) for rule in family.FAMILY)


def _rule(rule: Rule) -> str:
    code, first, rest = _split(rule)
    return f"\n### {code}\n\n{first}\n" + "".join(f"\n{part}\n" for part in rest)


def _split(rule: Rule) -> tuple[str, str, tuple[str, ...]]:
    code, _, text = (inspect.getdoc(rule) or "").partition(": ")
    parts = [_one_line(part) for part in text.split("\n\n")]
    return code, parts[0][:1].upper() + parts[0][1:], tuple(parts[1:])


def _one_line(text: str) -> str:
    return " ".join(text.split())
