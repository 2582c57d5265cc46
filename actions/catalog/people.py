"""Who may decide, who is told, and who is called when it goes wrong."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from actions.catalog.durations import Duration
from actions.catalog.entry import ONE_OR_MANY, Also, Entry, Named, look_up, sentence
from actions.catalog.values import AtLeastOne, Line, Name, Text, matching, pattern

_USER, _GROUP, _CHANNEL = r"[UW][A-Z0-9]{2,20}", r"S[A-Z0-9]{2,20}", r"[CG][A-Z0-9]{7,20}|#?[^\s#A-Z.,]{1,80}"

UserId = Annotated[
    str, matching(_USER, "a Slack user id such as `U012AB3CD` (in a profile: More, Copy member ID)"), pattern(_USER)
]
GroupId = Annotated[str, matching(_GROUP, "a Slack user group id such as `S012AB3CD`"), pattern(_GROUP)]


class Approvers(Named):
    """People: a Slack user group, and user ids for when the group cannot be read."""

    group: GroupId | None = Field(
        default=None, description="Slack user group whose members count, such as `S012AB3CD`."
    )
    users: Annotated[tuple[UserId, ...], ONE_OR_MANY] = Field(
        default=(), description="Slack user ids that count when there is no group, or when it cannot be read."
    )
    terminal: tuple[Line, ...] = Field(
        default=(), description="Login names that count on the command line, for the day when Slack is down."
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.group is None and not self.users and not self.terminal:
            raise sentence("Nobody is named here.", "Add a `group` or `users`.")
        return self


def _from_short_form(written: Any, info: ValidationInfo) -> Any:
    if isinstance(written, list | tuple):
        return {"users": written}
    if isinstance(written, str) and not written.islower():
        return {"group" if written.startswith("S") else "users": written}
    return look_up("teams", "team", written, info) if isinstance(written, str) else written


#: As written under `teams:`; a list is short for `users`.
Team = Annotated[
    Approvers,
    BeforeValidator(lambda written: {"users": written} if isinstance(written, list | tuple) else written),
    Also(type="array", items={"type": "string"}, description="Short for `users`."),
]
#: As referred to by the name of a team, by ids, or written in place.
People = Annotated[
    Approvers,
    BeforeValidator(_from_short_form),
    Also(type=["string", "array"], items={"type": "string"}, description="A team's name, a group id, or user ids."),
]


class Contact(Entry):
    """Someone to call."""

    title: Line = Field(description="Who it is: `Database administrator`.")
    who: People | None = Field(default=None, description="Whom to mention in Slack: a team, a group id, or user ids.")
    how: Text | None = Field(default=None, description="How else to reach them: a pager, a phone, a page of the wiki.")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.who is None and self.how is None:
            raise sentence("This contact cannot be reached.", "Add `who` (Slack) or `how` (anything else).")
        return self


class Escalation(Entry):
    """Who is called when a rollback does not get on. A list alone is short for `contacts`."""

    short_form: ClassVar[str | None] = "contacts"
    short_types: ClassVar[tuple[type, ...]] = (list, tuple)
    short_schema: ClassVar[Mapping[str, Any]] = {"type": "array"}

    after_attempts: AtLeastOne = Field(default=2, description="After how many failed attempts.")
    after: Duration = Field(default=timedelta(hours=2), description="After how much time without an end.")
    next_after: Duration = Field(
        default=timedelta(minutes=15), description="How long one contact has to answer before the next is called."
    )
    contacts: tuple[Contact, ...] = Field(default=(), description="Whom to call, in this order.")


class Channel(Entry):
    """The Slack channel of an incident. A channel alone is short for `name`."""

    short_form: ClassVar[str | None] = "name"

    name: (
        Annotated[
            str, matching(_CHANNEL, 'a Slack channel such as `"#incidents"` or its id `C012AB3CD`'), pattern(_CHANNEL)
        ]
        | None
    ) = Field(default=None, description='The channel, in quotes because of the hash: `"#content-api"`, or its id.')
    fresh: Name | None = Field(
        default=None, description="Open a new channel for each rollback; its name begins with this, for example `inc`."
    )
    invite: Literal["approvers", "nobody"] = Field(
        default="approvers", description="Who is invited into a fresh channel besides the one who asked."
    )

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.name is None and self.fresh is None:
            raise sentence("No channel is named here.", 'Add `name: "#incidents"` or `fresh: inc`.')
        return self
