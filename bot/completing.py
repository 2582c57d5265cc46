"""Names that the shell completes. Apart, so that completing one loads no verb that is not asked for."""

import click
from click.shell_completion import CompletionItem

from actions.errors import BackoutError
from bot.wiring import Wiring


def complete_services(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    try:
        names = Wiring().catalog.services
    except BackoutError:
        return []  # a completion has no place for an error message
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
