"""What an assessment says, in words: losses, the policy's ruling, revisions."""

from collections.abc import Iterable, Mapping
from typing import Final

#: By the ruling of the policy.
RULED: Final[Mapping[str, str]] = {
    "allow": "is allowed",
    "approve": "needs the approval of {people}",
    "refuse": "is refused",
}


def people_count(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def ruled(ruling: str, approvals: int) -> str:
    """`needs the approval of 2 people`."""
    return RULED.get(ruling, "was not judged").format(people=people_count(approvals))


def lost_name(table: str, column: str | None) -> str:
    return f"{table}.{column}" if column else table


def lost_amount(rows: int, column: str | None, *, exact: bool) -> str:
    """`about 1,204 values`."""
    noun = "value" if column else "row"
    return f"{'' if exact else 'about '}{rows:,} {noun}{'' if rows == 1 else 's'}"


def since_deploy(written: int | None, source: str | None) -> str:
    """How many of them came after the deploy; empty where nobody can know."""
    if written is None:
        return ""
    return f"{written:,} since the deploy" + (f" ({source})" if source else "")


def revisions_named(revisions: Iterable[str] | None) -> str:
    return ", ".join(revisions or ()) or "base"
