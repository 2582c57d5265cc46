"""What the channel hears when a run takes a turn: somebody stops it, chooses how it goes on, or it goes back by itself."""

from bot.render.blocks import section
from bot.render.foreign import foreign
from bot.render.message import Message, message
from bot.render.people import person
from bot.render.scene import Scene

_CHOSEN = {
    "retry": "the failed step is tried again",
    "restore": "the proven backup is brought back",
    "keep": "the database stays as it is, and the writers come back",
    "onward": "it goes on, and every step asks the world first",
    "back": "what was done is undone",
    "give-up": "it ends here, and the service stays as it is",
}


def stop_asked(scene: Scene, who: str) -> Message:
    return _said(f"⏹️ {_name(scene)}: {person(who)} asked to stop. What runs is ended now.")


def chosen(scene: Scene, who: str, choice: str) -> Message:
    """After a failure or a halt."""
    what = _CHOSEN.get(choice, foreign(choice, 80))
    by = "the policy" if who == "backout" else person(who)
    return _said(f"🧭 {_name(scene)}: {by} chose: {what}.")


def turning_back(scene: Scene, because: str) -> Message:
    """Before the first destructive step everything can be undone."""
    return _said(f"↩️ {_name(scene)}: what was done is undone, in reverse, because: {foreign(because)}.")


def _name(scene: Scene) -> str:
    return f"{scene.rollback.id} {foreign(scene.rollback.service, 80)}"


def _said(text: str) -> Message:
    return message(text, section(text))
