"""Is there anybody who could approve, and do we know them?"""

from collections.abc import Sequence
from typing import Protocol

from actions.errors import UnavailableError
from actions.readiness.answers import Answer, Level

QUESTION = "approvers"


class Directory(Protocol):
    """Whoever knows the people; Slack, in the product."""

    def members(self, group: str) -> tuple[str, ...]:
        """The ids of a group's people; UnavailableError when it cannot be read."""

    def is_active(self, user: str) -> bool:
        """Whether there is such a person and they still work here."""


def ask_approvers(
    group: str | None, users: Sequence[str], directory: Directory | None, terminal: Sequence[str] = ()
) -> Answer:
    """People who may approve: of the group, else those listed; and who may on the command line."""
    if terminal and not group and not users:
        return _only_here(terminal, in_slack=directory is not None)
    if directory is None:
        return _without_directory(group, users)
    said, remedy, known = [], None, set()
    if group:
        try:
            members = directory.members(group)
            known |= set(members)
            said.append(f"group {group} has {len(members)}")
        except UnavailableError as error:
            said.append(f"group {group} cannot be read ({error.what})")
            remedy = error.next_step
    try:
        gone = [user for user in users if not directory.is_active(user)]
    except UnavailableError as error:
        return Answer(question=QUESTION, level=Level.WARNING, said=error.what, remedy=error.next_step)
    known |= set(users) - set(gone)
    if gone:
        said.append(f"unknown or gone: {', '.join(gone)}")
        remedy = remedy or "Correct the listed user ids."
    if not known:
        return Answer(
            question=QUESTION, level=Level.FAILED, said="; ".join(said) or "nobody is listed",
            remedy=remedy or "List a Slack user group or user ids under `approvers`.",
        )  # fmt: skip
    level = Level.WARNING if remedy or len(known) == 1 else Level.OK
    said.append(f"{len(known)} {'person' if len(known) == 1 else 'people'} may approve")
    if len(known) == 1:
        remedy = remedy or "Add a second person: nobody can approve their own request."
    return Answer(question=QUESTION, level=level, said="; ".join(said), remedy=remedy)


def _only_here(terminal: Sequence[str], *, in_slack: bool) -> Answer:
    number = len(set(terminal))
    said, remedy = f"{number} {'person' if number == 1 else 'people'} may approve, on the command line alone", None
    if in_slack:
        remedy = "Add a Slack user group or user ids under `approvers`: nobody can approve in Slack."
    elif number == 1:
        remedy = "Add a second person: nobody can approve their own request."
    return Answer(question=QUESTION, level=Level.WARNING if remedy else Level.OK, said=said, remedy=remedy)


def _without_directory(group: str | None, users: Sequence[str]) -> Answer:
    if not group and not users:
        return Answer(
            question=QUESTION, level=Level.FAILED, said="nobody is listed",
            remedy="List a Slack user group or user ids under `approvers`.",
        )  # fmt: skip
    listed = [f"group {group}"] if group else []
    listed += [f"{len(users)} listed"] if users else []
    return Answer(
        question=QUESTION, level=Level.WARNING, said=f"{' and '.join(listed)}, not looked up: Slack is not configured",
        remedy="Set SLACK_BOT_TOKEN to have them checked.",
    )  # fmt: skip
