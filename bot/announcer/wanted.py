"""Which messages a rollback should have by now, in their order. Pure: the same record gives the same messages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from actions.history.announcements import Announcement
from actions.history.lifecycle import FINAL, Status
from actions.history.values import Approval, Event, StepStatus
from actions.history.wishes import CALLED_NEXT
from bot.render import announcements, turns
from bot.render.card import card
from bot.render.live import live
from bot.render.message import Message
from bot.render.scene import Scene

CARD, LIVE, STARTED, CHAIN, OVER = "card", "live", "started", "chain", "over"
#: Shares of the time to decide, after which the approvers are reminded, and after which somebody else is called.
REMIND_AFTER, CALL_AFTER = 0.25, 0.5
#: Steps that ended while nothing could be said share a message.
MOST_STEPS = 6
#: Blocks of one of those.
_MOST_BLOCKS: Final = 45

_STEP_ENDS: Final = frozenset({"done", "failed", "skipped", "undone", "stuck"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """One message that should be there."""

    key: str
    draw: Callable[[], Message]
    #: In the thread of the message with this key.
    thread: str | None = None
    #: It is kept up to date.
    edited: bool = False
    #: What is shown is the end of something: it does not wait for its turn among edits of progress.
    urgent: bool = False
    #: The last entry of the record that it tells.
    upto: int | None = None


def wanted(scene: Scene, said: Mapping[str, Announcement], *, link: str | None = None) -> Iterator[Wanted]:
    """The card first; then what was said, in the order in which it happened; the end last. `link`: of the card, for those
    messages that stay as they are."""
    linked = replace(scene, link=link)
    over = scene.rollback.status in FINAL
    began = scene.rollback.started_at is not None
    yield Wanted(
        key=CARD, draw=lambda: card(scene), edited=True,
        urgent=scene.rollback.status not in (Status.RUNNING, Status.UNDOING),
    )  # fmt: skip
    yield from _heard(linked, said)
    yield from _calls(linked)
    if began:
        yield Wanted(
            key=LIVE, draw=lambda: live(scene), edited=True,
            urgent=over or scene.rollback.status in (Status.CHOOSING, Status.HALTED),
        )  # fmt: skip
        yield from _steps(scene, said)
    if over:
        yield from _end(linked, LIVE if began else CARD)


def _heard(scene: Scene, said: Mapping[str, Announcement]) -> Iterator[Wanted]:
    """What the channel hears, entry by entry. What is not true any more, and was not said, is not said later."""
    voices = iter(scene.approvals)
    begun = False
    last = {event.kind: event.seq for event in scene.events}
    for event in scene.events:
        match event.kind.split("."):
            case ["voice", "approve" | "reject"]:
                yield from _voice(scene, next(voices, None), event)
            case ["rollback", "waiting"] if _current(event, Status.WAITING, scene, last) or _key("ask", event) in said:
                yield _ask(scene, event)
            case ["rollback", "running"]:
                yield from _runs(scene, event, begun=begun)
                begun = True
            case ["rollback", "undoing"]:
                because = str(event.details.get("because") or event.details.get("seen") or "a step failed")
                yield Wanted(key=_key("back", event), draw=_draw(turns.turning_back, scene, because))
            case ["rollback", ("choosing" | "halted") as word]:
                if _current(event, Status(word), scene, last) or _key(word, event) in said:
                    yield Wanted(key=_key(word, event), draw=_draw(announcements.trouble, scene))
            case ["stop", "asked"]:
                yield Wanted(key=_key("stop", event), draw=_draw(turns.stop_asked, scene, event.actor))
            case ["escalated", *_]:
                yield _contacts(scene, event)


def _contacts(scene: Scene, event: Event) -> Wanted:
    if event.kind == CALLED_NEXT:
        return Wanted(key=_key("next", event), draw=_draw(announcements.called_next, scene, event))
    because = str(event.details.get("because") or "it does not get on")
    return Wanted(key=_key("escalated", event), draw=_draw(announcements.escalated, scene, because))


def _voice(scene: Scene, voice: Approval | None, event: Event) -> Iterator[Wanted]:
    if voice is not None:
        yield Wanted(key=_key("voice", event), draw=_draw(announcements.decided, scene, voice))


def _ask(scene: Scene, event: Event) -> Wanted:
    """The approvers are called; and called again when what they approved is not what would be done."""
    before = [
        each
        for each in scene.events
        if each.kind == "rollback.assessing" and each.seq < event.seq and each.details.get("changed")
    ]
    if not before:
        return Wanted(key=_key("ask", event), draw=_draw(announcements.asked, scene))
    changed = before[-1].details.get("changed")
    words = [str(each) for each in changed] if isinstance(changed, list) else []
    return Wanted(key=_key("ask", event), draw=_draw(announcements.asked_again, scene, words))


def _runs(scene: Scene, event: Event, *, begun: bool) -> Iterator[Wanted]:
    choice = event.details.get("choice") or event.details.get("way")
    if not begun:
        yield Wanted(key=STARTED, draw=_draw(announcements.started, scene))
    elif choice:
        yield Wanted(key=_key("chosen", event), draw=_draw(turns.chosen, scene, event.actor, str(choice)))


def _calls(scene: Scene) -> Iterator[Wanted]:
    """Reminded once, then somebody else: by how much of the time to decide is gone."""
    rollback = scene.rollback
    asked = [event for event in scene.events if event.kind == "rollback.waiting"]
    if rollback.status is not Status.WAITING or rollback.expires_at is None or not asked:
        return
    whole = rollback.expires_at - asked[-1].at
    gone = scene.at - asked[-1].at
    if gone >= whole * REMIND_AFTER:
        yield Wanted(key=_key("remind", asked[-1]), draw=_draw(announcements.reminder, scene))
    if gone >= whole * CALL_AFTER and scene.service is not None and scene.service.escalation.contacts:
        yield Wanted(key=_key("unanswered", asked[-1]), draw=_draw(announcements.unanswered, scene))


def next_call(scene: Scene) -> timedelta | None:
    """When the clock alone will want another message."""
    rollback = scene.rollback
    asked = [event for event in scene.events if event.kind == "rollback.waiting"]
    if rollback.status is not Status.WAITING or rollback.expires_at is None or not asked:
        return None
    whole, gone = rollback.expires_at - asked[-1].at, scene.at - asked[-1].at
    left = [whole * share - gone for share in (REMIND_AFTER, CALL_AFTER) if gone < whole * share]
    return min(left, default=None)


def _steps(scene: Scene, said: Mapping[str, Announcement]) -> Iterator[Wanted]:
    """The thread: each step that came to its end. A message that was begun tells the same steps when it is tried anew."""
    ends = [event for event in scene.events if _ends_a_step(event)]
    told = 0
    for key, announcement in said.items():
        if key.startswith("steps:") and announcement.upto is not None:
            yield _told(scene, key, [each for each in ends if told < each.seq <= announcement.upto])
            told = announcement.upto
    left = [each for each in ends if each.seq > told]
    while left:
        some, left = left[:MOST_STEPS], left[MOST_STEPS:]
        yield _told(scene, f"steps:{some[0].seq}", some)


def _told(scene: Scene, key: str, ends: Sequence[Event]) -> Wanted:
    return Wanted(key=key, draw=lambda: _together(scene, ends), thread=LIVE, upto=ends[-1].seq if ends else None)


def _together(scene: Scene, ends: Sequence[Event]) -> Message:
    steps = {step.name: step for step in scene.steps}
    parts = []
    for event in ends:
        step = steps.get(str(event.details.get("step")))
        if step is not None:
            # As it was then: it may have been tried again since.
            as_then = replace(step, status=StepStatus(event.kind.removeprefix("step.")))
            parts.append(announcements.step_told(scene, as_then))
    if len(parts) == 1:
        return parts[0]
    blocks = [block for part in parts for block in part.blocks]
    unnamed = tuple({name: value for name, value in block.items() if name != "block_id"} for block in blocks)
    return Message(text="\n".join(part.text for part in parts) or str(scene.rollback.id), blocks=unnamed[:_MOST_BLOCKS])


def _ends_a_step(event: Event) -> bool:
    family, _, word = event.kind.partition(".")
    return family == "step" and word in _STEP_ENDS


def _end(scene: Scene, thread: str) -> Iterator[Wanted]:
    """How it ended; and where the record ended then, so that a changed row shows. A no was told as a decision."""
    if thread == LIVE:
        yield Wanted(key=OVER, draw=_draw(announcements.ended, scene))
    elif scene.rollback.status is not Status.REJECTED:
        yield Wanted(key=OVER, draw=_draw(announcements.over, scene))
    yield Wanted(key=CHAIN, draw=_draw(announcements.chain_noted, scene), thread=thread)


def _current(event: Event, status: Status, scene: Scene, last: Mapping[str, int]) -> bool:
    return scene.rollback.status is status and last.get(event.kind) == event.seq


def _key(name: str, event: Event) -> str:
    return f"{name}:{event.seq}"


def _draw(how: Callable[..., Message], *given: object) -> Callable[[], Message]:
    return lambda: how(*given)
