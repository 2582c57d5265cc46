"""Expressions as the server prints them are almost, but not quite, stable over a dump and a restore."""

import re

_LITERAL = r"'(?:[^']|'')*'(?:::character varying)"
_LIST_CAST = re.compile(rf"\(ARRAY\[({_LITERAL}(?:, {_LITERAL})*)\]\)::text\[\]")
_ITEM = re.compile(_LITERAL)

_FLAGS = re.compile(r"(?: DEFERRABLE)?(?: INITIALLY DEFERRED)?(?: NOT ENFORCED)?(?: NOT VALID)?$")


def settled(expression: str) -> str:
    """The form that the server's text takes after a dump and a restore.

    `varchar IN ('a', 'b')` is stored with one cast around the whole list; its own text, read back, is stored with a
    cast around each item. Both mean the same, and either may be met: it depends on how often a database was restored.
    """
    return _LIST_CAST.sub(lambda found: f"ARRAY[{_ITEM.sub(_cast_alone, found[1])}]", expression)


def without_flags(constraint: str) -> str:
    """A constraint's definition without what is kept in fields of their own (deferrable, validated, enforced)."""
    return _FLAGS.sub("", constraint)


def _cast_alone(item: re.Match[str]) -> str:
    return f"({item[0]})::text"
