"""The buttons of a rollback, and what is asked again before one counts. Which are there depends on where it stands;
whoever presses one is judged when they press it, by the rules and not by the sight of a button."""

from collections.abc import Iterator

from actions.assess.values import Ruling
from actions.catalog.risk import Risk
from actions.history.lifecycle import Status
from actions.run.deciding import point_of_no_return
from actions.run.names import STOP
from actions.run.offering import Choice, Offer, offers, writers_back
from bot.render.assessed import Assessed
from bot.render.blocks import button, confirm, row
from bot.render.buttons import Button, Reference, Tick, decode_service
from bot.render.cost import consequence
from bot.render.foreign import code, foreign, plain, worded
from bot.render.message import Block
from bot.render.scene import Scene
from bot.wording.assessed import revisions_named
from bot.wording.measures import length

#: Nothing was done, and whoever asked still has the trouble.
ASKED_IN_VAIN = (Status.REFUSED, Status.REJECTED, Status.EXPIRED)


def value_of(scene: Scene) -> str:
    return Reference(rollback=scene.rollback.id, digest=scene.rollback.digest).encode()


def decision_rows(scene: Scene, found: Assessed) -> Iterator[Block]:
    """While people decide: yes or no first, then what helps to decide."""
    value, of = value_of(scene), spoken_of(scene)
    refused = found.verdict is not None and found.verdict.ruling is Ruling.REFUSE
    if refused:
        yes = button("Override…", Button.OVERRIDE, value, spoken=f"Override the policy for {of}", style="danger")
    else:
        yes = button(
            "Approve", Button.APPROVE, value, spoken=f"Approve {of}", style="danger" if found.destroys else "primary",
            confirm=approve_confirm(scene, found),
        )  # fmt: skip
    no = button("Reject…", Button.REJECT, value, spoken=f"Reject {of}, with a reason")
    glass = [] if refused or not _glass(scene) else [
        button("Break the glass…", Button.BREAK_GLASS, value, spoken=f"Break the glass for {of}: no approver answers")
    ]  # fmt: skip
    yield row(yes, no, *glass, stop_button(scene), name="decide")
    rehearsed = found.trial is not None and found.trial.with_data
    rehearse = [] if rehearsed or found.strategy != "downgrade" else [
        button("Rehearse with data", Button.REHEARSE, value, spoken=f"Rehearse {of} on a copy of the data", confirm=_rehearse_confirm())
    ]  # fmt: skip
    strategy = [] if found.book is not None else [
        button("Change strategy…", Button.CHANGE_STRATEGY, value, spoken=f"Choose another way out for {of}")
    ]  # fmt: skip
    helping = (*look_buttons(scene, found), *rehearse, *strategy)
    if helping:
        yield row(*helping, name="look")


def look_buttons(scene: Scene, found: Assessed) -> tuple[Block, ...]:
    value, of = value_of(scene), spoken_of(scene)
    ledger = button("Show the ledger", Button.SHOW_LEDGER, value, spoken=f"Show everything that {of} would lose")
    findings = button("Show findings", Button.SHOW_FINDINGS, value, spoken=f"Show every finding about {of}")
    sql = button("Show SQL", Button.SHOW_SQL, value, spoken=f"Show the SQL of {of}")
    return (
        *([ledger] if found.ledger else []),
        *([findings] if found.findings else []),
        *([sql] if found.path else []),
    )


def stop_row(scene: Scene) -> Block:
    return row(stop_button(scene), name="stop")


def stop_button(scene: Scene) -> Block:
    rollback = scene.rollback
    return button(
        "Stop", Button.STOP, str(rollback.id), spoken=f"Stop {spoken_of(scene)}",
        confirm=confirm(f"Stop {rollback.id}?", _what_stopping_means(scene), yes="Stop it", no="Let it go on", danger=True),
    )  # fmt: skip


def end_row(scene: Scene) -> Block:
    rollback = scene.rollback
    again = button(
        "Another way…", Button.START, decode_service(rollback.service) or "",
        spoken=f"Open the dialog to take {plain(rollback.service, 40)} back another way",
    )  # fmt: skip
    return row(
        *([again] if rollback.status in ASKED_IN_VAIN else []),
        button("Show its story", Button.SHOW, str(rollback.id), spoken=f"Show the story of {spoken_of(scene)}"),
        button("Post-mortem file", Button.EXPORT, str(rollback.id), spoken=f"Put the post-mortem of {rollback.id} into the thread"),
        name="after",
    )  # fmt: skip


def choice_row(scene: Scene) -> Block:
    """After a failure behind the point of no return."""
    value = value_of(scene)
    by_choice = {Choice.RETRY: Button.RETRY, Choice.RESTORE: Button.RESTORE, Choice.KEEP: Button.KEEP}
    made = [
        button(
            CHOICE_LABELS[offer.choice], by_choice[offer.choice], value,
            spoken=f"{CHOICE_LABELS[offer.choice]}: {spoken_of(scene)}",
            style="primary" if offer.choice is Choice.RETRY else "danger" if offer.choice is Choice.RESTORE else None,
            confirm=confirm(
                f"{CHOICE_LABELS[offer.choice]}?", worded(offer.what, 280), yes=CHOICE_LABELS[offer.choice],
                danger=offer.choice is Choice.RESTORE,
            ),
        )
        for offer in offers(scene.steps)
        if offer.possible
    ]  # fmt: skip
    return row(*made, name="choose")


CHOICE_LABELS = {Choice.RETRY: "Retry", Choice.RESTORE: "Restore", Choice.KEEP: "Keep and resume"}


def offer_words(offer: Offer) -> str:
    took = "" if offer.seconds is None else f" Takes about {length(offer.seconds)}."
    sign = "" if offer.possible else "🚫 Not possible: "
    return f"*{CHOICE_LABELS[offer.choice]}*: {sign}{worded(offer.what, 500)}{took}"


def tick_row(scene: Scene, step: str, title: str) -> Block:
    """For what only a person can see or do."""
    value = Tick(rollback=scene.rollback.id, step=step).encode()
    said = plain(title, 40)
    return row(
        button("It holds", Button.TICK, value, spoken=f"It holds: {said}", style="primary"),
        button("It does not hold…", Button.CROSS, value, spoken=f"It does not hold: {said}"), name="tick",
    )  # fmt: skip


def halt_row(scene: Scene) -> Block:
    return row(
        button(
            "I have looked…", Button.LOOKED, value_of(scene), style="primary",
            spoken=f"Say what you saw and how {spoken_of(scene)} goes on",
        ),
        name="looked",
    )  # fmt: skip


def approve_confirm(scene: Scene, found: Assessed) -> Block:
    rollback = scene.rollback
    target = revisions_named(found.target) if found.target else rollback.to_revision or rollback.target
    back = f"by {plain(found.book.title, 40)}" if found.book is not None else f"back to {plain(target, 40)}"
    return confirm(
        f"Take {plain(rollback.service, 40)} {back}?", _what_approving_means(scene, found, target),
        yes="Approve", danger=found.destroys,
    )  # fmt: skip


def _what_approving_means(scene: Scene, found: Assessed, target: str) -> str:
    loss = foreign(consequence(found), 110)
    if found.book is not None:
        return f"Runs {found.book.steps} steps of the runbook {foreign(found.book.title, 60)}. {loss}. A failure undoes what can be undone."
    if found.strategy == "app-only":
        return f"The application is taken back. {loss}."
    writers = [str(step.parameters.get("writer", "")) for step in scene.steps if step.action == STOP]
    stopped = f"Stops {foreign(', '.join(writers), 60)}; " if writers else ""
    if found.strategy == "restore":
        backup = next(
            (str(step.parameters.get("backup")) for step in scene.steps if step.action == "restore"), "the backup"
        )
        return f"{stopped}restores {code(backup, 60)}. {loss}."
    hops = len(found.path)
    back = f"goes back {hops} revision{'' if hops == 1 else 's'} to {code(target, 30)}"
    return f"{stopped}backs up and proves the backup first; then {back}. *{loss}.*"


def _what_stopping_means(scene: Scene) -> str:
    if scene.rollback.started_at is None:
        return "Nothing was done yet. It ends here, and can be asked for again."
    if point_of_no_return(scene.steps):
        back = "are back" if writers_back(scene.steps) else "stay off"
        return f"A destructive step was begun: nothing is undone by itself. It stops where it is, the writers {back}, and somebody must choose: retry, restore or keep."
    return "Nothing destructive was done yet. What was done is undone, in reverse, and the writers come back."


def _rehearse_confirm() -> Block:
    return confirm(
        "Rehearse with the data?",
        "The database is copied, and the downgrade is run on the copy. It takes as long as a restore. Approvals that were given are void, and it is asked again.",
        yes="Rehearse",
    )


def _glass(scene: Scene) -> bool:
    glass = scene.service.policy.break_glass if scene.service else None
    risk = scene.rollback.risk
    return glass is not None and risk is not None and Risk(risk.value).rank <= glass.up_to.rank


def spoken_of(scene: Scene) -> str:
    """For screen readers: the label of a button does not say of what."""
    return f"{scene.rollback.id} of {plain(scene.rollback.service, 30)}"


def stoppable(scene: Scene) -> bool:
    """What runs or waits, unless somebody has asked already."""
    return scene.stop_by is None and scene.rollback.status in {
        Status.ASSESSING, Status.WAITING, Status.APPROVED, Status.RUNNING,
    }  # fmt: skip
