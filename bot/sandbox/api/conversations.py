"""conversations.*: channels."""

import re

from bot.sandbox.api.calls import Arguments, Json, Refusal, paged, refuse_arguments
from bot.sandbox.api.chat import readable_channel
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.conversations import Conversation, Kind
from bot.sandbox.model.messages import Message
from bot.sandbox.model.people import Member
from bot.sandbox.seed import Guest

LONGEST_NAME, LONGEST_TOPIC, MOST_INVITED = 80, 250, 100
TYPES = {"public_channel": Kind.PUBLIC, "private_channel": Kind.PRIVATE, "im": Kind.IM}
#: What a scope of each type of channel begins with.
FAMILIES = {Kind.PUBLIC: "channels", Kind.PRIVATE: "groups", Kind.IM: "im"}


def need(slack: LocalSlack, *scopes: str) -> None:
    """One of these."""
    if not slack.scopes.intersection(scopes):
        raise Refusal("missing_scope", needed=",".join(scopes), provided=",".join(sorted(slack.scopes)))


def create(slack: LocalSlack, given: Arguments) -> Json:
    private = given.flag("is_private")
    if private:
        need(slack, "groups:write")
    else:
        need(slack, "channels:manage", "channels:write")
    name = _checked_name(given.text_or("name"))
    space = slack.workspace
    if any(each.name == name for each in space.conversations.values()):
        raise Refusal("name_taken")
    made = space.create(name, private=private, members=[space.bot.id], creator=space.bot.id)
    return {"ok": True, "channel": _told(slack, made)}


def _checked_name(name: str) -> str:
    if not name:
        raise Refusal("invalid_name_required")
    if len(name) > LONGEST_NAME:
        raise Refusal("invalid_name_maxlength")
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise Refusal("invalid_name_specials")
    if not re.search(r"[a-z0-9]", name):
        raise Refusal("invalid_name_punctuation")
    return name


def invite(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _own(slack, given, "manage", "write.invites")
    users = given.listed("users")
    if not users:
        raise Refusal("no_user")
    if len(users) > MOST_INVITED:
        refuse_arguments(f"no more than {MOST_INVITED} items allowed [json-pointer:/users]")
    errors = [
        {"user": user, "ok": False, "error": code}
        for user in users
        if (code := _cannot_join(slack, conversation, user))
    ]
    if errors and not (given.flag("force") and len(errors) < len(users)):
        raise Refusal(str(errors[0]["error"]), errors=errors)
    refused = {each["user"] for each in errors}
    for user in users:
        if user not in refused:
            slack.workspace.enter(conversation, user, by=slack.workspace.bot.id)
    answer: Json = {"ok": True, "channel": _told(slack, conversation)}
    return {**answer, "errors": errors} if errors else answer


def _cannot_join(slack: LocalSlack, conversation: Conversation, user: str) -> str | None:
    space = slack.workspace
    member = space.people.get(user)
    if member is None or member.deleted:
        return "user_not_found"
    if user == space.bot.id:
        return "cant_invite_self"
    if user in conversation.members:
        return "already_in_channel"
    if member.stranger:
        return "cant_invite"
    if member.guest is Guest.SINGLE and any(_is_channel_of(each, member) for each in space.conversations.values()):
        return "ura_max_channels"
    return None


def _is_channel_of(conversation: Conversation, member: Member) -> bool:
    return conversation.kind is not Kind.IM and member.id in conversation.members


def join(slack: LocalSlack, given: Arguments) -> Json:
    conversation = readable_channel(slack, given.text("channel"))
    if conversation.kind is not Kind.PUBLIC:
        raise Refusal("method_not_supported_for_channel_type")
    if conversation.archived:
        raise Refusal("is_archived")
    if slack.workspace.bot.id in conversation.members:
        warnings = ["already_in_channel"]
        told = _told(slack, conversation)
        return {"ok": True, "channel": told, "warning": warnings[0], "response_metadata": {"warnings": warnings}}
    slack.workspace.enter(conversation, slack.workspace.bot.id)
    return {"ok": True, "channel": _told(slack, conversation)}


def leave(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _own(slack, given, "manage")
    slack.workspace.leave(conversation, slack.workspace.bot.id)
    return {"ok": True}


def archive(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _own(slack, given, "manage")
    if conversation.name == "general":
        raise Refusal("cant_archive_general")
    slack.workspace.change(conversation, by=slack.workspace.bot.id, archived=True)
    return {"ok": True}


def rename(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _own(slack, given, "manage")
    name = _checked_name(given.text_or("name"))
    if any(each.name == name for each in slack.workspace.conversations.values()):
        raise Refusal("name_taken")
    slack.workspace.change(conversation, by=slack.workspace.bot.id, name=name)
    return {"ok": True, "channel": _told(slack, conversation)}


def set_topic(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _own(slack, given, "manage", "write.topic")
    topic = given.text_or("topic")
    if len(topic) > LONGEST_TOPIC:
        raise Refusal("too_long")
    slack.workspace.change(conversation, by=slack.workspace.bot.id, topic=topic)
    return {"ok": True, "channel": _told(slack, conversation)}


def set_purpose(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _own(slack, given, "manage", "write.topic")
    purpose = given.text_or("purpose")
    if len(purpose) > LONGEST_TOPIC:
        raise Refusal("too_long")
    slack.workspace.change(conversation, by=slack.workspace.bot.id, purpose=purpose)
    return {"ok": True, "purpose": purpose, "channel": _told(slack, conversation)}


def _own(slack: LocalSlack, given: Arguments, *rights: str) -> Conversation:
    """One that the bot is in and that lives."""
    conversation = readable_channel(slack, given.text("channel"))
    if conversation.kind is Kind.IM:
        raise Refusal("method_not_supported_for_channel_type")
    family = FAMILIES[conversation.kind]
    named = [f"{family}:{'write' if right == 'manage' and family == 'groups' else right}" for right in rights]
    need(slack, *named)
    if conversation.archived:
        raise Refusal("is_archived")
    if slack.workspace.bot.id not in conversation.members:
        raise Refusal("not_in_channel")
    return conversation


def info(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _readable(slack, given, "read")
    told = _told(slack, conversation)
    if not given.flag("include_num_members"):
        told.pop("num_members", None)
    return {"ok": True, "channel": told}


def list_all(slack: LocalSlack, given: Arguments) -> Json:
    wanted = given.listed("types") or ["public_channel"]
    if unknown := [each for each in wanted if each not in TYPES and each != "mpim"]:
        raise Refusal("invalid_types", response_metadata={"messages": unknown})
    kinds = [TYPES[each] for each in wanted if each in TYPES]
    for kind in kinds:
        need(slack, f"{FAMILIES[kind]}:read")
    bot = slack.workspace.bot.id
    found = [
        each for each in slack.workspace.conversations.values()
        if each.kind in kinds and (each.kind is Kind.PUBLIC or bot in each.members)
        and not (given.flag("exclude_archived") and each.archived)
    ]  # fmt: skip
    page, following = paged(found, given)
    return {
        "ok": True, "channels": [_told(slack, each) for each in page], "response_metadata": {"next_cursor": following},
    }  # fmt: skip


def members(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _readable(slack, given, "read")
    page, following = paged(conversation.members, given)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": following}}


def history(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _readable(slack, given, "history")
    if slack.workspace.bot.id not in conversation.members:
        raise Refusal("not_in_channel")
    found = [each for each in reversed(conversation.top_level()) if _within(each, given)]
    page, following = paged(found, given, most=999)
    return {
        "ok": True, "messages": [_message(slack, each, given) for each in page], "has_more": bool(following),
        "pin_count": len(conversation.pins), "response_metadata": {"next_cursor": following},
    }  # fmt: skip


def replies(slack: LocalSlack, given: Arguments) -> Json:
    conversation = _readable(slack, given, "history")
    if slack.workspace.bot.id not in conversation.members:
        raise Refusal("not_in_channel")
    found = conversation.messages.get(given.text("ts"))
    if found is None:
        raise Refusal("thread_not_found")
    thread = conversation.thread(found.thread_ts or found.ts)
    chosen = [thread[0], *(each for each in thread[1:] if _within(each, given))]
    page, following = paged(chosen, given, otherwise=1000)
    return {
        "ok": True, "messages": [_message(slack, each, given) for each in page], "has_more": bool(following),
        "response_metadata": {"next_cursor": following},
    }  # fmt: skip


def open_direct(slack: LocalSlack, given: Arguments) -> Json:
    need(slack, "im:write")
    users = given.listed("users")
    space = slack.workspace
    if "channel" in given:
        return {"ok": True, "channel": {"id": readable_channel(slack, given.text("channel")).id}}
    if len(users) != 1:
        raise Refusal("users_list_not_supplied" if not users else "method_not_supported_for_channel_type")
    person = space.people.get(users[0])
    if person is None:
        raise Refusal("user_not_found")
    if person.deleted or person.id == space.bot.id:
        raise Refusal("user_disabled" if person.deleted else "cannot_dm_bot")
    conversation = space.direct(space.bot.id, person.id)
    return {"ok": True, "channel": {"id": conversation.id}}


def _readable(slack: LocalSlack, given: Arguments, right: str) -> Conversation:
    conversation = readable_channel(slack, given.text("channel"))
    need(slack, f"{FAMILIES[conversation.kind]}:{right}")
    return conversation


def _within(message: Message, given: Arguments) -> bool:
    oldest, latest = given.text_or("oldest", "0"), given.text_or("latest")
    stamp = float(message.ts)
    if given.flag("inclusive") and message.ts in (oldest, latest):
        return True
    return stamp > float(oldest or 0) and (not latest or stamp < float(latest))


def _message(slack: LocalSlack, message: Message, given: Arguments) -> Json:
    told = slack.workspace.told(message)
    if message.metadata is not None and given.flag("include_all_metadata"):
        told["metadata"] = message.metadata
    return told


def _told(slack: LocalSlack, conversation: Conversation) -> Json:
    return conversation.as_slack(team=slack.workspace.team_id, bot=slack.workspace.bot.id)
