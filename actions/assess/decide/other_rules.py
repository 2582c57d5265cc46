"""The rules for the strategies that run no downgrade, and those that hold for all of them."""

from collections.abc import Iterator
from datetime import datetime

from actions.assess.decide.copies import best_for_restore, newest, said_copy
from actions.assess.decide.facts import BackupCopy, Facts
from actions.assess.decide.older_release import Fit, compatibility
from actions.assess.decide.openings import next_opening
from actions.assess.decide.reasons import Reason, against_rules, impossible, note, refused_or_noted
from actions.assess.decide.wording import count, length, revisions
from actions.catalog.policy import Policy
from actions.history.values import BackupState


def restore_rules(policy: Policy, facts: Facts) -> Iterator[Reason]:
    """There has to be a backup of the target, and by the policy a proven one. What it loses, people accept."""
    copy = best_for_restore(facts)
    if copy is None:
        yield impossible(f"{no_copy(facts)}, so that there is nothing to restore", "Choose another strategy")
        return
    if copy.state is not BackupState.PROVEN:
        yield refused_or_noted(
            "refuse" if policy.verified_backup else "allow",
            f"The backup {said_copy(copy, facts)} was never restored, so that nobody knows whether it can be",
            "Prove it first by restoring it beside the database",
        )
    if copy.rows_written_since != 0:
        yield note(
            f"A restore loses everything written since {said_copy(copy, facts)}: {said_lost_since(copy)}",
            "Approve only if that may be lost; the safety backup made before keeps it for repairs",
        )
    if facts.now - copy.taken_at > facts.backup_max_age:
        yield note(
            f"The backup is older than {length(facts.backup_max_age)}",
            "See whether a newer one of this revision exists",
        )


def no_copy(facts: Facts) -> str:
    """Why nothing can be restored, without a full stop."""
    last = newest(facts)
    if last is None:
        return "There is no complete backup of this service"
    of = "a revision that is not known" if last.revisions is None else revisions(last.revisions)
    return f"No complete backup is of {revisions(facts.target)} (the newest, {said_copy(last, facts)}, is of {of})"


def said_lost_since(copy: BackupCopy) -> str:
    rows = copy.rows_written_since
    return "how many rows is not known" if rows is None else count(rows, "row")


def application_rules(_: Policy, facts: Facts) -> Iterator[Reason]:
    """There has to be an older release to go back to, and no certainty that it cannot work."""
    older = facts.older_release
    if not older.can_go_back:
        yield impossible(*no_way_back(facts))
    found = compatibility(older)
    if found.fit is Fit.NO:
        yield against_rules(
            f"The older release cannot work with the newer schema: {'; '.join(found.because)}",
            "Choose another strategy, or override if you know that it never comes across them",
        )
    elif found.fit is Fit.PERHAPS:
        yield note(
            f"The older release may not work with the newer schema: {'; '.join(found.because)}",
            "Look at how the older release uses them before you approve",
        )


def no_way_back(facts: Facts) -> tuple[str, str]:
    """Why the application cannot be taken back, and what makes it possible."""
    if facts.older_release.can_go_back is None:
        what = "It is not known whether there is an older release to go back to"
        return what, f"Look at it with `backout check {facts.service}`, or choose another strategy"
    return "The application cannot be taken back", "Name how under `application` in the catalog, or choose another"


def maintenance_rules(policy: Policy, facts: Facts) -> Iterator[Reason]:
    """Whatever changes production keeps to the maintenance windows."""
    yield from window_reasons(policy, facts.now)


def window_reasons(policy: Policy, now: datetime) -> Iterator[Reason]:
    if not policy.windows or any(window.covers(now) for window in policy.windows):
        return
    opening = next_opening(policy.windows, now)
    what = "It is outside the maintenance windows"
    if opening is None:
        yield against_rules(f"{what}, and none opens in the next two weeks", "Correct `policy: windows` in the catalog")
    else:
        yield against_rules(f"{what}; the next one opens on {opening}", f"Ask again in {length(opening.at - now)}")
