"""Which roles a person has for a service, read anew at the moment of a decision. What cannot be read gives no role."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from actions.catalog.people import Approvers
from actions.catalog.service import Service
from actions.errors import UnavailableError


class Role(StrEnum):
    APPROVER = "approver"
    #: May go ahead although the policy refuses.
    OVERRIDE = "override"
    #: May go ahead alone when no approver can be reached.
    BREAK_GLASS = "break-glass"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Somebody, as the place where they spoke knows them."""

    #: A Slack user id, or a login name.
    id: str
    where: Literal["slack", "terminal"]

    def __str__(self) -> str:
        return self.id if self.where == "slack" else f"{self.id} (terminal)"


class Directory(Protocol):
    """Whoever knows the people; Slack, in the product."""

    def members(self, group: str) -> tuple[str, ...]:
        """The ids of a group's people; UnavailableError when it cannot be read."""

    def is_active(self, user: str) -> bool:
        """Whether there is such a person and they still work here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Roles:
    """What somebody may do for one service, and what could not be read while finding out."""

    held: frozenset[Role]
    unread: tuple[str, ...] = ()


def roles_of(person: Identity, service: Service, directory: Directory | None) -> Roles:
    """Never raises: whoever cannot be asked makes nobody an approver."""
    policy = service.policy
    named = {
        Role.APPROVER: service.approvers,
        Role.OVERRIDE: policy.override.by if policy.override else None,
        Role.BREAK_GLASS: policy.break_glass.by if policy.break_glass else None,
    }
    unread: list[str] = []
    held = frozenset(
        role for role, people in named.items() if people and _is_among(person, people, directory, unread.append)
    )
    return Roles(held=held, unread=tuple(unread))


def people_named(people: Approvers | None) -> str:
    """Who could, for somebody who may not."""
    if people is None:
        return "nobody is named in the catalog"
    named = [people.group, *people.users, *people.terminal]
    return ", ".join(each for each in named if each)


def _is_among(
    person: Identity, people: Approvers, directory: Directory | None, note: Callable[[str], None]
) -> bool:  # fmt: skip
    if person.where == "terminal":
        return person.id in people.terminal
    if directory is None:
        note("Slack is not configured")
        return False
    try:
        if people.group:
            return person.id in directory.members(people.group)
    except UnavailableError as error:
        # The catalog names people for this very case.
        note(f"group {people.group}: {error.what}")
    try:
        return person.id in people.users and directory.is_active(person.id)
    except UnavailableError as error:
        note(error.what)
        return False
