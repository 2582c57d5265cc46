"""What the channel hears: each is posted once, under the card's thread or beside it, and never edited."""

from collections.abc import Sequence

from actions.history.values import Approval, Step
from bot.render.blocks import section
from bot.render.foreign import foreign
from bot.render.message import Message, message
from bot.render.people import people, person
from bot.render.scene import Scene


def _said(text: str) -> Message:
    return message(text, section(text))


def asked(scene: Scene) -> Message:
    """Calls the approvers, once."""
    return _said(f"{scene.rollback.id} waits for {people(scene.service.approvers if scene.service else None)}")


def asked_again(scene: Scene, changed: Sequence[str]) -> Message:
    """The approvals are void, because the world has changed; calls the approvers to what is there now."""
    return _said(f"{scene.rollback.id} is asked again: {'; '.join(map(foreign, changed))}")


def reminder(scene: Scene) -> Message:
    """Calls the approvers for the last time."""
    return _said(f"{scene.rollback.id} still waits")


def unanswered(scene: Scene) -> Message:
    """No approver has answered: the first escalation contact is called."""
    return _said(f"{scene.rollback.id}: nobody has answered")


def decided(scene: Scene, voice: Approval) -> Message:
    """Somebody said yes or no, and what follows from it."""
    return _said(f"{scene.rollback.id}: {person(voice.person)} said {voice.voice}")


def over(scene: Scene) -> Message:
    """It ended without a run: refused, expired, stopped."""
    return _said(f"{scene.rollback.id} is {scene.rollback.status}")


def started(scene: Scene) -> Message:
    return _said(f"{scene.rollback.id} has begun")


def trouble(scene: Scene) -> Message:
    """It waits for a person: a choice after a failure, or a halt. Calls whoever can decide."""
    return _said(f"{scene.rollback.id} needs somebody")


def escalated(scene: Scene, because: str) -> Message:
    """The catalog's contacts are called."""
    return _said(f"{scene.rollback.id}: {because}")


def ended(scene: Scene) -> Message:
    return _said(f"{scene.rollback.id} is {scene.rollback.status}")


def step_told(scene: Scene, step: Step) -> Message:
    """For the thread: one step that came to its end."""
    return _said(f"{scene.rollback.id}: {foreign(step.title)}: {step.status}")


def chain_noted(scene: Scene) -> Message:
    """For the thread: where the record ends, so that a changed row shows."""
    return _said(f"Record: {scene.head}")
