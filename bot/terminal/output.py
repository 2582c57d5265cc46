"""Where the verbs print: facts to standard output, everything else to standard error.

`NO_COLOR`, a pipe and a dumb terminal get plain text without being asked for twice. What goes to a pipe is
never cut to a width: somebody will grep it.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import date, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

import click

from actions.redaction import redact

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Wide enough for any line of ours, for those who read through a pipe.
UNCUT = 1000


def say(*what: "RenderableType") -> None:
    """Prints text or tables; text is redacted, and never taken for markup."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else UNCUT
    console = Console(
        file=sys.stdout if terminal else StringIO(), width=width, highlight=False, markup=False, emoji=False
    )
    for each in what:
        if isinstance(each, str):
            # As it is: SQL that was broken at a width is other SQL.
            console.print(redact(each), soft_wrap=True)
        else:
            console.print(each)
    if not terminal:
        # Tables pad their last column; in a pipe that is only in the way.
        for line in console.file.getvalue().splitlines():  # type: ignore[attr-defined]  # because it is a StringIO
            click.echo(line.rstrip())


def say_json(facts: Any) -> None:
    """One JSON value on one or more lines, the same in a terminal and in a pipe."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(facts, ensure_ascii=False, indent=indent, default=_plain))


def say_trouble(what: str, next_step: str | None = None) -> None:
    """To standard error: what went wrong in red, what to do next under it."""
    colourful = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    click.echo(click.style(redact(what), fg="red", bold=True) if colourful else redact(what), err=True)
    if next_step:
        click.echo(redact(next_step), err=True)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print facts as JSON, for machines.")(command)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
