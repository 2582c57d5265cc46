"""`/rollback ...`: read, done by the same desk as the command line, answered to whoever typed it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, assert_never

from slack_bolt import Ack, App

from actions.errors import ConfigurationError
from actions.history.queries import live, recent
from actions.history.rollbacks import Opened
from actions.history.values import RollbackId
from actions.run.runbooks.selection import select
from bot import intake
from bot.desk import Asked
from bot.errands import Errands
from bot.links import card_link
from bot.listeners.asking import open_dialog
from bot.listeners.drilling import begin_drill
from bot.lookups import listing_of
from bot.presence import Presence
from bot.render import lists, notices
from bot.render.advice import advice
from bot.render.helping import help_page
from bot.render.message import Message
from bot.render.story import story
from bot.replies import Reply
from bot.scenes import scene_of
from bot.visitors import visitor_of

COMMAND = "/rollback"
PAGE = 10
Question = (
    intake.Refusal
    | intake.Help
    | intake.StatusOf
    | intake.ShowOne
    | intake.HistoryOf
    | intake.BackupsOf
    | intake.Advise
)


def register(app: App, errands: Errands) -> None:
    @app.command(COMMAND)
    def rollback(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        text = str(body.get("text") or "")
        presence = errands.presence
        errands.run(
            visitor_of(body), f"{COMMAND} {text[:80]}".strip(), lambda reply: answer(presence, text, reply), typed=True
        )


def answer(presence: Presence, text: str, reply: Reply) -> None:
    """One command, one answer."""
    services = presence.catalog.services
    match intake.read(text, services, {name: tuple(service.runbooks) for name, service in services.items()}):
        case intake.OpenDialog(service=service):
            open_dialog(presence, reply, service=service)
        case intake.AskFor() as wanted:
            _ask(presence, reply, wanted)
        case intake.DrillOf(service=service):
            begin_drill(presence, reply, service)
        case question:
            reply(told_to(presence, question))


def told_to(presence: Presence, question: Question) -> Message:  # noqa: PLR0911 because every question has an answer
    """What only looks."""
    match question:
        case intake.Refusal():
            return notices.not_understood(question)
        case intake.Help():
            return help_page(presence.catalog.services)
        case intake.StatusOf(rollback=number, service=service):
            return told(presence, number) if number else _open_ones(presence, service)
        case intake.ShowOne(rollback=number):
            return told(presence, number)
        case intake.HistoryOf(service=service):
            return history_page(presence, service)
        case intake.BackupsOf(service=service):
            return backups_of(presence, service)
        case intake.Advise(failure=failure, service=service):
            return advice(failure, presence.advise(failure, service))
        case _:
            assert_never(question)


def _open_ones(presence: Presence, service: str | None) -> Message:
    """A service has one open at a time: that one is told in full."""
    found = [each for each in live(presence.desk.history) if service in (None, each.service)]
    if service is not None and found:
        return told(presence, found[0].id)
    return lists.open_ones(found, datetime.now(UTC), service=service)


def _ask(presence: Presence, reply: Reply, wanted: intake.AskFor) -> None:
    must_have_part(presence, wanted.service, wanted.strategy, wanted.target)
    asked = Asked(
        service=wanted.service, key=reply.visitor.key, target=wanted.target, reason=wanted.reason,
        strategy=wanted.strategy or "downgrade", with_data=wanted.with_data, place=place_to_tell(reply.visitor.channel),
    )  # fmt: skip
    opened = presence.desk.request(reply.visitor.identity, asked)
    reply(receipt(presence, opened))


def must_have_part(presence: Presence, service: str, way: str | None, part: str) -> None:
    """A part that a runbook does not have is said at once, and no rollback is opened for it."""
    book = presence.catalog.service(service).runbooks.get(way or "")
    if book is not None:
        select(book, part, already=tuple(book.phases))


def receipt(presence: Presence, opened: Opened) -> Message:
    """It is written down; or which one is open already."""
    presence.nudge()
    link = None if opened.created else card_link(presence, opened.rollback.id)
    if opened.existing_because == "service":
        return notices.already_open(opened.rollback, link)
    return notices.received(opened.rollback, link)


def told(presence: Presence, number: RollbackId) -> Message:
    scene = scene_of(presence.desk.history, presence.catalog, number, with_head=True)
    return story(replace(scene, link=card_link(presence, number)))


def history_page(presence: Presence, service: str | None, before: RollbackId | None = None) -> Message:
    found = recent(presence.desk.history, service=service, before=before, limit=PAGE + 1)
    return lists.history_page(found[:PAGE], service=service, more=len(found) > PAGE, at=datetime.now(UTC))


def backups_of(presence: Presence, service: str) -> Message:
    entry = presence.catalog.service(service)
    if entry.database is None:
        raise ConfigurationError(f"{service} has no database in the catalog, so there are no backups")
    return lists.backups_page(listing_of(presence.premises(entry)), datetime.now(UTC))


def place_to_tell(channel: str | None) -> str | None:
    """A channel; what is said between two is no place for a team."""
    return channel if channel and channel[0] in "CG" else None
