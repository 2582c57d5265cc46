"""Dialogs that ask for a sentence: a rejection, an override, break-glass, what was seen after a halt."""

from collections.abc import Mapping
from dataclasses import dataclass

from actions.history.values import Rollback
from actions.run.answering import Way
from bot.render.blocks import lines_of_text, option, question, radio, section
from bot.render.buttons import Dialog, Field, Reference, Tick
from bot.render.foreign import foreign
from bot.render.message import Block, View, modal
from bot.render.modals.answers import written

#: As `look_after_halt` wants it.
LEAST_SEEN = 10
#: As `tick` wants it.
LEAST_CROSSED = 5
_WAYS = {
    Way.ONWARD: ("Go on", "Every step asks the world first, and goes on from what is there."),
    Way.BACK: ("Undo what can be undone", "In reverse; what a backup alone can bring back stays."),
    Way.GIVE_UP: ("End it here, as failed", "The service stays as it is. Nothing more is done."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    way: Way
    seen: str


def reject_dialog(rollback: Rollback) -> View:
    says = "One no ends it. Nothing was changed, and it can be asked for again."
    asks = question(Field.REASON, "Why not?", lines_of_text(placeholder="We fix it forward"), optional=True)
    return _dialog(Dialog.REJECT, "Reject", rollback, section(says, name="says"), asks, submit="Reject")


def override_dialog(rollback: Rollback, *, reason_length: int = 10) -> View:
    says = "The policy refuses this. You set it aside, *and that is marked for ever* with your name and reason. Only those whom the policy names may."
    asks = question(Field.REASON, "Why can it not wait?", lines_of_text(least=reason_length))
    return _dialog(
        Dialog.OVERRIDE, "Override the policy", rollback, section(says, name="says"), asks, submit="Override"
    )


def break_glass_dialog(rollback: Rollback) -> View:
    says = "No approver can be reached, and you go ahead alone. *It is announced in the channel, and marked for ever.* Only those whom the policy names may, after its time, up to its risk."
    asks = question(Field.REASON, "Why can it not wait?", lines_of_text(least=1))
    return _dialog(Dialog.BREAK_GLASS, "Break the glass", rollback, section(says, name="says"), asks, submit="Go ahead")


def looked_dialog(rollback: Rollback) -> View:
    ways = [option(label, way.value, what) for way, (label, what) in _WAYS.items()]
    says = "We could not know what is there, so nothing goes on by itself. Look at the database (revision, sessions) and at what writes to it."
    return _dialog(
        Dialog.LOOKED, "After a halt", rollback, section(says, name="says"),
        question(
            Field.SEEN, "What did you see?",
            lines_of_text(placeholder="It is at 0002, nobody is connected, the API is off", least=LEAST_SEEN),
        ),
        question(Field.WAY, "How does it go on?", radio(ways)), submit="Go on",
    )  # fmt: skip


def cross_dialog(rollback: Rollback, tick: Tick, title: str) -> View:
    says = f"*{foreign(title, 200)}* does not hold. The step fails, as a check that does not pass."
    asks = question(
        Field.SEEN, "What did you see?", lines_of_text(placeholder="Errors in the log of the API", least=LEAST_CROSSED)
    )
    made = _dialog(Dialog.CROSS, "It does not hold", rollback, section(says, name="says"), asks, submit="It fails")
    return {**made, "private_metadata": tick.encode()}


def _dialog(dialog: Dialog, title: str, rollback: Rollback, *blocks: Block, submit: str) -> View:
    metadata = Reference(rollback=rollback.id, digest=rollback.digest).encode()
    of = section(
        f"*{rollback.id}* of *{foreign(rollback.service, 60)}* ({foreign(rollback.environment, 20)})", name="of"
    )
    return modal(dialog, title, of, *blocks, metadata=metadata, submit=submit, close="Not now")


def reason_in(values: Mapping[str, object]) -> str:
    """From `view.state.values`; empty when there is none. Never raises."""
    return written(values, Field.REASON) or ""


def seen_in(values: Mapping[str, object]) -> str:
    """From `view.state.values`; empty when there is none. Never raises."""
    return written(values, Field.SEEN) or ""


def looked_in(values: Mapping[str, object]) -> Looked | dict[str, str]:
    """Errors by block. Never raises."""
    chosen, seen = written(values, Field.WAY), written(values, Field.SEEN) or ""
    way = next((each for each in Way if each.value == chosen), None)
    errors = {}
    if way is None:
        errors[Field.WAY.value] = "Choose how it goes on."
    if len(seen) < LEAST_SEEN:
        errors[Field.SEEN.value] = "Say what you saw, in a sentence."
    return errors if errors or way is None else Looked(way=way, seen=seen)
