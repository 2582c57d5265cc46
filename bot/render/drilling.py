"""A drill: that it began, and its report."""

from datetime import datetime

from actions.restore.drill import Drill, Outcome, Point
from bot.render.blocks import context, header, section
from bot.render.foreign import code, foreign, plain, worded
from bot.render.limits import some
from bot.render.message import Message, message
from bot.render.people import moment, person
from bot.wording.measures import length

SIGNS = {
    Outcome.PASSED: "✅ passed",
    Outcome.FAILED: "❌ failed",
    Outcome.SKIPPED: "⏭️ skipped",
    Outcome.NOT_RUN: "⬜ not run",
}


def drill_begun(service: str) -> Message:
    text = f"🧪 The rollback test of {foreign(service, 60)} has begun. The service itself is only read; the report comes here."
    return message(text, section(text))


def drill_report(drill: Drill) -> Message:
    name = plain(drill.service, 60)
    bad = [point for point in drill.points if point.outcome in (Outcome.FAILED, Outcome.SKIPPED)]
    if drill.passed:
        text = f"✅ Rollback test of {foreign(name)}: all {len(drill.points)} points passed, in {length(drill.seconds)}. It can be brought back."
    else:
        text = f"❌ Rollback test of {foreign(name)}: {len(bad)} of {len(drill.points)} points not passed. Do not count on a restore before that is mended."
    dry = " (dry run: the restore was not run)" if drill.dry_run else ""
    backup = f"Backup {code(drill.backup, 120)} was made, and stays. " if drill.backup else ""
    return message(
        text, header(f"🧪 Rollback test of {name}"), section(f"*{text}*{dry}", name="verdict"),
        section("\n".join(some(drill.points, 20, "more points", said=_point)), name="points"),
        context(f"{backup}Begun {moment(drill.started_at)}."),
    )  # fmt: skip


def drill_lost(service: str, requester: str, asked_at: datetime) -> Message:
    """Whoever did it is gone."""
    text = (
        f"⚠️ The rollback test of {foreign(service, 60)} did not come to its end: Backout was ended or restarted in the middle of "
        "it. It says nothing about the service, which was only read; its copies of the database are removed."
    )
    more = f"{person(requester)} asked for it {moment(asked_at)}. Ask again: {code(f'/rollback drill {service}')}"
    return message(text, section(f"{text}\n{more}"))


def _point(point: Point) -> str:
    time = f" ({length(point.seconds)})" if point.seconds >= 1 else ""
    next_step = f"\n      → {worded(point.next_step, 250)}" if point.next_step else ""
    return f"{point.number}. {SIGNS[point.outcome]}: *{foreign(point.title, 100)}* {worded(point.said, 250)}{time}{next_step}"
