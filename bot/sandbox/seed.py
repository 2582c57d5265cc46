"""Who and what is there when the workspace opens."""

from dataclasses import dataclass, field
from enum import StrEnum


class Guest(StrEnum):
    #: Sees the channels that it was invited to.
    MULTI = "multi"
    SINGLE = "single"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    name: str
    real_name: str
    title: str = ""
    guest: Guest | None = None
    #: Of another workspace, in a shared channel.
    stranger: bool = False
    deactivated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    name: str
    members: tuple[str, ...] = ()
    private: bool = False
    topic: str = ""
    purpose: str = ""
    #: The app was invited.
    with_app: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    handle: str
    name: str
    users: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Seed:
    name: str = "Harbour"
    domain: str = "harbour"
    people: tuple[Person, ...] = ()
    channels: tuple[Channel, ...] = ()
    groups: tuple[Group, ...] = field(default=())


def small_company() -> Seed:
    """An on-call engineer, two leads, somebody who has no part in it, a guest, and somebody of another company."""
    everybody = ("ana", "lena", "marco", "omar")
    return Seed(
        people=(
            Person(name="ana", real_name="Ana Ortiz", title="On-call engineer"),
            Person(name="lena", real_name="Lena Vogt", title="Team lead, content"),
            Person(name="marco", real_name="Marco Bianchi", title="Team lead, platform"),
            Person(name="omar", real_name="Omar Haddad", title="Design"),
            Person(name="gwen", real_name="Gwen Price", title="Contractor", guest=Guest.MULTI),
            Person(name="sam", real_name="Sam Stone", title="Support at Partner Ltd.", stranger=True),
        ),
        channels=(
            Channel(name="general", members=everybody, topic="Everybody", with_app=False),
            Channel(name="incidents", members=(*everybody, "gwen", "sam"), topic="What is broken, and who is on it"),
            Channel(name="leads", members=("lena", "marco"), private=True, with_app=False),
        ),
        groups=(Group(handle="leads", name="Team leads", users=("lena", "marco")),),
    )
