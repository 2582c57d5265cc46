"""The one message that shows a run while it goes on, and how it ended. Edited, paced by whoever sends it."""

from collections.abc import Iterator
from datetime import timedelta

from actions.history.chain import Head
from actions.history.lifecycle import Status
from actions.history.values import StepStatus
from actions.history.wishes import CALLED, CALLED_NEXT
from actions.run.deciding import point_of_no_return
from actions.run.offering import offers, where_the_writers_are
from actions.run.runbooks.tickable import tickables
from bot.render.assessed import Assessed, assessed
from bot.render.blocks import context, header, section
from bot.render.cost import consequence
from bot.render.foreign import code, foreign, worded
from bot.render.message import Block, Message, message
from bot.render.outcome import figures, where_the_database_is
from bot.render.people import clock, moment, people, person, with_names
from bot.render.pressing import choice_row, end_row, halt_row, offer_words, stop_row, stoppable, tick_row
from bot.render.scene import Scene
from bot.render.states import headline, running, spoken_state, state
from bot.render.steps import failed_step, step_lines, time_left, trouble_of
from bot.wording.measures import length
from bot.wording.rollbacks import to_be_called, took


def live(scene: Scene) -> Message:
    """Steps with state, time and progress; trouble and what can be chosen; a halt; the end."""
    found = assessed(scene.shown)
    return message(_text(scene, found), header(headline(scene, found)), *_blocks(scene, found))


def _text(scene: Scene, found: Assessed) -> str:
    said = spoken_state(scene, found)
    now = running(scene.steps)
    if scene.rollback.status is Status.RUNNING and now is not None:
        said += f": {foreign(now.title, 100)}"
    failed = failed_step(scene.steps)
    if scene.rollback.status in (Status.CHOOSING, Status.HALTED) and failed is not None:
        said += f". {foreign(failed.title, 80)}: {foreign((failed.error or {}).get('what', 'failed'), 200)}"
    return said


def _blocks(scene: Scene, found: Assessed) -> Iterator[Block]:
    yield from _state(scene, found)
    if scene.escalated and scene.rollback.live:
        yield section(called(scene), name="escalated")
    if scene.rollback.status in (Status.WAITING, Status.APPROVED, Status.RUNNING):
        yield from _ticks(scene)
    if scene.steps:
        yield section(step_lines(scene.steps, scene.progress, scene.at, over=not scene.rollback.live), name="steps")
    if stoppable(scene):
        yield stop_row(scene)
    elif not scene.rollback.live:
        yield end_row(scene)
    elif scene.stop_by:
        yield context(f"⏹️ {person(scene.stop_by)} asked to stop it; what runs is being ended.")
    if scene.head is not None:
        yield context(record(scene.head))


def _state(scene: Scene, found: Assessed) -> Iterator[Block]:
    match scene.rollback.status:
        case Status.CHOOSING:
            yield from _choosing(scene)
        case Status.HALTED:
            yield from _halted(scene)
        case Status.UNDOING:
            yield from _undoing(scene)
        case Status.RUNNING | Status.APPROVED:
            yield section(_now(scene), name="now")
        case _:
            yield from _ended(scene, found)


def _ticks(scene: Scene) -> Iterator[Block]:
    """What the run stands still for."""
    for each in [each for each in tickables(scene.steps) if each.waits][:3]:
        yield section(
            f"☑️ *A person has to see to this*: {foreign(each.title, 200)}. The run stands still until somebody says whether it holds.",
            name="tick",
        )
        yield tick_row(scene, each.step, each.title)


def record(head: Head) -> str:
    """So that a record that was changed afterwards shows."""
    return f"🔗 Record up to entry {code(head)}: `backout audit --head {foreign(head)}` says whether it is as it was written."


def _now(scene: Scene) -> str:
    rollback = scene.rollback
    if rollback.started_at is None:
        return "👍 Approved. It begins as soon as a worker takes it on."
    done = sum(step.status is StepStatus.DONE for step in scene.steps)
    left = time_left(scene.steps, scene.at)
    ahead = f" About *{length(left.total_seconds())}* left, by what earlier runs took." if left is not None else ""
    return (
        f"*{done} of {len(scene.steps)} steps are done*, begun at {clock(rollback.started_at)}.{ahead}\n{_safe(scene)}"
    )


def _safe(scene: Scene) -> str:
    if point_of_no_return(scene.steps):
        return "⚠️ The destructive step was begun: going back needs the backup of this run, which is proven."
    return "🛟 Nothing destructive was done yet: until then a stop or a failure undoes everything."


def _undoing(scene: Scene) -> Iterator[Block]:
    failed = failed_step(scene.steps)
    why = "\n".join(trouble_of(failed)) if failed is not None else "It is being stopped."
    yield section(f"{why}\n↩️ *What was done is undone, in reverse; the writers come back.*", name="trouble")


def _choosing(scene: Scene) -> Iterator[Block]:
    failed = failed_step(scene.steps)
    lines = list(trouble_of(failed)) if failed is not None else ["*It was stopped behind the point of no return.*"]
    yield section("\n".join(lines), name="trouble")
    writers = where_the_writers_are(scene.steps)
    yield section(
        f"📍 {where_the_database_is(scene)} {writers} *Nothing goes on before somebody chooses.*", name="where"
    )
    yield section("\n".join(f"• {offer_words(offer)}" for offer in offers(scene.steps)), name="offers")
    yield choice_row(scene)
    who = people(scene.service.approvers if scene.service else None)
    asked = person(scene.rollback.requester)
    yield context(
        f"Retry, keep: {asked} or {who}. Restore: {who}. Restoring and keeping end as failed: it did not go back as approved."
    )


def _halted(scene: Scene) -> Iterator[Block]:
    failed = failed_step(scene.steps)
    lines = list(trouble_of(failed)) if failed is not None else []
    if not lines and scene.rollback.outcome:
        lines = [with_names(worded(scene.rollback.outcome, 700))]
    yield section(
        "\n".join(["*We do not know what is there now. A person must look before anything goes on.*", *lines]),
        name="trouble",
    )
    yield section(
        f"📍 {where_the_database_is(scene)} Look at: the revision in the database, who is connected, which writers run. "
        "No other rollback of this service can begin meanwhile.",
        name="where",
    )
    yield halt_row(scene)
    yield context(f"Whoever looked says what they saw: {people(scene.service.approvers if scene.service else None)}.")


def called(scene: Scene) -> str:
    event = next((each for each in reversed(scene.events) if each.kind == CALLED), None)
    if event is None:
        return "📟 *Escalated*: its contacts are to be called."
    said = f"📟 *Escalated* {moment(event.at)}: {worded(event.details.get('because', ''), 200)}. Call, in this order: {foreign(to_be_called(event), 600)}"
    later = [each for each in scene.events if each.kind == CALLED_NEXT]
    if not later:
        return said
    return f"{said}\nSince {moment(later[-1].at)}: {foreign(str(later[-1].details.get('contact', '')), 200)}."


def _ended(scene: Scene, found: Assessed) -> Iterator[Block]:
    rollback = scene.rollback
    length_ = took(rollback)
    how_long = f" in {length(max(length_, timedelta(0)).total_seconds())}" if length_ else ""
    if rollback.status is Status.SUCCEEDED and rollback.outcome:
        lines = [f"*{with_names(worded(rollback.outcome, 700)).rstrip('.')}*{how_long and f',{how_long}'}."]
    else:
        lines = [f"*{state(rollback.status)}*{how_long}"]
    if rollback.outcome and rollback.status is not Status.SUCCEEDED:
        lines.append(f"{with_names(worded(rollback.outcome, 700)).rstrip('.')}.")
    failed = failed_step(scene.steps)
    if rollback.status is not Status.SUCCEEDED and failed is not None:
        lines.extend(trouble_of(failed))
    yield section("\n".join(lines), name="outcome")
    if numbers := figures(scene):
        yield section(numbers, name="figures")
    if rollback.status is Status.SUCCEEDED and found.verdict is not None:
        yield context(f"As it was assessed: {worded(consequence(found), 300)}.")
