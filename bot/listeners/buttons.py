"""Every button: acknowledged at once, then decided by the same desk as on the command line."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from slack_bolt import Ack, App

from actions.approve.voices import TurnedAway
from actions.history.lifecycle import LIVE, Status
from actions.history.values import Voice
from actions.run.answering import Vote
from actions.run.offering import Choice
from bot.errands import Errands
from bot.listeners.asking import fill_anew, open_dialog
from bot.listeners.commands import history_page, told
from bot.listeners.home import publish
from bot.listeners.pressing import ForgedError, Meant, Press, meant_by, press_of
from bot.lookups import sql_of_downgrade
from bot.presence import Presence
from bot.render import notices
from bot.render.buttons import Button, Field, Page, Tick, decode_service
from bot.render.modals import pages, reasons
from bot.render.modals.request import loading
from bot.render.modals.strategy import strategy_dialog
from bot.render.postmortem import postmortem
from bot.render.scene import Scene
from bot.replies import Reply, upload
from bot.scenes import scene_of
from bot.visitors import visitor_of

Handler = Callable[[Presence, Press, Reply], None]
About = Callable[[Presence, Press, Reply, Meant], None]


def register(app: App, errands: Errands) -> None:
    def listen(button: Button, handle: Handler) -> None:
        @app.action(button.value)
        def pressed(ack: Ack, body: dict[str, Any]) -> None:
            ack()
            press = press_of(button, body)
            errands.run(press.visitor, f"press {button.value}", lambda reply: _guarded(errands, handle, press, reply))

    for button, handle in HANDLERS.items():
        listen(button, handle)

    @app.action(Button.OPEN_CARD.value)
    def followed(ack: Ack) -> None:
        """A link; Slack wants to hear that we heard."""
        ack()

    for name in (Field.SERVICE, Field.FAILURE):

        @app.action(name.value)
        def written(ack: Ack, body: dict[str, Any]) -> None:
            """In the dialog for a new rollback: the rest of it follows from that."""
            ack()
            view = body.get("view") or {}
            errands.run(visitor_of(body), "fill the dialog", lambda reply: fill_anew(errands.presence, reply, view))


def _guarded(errands: Errands, handle: Handler, press: Press, reply: Reply) -> None:
    try:
        handle(errands.presence, press, reply)
    except ForgedError as error:
        errands.turn_away(press.visitor, f"press {press.button.value}", f"Forged: {error.what}")
        reply(notices.forged())


def _about(handle: About, *, when: frozenset[Status] | None = None) -> Handler:
    """For buttons that carry a rollback; one whose moment has passed is told where it stands."""

    def handler(presence: Presence, press: Press, reply: Reply) -> None:
        meant = meant_by(presence, press)
        if when is not None and meant.rollback.status not in when:
            reply(notices.too_late(meant.rollback))
            return
        handle(presence, press, replace(reply, place=meant.place), meant)

    return handler


def _approve(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:
    if meant.reference.digest is None:
        raise ForgedError("An approval without a digest")
    said = Vote(voice=Voice.APPROVE, digest=meant.reference.digest)
    say_outcome(presence, reply, meant, said, press.visitor.identity)


def say_outcome(presence: Presence, reply: Reply, meant: Meant, said: Vote, who: Any) -> None:
    """A voice that counts is told by the card and in the channel; one that does not, to whoever gave it."""
    outcome = presence.desk.vote(who, meant.rollback.id, said)
    if isinstance(outcome, TurnedAway):
        reply(notices.turned_away(outcome, meant.rollback.id))
    presence.nudge()


def _reject(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001 because all are called alike
    reply.view(reasons.reject_dialog(_as_shown(meant)))


def _override(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    service = presence.catalog.services.get(meant.rollback.service)
    rule = service.policy.override if service else None
    reply.view(reasons.override_dialog(_as_shown(meant), reason_length=rule.reason_length if rule else 10))


def _break_glass(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    reply.view(reasons.break_glass_dialog(_as_shown(meant)))


def _looked(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    reply.view(reasons.looked_dialog(meant.rollback))


def _as_shown(meant: Meant) -> Any:
    """The dialog decides on what was shown where it was opened, not on what is there by then."""
    return replace(meant.rollback, digest=meant.reference.digest or meant.rollback.digest)


def _rehearse(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    presence.desk.rehearse_with_data(press.visitor.identity, meant.rollback.id, digest=meant.reference.digest)
    presence.nudge()


def _change_strategy(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    reply.view(strategy_dialog(_scene(presence, meant)))


def _stop(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    presence.desk.stop(press.visitor.identity, meant.rollback.id)
    presence.nudge()


def _chooses(choice: Choice) -> About:
    def choose(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
        presence.desk.choose(press.visitor.identity, meant.rollback.id, choice)
        presence.nudge()

    return choose


def _show_sql(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    opened = reply.view(loading("Reading the scripts"))
    reply.replace(opened, pages.sql_dialog(_scene(presence, meant), _sql(presence, meant)))


def _sql_file(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    reply.file(pages.sql_file(_scene(presence, meant), _sql(presence, meant)))


def _ledger(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    reply.view(pages.ledger_dialog(_scene(presence, meant)))


def _ledger_page(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:
    reply.replace(press.view, pages.ledger_dialog(_scene(presence, meant), meant.reference.page))


def _ledger_file(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    reply.file(pages.ledger_file(_scene(presence, meant)))


def _findings(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    reply.view(pages.findings_dialog(_scene(presence, meant)))


def _findings_page(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:
    reply.replace(press.view, pages.findings_dialog(_scene(presence, meant), meant.reference.page))


def _show(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    reply(told(presence, meant.rollback.id))


def _export(presence: Presence, press: Press, reply: Reply, meant: Meant) -> None:  # noqa: ARG001
    """Into the thread of the rollback, for everybody; directly where it has none."""
    scene = scene_of(presence.desk.history, presence.catalog, meant.rollback.id, with_head=True)
    if meant.place and meant.thread:
        upload(presence.slack, postmortem(scene), channel=meant.place, thread=meant.thread)
    else:
        reply.file(postmortem(scene))


def _start(presence: Presence, press: Press, reply: Reply) -> None:
    if press.value and decode_service(press.value) is None:
        raise ForgedError("No name of a service")
    open_dialog(presence, reply, service=decode_service(press.value))


def _home_page(presence: Presence, press: Press, reply: Reply) -> None:  # noqa: ARG001
    page = Page.decode(press.value)
    if page is None:
        raise ForgedError("No page")
    publish(presence, press.visitor.user, page)


def _history_page(presence: Presence, press: Press, reply: Reply) -> None:
    page = Page.decode(press.value)
    if page is None:
        raise ForgedError("No page")
    reply(history_page(presence, page.service, page.before))


def _tick(presence: Presence, press: Press, reply: Reply) -> None:  # noqa: ARG001
    tick, _ = _ticked(presence, press)
    presence.desk.tick(press.visitor.identity, tick.rollback, [tick.step])
    presence.nudge()


def _cross(presence: Presence, press: Press, reply: Reply) -> None:
    tick, meant = _ticked(presence, press)
    steps = _scene(presence, meant).steps
    title = next((step.title for step in steps if step.name == tick.step), tick.step)
    reply.view(reasons.cross_dialog(meant.rollback, tick, title))


def _ticked(presence: Presence, press: Press) -> tuple[Tick, Meant]:
    tick = Tick.decode(press.value)
    if tick is None:
        raise ForgedError("No step of a rollback")
    return tick, meant_by(presence, replace(press, value=str(tick.rollback)))


def _scene(presence: Presence, meant: Meant) -> Scene:
    return scene_of(presence.desk.history, presence.catalog, meant.rollback.id)


def _sql(presence: Presence, meant: Meant) -> str:
    service = presence.catalog.service(meant.rollback.service)
    return sql_of_downgrade(service, presence.places.environ, meant.rollback)


_CHOOSING: Final = frozenset({Status.CHOOSING})
HANDLERS: Final[Mapping[Button, Handler]] = {
    Button.APPROVE: _about(_approve),
    Button.REJECT: _about(_reject, when=frozenset({Status.WAITING})),
    Button.OVERRIDE: _about(_override, when=frozenset({Status.WAITING})),
    Button.BREAK_GLASS: _about(_break_glass, when=frozenset({Status.WAITING})),
    Button.REHEARSE: _about(_rehearse, when=frozenset({Status.WAITING})),
    Button.CHANGE_STRATEGY: _about(_change_strategy, when=frozenset({Status.WAITING})),
    Button.STOP: _about(_stop, when=LIVE),
    Button.RETRY: _about(_chooses(Choice.RETRY), when=_CHOOSING),
    Button.RESTORE: _about(_chooses(Choice.RESTORE), when=_CHOOSING),
    Button.KEEP: _about(_chooses(Choice.KEEP), when=_CHOOSING),
    Button.LOOKED: _about(_looked, when=frozenset({Status.HALTED})),
    Button.TICK: _tick,
    Button.CROSS: _cross,
    Button.SHOW_SQL: _about(_show_sql),
    Button.SQL_FILE: _about(_sql_file),
    Button.SHOW_LEDGER: _about(_ledger),
    Button.LEDGER_PAGE: _about(_ledger_page),
    Button.LEDGER_BEFORE: _about(_ledger_page),
    Button.LEDGER_FILE: _about(_ledger_file),
    Button.SHOW_FINDINGS: _about(_findings),
    Button.FINDINGS_PAGE: _about(_findings_page),
    Button.FINDINGS_BEFORE: _about(_findings_page),
    Button.SHOW: _about(_show),
    Button.EXPORT: _about(_export),
    Button.START: _start,
    Button.HOME_PAGE: _home_page,
    Button.HOME_BEFORE: _home_page,
    Button.HISTORY_PAGE: _history_page,
}
