"""What somebody typed, as an app gets it."""

import re

from bot.sandbox.model.conversations import Kind
from bot.sandbox.model.workspace import Workspace


def escaped(space: Workspace, text: str) -> str:
    """`should_escape`: names of people and channels become what Slack knows them by."""

    def person(found: re.Match[str]) -> str:
        try:
            member = space.named(found[1])
        except KeyError:
            group = next((each for each in space.groups.values() if each.handle == found[1]), None)
            return f"<!subteam^{group.id}|@{group.handle}>" if group else found[0]
        return f"<@{member.id}|{member.name}>"

    def channel(found: re.Match[str]) -> str:
        try:
            conversation = space.conversation(found[1])
        except KeyError:
            return found[0]
        # A private channel's name is not told.
        return f"<#{conversation.id}|{conversation.name if conversation.kind is Kind.PUBLIC else ''}>"

    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"(?<![\w@])@([a-z0-9._-]*[a-z0-9_])", person, text)
    return re.sub(r"(?<![\w#])#([a-z0-9_-]+)", channel, text)
