"""The workspace: everything that happens in it goes through here, and whoever may see it is told."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox import ids
from bot.sandbox.clock import Clock
from bot.sandbox.journal import Journal
from bot.sandbox.manifest import Manifest
from bot.sandbox.model import messages
from bot.sandbox.model.conversations import Conversation, Kind
from bot.sandbox.model.messages import Message
from bot.sandbox.model.people import COLOURS, SLACKBOT, Member, UserGroup
from bot.sandbox.model.views import View
from bot.sandbox.seed import Person, Seed

Json = dict[str, Any]


class Workspace:
    def __init__(self, seed: Seed, manifest: Manifest, clock: Clock) -> None:
        self.clock = clock
        self.manifest = manifest
        self.name, self.domain = seed.name, seed.domain
        self.team_id = ids.readable("T", seed.domain)
        self.other_team_id = ids.readable("T", "partner")
        self.app_id = ids.readable("A", manifest.name)
        self.bot_id = ids.readable("B", manifest.name)
        self.journal = Journal()
        self.people: dict[str, Member] = {}
        self.groups: dict[str, UserGroup] = {}
        self.conversations: dict[str, Conversation] = {}
        self.files: dict[str, Json] = {}
        self.contents: dict[str, bytes] = {}
        #: Each person's open modals, bottom first, and Home.
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        #: What external selects were last offered: person, element.
        self.offered: dict[tuple[str, str], list[Json]] = {}
        #: Where links to messages lead; set when the control side listens.
        self.address = f"https://{self.domain}.slack.example"
        self._stamps = ids.Timestamps(clock.now)
        self._fill(seed)

    # People ---------------------------------------------------------------------------------------------------------

    def _fill(self, seed: Seed) -> None:
        self._enter(Member(id=SLACKBOT, name="slackbot", real_name="Slackbot", team_id=self.team_id, colour="#757575"))
        self.bot = self._enter(
            Member(
                id=ids.readable("U", self.manifest.bot_name), name=self.manifest.bot_name.lower(), team_id=self.team_id,
                real_name=self.manifest.bot_name, is_bot=True, bot_id=self.bot_id, colour="#4a154b",
            )
        )  # fmt: skip
        for person in seed.people:
            self.add_person(person)
        for group in seed.groups:
            self.set_group(group.handle, [self.named(each).id for each in group.users], name=group.name)
        for channel in seed.channels:
            members = [self.named(each).id for each in channel.members]
            if channel.with_app:
                members.append(self.bot.id)
            created = self.create(channel.name, private=channel.private, members=members, creator=members[0])
            created.topic, created.purpose = channel.topic, channel.purpose

    def _enter(self, member: Member) -> Member:
        self.people[member.id] = member
        return member

    def add_person(self, person: Person) -> Member:
        member = Member(
            id=ids.readable("U", person.name), name=person.name, real_name=person.real_name, title=person.title,
            team_id=self.other_team_id if person.stranger else self.team_id, guest=person.guest,
            stranger=person.stranger, deleted=person.deactivated, colour=COLOURS[len(self.people) % len(COLOURS)],
        )  # fmt: skip
        self._enter(member)
        self.tell_people()
        return member

    def set_group(self, handle: str, users: list[str], name: str | None = None) -> UserGroup:
        group = next((each for each in self.groups.values() if each.handle == handle), None)
        if group is None:
            group = UserGroup(id=ids.readable("S", handle), handle=handle, name=name or handle, users=users)
            self.groups[group.id] = group
        group.users = users
        self.tell_people()
        return group

    def named(self, name: str) -> Member:
        """By id or by name; KeyError."""
        if name in self.people:
            return self.people[name]
        found = next((each for each in self.people.values() if each.name == name.removeprefix("@")), None)
        if found is None:
            raise KeyError(name)
        return found

    def humans(self) -> list[Member]:
        return [each for each in self.people.values() if each.is_human]

    def tell_people(self) -> None:
        data = {
            "people": [each.as_seen() for each in self.people.values()],
            "groups": [each.as_seen() for each in self.groups.values()],
        }
        for person in self.humans():
            self.journal.tell(person.id, "people", data)

    # Channels -------------------------------------------------------------------------------------------------------

    def conversation(self, name: str) -> Conversation:
        """By id, or by name with or without #; KeyError."""
        if name in self.conversations:
            return self.conversations[name]
        plain = name.removeprefix("#")
        found = next(
            (each for each in self.conversations.values() if each.name == plain and each.kind is not Kind.IM), None
        )
        if found is None:
            raise KeyError(name)
        return found

    def create(self, name: str, *, private: bool, members: Iterable[str], creator: str) -> Conversation:
        made = Conversation(
            id=ids.readable("C", name), name=name, kind=Kind.PRIVATE if private else Kind.PUBLIC, creator=creator,
            created=int(self.clock.now()), members=list(dict.fromkeys(members)),
        )  # fmt: skip
        if made.id in self.conversations:
            made.id = ids.fresh("C")
        self.conversations[made.id] = made
        self.tell_channel(made)
        return made

    def direct(self, one: str, other: str) -> Conversation:
        for each in self.conversations.values():
            if each.kind is Kind.IM and set(each.members) == {one, other}:
                return each
        made = Conversation(
            id=ids.readable("D", f"{self.people[one].name}{self.people[other].name}"), name="", kind=Kind.IM, creator=one,
            created=int(self.clock.now()), members=[one, other],
        )  # fmt: skip
        self.conversations[made.id] = made
        self.tell_channel(made)
        return made

    def enter(self, conversation: Conversation, person: str, *, by: str | None = None) -> None:
        conversation.members.append(person)
        self.tell_channel(conversation)
        said = f"<@{person}> has joined the channel"
        self.post(Message(channel=conversation.id, ts=self.stamp(), user=person, text=said, subtype="channel_join"))
        if by is not None and person in self.people and self.people[person].is_human:
            self.tell_read(conversation, person)

    def leave(self, conversation: Conversation, person: str) -> None:
        conversation.members.remove(person)
        if not conversation.is_visible_to(self.people[person]):
            self.journal.tell(person, "channel_gone", {"channel": conversation.id})
        self.tell_channel(conversation)

    def change(self, conversation: Conversation, *, by: str, **what: Any) -> None:
        """Topic, purpose, name, or whether it is archived: said in the channel, as Slack does."""
        for name, value in what.items():
            setattr(conversation, name, value)
        self.tell_channel(conversation)
        name, value = next(iter(what.items()))
        subtype, text = {
            "topic": ("channel_topic", f"set the channel topic: {value}"),
            "purpose": ("channel_purpose", f"set the channel description: {value}"),
            "name": ("channel_name", f"has renamed the channel to \"{value}\""),
            "archived": ("channel_archive" if value else "channel_unarchive", f"{'' if value else 'un-'}archived the channel"),
        }[name]  # fmt: skip
        self.post(Message(channel=conversation.id, ts=self.stamp(), user=by, text=f"<@{by}> {text}", subtype=subtype))

    def channel_seen(self, conversation: Conversation, person: str) -> Json:
        unread = conversation.unread(person)
        top = conversation.top_level()
        is_im = conversation.kind is Kind.IM
        partner = conversation.partner(person) if is_im else None
        return {
            "id": conversation.id, "kind": conversation.kind.value, "user": partner,
            "name": self.people[partner].name if partner else conversation.name,
            "topic": conversation.topic, "purpose": conversation.purpose, "is_archived": conversation.archived,
            "is_member": person in conversation.members, "members": list(conversation.members),
            "created": conversation.created, "last_read": conversation.last_read.get(person, "0"), "unread": len(unread),
            "mentions": sum(1 for each in unread if is_im or self._mentions(each, person)),
            "latest": top[-1].ts if top else None, "bookmarks": conversation.bookmarks, "pins": list(conversation.pins),
        }  # fmt: skip

    def _mentions(self, message: Message, person: str) -> bool:
        told = message.text + str(message.blocks or "")
        groups = [each.id for each in self.groups.values() if person in each.users]
        return f"<@{person}" in told or any(f"<!subteam^{each}" in told for each in groups) or "<!channel>" in told

    def tell_channel(self, conversation: Conversation) -> None:
        for person in self.humans():
            if conversation.is_visible_to(person):
                self.journal.tell(person.id, "channel", {"channel": self.channel_seen(conversation, person.id)})

    def tell_read(self, conversation: Conversation, person: str) -> None:
        seen = self.channel_seen(conversation, person)
        names = ("last_read", "unread", "mentions")
        self.journal.tell(person, "read", {"channel": conversation.id, **{name: seen[name] for name in names}})

    # Messages -------------------------------------------------------------------------------------------------------

    def stamp(self) -> str:
        return self._stamps.next()

    def post(self, message: Message) -> Message:
        conversation = self.conversations[message.channel]
        if message.is_ephemeral:
            conversation.ephemeral.append(message)
            self._tell_message("message", message)
            return message
        conversation.messages[message.ts] = message
        if message.thread_ts and message.thread_ts != message.ts:
            parent = conversation.messages[message.thread_ts]
            parent.replies.append(message.ts)
            parent.thread_ts = parent.ts
            self._tell_message("message_changed", parent)
        if message.user in conversation.members and self.people[message.user].is_human and not message.subtype:
            conversation.last_read[message.user] = message.ts
        self._tell_message("message", message)
        return message

    def changed(self, message: Message) -> None:
        self._tell_message("message_changed", message)

    def delete(self, message: Message) -> None:
        conversation = self.conversations[message.channel]
        gone = {
            "channel": message.channel,
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "ephemeral": message.is_ephemeral,
        }
        if message.is_ephemeral:
            conversation.ephemeral.remove(message)
            self.journal.tell(str(message.reader), "message_deleted", gone)
            return
        del conversation.messages[message.ts]
        if message.thread_ts and (parent := conversation.messages.get(message.thread_ts)):
            parent.replies = [each for each in parent.replies if each != message.ts]
            self._tell_message("message_changed", parent)
        for person in self.humans():
            if conversation.is_visible_to(person):
                self.journal.tell(person.id, "message_deleted", gone)

    def seen(self, message: Message, viewer: str) -> Json:
        parents = self.conversations[message.channel].messages
        return messages.as_seen(message, parents, self.files, viewer=viewer, permalink=self.permalink(message))

    def told(self, message: Message) -> Json:
        """As the Web API tells it."""
        shape = messages.as_slack(message, self.conversations[message.channel].messages, self.files, self.team_id)
        if message.bot_id:
            shape["bot_profile"] = {
                "id": message.bot_id, "app_id": message.app_id, "name": self.manifest.bot_name, "deleted": False,
                "updated": 0, "team_id": self.team_id,
            }  # fmt: skip
        return shape

    def permalink(self, message: Message) -> str:
        link = f"{self.address}/archives/{message.channel}/p{message.ts.replace('.', '')}"
        if message.thread_ts and message.thread_ts != message.ts:
            link += f"?thread_ts={message.thread_ts}&cid={message.channel}"
        return link

    def _tell_message(self, kind: str, message: Message) -> None:
        conversation = self.conversations[message.channel]
        for person in self.humans():
            if message.is_ephemeral and person.id != message.reader:
                continue
            if conversation.is_visible_to(person):
                self.journal.tell(person.id, kind, {"message": self.seen(message, person.id)})

    # Views ----------------------------------------------------------------------------------------------------------

    def view_told(self, view: View) -> Json:
        return view.as_slack(team=self.team_id, app=self.app_id, bot=self.bot_id)

    def view_seen(self, view: View) -> Json:
        return view.as_seen(team=self.team_id, app=self.app_id, bot=self.bot_id)

    def stack_seen(self, person: str) -> list[Json]:
        return [self.view_seen(each) for each in self.stacks.get(person, ())]

    def tell_view(self, kind: str, view: View, **more: Any) -> None:
        data: Mapping[str, Any] = {"view": self.view_seen(view), "views": self.stack_seen(view.owner), **more}
        self.journal.tell(view.owner, kind, dict(data))

    def all_views(self) -> Iterable[View]:
        yield from self.homes.values()
        for stack in self.stacks.values():
            yield from stack
