"""What the policy says, who may decide and until when, what was found, and along which revisions it goes."""

from collections.abc import Iterator

from actions.assess.values import Finding, Ruling
from actions.catalog.risk import Risk
from actions.history.values import Approval, Voice
from bot.render.assessed import Assessed, PathStep
from bot.render.foreign import code, foreign, worded
from bot.render.limits import some
from bot.render.people import moment, people, person
from bot.render.scene import Scene
from bot.wording.assessed import people_count, revisions_named
from bot.wording.rollbacks import voice_marks

MOST_FINDINGS = 4
MOST_REASONS = 4
MOST_REVISIONS = 6
MOST_VOICES = 8

#: In words: a colour alone says nothing to many.
SEVERITY = {
    Risk.NONE: "▫️ note", Risk.LOW: "🟢 low", Risk.MEDIUM: "🟡 medium", Risk.HIGH: "🔴 high", Risk.CRITICAL: "🔴 critical",
}  # fmt: skip


def findings(found: Assessed) -> str | None:
    worth = [each for each in found.findings if each.severity.rank >= Risk.MEDIUM.rank]
    if not worth:
        rest = len(found.findings)
        return f"*What we found*: nothing to worry about{f' ({rest} notes)' if rest else ''}" if found.verdict else None
    lines = [finding(each, 220) for each in worth[:MOST_FINDINGS]]
    left = len(found.findings) - len(lines)
    if left > 0:
        lines.append(f"… ({left:,} more: see the findings)")
    return "\n".join(["*What we found*", *lines])


def finding(each: Finding, most: int) -> str:
    remedy = f"\n→ {worded(each.remedy, most)}" if each.remedy and each.severity.rank >= Risk.MEDIUM.rank else ""
    return f"{SEVERITY[each.severity]} {code(each.code, 20)} {worded(each.message, most)}{remedy}"


def policy(found: Assessed) -> str | None:
    verdict = found.verdict
    if verdict is None:
        return None
    said = {
        Ruling.ALLOW: "✅ *The policy allows it.*",
        Ruling.APPROVE: f"✋ *The policy wants the approval of {people_count(verdict.approvals)}.*",
        Ruling.REFUSE: "⛔ *The policy refuses it.*",
    }[verdict.ruling]
    reasons = some(verdict.reasons, MOST_REASONS, "more reasons", said=lambda reason: f"• {worded(reason, 260)}")
    return "\n".join([said, *reasons])


def deciders(scene: Scene, found: Assessed) -> Iterator[str]:
    """Who decides, how many are still needed, until when, and who has spoken."""
    rollback, service = scene.rollback, scene.service
    needed = rollback.approvals_needed or 0
    refused = found.verdict is not None and found.verdict.ruling is Ruling.REFUSE
    policy_ = service.policy if service else None
    if refused:
        override = policy_.override if policy_ else None
        who = people(override.by if override else None)
        yield f"Only an override lets it go ahead: *{people_count(max(1, needed))}* of {who}, with a reason. It is marked for ever."
    else:
        who = people(service.approvers if service else None)
        yield f"*{people_count(needed)}* of {who}; never {person(rollback.requester)}, who asked."
    if rollback.expires_at:
        yield f"Until {moment(rollback.expires_at)}; then it expires."
    glass = policy_.break_glass if policy_ else None
    if glass and not refused and rollback.risk and Risk(rollback.risk.value).rank <= glass.up_to.rank:
        at = moment((scene.shown_at or rollback.requested_at) + glass.after)
        yield f"No approver to be reached? From {at} on, {people(glass.by)} may break the glass."
    if standing := approvals(scene):
        yield f"So far: {len(standing)} of {needed}. {'; '.join(some(standing, MOST_VOICES, said=spoken))}"


def approvals(scene: Scene) -> tuple[Approval, ...]:
    """Those that count for what is shown now."""
    return tuple(
        voice
        for voice in scene.approvals
        if voice.voice is Voice.APPROVE and voice.voided_at is None and voice.digest == scene.rollback.digest
    )


def spoken(voice: Approval) -> str:
    marks = "".join(f" *{mark}*" for mark in voice_marks(voice))
    said = "approved" if voice.voice is Voice.APPROVE else "rejected"
    because = f": “{foreign(voice.reason, 200)}”" if voice.reason else ""
    return f"{person(voice.person)} {said}{marks} {moment(voice.given_at)}{because}"


def path(scene: Scene, found: Assessed) -> str:
    """From where to where, and over what."""
    ends = f"From {code(revisions_named(found.live[:9]) if found.live else scene.rollback.from_revision or '?', 80)} back to "
    ends += code(
        revisions_named(found.target[:9]) if found.target else scene.rollback.to_revision or scene.rollback.target, 80
    )
    if not found.path:
        return ends
    count = len(found.path)
    number = "1 revision" if count == 1 else f"{count:,} revisions"
    return "\n".join([f"*{ends}, {number}*", *some(found.path, MOST_REVISIONS, "more revisions", said=_undone)])


def _undone(step: PathStep) -> str:
    return f"↩️ undo {code(step.revision, 40)} {foreign(step.message, 100)}"
