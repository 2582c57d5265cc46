"""Every method there is: who answers, which scope it needs, how often it may be called.

Where the scope depends on the kind of channel, the method itself asks for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.sandbox.api import chat, conversations, files, marks, people, views
from bot.sandbox.api.calls import Arguments, Json
from bot.sandbox.local import LocalSlack
from bot.sandbox.rates import Tier

Answering = Callable[[LocalSlack, Arguments], Json]


@dataclass(frozen=True, slots=True)
class Method:
    answer: Answering
    tier: Tier
    scope: str | None = None
    #: Called with the app-level token.
    for_app: bool = False


METHODS: Mapping[str, Method] = {
    "api.test": Method(people.api_test, Tier.FOUR),
    "apps.connections.open": Method(people.open_connection, Tier.ONE, for_app=True),
    "auth.test": Method(people.auth_test, Tier.MANY),
    "blocks.validate": Method(chat.validate_blocks, Tier.THREE),
    "bookmarks.add": Method(marks.add_bookmark, Tier.TWO, "bookmarks:write"),
    "chat.delete": Method(chat.delete, Tier.THREE, "chat:write"),
    "chat.getPermalink": Method(chat.permalink, Tier.MANY),
    "chat.postEphemeral": Method(chat.post_ephemeral, Tier.FOUR, "chat:write"),
    "chat.postMessage": Method(chat.post_message, Tier.POSTING, "chat:write"),
    "chat.update": Method(chat.update, Tier.THREE, "chat:write"),
    "conversations.archive": Method(conversations.archive, Tier.TWO),
    "conversations.create": Method(conversations.create, Tier.TWO),
    "conversations.history": Method(conversations.history, Tier.THREE),
    "conversations.info": Method(conversations.info, Tier.THREE),
    "conversations.invite": Method(conversations.invite, Tier.THREE),
    "conversations.join": Method(conversations.join, Tier.THREE, "channels:join"),
    "conversations.leave": Method(conversations.leave, Tier.THREE),
    "conversations.list": Method(conversations.list_all, Tier.TWO),
    "conversations.members": Method(conversations.members, Tier.FOUR),
    "conversations.open": Method(conversations.open_direct, Tier.THREE),
    "conversations.rename": Method(conversations.rename, Tier.TWO),
    "conversations.replies": Method(conversations.replies, Tier.THREE),
    "conversations.setPurpose": Method(conversations.set_purpose, Tier.TWO),
    "conversations.setTopic": Method(conversations.set_topic, Tier.TWO),
    "files.completeUploadExternal": Method(files.complete, Tier.FOUR, "files:write"),
    "files.getUploadURLExternal": Method(files.upload_address, Tier.FOUR, "files:write"),
    "pins.add": Method(marks.add_pin, Tier.TWO, "pins:write"),
    "reactions.add": Method(marks.add_reaction, Tier.THREE, "reactions:write"),
    "reactions.remove": Method(marks.remove_reaction, Tier.TWO, "reactions:write"),
    "team.info": Method(people.team_info, Tier.THREE, "team:read"),
    "usergroups.list": Method(people.group_list, Tier.TWO, "usergroups:read"),
    "usergroups.users.list": Method(people.group_users, Tier.TWO, "usergroups:read"),
    "users.info": Method(people.user_info, Tier.FOUR, "users:read"),
    "users.list": Method(people.user_list, Tier.TWO, "users:read"),
    "views.open": Method(views.open_view, Tier.FOUR),
    "views.publish": Method(views.publish, Tier.FOUR),
    "views.push": Method(views.push, Tier.FOUR),
    "views.update": Method(views.update, Tier.FOUR),
}
