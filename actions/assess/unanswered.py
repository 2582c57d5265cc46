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
    """Each query of a check, with the check's title: two checks may have the same one."""
    found: dict[str, str] = {}
    for check in service.checks:
        query = None
        match check:
            case SqlCheck():
                query = check.sql
            case HttpCheck():
                query = check.json_.same_as if check.json_ else None
            case FilesCheck():
                query = check.same_as
        if query is not None:
            found[query] = title_of(check)
    return found


def troubles(connection: psycopg.Connection[Any], queries: Mapping[str, str]) -> Mapping[str, Unanswered]:
    """By query, what the server says against it. Planned, never run; as one statement, so that nothing rides along."""
    found = {}
    connection.autocommit = True
    for query, title in queries.items():
        try:
            connection.execute(b"EXPLAIN " + query.encode(), prepare=True)
        except psycopg.Error as error:
            if connection.broken:
                raise
            if (error.sqlstate or "").startswith(_OF_THE_STATEMENT):
                found[query] = Unanswered(check=title, why=error.diag.message_primary or type(error).__name__)
    return found


def new_troubles(before: Mapping[str, Unanswered], after: Mapping[str, Unanswered]) -> tuple[Unanswered, ...]:
    """What did not work before is no matter of going back."""
    return tuple(trouble for query, trouble in after.items() if query not in before)
