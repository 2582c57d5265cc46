"""From a row and what belongs to it to the content of its file."""

import json
from collections.abc import Mapping
from typing import Any

from actions.errors import BackoutError
from actions.files.planning import Plan, Relation, Source, Written
from actions.files.reading import Row
from actions.files.shapes import Format, file_bytes, shaped, tree_of


class UnwritableError(BackoutError):
    """A value that cannot be in a file. Its place is named, it is not."""


def content_of(row: Row, plan: Plan, *, file: str, where: str) -> bytes:
    """The whole file."""
    tree = _tree(row.text, plan.main, plan.form, file=file, where=where)
    for relation, texts in zip(plan.relations, row.related, strict=True):
        tree[relation.key] = _related(relation, texts, plan.form, file=file, where=where)
    whole = {plan.root: tree} if plan.root else tree
    try:
        return file_bytes(whole, plan.form)
    except (ValueError, RecursionError) as error:
        # Not "from": the error of half a character holds the text.
        raise UnwritableError(
            f"The row of `{file}` in `{plan.main.table.title}` cannot be written as {plan.form.upper()}: {_why(error)}",
            where=where,
            next_step="Correct the row, or leave the column out of `fields`.",
        ) from None


def _related(relation: Relation, texts: tuple[str, ...], form: Format, *, file: str, where: str) -> Any:
    trees = [_tree(text, relation.source, form, file=file, where=where) for text in texts]
    return (trees[0] if trees else None) if relation.single else trees


def _tree(text: str, source: Source, form: Format, *, file: str, where: str) -> dict[str, Any]:
    try:
        values: Mapping[str, Any] = tree_of(text, form)
    except RecursionError:
        raise UnwritableError(
            f"The row of `{file}` in `{source.table.title}` holds JSON that is nested too deeply", where=where
        ) from None
    return {
        each.key: _value(values[f"f{number}"], each, source, form, file=file, where=where)
        for number, each in enumerate(source.written)
    }


def _value(value: Any, written: Written, source: Source, form: Format, *, file: str, where: str) -> Any:
    if value is None:
        return written.default
    if written.parse:
        return _parsed(value, written, source, form, file=file, where=where)
    return value if written.shape is None else shaped(value, written.shape, form)


def _parsed(text: str, written: Written, source: Source, form: Format, *, file: str, where: str) -> Any:
    if not text.strip():
        return written.default
    try:
        return tree_of(text, form)
    except (ValueError, RecursionError) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else "is not JSON"
        if isinstance(error, json.JSONDecodeError):
            reason += f" (line {error.lineno}, column {error.colno})"
        raise UnwritableError(
            f"The column `{written.column}` of `{source.table.title}` {reason} in the row of `{file}`",
            where=where,
            next_step="Correct the row, or leave `parse: json` out to write it as text.",
        ) from None


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "a text holds half of a character (a lone surrogate)"
    return "it is nested too deeply"
