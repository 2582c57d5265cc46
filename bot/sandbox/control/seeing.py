"""What one person sees."""

from typing import Any

from bot.sandbox.interactions.refusing import NotPossible
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.conversations import Conversation
from bot.sandbox.model.messages import Message
from bot.sandbox.model.people import Member
from bot.sandbox.model.views import View

Json = dict[str, Any]


def person(slack: LocalSlack, name: Any) -> Member:
    found = slack.workspace.people.get(str(name))
    if found is None or not found.is_human:
        raise NotPossible("user_not_found", f"There is nobody with the id {name}.", 404)
    return found


def conversation(slack: LocalSlack, viewer: Member, name: Any) -> Conversation:
    found = slack.workspace.conversations.get(str(name))
    if found is None or not found.is_visible_to(viewer):
        raise NotPossible("channel_not_found", f"{viewer.real_name} sees no such channel.", 404)
    return found


def message(slack: LocalSlack, viewer: Member, channel: Any, ts: Any) -> Message:
    place = conversation(slack, viewer, channel)
    ephemeral = next((each for each in place.ephemeral if each.ts == ts and each.reader == viewer.id), None)
    found = ephemeral or place.messages.get(str(ts))
    if found is None:
        raise NotPossible("not_visible", "There is no such message any more.", 404)
    return found


def view(slack: LocalSlack, viewer: Member, name: Any) -> View:
    found = next((each for each in slack.workspace.all_views() if each.id == name and each.owner == viewer.id), None)
    if found is None:
        raise NotPossible("not_visible", "It is no longer open.", 404)
    return found


def state(slack: LocalSlack, viewer: Member) -> Json:
    space = slack.workspace
    home = space.homes.get(viewer.id)
    return {
        "ok": True, "cursor": space.journal.last, "now": slack.clock.now(),
        "team": {"id": space.team_id, "name": space.name, "domain": space.domain}, "app": slack.app_seen(), "me": viewer.id,
        "people": [each.as_seen() for each in space.people.values()],
        "groups": [each.as_seen() for each in space.groups.values()],
        "channels": [
            space.channel_seen(each, viewer.id) for each in space.conversations.values() if each.is_visible_to(viewer)
        ],
        "views": space.stack_seen(viewer.id), "home": space.view_seen(home) if home else None,
    }  # fmt: skip


def messages(slack: LocalSlack, viewer: Member, place: Conversation, before: str | None, limit: int) -> Json:
    mine = [each for each in place.ephemeral if each.reader == viewer.id and not each.thread_ts]
    found = sorted([*place.top_level(), *mine], key=lambda each: each.ts)
    if before:
        found = [each for each in found if each.ts < before]
    page = found[-limit:]
    return {
        "ok": True, "messages": [slack.workspace.seen(each, viewer.id) for each in page], "has_more": len(found) > len(page),
    }  # fmt: skip


def thread(slack: LocalSlack, viewer: Member, place: Conversation, ts: str) -> Json:
    if ts not in place.messages:
        raise NotPossible("not_visible", "There is no such thread.", 404)
    parent, *replies = place.thread(place.messages[ts].thread_ts or ts)
    mine = [each for each in place.ephemeral if each.reader == viewer.id and each.thread_ts == parent.ts]
    ordered = [parent, *sorted([*replies, *mine], key=lambda each: each.ts)]
    return {"ok": True, "messages": [slack.workspace.seen(each, viewer.id) for each in ordered]}


def file(slack: LocalSlack, viewer: Member, name: str) -> tuple[Json, bytes]:
    space = slack.workspace
    shared = any(
        name in each.files
        for place in space.conversations.values()
        if place.is_visible_to(viewer)
        for each in place.messages.values()
    )
    if not shared or name not in space.contents:
        raise NotPossible("file_not_found", "There is no such file.", 404)
    return space.files[name], space.contents[name]
