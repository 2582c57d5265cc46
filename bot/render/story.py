"""The answer to `/rollback show RB-n`: what and why, who decided, step by step, and the last entries of its record."""

from collections.abc import Iterator

from actions.history.lifecycle import Status
from actions.history.values import Approval, Event
from bot.render.assessed import Assessed, assessed
from bot.render.blocks import button, context, divider, header, row, section
from bot.render.buttons import Button
from bot.render.card import decision_parts
from bot.render.cost import consequence, losses, risk_words
from bot.render.foreign import code, foreign, quoted, worded
from bot.render.judged import path, spoken
from bot.render.limits import some
from bot.render.live import record
from bot.render.message import Block, Message, message
from bot.render.outcome import figures
from bot.render.people import clock, moment, person, with_names
from bot.render.pressing import end_row, look_buttons, spoken_of
from bot.render.scene import Scene
from bot.render.states import headline, spoken_state, state, way_of
from bot.render.steps import step_lines
from bot.wording.rollbacks import about, short_actor

#: The last ones; the file has all.
MOST_ENTRIES = 12
#: Of no interest to people who want to know what happened.
_NOISE = frozenset({"step.began", "step.progress", "run.claimed", "run.released"})


def story(scene: Scene) -> Message:
    found = assessed(scene.shown)
    return message(spoken_state(scene, found), header(headline(scene, found)), *_blocks(scene, found))


def _blocks(scene: Scene, found: Assessed) -> Iterator[Block]:
    rollback = scene.rollback
    yield section("\n".join(_facts(scene, found)), name="facts")
    if lost := losses(found):
        yield section(lost, name="losses")
    if rollback.started_at is None and rollback.status is not Status.ASSESSING:
        yield from decision_parts(found)
    if scene.approvals:
        yield section("\n".join(["*Decisions*", *some(scene.approvals, 10, "more", said=_voice)]), name="voices")
    if scene.steps and rollback.started_at is not None:
        yield section(
            "\n".join(["*Steps*", step_lines(scene.steps, scene.progress, scene.at, over=not scene.rollback.live)]),
            name="steps",
        )
    if not rollback.live and (numbers := figures(scene)):
        yield section(numbers, name="figures")
    yield context(path(scene, found))
    if entries := _entries(scene.events):
        yield divider()
        yield section("\n".join(["*Last entries of its record*", *entries]), name="entries")
    if scene.head is not None:
        yield context(record(scene.head))
    yield from _buttons(scene, found)


def _voice(voice: Approval) -> str:
    return f"• {spoken(voice)}{' (void)' if voice.voided_at else ''}"


def _facts(scene: Scene, found: Assessed) -> Iterator[str]:
    rollback = scene.rollback
    yield (
        f"*{state(rollback.status)}*. {risk_words(found.risk)}. {worded(consequence(found), 300)}."
        if found.verdict
        else f"*{state(rollback.status)}*"
    )
    if rollback.outcome:
        yield with_names(worded(rollback.outcome, 600))
    yield f"Asked by {person(rollback.requester)} {moment(rollback.requested_at)}, *{foreign(way_of(rollback), 60)}*"
    if rollback.reason.strip():
        yield quoted(rollback.reason)
    times = [("Begun", rollback.started_at), ("ended", rollback.finished_at)]
    said = [f"{name} {moment(at)}" for name, at in times if at is not None]
    if said:
        yield ", ".join(said)


def _entries(events: tuple[Event, ...]) -> list[str]:
    told = [event for event in events if event.kind not in _NOISE]
    lines = [
        f"{clock(event.at)} {code(event.kind, 40)} {worded(about(event), 140)} _{foreign(short_actor(event.actor), 40)}_"
        for event in told[-MOST_ENTRIES:]
    ]
    earlier = len(events) - len(lines)
    return [*([f"… ({earlier} earlier entries: the post-mortem file has them)"] if earlier > 0 else []), *lines]


def _buttons(scene: Scene, found: Assessed) -> Iterator[Block]:
    if scene.link:
        spoken = f"Go to the card of {spoken_of(scene)}"
        yield row(
            button("Go to the card", Button.OPEN_CARD, spoken=spoken, url=scene.link), *look_buttons(scene, found)
        )
    elif look := look_buttons(scene, found):
        yield row(*look)
    if not scene.rollback.live:
        yield end_row(scene)
