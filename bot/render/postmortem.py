"""A rollback as a Markdown file, for the post-mortem: what happened, timeline, people, numbers, findings."""

from collections.abc import Iterator
from datetime import timedelta

from actions.history.values import Event, Step
from actions.redaction import redact
from bot.render.assessed import Assessed, assessed
from bot.render.cost import consequence
from bot.render.foreign import clean
from bot.render.message import Attachment
from bot.render.outcome import backup_of
from bot.render.scene import Scene
from bot.render.states import way_of
from bot.wording.assessed import revisions_named
from bot.wording.markdown import cell, findings, losses, ways
from bot.wording.measures import length
from bot.wording.rollbacks import about, minute, short_actor, step_state, step_took, took, troubles, voice_note


def postmortem(scene: Scene) -> Attachment:
    rollback = scene.rollback
    text = redact("\n".join(_lines(scene, assessed(scene.shown)))) + "\n"
    return Attachment(
        filename=f"{rollback.id}-{clean(rollback.service)[:60]}.md", title=f"Post-mortem of {rollback.id}", content=text
    )


def _lines(scene: Scene, found: Assessed) -> Iterator[str]:
    rollback = scene.rollback
    yield f"# {rollback.id}: {_text(rollback.service)} ({_text(rollback.environment)}) {rollback.status}"
    yield ""
    yield f"**{_text(rollback.outcome or f'It is {rollback.status}')}.**"
    yield ""
    yield from (f"- {name}: {value}" for name, value in _facts(scene, found))
    yield ""
    yield from _people(scene)
    yield from _steps(scene)
    if found.verdict is not None:
        yield "## The assessment"
        yield ""
        yield f"{_text(consequence(found))}. Policy: **{found.verdict.ruling}**, {found.verdict.approvals} approvals."
        yield ""
        yield from (f"- {_text(reason)}" for reason in found.verdict.reasons)
        yield ""
        yield from losses(found.ledger)
        yield from findings(found.findings)
        yield from ways(found.strategies)
    yield from _timeline(scene.events)
    if scene.head is not None:
        yield f"Record up to entry `{scene.head}`: `backout audit --head {scene.head}` says whether it is as it was written."


def _facts(scene: Scene, found: Assessed) -> Iterator[tuple[str, str]]:
    rollback = scene.rollback
    yield "Asked", f"{minute(rollback.requested_at)} UTC by {_text(rollback.requester)}"
    if rollback.reason.strip():
        yield "Because", _text(rollback.reason)
    live = revisions_named(found.live) if found.live else rollback.from_revision or "?"
    yield "Revisions", f"`{_text(live)}` → `{_text(rollback.to_revision or rollback.target)}`"
    yield "Way", _text(way_of(rollback))
    if rollback.risk:
        yield "Risk", str(rollback.risk)
    for name, moment in (
        ("Decided", rollback.decided_at),
        ("Begun", rollback.started_at),
        ("Ended", rollback.finished_at),
    ):
        if moment:
            yield name, f"{minute(moment)} UTC"
    whole = took(rollback)
    if whole is not None:
        yield "Took", length(max(whole, timedelta(0)).total_seconds())
    if backup := backup_of(scene):
        yield "Backup of this run", f"`{_text(backup)}`"
    if found.digest:
        yield "Digest", f"`{_text(found.digest)}`"


def _people(scene: Scene) -> Iterator[str]:
    yield "## People"
    yield ""
    yield "| when (UTC) | who | said | note |"
    yield "|---|---|---|---|"
    yield f"| {minute(scene.rollback.requested_at)} | {_text(scene.rollback.requester)} | asked | {_text(scene.rollback.reason)} |"
    for voice in scene.approvals:
        yield f"| {minute(voice.given_at)} | {_text(voice.person)} | {voice.voice} | {_text(voice_note(voice))} |"
    yield ""


def _steps(scene: Scene) -> Iterator[str]:
    if not scene.steps:
        return
    yield "## Steps"
    yield ""
    yield "| | step | state | tries | expected | took |"
    yield "|---:|---|---|---:|---:|---:|"
    for step in scene.steps:
        mark = " (destructive)" if step.destructive else ""
        yield f"| {step.position} | {_text(step.title)}{mark} | {step_state(step)} | {step.attempts} | {_length(step.predicted)} | {_length(step_took(step))} |"
    yield ""
    yield from _failures(scene.steps)


def _failures(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        said = [_text(each) for each in troubles(step)]
        if said:
            yield f"- Step {step.position}, {_text(step.title)}: {' '.join(said)}"
    if any(step.error for step in steps):
        yield ""


def _timeline(events: tuple[Event, ...]) -> Iterator[str]:
    yield "## Timeline (UTC)"
    yield ""
    yield "| entry | when | what | about | by |"
    yield "|---:|---|---|---|---|"
    for event in events:
        yield f"| {event.seq} | {event.at:%Y-%m-%d %H:%M:%S} | {_text(event.kind)} | {_text(about(event))} | {_text(short_actor(event.actor))} |"
    yield ""


def _length(took: timedelta | None) -> str:
    return "" if took is None else length(took.total_seconds())


def _text(text: object) -> str:
    """Foreign words cannot make headings, links or tags of themselves."""
    said = cell(clean(text))
    return said.replace("<", "&lt;").replace("`", "'").replace("[", "\\[")
