import secrets
import sys
import threading
from dataclasses import dataclass

import click

from actions.assess.decide.facts import StrategyName
from actions.catalog.service import Service
from actions.errors import RefusedError
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.queries import show
from actions.history.shown import last_shown
from actions.history.values import RollbackId
from actions.run.named_backup import restores, revision_in, usable
from bot.completing import complete_services
from bot.desk import Asked
from bot.terminal.following import CODES, EVERY_SECONDS, RESTING, follow, say_request
from bot.terminal.output import json_option, say, say_json
from bot.terminal.rollbacks import facts_of
from bot.wiring import Wiring

STRATEGIES = [StrategyName.DOWNGRADE.value, StrategyName.RESTORE.value, StrategyName.APP_ONLY.value]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("service", shell_complete=complete_services)
@click.argument("steps", required=False, metavar="[-N]")
@click.option(
    "--to", "target", metavar="REV", help="Revision to go back to: an id or its beginning, a label, base, -N."
)
@click.option("--because", "reason", default="", metavar="REASON", help="Why; approvers and the history will read it.")
@click.option(
    "--strategy", type=click.Choice(STRATEGIES), default="downgrade", show_default=True, help="Which way out."
)
@click.option("--runbook", metavar="NAME", help="By a runbook that the catalog declares, instead of a strategy.")
@click.option("--scope", metavar="NAME", help="Of a runbook: one of its scopes or phases. Left out: all of it.")
@click.option("--phases", metavar="A,B", help="Of a runbook: these phases.")
@click.option(
    "--backup", metavar="NAME", help="Of a strategy or runbook that restores: this one, not the newest that fits."
)
@click.option("--data", "with_data", is_flag=True, help="Rehearse on a copy of the data before people decide.")
@click.option("--key", metavar="KEY", help="Names this request: delivered twice with the same key, it is one rollback.")
@click.option("--wait", is_flag=True, help="Follow it to its end, through the approval.")
@json_option
@click.pass_obj
def request(  # noqa: PLR0913 because every option is one
    wiring: Wiring, service: str, steps: str | None, *, target: str | None, reason: str, strategy: str,
    runbook: str | None, scope: str | None, phases: str | None, backup: str | None, with_data: bool, key: str | None, wait: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Ask for a rollback: it is assessed, written down, and waits for approval.

    Nothing is changed before enough people have approved exactly what is shown. The work itself is done by
    `backout serve`, on whatever machine it runs.

    \b
    backout request orders --because "checkout fails since 14:02"
    backout request orders --to 4f1a --wait
    backout request orders --strategy restore
    backout request orders --strategy restore --backup orders_20260102_031500_a1b2
    backout request vehicles --runbook simplification --scope compose-file
    """
    entry = wiring.catalog.service(service)
    part = _Part(runbook=runbook, scope=scope, phases=phases)
    strategy, target = _meant(entry, part, strategy=strategy, steps=steps, target=target, backup=backup)
    with wiring.history() as history:
        if backup:
            found = usable(history, entry.name, backup)
            target = target or revision_in(found)
        asked = Asked(
            service=entry.name, key=key or f"terminal:{secrets.token_hex(12)}", target=target or "-1",
            reason=reason, strategy=strategy, with_data=with_data, backup=backup,
        )  # fmt: skip
        opened = wiring.desk(history).request(wiring.me, asked)
        rollback = opened.rollback.id
        if not opened.created and opened.existing_because == "service":
            raise RefusedError(
                f"{opened.rollback.id} of {entry.name} is open already ({opened.rollback.status}); one service has one at a time",
                next_step=f"backout show {opened.rollback.id}",
            )
        status = _assess(wiring, history, rollback, quiet=as_json)
        if not as_json:
            say_request(history, rollback)
        if wait:
            status = _wait(history, rollback, status, quiet=as_json)
        if as_json:
            _say_facts(history, rollback)
    sys.exit(CODES.get(status, 0))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    runbook: str | None
    scope: str | None
    phases: str | None


def _meant(
    service: Service, part: _Part, *, strategy: str, steps: str | None, target: str | None, backup: str | None
) -> tuple[str, str | None]:  # fmt: skip
    """Which way out, and where to; None where nobody said."""
    if steps and target:
        raise click.UsageError("Say either -N or --to REV, not both.")
    if steps and not (steps.startswith("-") and steps[1:].isdecimal()):
        raise click.UsageError(f"{steps!r} is not a number of steps; write it like -2, or use --to REV.")
    if part.runbook is not None:
        if target or steps:
            raise click.UsageError("A runbook has scopes and phases, no revision: say --scope or --phases.")
        return part.runbook, part_of(service, part.runbook, scope=part.scope, phases=part.phases, backup=backup)
    if part.scope or part.phases:
        raise click.UsageError("--scope and --phases are parts of a runbook: add --runbook NAME.")
    if backup and strategy != StrategyName.RESTORE.value:
        raise click.UsageError("--backup NAME goes with --strategy restore, or with a runbook that restores.")
    return strategy, target or steps


def part_of(
    service: Service, runbook: str, *, scope: str | None, phases: str | None, backup: str | None = None
) -> str:  # fmt: skip
    """Which part of a declared runbook is meant, as a request writes it down; an unknown one is refused at once."""
    from actions.run.runbooks.proposing import runbook_of
    from actions.run.runbooks.selection import select, target_of

    if scope and phases:
        raise click.UsageError("Say either --scope or --phases, not both.")
    book = runbook_of(service, runbook)
    target = target_of(scope, [name.strip() for name in (phases or "").split(",") if name.strip()])
    select(book, target, already=tuple(book.phases))  # raises where there is no such part
    if backup and not restores(service, runbook, target):
        raise click.UsageError(f"{runbook} restores no backup, or always the one that its own `backup` names.")
    return target


def _assess(wiring: Wiring, history: History, rollback: RollbackId, *, quiet: bool) -> Status:
    """Here, unless a worker was faster; what comes after it is the workers' business."""
    if (status := show(history, rollback).rollback.status) is not Status.ASSESSING:
        return status
    from actions.run.assessing import Assessing
    from actions.run.crewing import crew_of
    from actions.run.runner import advance
    from actions.run.shift import owner_name

    sites = wiring.sites(history)
    crew = crew_of(sites, only={Status.ASSESSING: Assessing(sites=sites)}, lasting=wiring.settings.lease)
    advance(crew, rollback, owner=owner_name(), stopping=threading.Event())
    status = show(history, rollback).rollback.status
    if status is Status.ASSESSING:
        return _until(history, rollback, frozenset(set(Status) - {Status.ASSESSING}), quiet=quiet)
    return status


def _wait(history: History, rollback: RollbackId, status: Status, *, quiet: bool) -> Status:
    if status is Status.WAITING and not quiet:
        say("Waiting for approval; Ctrl-C leaves it waiting.")
    return _until(history, rollback, RESTING - {Status.WAITING}, quiet=quiet)


def _until(history: History, rollback: RollbackId, until: frozenset[Status], *, quiet: bool) -> Status:
    if not quiet:
        return follow(history, rollback, until=until, stop=lambda: False)
    while (status := show(history, rollback).rollback.status) not in until:
        threading.Event().wait(EVERY_SECONDS)
    return status


def _say_facts(history: History, rollback: RollbackId) -> None:
    story = show(history, rollback)
    with history.reading() as connection:
        shown = last_shown(connection, rollback)
    say_json(
        {
            "rollback": facts_of(story.rollback),
            "steps": facts_of(story.steps),
            "assessment": shown.shown if shown else None,
        }
    )
