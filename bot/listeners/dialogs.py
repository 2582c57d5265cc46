"""What people send off in dialogs. What can be said to be wrong without asking anybody is said beside the field."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from actions.assess.decide.facts import StrategyName
from actions.errors import BackoutError
from actions.history.values import Voice
from actions.run.answering import Vote
from actions.run.named_backup import restores, revision_in, usable
from actions.run.runbooks.selection import ALL
from bot.desk import Asked
from bot.errands import Errands
from bot.listeners.buttons import say_outcome
from bot.listeners.commands import place_to_tell, receipt
from bot.listeners.pressing import ForgedError, Meant, meant
from bot.presence import Presence
from bot.render import notices
from bot.render.buttons import Dialog, Field, Origin, Tick
from bot.render.modals.reasons import LEAST_CROSSED, Looked, looked_in, reason_in, seen_in
from bot.render.modals.request import ONLY_A_RESTORE, Filled, errors_of, filled
from bot.render.modals.strategy import strategy_in
from bot.replies import Reply
from bot.visitors import visitor_of

About = Callable[[Presence, Reply, Meant], None]
VOTES: Mapping[Dialog, Mapping[str, Any]] = {
    Dialog.REJECT: {"voice": Voice.REJECT},
    Dialog.OVERRIDE: {"voice": Voice.APPROVE, "override": True},
    Dialog.BREAK_GLASS: {"voice": Voice.APPROVE, "break_glass": True},
}


def register(app: App, errands: Errands) -> None:
    @app.view(Dialog.REQUEST.value)
    def requested(ack: Ack, body: dict[str, Any]) -> None:
        wanted = _wanted(errands.presence, body)
        if isinstance(wanted, dict):
            ack(response_action="errors", errors=wanted)
            return
        ack()
        origin = Origin.decode(body["view"].get("private_metadata"))
        visitor = replace(visitor_of(body), channel=origin.channel)
        errands.run(visitor, "send the dialog for a new rollback", lambda reply: _ask(errands.presence, reply, wanted))

    for dialog in VOTES:
        _listen_for_vote(app, errands, dialog)

    @app.view(Dialog.STRATEGY.value)
    def chose(ack: Ack, body: dict[str, Any]) -> None:
        chosen = strategy_in(_values(body))
        if chosen not in {each.value for each in StrategyName}:
            ack(response_action="errors", errors={Field.STRATEGY.value: "Choose one of these."})
            return
        ack()
        _run(errands, body, "choose another way", lambda presence, reply, what: _change(presence, reply, what, chosen))

    @app.view(Dialog.LOOKED.value)
    def looked(ack: Ack, body: dict[str, Any]) -> None:
        found = looked_in(_values(body))
        if not isinstance(found, Looked):
            ack(response_action="errors", errors=found)
            return
        ack()
        _run(errands, body, "resume after a halt", lambda presence, reply, what: _resume(presence, reply, what, found))

    _listen_for_cross(app, errands)

    for name in (Dialog.LOADING, Dialog.LEDGER, Dialog.FINDINGS, Dialog.SQL):

        @app.view(name.value)
        def read(ack: Ack) -> None:
            """Nothing can be sent off there; Slack wants an answer all the same."""
            ack()


def _listen_for_cross(app: App, errands: Errands) -> None:
    @app.view(Dialog.CROSS.value)
    def crossed(ack: Ack, body: dict[str, Any]) -> None:
        seen = seen_in(_values(body))
        if len(seen) < LEAST_CROSSED:
            ack(response_action="errors", errors={Field.SEEN.value: "Say what you saw, in a sentence."})
            return
        ack()
        tick = Tick.decode(body["view"].get("private_metadata"))

        def cross(presence: Presence, reply: Reply, what: Meant) -> None:
            if tick is None:
                raise ForgedError("No step of a rollback")
            presence.desk.tick(reply.visitor.identity, what.rollback.id, [tick.step], holds=False, said=seen)
            presence.nudge()

        _run(errands, body, "say that a step does not hold", cross, about=str(tick.rollback) if tick else "")


def _listen_for_vote(app: App, errands: Errands, dialog: Dialog) -> None:
    @app.view(dialog.value)
    def voted(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        reason = reason_in(_values(body))

        def vote(presence: Presence, reply: Reply, what: Meant) -> None:
            if what.reference.digest is None:
                raise ForgedError("A decision without a digest")
            said = Vote(digest=what.reference.digest, reason=reason, **VOTES[dialog])
            say_outcome(presence, reply, what, said, reply.visitor.identity)

        _run(errands, body, f"send {dialog.value}", vote)


def _run(
    errands: Errands, body: Mapping[str, Any], name: str, handle: About, *, about: str | None = None
) -> None:  # fmt: skip
    """`about`: which rollback, where the view carries more than that."""
    visitor = visitor_of(body)

    def work(reply: Reply) -> None:
        try:
            named = about if about is not None else body["view"].get("private_metadata")
            what = meant(errands.presence, named)
        except ForgedError as error:
            forged(reply, error)
            return
        # A dialog is nowhere; who sent it looks at the channel where that rollback is told.
        there = replace(reply, place=what.place)
        errands.guarded(there, name, lambda: decide(there, what))

    def decide(reply: Reply, what: Meant) -> None:
        try:
            handle(errands.presence, reply, what)
        except ForgedError as error:
            forged(reply, error)

    def forged(reply: Reply, error: ForgedError) -> None:
        errands.turn_away(visitor, name, f"Forged: {error.what}")
        reply(notices.forged())

    errands.run(visitor, name, work)


def _wanted(presence: Presence, body: Mapping[str, Any]) -> Filled | dict[str, str]:
    wanted = filled(_values(body))
    if isinstance(wanted, Filled):
        try:
            service = presence.catalog.service(wanted.service)
            of_runbook = wanted.strategy in service.runbooks
            if wanted.backup and of_runbook and not restores(service, wanted.strategy, wanted.target or ALL):
                return {wanted.backup_block: ONLY_A_RESTORE}
        except BackoutError as error:
            return errors_of(error)
    return wanted


def _ask(presence: Presence, reply: Reply, wanted: Filled) -> None:
    target = wanted.target or "-1"
    if wanted.backup:
        found = usable(presence.desk.history, wanted.service, wanted.backup)
        target = wanted.target or revision_in(found)
    asked = Asked(
        service=wanted.service, key=reply.visitor.key, target=target, reason=_reason(wanted),
        strategy=wanted.strategy, with_data=wanted.with_data, backup=wanted.backup, place=place_to_tell(reply.visitor.channel),
    )  # fmt: skip
    reply(receipt(presence, presence.desk.request(reply.visitor.identity, asked)))


def _reason(wanted: Filled) -> str:
    """What people see is a reason, too."""
    parts = (wanted.reason, wanted.failure)
    return ": ".join(each for each in parts if each)


def _change(presence: Presence, reply: Reply, what: Meant, chosen: str) -> None:
    presence.desk.by_another_way(
        reply.visitor.identity, what.rollback.id, StrategyName(chosen), digest=what.reference.digest
    )
    presence.nudge()


def _resume(presence: Presence, reply: Reply, what: Meant, found: Looked) -> None:
    presence.desk.look(reply.visitor.identity, what.rollback.id, found.way, seen=found.seen)
    presence.nudge()


def _values(body: Mapping[str, Any]) -> Mapping[str, Any]:
    values = ((body.get("view") or {}).get("state") or {}).get("values")
    return values if isinstance(values, Mapping) else {}
