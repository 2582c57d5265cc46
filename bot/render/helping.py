"""The answer to `/rollback help`."""

from collections.abc import Collection

from bot.render.blocks import section
from bot.render.message import Message, message


def help_page(services: Collection[str]) -> Message:
    text = f"/rollback SERVICE [to REV | -N] [because REASON], {len(services)} services"
    return message(text, section(text))
