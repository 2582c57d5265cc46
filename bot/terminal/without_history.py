"""The way on while Backout's own database is away, and what to say of it."""

from collections.abc import Callable
from typing import Any

import click

from actions.restore.premises import Premises
from bot.terminal.output import say_trouble


def without_history_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--without-history", is_flag=True, help="In an emergency: go on though Backout's own database is away."
    )(command)


def say_without_history(premises: Premises) -> None:
    """Nothing where the history answers."""
    if premises.without_history is None:
        return
    name = premises.service.name
    say_trouble(
        f"WITHOUT THE HISTORY ({premises.without_history}):",
        f"- whether a rollback of {name} is open cannot be seen; make sure that nobody works on it\n"
        "- which backups were proven is not known\n"
        f"- what is done now is noted in {premises.home}; once the history answers, the next `backout backups` here brings "
        "it there",
    )  # fmt: skip
