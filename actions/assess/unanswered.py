"""Checks of the catalog that the older schema cannot answer: asked on the copy, before anybody approves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from actions.catalog.checks import FilesCheck, HttpCheck, SqlCheck
from actions.catalog.service import Service
from actions.verify.titles import title_of

#: Of the server's words about a statement: that something in it is not there, or is not what it was.
_OF_THE_STATEMENT = "42"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unanswered:
    """A check, and why its query does not work any more."""

    check: str
    why: str


def queries_of(service: Service) -> Mapping[str, str]:
    """By the check's title."""
    found: dict[str, str | None] = {}
    for check in service.checks:
        match check:
            case SqlCheck():
                found[title_of(check)] = check.sql
            case HttpCheck():
                found[title_of(check)] = check.json_.same_as if check.json_ else None
            case FilesCheck():
                found[title_of(check)] = check.same_as
            case _:
                continue
    return {title: query for title, query in found.items() if query}


def troubles(connection: psycopg.Connection[Any], queries: Mapping[str, str]) -> Mapping[str, str]:
    """By title, what the server says against a query. Planned, never run; as one statement, so that nothing rides along."""
    found = {}
    connection.autocommit = True
    for title, query in queries.items():
        try:
            connection.execute(b"EXPLAIN " + query.encode(), prepare=True)
        except psycopg.Error as error:
            if connection.broken:
                raise
            if (error.sqlstate or "").startswith(_OF_THE_STATEMENT):
                found[title] = error.diag.message_primary or type(error).__name__
    return found


def new_troubles(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Unanswered, ...]:
    """What did not work before is no matter of going back."""
    return tuple(Unanswered(check=title, why=why) for title, why in after.items() if title not in before)
