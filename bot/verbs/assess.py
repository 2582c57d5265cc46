import sys

import click

from bot.completing import complete_services
from bot.terminal.output import json_option, say, say_json
from bot.wiring import Wiring


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("service", shell_complete=complete_services)
@click.argument("steps", required=False, metavar="[-N]")
@click.option(
    "--to", "target", metavar="REV", help="Revision to go back to: an id or its beginning, a label, base, -N."
)
@click.option("--data", "with_data", is_flag=True, help="Rehearse on a copy of the data too: slower, and certain.")
@click.option(
    "--backup", metavar="NAME", help="With the data of this backup (or `latest`), restored, instead of a fresh copy."
)
@click.option("--sql", "as_sql", is_flag=True, help="Print only the SQL of the downgrade.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print it for a ticket.")
@json_option
@click.pass_obj
def assess(  # noqa: PLR0913 because each option is one
    wiring: Wiring, service: str, steps: str | None, target: str | None, *,
    with_data: bool, backup: str | None, as_sql: bool, as_markdown: bool, as_json: bool,
) -> None:  # fmt: skip
    """Measure what going back would cost, on the real database, in seconds, without changing anything in it.

    By default one revision back. The downgrade is tried on a copy of the schema (with --data: of the data), what would
    be lost is counted, and the ways out are put side by side.

    \b
    backout assess orders                 one revision back
    backout assess orders -2              two revisions back
    backout assess orders --to 4f1a --data
    backout assess orders --backup latest
    """
    if target is not None and not target.strip():
        raise click.UsageError("--to is empty: say which revision, or leave it out to go one back.")
    if backup is not None and not backup.strip():
        raise click.UsageError("--backup is empty: name one, or say `latest`.")
    if steps and target:
        raise click.UsageError("Say either -N or --to REV, not both.")
    if steps and not (steps.startswith("-") and steps[1:].isdecimal()):
        raise click.UsageError(f"{steps!r} is not a number of steps; write it like -2, or use --to REV.")
    with_data = with_data or backup is not None
    assessment = wiring.assess(service, target or steps or "-1", with_data=with_data, backup=backup)
    if as_sql:
        from bot.terminal.sql import sql_of

        say(sql_of(assessment.path))
    elif as_json:
        from actions.assess.result import as_json as facts

        say_json(facts(assessment))
    elif as_markdown:
        from bot.terminal.ticket import markdown

        click.echo(markdown(assessment), nl=False)
    else:
        from bot.terminal.assessment import page

        say(*page(assessment))
    sys.stdout.flush()
