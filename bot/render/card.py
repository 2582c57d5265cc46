"""The card of a rollback in its channel: verdict and consequence first. One message, edited at every change.

It says nothing that changes with the clock alone, so that it is edited only when something happened.
"""

from collections.abc import Iterator

from actions.history.lifecycle import Status
from actions.history.values import Voice
from bot.render.assessed import Assessed, assessed
from bot.render.blocks import context, header, section
from bot.render.cost import consequence, losses, risk_words, runbook, trial, ways
from bot.render.foreign import code, foreign, quoted, worded
from bot.render.judged import MOST_VOICES, approvals, deciders, findings, path, policy, spoken
from bot.render.limits import some
from bot.render.message import Block, Message, message
from bot.render.people import moment, person, with_names
from bot.render.pressing import decision_rows, end_row, stop_row, stoppable
from bot.render.scene import Scene
from bot.render.states import by_runbook, changed, headline, spoken_state, way_of


def card(scene: Scene) -> Message:
    """In whatever state it is: assessing, waiting, asked again, approved, rejected, expired, refused, stopped, running,
    ended."""
    found = assessed(scene.shown)
    text = spoken_state(scene, found)
    if found.verdict is not None and scene.rollback.live and scene.rollback.started_at is None:
        text += f". {risk_words(found.risk)}. {foreign(consequence(found), 200)}."
    return message(text, header(headline(scene, found)), *_blocks(scene, found))


def _blocks(scene: Scene, found: Assessed) -> Iterator[Block]:
    match scene.rollback.status:
        case Status.ASSESSING:
            yield from _assessing(scene)
        case Status.WAITING:
            yield from _waiting(scene, found)
        case Status.APPROVED | Status.RUNNING | Status.UNDOING | Status.CHOOSING | Status.HALTED:
            yield from _under_way(scene, found)
        case _:
            yield from _over(scene, found)


def _assessing(scene: Scene) -> Iterator[Block]:
    yield section(_asked(scene), name="asked")
    yield from _changed(scene)
    yield section(
        "⏳ The scripts are read, the downgrade is tried on a copy, and what would be lost is counted on the live database. "
        "Seconds, usually; as long as a restore when it is rehearsed with the data. *Nothing is changed by this.*",
        name="now",
    )
    if stoppable(scene):
        yield stop_row(scene)


def _waiting(scene: Scene, found: Assessed) -> Iterator[Block]:
    yield _verdict(scene, found)
    yield from _changed(scene)
    if lost := losses(found):
        yield section(lost, name="losses")
    yield from decision_parts(found)
    yield section("\n".join(deciders(scene, found)), name="deciders")
    yield from decision_rows(scene, found)
    if not by_runbook(scene.rollback) or found.path:
        yield context(path(scene, found), name="path")
    yield context(_footer(scene, found), name="footer")


def decision_parts(found: Assessed) -> Iterator[Block]:
    """What was found and tried, and what the rules say to it."""
    if found.book is not None:
        yield section(runbook(found.book), name="runbook")
    if stands := findings(found):
        yield section(stands, name="findings")
    if found.path:
        yield section(trial(found), name="trial")
    if compared := ways(found):
        yield section(compared, name="ways")
    if rules := policy(found):
        yield section(rules, name="policy")


def _verdict(scene: Scene, found: Assessed) -> Block:
    lines = [f"*{risk_words(found.risk)}. {worded(consequence(found), 300)}.*"]
    if scene.rollback.status is Status.WAITING:
        if found.strategy == "downgrade" and found.trial is not None and not found.trial.succeeds:
            lines.append("❌ *It fails when it is tried on a copy.*")
        better = found.recommended
        if better is not None and better.name != found.strategy:
            loses = worded(better.data_lost, 160)
            lines.append(f"⭐ Recommended instead: *{foreign(better.name, 40)}*, which loses {loses}.")
    return section("\n".join([*lines, _asked(scene)]), name="verdict")


def _asked(scene: Scene) -> str:
    rollback = scene.rollback
    way = foreign(way_of(rollback), 60)
    ends = (
        f"{code(rollback.from_revision, 60)} → {code(rollback.to_revision, 60)}"
        if rollback.from_revision and rollback.to_revision
        else f"{code(rollback.target, 60)}"
        if by_runbook(rollback)
        else f"back to {code(rollback.target, 60)}"
    )
    said = f"{foreign(rollback.environment, 20)}, *{way}*, {ends}. Asked by {person(rollback.requester)} {moment(rollback.requested_at)}."
    said = said[:1].upper() + said[1:]
    return f"{said}\n{quoted(rollback.reason)}" if rollback.reason.strip() else f"{said} No reason was given."


def _changed(scene: Scene) -> Iterator[Block]:
    why = changed(scene)
    if not why:
        return
    void = sorted(
        {person(voice.person) for voice in scene.approvals if voice.voided_at and voice.voice is Voice.APPROVE}
    )
    counted = f" No more counts: the approval of {', '.join(void)}." if void else ""
    lines = some(why, 5, "more changes", said=lambda each: f"• {with_names(worded(each, 250))}")
    yield section("\n".join([f"🔁 *Asked again, for something has changed.*{counted}", *lines]), name="changed")


def _under_way(scene: Scene, found: Assessed) -> Iterator[Block]:
    rollback = scene.rollback
    yield _verdict(scene, found)
    yield section("\n".join(_decided(scene)) or "The policy wants no approval for this.", name="decided")
    if rollback.status is Status.APPROVED:
        yield section(
            "👍 *It begins as soon as a worker takes it on.* If it stays here, no `backout serve` runs.", name="now"
        )
    elif rollback.status in (Status.CHOOSING, Status.HALTED):
        yield section(
            "🚨 *Nothing goes on before somebody acts*: in the message about this run, in this channel.", name="now"
        )
    else:
        yield section(
            "▶️ Each step is in the message about this run, in this channel. It has the buttons, too.", name="now"
        )
    if scene.stop_by:
        yield context(f"⏹️ {person(scene.stop_by)} asked to stop it.")
    if stoppable(scene):
        yield stop_row(scene)
    if not by_runbook(scene.rollback) or found.path:
        yield context(path(scene, found), name="path")
    yield context(_footer(scene, found), name="footer")


def _decided(scene: Scene) -> list[str]:
    standing = approvals(scene) or tuple(v for v in scene.approvals if v.voided_at is None)
    return some(standing, MOST_VOICES, said=lambda voice: f"• {spoken(voice)}")


def _over(scene: Scene, found: Assessed) -> Iterator[Block]:
    rollback = scene.rollback
    yield section(f"*{_ending(scene)}*\n{_asked(scene)}", name="ending")
    if rollback.status is Status.REFUSED and (rules := policy(found)):
        yield section(rules, name="policy")
    if said := _decided(scene):
        yield section("\n".join(said), name="decided")
    if found.verdict is not None and rollback.started_at is None:
        yield context(
            f"Nothing was changed. It would have been: {risk_words(found.risk)}. {worded(consequence(found), 300)}."
        )
    if compared := ways(found) if rollback.status in (Status.REFUSED, Status.REJECTED, Status.EXPIRED) else None:
        yield section(compared, name="ways")
    yield end_row(scene)
    if not by_runbook(scene.rollback) or found.path:
        yield context(path(scene, found), name="path")
    yield context(_footer(scene, found), name="footer")


def _ending(scene: Scene) -> str:
    rollback = scene.rollback
    when = f" {moment(rollback.finished_at)}" if rollback.finished_at else ""
    outcome = with_names(worded(rollback.outcome, 600)).rstrip(".") if rollback.outcome else ""
    if rollback.status is Status.REJECTED:
        no = next((voice for voice in reversed(scene.approvals) if voice.voice is Voice.REJECT), None)
        if no is not None:
            because = f": {foreign(no.reason, 400)}" if no.reason else ""
            return f"Rejected by {person(no.person)}{because}{when}"
    return f"{outcome}.{when}" if outcome else f"It is {rollback.status}.{when}"


def _footer(scene: Scene, found: Assessed) -> str:
    took = f"Assessed in {found.seconds:.1f} s" if found.seconds is not None else "Assessed"
    digest = f". Digest {code(found.digest[:12])}: an approval is for exactly this." if found.digest else ""
    return f"{took}{digest}" if found.verdict is not None else f"{scene.rollback.id}"
