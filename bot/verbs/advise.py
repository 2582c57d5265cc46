import sys
from collections.abc import Sequence
from typing import Any

import click

from actions.run.runbooks.advising import Advice, known_failures
from actions.run.runbooks.advising import advise as answers
from bot.completing import complete_services
from bot.terminal.output import json_option, say, say_json, say_trouble
from bot.wiring import Wiring

SHOWN = 12


@click.command
@click.argument("words", nargs=-1, required=True, metavar="[SERVICE] WHAT-YOU-SEE...", shell_complete=complete_services)
@json_option
@click.pass_obj
def advise(wiring: Wiring, words: tuple[str, ...], *, as_json: bool) -> None:
    """From what you see to what should be taken back: scope, risk, expected time, and the command to type.

    Looks in the decision matrix and among the triggers of the runbooks, of one service or of all. It changes nothing.
    Exit code 1 when nothing fits.

    \b
    backout advise motovaultpro "container start fails"
    backout advise "relationships are missing after the rollback"
    """
    services = wiring.catalog.services
    service = words[0] if len(words) > 1 and words[0] in services else None
    failure = " ".join(words[1:] if service else words)
    found = answers(services, failure, service)
    known = known_failures(services, service)
    if as_json:
        facts = [_facts(each) for each in found]
        say_json(
            {"asked": failure, "service": service, "answers": facts, **({} if found else {"known": _known(known)})}
        )
    elif found:
        for number, each in enumerate(found):
            say(*([""] if number else []), *_lines(each))
    else:
        _say_known(failure, known)
    if not found:
        sys.exit(1)


def _facts(each: Advice) -> dict[str, Any]:
    time = each.expected_time
    return {
        "service": each.service, "failure": each.failure, "source": each.source, "runbook": each.runbook,
        "scope": each.scope, "risk": each.risk.value if each.risk else None,
        "expected_time": str(time) if time else None,
        "expected_seconds": [time.at_least.total_seconds(), time.at_most.total_seconds()] if time else None,
        "advice": each.advice, "command": each.command, "score": each.score,
    }  # fmt: skip


def _lines(each: Advice) -> list[str]:
    where = "the decision matrix" if each.source == "matrix" else each.source
    what = f"{each.runbook or 'a person decides'}{f', {each.scope}' if each.scope else ''}"
    cost = ", ".join(part for part in (f"{each.risk} risk" if each.risk else "", str(each.expected_time or "")) if part)
    lines = [f"{each.service}: {each.failure}  ({where})", f"  take back: {what}" if each.runbook else f"  {what}"]
    lines += [f"  {cost}"] if cost else []
    lines += [f"  {each.advice}"] if each.advice else []
    lines += [f"  {each.command}"] if each.command else []
    return lines


def _known(known: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"service": service, "failure": failure} for service, failure in known]


def _say_known(failure: str, known: Sequence[tuple[str, str]]) -> None:
    if not known:
        say_trouble("No service here has a decision matrix or triggers", "Add `matrix` to its entry in the catalog.")
        return
    say_trouble(f"Nothing in the catalog fits {failure!r}. It knows:")
    for service, text in known[:SHOWN]:
        say(f"  {service}: {text}")
    if len(known) > SHOWN:
        say(f"  and {len(known) - SHOWN} more (--json)")
