"""What a check is called when the catalog does not say; the same name finds its value from before again."""

from typing import assert_never

from actions.catalog.checks import (
    CommandCheck,
    ContainersCheck,
    FilesCheck,
    HttpCheck,
    PersonCheck,
    ReadyCheck,
    RevisionCheck,
    SqlCheck,
    Validation,
)

LONGEST = 80


def title_of(check: Validation) -> str:
    return check.title or _made(check)[:LONGEST]


def _made(check: Validation) -> str:  # noqa: PLR0911 because each kind has its own
    match check:
        case HttpCheck():
            return f"{check.method} {check.http}"
        case SqlCheck():
            return " ".join(check.sql.split())
        case CommandCheck():
            return " ".join(check.command.argv)
        case ContainersCheck():
            return f"containers are {check.containers}"
        case FilesCheck():
            return f"files {check.files}"
        case ReadyCheck():
            return f"{', '.join(str(each) for each in check.ready)} ready"
        case RevisionCheck():
            return f"database is at {check.revision}"
        case PersonCheck():
            return check.person
        case _:
            assert_never(check)
