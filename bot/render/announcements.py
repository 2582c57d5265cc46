"""What the channel and the thread hear: each is posted once and never edited. Whoever has to act is called by name."""

from collections.abc import Sequence

from actions.assess.values import Ruling
from actions.catalog.people import Approvers
from actions.history.lifecycle import Status
from actions.history.values import Approval, Event, Step, StepStatus, Voice
from actions.run.names import GLASS_BROKEN
from actions.run.offering import offers, where_the_writers_are
from bot.render.assessed import assessed
from bot.render.blocks import button, context, row, section
from bot.render.buttons import Button
from bot.render.cost import consequence, risk_words
from bot.render.foreign import code, foreign, worded
from bot.render.judged import approvals, spoken
from bot.render.limits import some
from bot.render.live import called, record
from bot.render.message import Block, Message, message
from bot.render.outcome import where_the_database_is
from bot.render.people import clock, moment, people, person, with_names
from bot.render.pressing import offer_words, spoken_of
from bot.render.scene import Scene
from bot.render.states import SIGNS, ended_as
from bot.render.steps import SIGNS as STEP_SIGNS
from bot.render.steps import failed_step, trouble_of
from bot.wording.assessed import people_count
from bot.wording.measures import length
from bot.wording.rollbacks import step_state, step_took


def _said(scene: Scene, text: str, *more: str) -> Message:
    """With a link to the card, for those who read it elsewhere."""
    blocks = [section("\n".join([text, *more])), *_to_the_card(scene)]
    return message(text, *blocks)


def _to_the_card(scene: Scene) -> list[Block]:
    if scene.link is None:
        return []
    spoken = f"Go to the card of {spoken_of(scene)}"
    return [row(button("Go to the card", Button.OPEN_CARD, spoken=spoken, url=scene.link))]


def _of(scene: Scene) -> str:
    return f"{scene.rollback.id} {foreign(scene.rollback.service, 60)}"


def _deciders(scene: Scene) -> Approvers | None:
    """Whose decision is awaited: the approvers, or those who may override where the policy refuses."""
    if scene.service is None:
        return None
    verdict = assessed(scene.shown).verdict
    if verdict is not None and verdict.ruling is Ruling.REFUSE:
        override = scene.service.policy.override
        return override.by if override else None
    return scene.service.approvers


def asked(scene: Scene) -> Message:
    """Calls the approvers, once."""
    found, rollback = assessed(scene.shown), scene.rollback
    until = f" until {moment(rollback.expires_at)}" if rollback.expires_at else ""
    wanted = people_count(max(1, rollback.approvals_needed or 0))
    if found.verdict is not None and found.verdict.ruling is Ruling.REFUSE:
        what = (
            f"⛔ {_of(scene)}: the policy refuses it. {people(_deciders(scene))} may override it, with a reason{until}."
        )
    else:
        what = f"✋ {_of(scene)} needs the approval of {wanted} of {people(_deciders(scene))}{until}."
    return _said(scene, what, f"{risk_words(found.risk)}. {worded(consequence(found), 300)}.")


def asked_again(scene: Scene, changed: Sequence[str]) -> Message:
    """The approvals are void, because the world has changed; calls the approvers to what is there now."""
    why = some(changed, 5, "more changes", said=lambda each: f"• {with_names(worded(each, 250))}")
    what = f"🔁 {_of(scene)}: earlier approvals are void, for something has changed. {people(_deciders(scene))}, please look again."
    return _said(scene, what, *why)


def reminder(scene: Scene) -> Message:
    """Calls the approvers for the last time."""
    rollback = scene.rollback
    have, need = len(approvals(scene)), max(1, rollback.approvals_needed or 0)
    until = f" It expires {moment(rollback.expires_at)}." if rollback.expires_at else ""
    return _said(
        scene,
        f"⏰ {_of(scene)} still waits: {have} of {need} approvals. {people(_deciders(scene))}, please decide.{until}",
    )


def unanswered(scene: Scene) -> Message:
    """No approver has answered: the first escalation contact is called."""
    contacts = scene.service.escalation.contacts if scene.service else ()
    first = contacts[0] if contacts else None
    if first is None:
        return _said(scene, f"📟 {_of(scene)}: no approver has answered, and the catalog names nobody to escalate to.")
    who = people(first.who) if first.who else foreign(first.how or "", 200)
    how = f" ({foreign(first.how, 200)})" if first.who and first.how else ""
    return _said(scene, f"📟 {_of(scene)}: no approver has answered. {foreign(first.title, 100)}: {who}{how}.")


def decided(scene: Scene, voice: Approval) -> Message:
    """Somebody said yes or no, and what follows from it."""
    status, need = scene.rollback.status, scene.rollback.approvals_needed or 0
    if voice.voice is Voice.REJECT:
        return _said(scene, f"👎 {_of(scene)}: {spoken(voice)}. Nothing was changed.")
    begins = " It begins." if status is not Status.WAITING else ""
    if GLASS_BROKEN in voice.roles:
        return _said(scene, f"🔨 {_of(scene)}: {spoken(voice)}. No approver could be reached.{begins}")
    standing = [each.id for each in approvals(scene)]
    have = standing.index(voice.id) + 1 if voice.id in standing else len(standing)
    count = f" ({have} of {need})" if need and voice.voided_at is None else ""
    return _said(
        scene, f"👍 {_of(scene)}: {spoken(voice)}{count}.{begins if have >= need and voice.voided_at is None else ''}"
    )


def over(scene: Scene) -> Message:
    """It ended without a run: refused, expired, stopped, or it could not be assessed."""
    rollback = scene.rollback
    return _said(scene, f"{SIGNS[rollback.status]} {_of(scene)} {ended_as(rollback, 500)}. Nothing was changed.")


def started(scene: Scene) -> Message:
    rollback = scene.rollback
    approved = [person(voice.person) for voice in approvals(scene)]
    by = f", approved by {' and '.join(some(approved, 8))}" if approved else ""
    target = code(rollback.to_revision or rollback.target, 60)
    return _said(scene, f"▶️ {_of(scene)} begins: back to {target}{by}.")


def trouble(scene: Scene) -> Message:
    """It waits for a person: a choice after a failure, or a halt. Calls whoever can decide."""
    who = people(scene.service.approvers if scene.service else None)
    failed = failed_step(scene.steps)
    why = list(trouble_of(failed)) if failed is not None else []
    if scene.rollback.status is Status.HALTED:
        text = f"🛑 {_of(scene)} is halted: we do not know what is there now. {who}, somebody must look."
        return _said(scene, text, *why, f"📍 {where_the_database_is(scene)}")
    text = f"🚨 {_of(scene)} has failed behind the point of no return. {person(scene.rollback.requester)}, {who}: somebody must choose."
    where = f"📍 {where_the_database_is(scene)} {where_the_writers_are(scene.steps)}"
    return _said(scene, text, *why, where, *map(offer_words, offers(scene.steps)))


def escalated(scene: Scene, because: str) -> Message:
    """The catalog's contacts are called, in their order; the first is mentioned."""
    contacts = scene.service.escalation.contacts if scene.service else ()
    lines = []
    for number, contact in enumerate(contacts, start=1):
        who = f" {people(contact.who)}" if contact.who and number == 1 else ""
        how = f" ({foreign(contact.how, 200)})" if contact.how else ""
        lines.append(f"{number}. {foreign(contact.title, 100)}{who}{how}")
    lines = lines or [called(scene)]
    return _said(
        scene,
        f"📟 {_of(scene)} does not get on: {worded(because, 200)}. To be called, in this order:",
        *some(lines, 10, "more"),
    )


def called_next(scene: Scene, event: Event) -> Message:
    """Whoever was called before has not answered. The catalog of now says how to reach the next one."""
    contacts = scene.service.escalation.contacts if scene.service else ()
    number = event.details.get("number")
    contact = contacts[number - 1] if isinstance(number, int) and 0 < number <= len(contacts) else None
    who = f" {people(contact.who)}" if contact is not None and contact.who else ""
    because = worded(event.details.get("because", ""), 200)
    named = foreign(str(event.details.get("contact", "")), 300)
    return _said(scene, f"📟 {_of(scene)}: {because}. The next to call: {named}{who}.")


def ended(scene: Scene) -> Message:
    rollback = scene.rollback
    where = rollback.status is not Status.SUCCEEDED and rollback.started_at is not None
    lines = [f"📍 {where_the_database_is(scene)}"] if where else []
    return _said(scene, f"{SIGNS[rollback.status]} {_of(scene)} {ended_as(rollback, 500)}.", *lines)


def step_told(scene: Scene, step: Step) -> Message:
    """For the thread: one step that came to its end."""
    took = step_took(step)
    time = f", {length(took.total_seconds())}" if took is not None else ""
    at = f" at {clock(step.finished_at)}" if step.finished_at else ""
    text = f"{STEP_SIGNS[step.status]} {scene.rollback.id} step {step.position} of {len(scene.steps)}, {foreign(step.title, 100)}: {step_state(step)}{time}{at}"
    more = list(trouble_of(step))[1:] if step.status in (StepStatus.FAILED, StepStatus.STUCK) else []
    return message(text, section("\n".join([text, *more])))


def chain_noted(scene: Scene) -> Message:
    """For the thread: where the record ends, so that a changed row shows."""
    if scene.head is None:
        return message(f"{scene.rollback.id}: the record is not known", section("The record is not known."))
    return message(f"{scene.rollback.id}: record up to entry {scene.head}", context(record(scene.head)))
