import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import click
from rich.table import Table
from rich.text import Text

from actions.errors import BackoutError
from actions.readiness.answers import Answer, Level
from actions.readiness.service import ask_about, failed
from bot.completing import complete_services
from bot.terminal.output import json_option, say, say_json
from bot.wiring import Wiring

LOOK = {
    Level.OK: ("✓", "green"),
    Level.WARNING: ("!", "yellow"),
    Level.FAILED: ("✗", "bold red"),
    Level.UNKNOWN: ("?", "dim"),
}
#: Services are asked at the same time; most of it is waiting for somebody's answer.
AT_ONCE = 8


@click.command
@click.argument("service", required=False, shell_complete=complete_services)
@json_option
@click.pass_obj
def check(wiring: Wiring, service: str | None = None, *, as_json: bool = False) -> None:
    """Ask, for every service (or one), whether all that a rollback needs is there: the database, the revision now
    and the newest, client tools, platform, backup stores, approvers; and whether Backout itself is set up.

    Nothing of a service is changed. Which revision is live is noted in our own history: how long a revision has been
    live is something that only a look at the time can tell. Exit code 1 when a question was answered with a no, 2 when the catalog or the
    settings are wrong.
    """
    catalog = wiring.catalog
    chosen = [catalog.service(service)] if service else list(catalog.services.values())
    around = wiring.surroundings()
    answers: dict[str, Sequence[Answer]] = {"backout": tuple(_about_ourselves(wiring))}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = pool.map(lambda each: tuple(ask_about(each, around)), chosen)
        answers |= {each.name: found for each, found in zip(chosen, asked, strict=True)}
    wiring.note_sightings(chosen)
    if as_json:
        say_json({name: [asdict(answer) for answer in found] for name, found in answers.items()})
    else:
        _say_table(answers)
    if any(answer.level is Level.FAILED for found in answers.values() for answer in found):
        sys.exit(1)


def _about_ourselves(wiring: Wiring) -> Sequence[Answer]:
    count = len(wiring.catalog.services)
    said = f"{wiring.settings.catalog}: {count} {'service' if count == 1 else 'services'}"
    answers = [Answer(question="catalog", level=Level.OK, said=said)]
    try:
        with wiring.history() as history:
            said = "embedded PostgreSQL" if wiring.settings.database_url is None else history.where
            answers.append(Answer(question="history", level=Level.OK, said=said))
    except BackoutError as error:
        answers.append(failed("history", error))
    answers.append(wiring.slack_answer())
    return answers


def _say_table(answers: Mapping[str, Sequence[Answer]]) -> None:
    for name, found in answers.items():
        say(Text(name, style="bold"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 1))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for answer in found:
            sign, style = LOOK[answer.level]
            text = Text(answer.said)
            if answer.remedy:
                text.append(f"\n→ {answer.remedy}", style="dim")
            table.add_row(Text(f"{sign} {answer.level}", style=style), answer.question, text)
        say(table)
    _say_verdict([answer for found in answers.values() for answer in found])


def _say_verdict(answers: Sequence[Answer]) -> None:
    count = {level: sum(answer.level is level for answer in answers) for level in Level}
    if count[Level.FAILED]:
        say(Text(f"Not ready: {count[Level.FAILED]} of {len(answers)} answers are a no.", style="bold red"))
    elif count[Level.WARNING] or count[Level.UNKNOWN]:
        say(Text(f"Ready, with {count[Level.WARNING] + count[Level.UNKNOWN]} things to look at.", style="yellow"))
    else:
        say(Text("Ready.", style="green"))
