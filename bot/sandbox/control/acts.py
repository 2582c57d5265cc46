"""A person does something. One function for each act, one table of all."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.sandbox.control import seeing
from bot.sandbox.interactions import commands, events, modals, presses
from bot.sandbox.interactions.presses import Place
from bot.sandbox.interactions.refusing import NotPossible
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.conversations import Conversation, Kind
from bot.sandbox.model.messages import Message
from bot.sandbox.model.people import Member

Json = dict[str, Any]
Given = Mapping[str, Any]
Act = Callable[[LocalSlack, Member, Given], Awaitable[Json]]
LONGEST = 12_000


async def act(slack: LocalSlack, given: Given) -> Json:
    person = seeing.person(slack, given.get("as"))
    if person.deleted:
        raise NotPossible("user_disabled", f"{person.real_name} was deactivated.", 403)
    doing = ACTS.get(str(given.get("act")))
    if doing is None:
        raise NotPossible("unknown_act", f"There is no act {given.get('act')}.")
    return await doing(slack, person, given)


async def _post(slack: LocalSlack, person: Member, given: Given) -> Json:
    text = str(given.get("text", ""))
    if text.startswith("/"):
        return await _command(slack, person, given)
    if not text.strip() or len(text) > LONGEST:
        raise NotPossible("invalid_value", "A message has between 1 and 12,000 characters.")
    place = _own(slack, person, given)
    if (
        place.kind is Kind.IM
        and place.partner(person.id) == slack.workspace.bot.id
        and slack.manifest.messages_read_only
    ):
        raise NotPossible("read_only", "Sending messages to this app is turned off.")
    thread = given.get("thread_ts")
    if thread is not None and thread not in place.messages:
        raise NotPossible("not_visible", "There is no such thread.")
    message = slack.workspace.post(
        Message(
            channel=place.id, ts=slack.workspace.stamp(), user=person.id, text=_marked(slack, text), thread_ts=thread
        )
    )
    events.message_posted(slack, message)
    return {"ok": True, "message": slack.workspace.seen(message, person.id)}


async def _command(slack: LocalSlack, person: Member, given: Given) -> Json:
    text = str(given.get("text", ""))
    place = seeing.conversation(slack, person, given.get("channel"))
    if given.get("thread_ts"):
        name = text.split(" ", 1)[0]
        said = f"{name} is not supported in threads. Sorry!"
        raise NotPossible("not_in_thread", said)
    return await commands.run(slack, person, place, text)


def _place(slack: LocalSlack, person: Member, given: Given) -> Place:
    if given.get("view_id"):
        return Place(view=seeing.view(slack, person, given["view_id"]))
    return Place(message=seeing.message(slack, person, given.get("channel"), given.get("ts")))


async def _press(slack: LocalSlack, person: Member, given: Given) -> Json:
    return await presses.press(slack, person, _place(slack, person, given), given)


async def _fill(slack: LocalSlack, person: Member, given: Given) -> Json:
    return presses.fill(slack, person, _place(slack, person, given), given)


async def _suggest(slack: LocalSlack, person: Member, given: Given) -> Json:
    return await presses.suggest(slack, person, _place(slack, person, given), given)


async def _submit(slack: LocalSlack, person: Member, given: Given) -> Json:
    view = seeing.view(slack, person, given.get("view_id"))
    if view.type != "modal":
        raise NotPossible("invalid_value", "Home has nothing to submit.")
    return await modals.submit(slack, person, view, given.get("values") or {})


async def _close(slack: LocalSlack, person: Member, given: Given) -> Json:
    view = None if given.get("clear") else seeing.view(slack, person, given.get("view_id"))
    return await modals.close(slack, person, view)


async def _home(slack: LocalSlack, person: Member, given: Given) -> Json:
    return events.home_opened(slack, person, "messages" if given.get("tab") == "messages" else "home")


async def _open_dm(slack: LocalSlack, person: Member, given: Given) -> Json:
    other = slack.workspace.people.get(str(given.get("user")))
    if other is None:
        raise NotPossible("user_not_found", "There is no such person.")
    place = slack.workspace.direct(person.id, other.id)
    return {"ok": True, "channel": slack.workspace.channel_seen(place, person.id)}


async def _join(slack: LocalSlack, person: Member, given: Given) -> Json:
    place = seeing.conversation(slack, person, given.get("channel"))
    if person.id not in place.members:
        slack.workspace.enter(place, person.id, by=person.id)
        events.member_joined(slack, place.id, person.id, None)
    return {"ok": True}


async def _leave(slack: LocalSlack, person: Member, given: Given) -> Json:
    slack.workspace.leave(_own(slack, person, given), person.id)
    return {"ok": True}


async def _invite(slack: LocalSlack, person: Member, given: Given) -> Json:
    place, user = _own(slack, person, given), str(given.get("user"))
    if user not in slack.workspace.people:
        raise NotPossible("user_not_found", "There is no such person.")
    if user not in place.members:
        slack.workspace.enter(place, user, by=person.id)
        events.member_joined(slack, place.id, user, person.id)
    return {"ok": True}


async def _react(slack: LocalSlack, person: Member, given: Given) -> Json:
    message = seeing.message(slack, person, given.get("channel"), given.get("ts"))
    users = message.reactions.setdefault(str(given.get("name")), [])
    if given.get("remove") and person.id in users:
        users.remove(person.id)
    elif not given.get("remove") and person.id not in users:
        users.append(person.id)
    message.reactions = {name: users for name, users in message.reactions.items() if users}
    slack.workspace.changed(message)
    return {"ok": True}


async def _delete(slack: LocalSlack, person: Member, given: Given) -> Json:
    """One's own; and an ephemeral message is dismissed."""
    message = seeing.message(slack, person, given.get("channel"), given.get("ts"))
    if person.id not in (message.user, message.reader):
        raise NotPossible("cant_delete_message", "Only its author can delete it.", 403)
    slack.workspace.delete(message)
    return {"ok": True}


async def _edit(slack: LocalSlack, person: Member, given: Given) -> Json:
    message = seeing.message(slack, person, given.get("channel"), given.get("ts"))
    text = str(given.get("text", ""))
    if message.user != person.id or not text.strip():
        raise NotPossible("cant_update_message", "Only its author can edit it.", 403)
    message.text = _marked(slack, text)
    message.edited = {"user": person.id, "ts": slack.workspace.stamp()}
    slack.workspace.changed(message)
    return {"ok": True}


async def _read(slack: LocalSlack, person: Member, given: Given) -> Json:
    place = seeing.conversation(slack, person, given.get("channel"))
    place.last_read[person.id] = str(given.get("ts"))
    slack.workspace.tell_read(place, person.id)
    return {"ok": True}


async def _reload(slack: LocalSlack, person: Member, given: Given) -> Json:  # noqa: ARG001 because every act is called alike
    for place in slack.workspace.conversations.values():
        for message in [each for each in place.ephemeral if each.reader == person.id]:
            slack.workspace.delete(message)
    return {"ok": True}


def _own(slack: LocalSlack, person: Member, given: Given) -> Conversation:
    place = seeing.conversation(slack, person, given.get("channel"))
    if person.id not in place.members:
        raise NotPossible("not_in_channel", f"{person.real_name} is not in this channel.", 403)
    if place.archived:
        raise NotPossible("is_archived", "This channel is archived.", 403)
    return place


def _marked(slack: LocalSlack, text: str) -> str:
    """As Slack keeps what somebody typed."""
    from bot.sandbox.interactions.escaping import escaped

    return escaped(slack.workspace, text)


ACTS: Mapping[str, Act] = {
    "post": _post, "command": _command, "press": _press, "fill": _fill, "suggest": _suggest, "submit": _submit,
    "close": _close, "home": _home, "open_dm": _open_dm, "join": _join, "leave": _leave, "invite": _invite, "react": _react,
    "delete": _delete, "edit": _edit, "read": _read, "reload": _reload,
}  # fmt: skip
