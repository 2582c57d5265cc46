"""Measures one situation by really going down and up again.

There is one database, and five looks at it: before the upgrade, after it, with the users' data, after the
downgrade, after the second upgrade. Nothing here reads a migration; every word of the truth was seen.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.situations.comparing import losses
from tests.situations.concluding import Seen, conclude, emptied_partitions, without_users_part
from tests.situations.database import Database
from tests.situations.running import Outcome, Project, downgrade, nth_parent, upgrade
from tests.situations.situation import Situation, lay_out
from tests.situations.snapshot import take
from tests.situations.truths import Class, Truth


class BrokenSituationError(Exception):
    """The situation cannot even be set up; the truth about it is not known."""


def measure(situation: Situation, ours: Database) -> Truth:
    with TemporaryDirectory() as folder:
        project = Project(
            folder=lay_out(situation, Path(folder) / "project").resolve(),
            handover=situation.really or situation.url,
        )
        truth = _measured(situation, project, ours)
        if truth.upgrade_destroyed or truth.recreated_empty:
            truth = without_users_part(truth, _loss_without_use(situation, project, ours))
        if truth.class_ is not Class.FAILS_ALWAYS:
            return truth
        without_rows = _outcome_without_rows(situation, project, ours)
        if without_rows.ok:
            return truth.model_copy(update={"class_": Class.FAILS_ONLY_WITH_DATA})
        return truth.model_copy(update={"class_": Class.IRREVERSIBLE}) if without_rows.on_purpose else truth


def bring_to_older_state(situation: Situation, project: Project, ours: Database) -> None:
    """At `to`, before the upgrade, with what users had written by then."""
    ours.wipe()
    _must(upgrade(project, ours.url, _states_before(situation, project)))
    ours.execute(situation.data_before)


def bring_to_newer_state(situation: Situation, project: Project, ours: Database) -> None:
    """At `from`, with the users' data: the moment at which somebody asks to go back."""
    bring_to_older_state(situation, project, ours)
    _must(upgrade(project, ours.url, [situation.from_revision]))
    ours.execute(situation.data)


def _measured(situation: Situation, project: Project, ours: Database) -> Truth:
    bring_to_older_state(situation, project, ours)
    before = take(ours.connection, situation.version_table)
    up = _must(upgrade(project, ours.url, [situation.from_revision]))
    upgraded = take(ours.connection, situation.version_table)
    ours.execute(situation.data)
    used = take(ours.connection, situation.version_table)
    activity, roles = ours.activity(), ours.roles()
    down = downgrade(project, ours.url, situation.to)
    activity_then, left = ours.activity(), take(ours.connection, situation.version_table)
    roles_then = ours.roles()
    reup = upgrade(project, ours.url, [situation.from_revision]) if down.ok else None
    return conclude(
        Seen(
            before=before,
            up=up,
            upgraded=upgraded,
            used=used,
            down=down,
            left=left,
            reup=reup,
            again=take(ours.connection, situation.version_table) if reup is not None and reup.ok else None,
            activity=(activity, activity_then),
            roles=(roles, roles_then),
        )
    )


def _loss_without_use(situation: Situation, project: Project, ours: Database) -> Mapping[str, int] | None:
    """What going up and down again destroys when nobody does anything in between; nothing where it fails."""
    bring_to_older_state(situation, project, ours)
    before = take(ours.connection, situation.version_table)
    _must(upgrade(project, ours.url, [situation.from_revision]))
    if not downgrade(project, ours.url, situation.to).ok:
        return None
    after = take(ours.connection, situation.version_table)
    missing = losses(before, after, by_identity=False)
    return {**missing.rows_by_table(), **missing.values_by_column(), **emptied_partitions(before, after)}


def _outcome_without_rows(situation: Situation, project: Project, ours: Database) -> Outcome:
    bring_to_newer_state(situation, project, ours)
    ours.empty()
    return downgrade(project, ours.url, situation.to)


def _states_before(situation: Situation, project: Project) -> list[str]:
    """Where to stop on the way up, so that the users of the older release can write their data."""
    if situation.before or situation.to == "base":
        return list(situation.before)
    if not situation.to.startswith("-"):
        return [situation.to]
    ancestor = nth_parent(project, situation.from_revision, -int(situation.to))
    if ancestor is None:
        raise BrokenSituationError("`to` leads over a merge or below the base: say `before` in situation.yml")
    return [ancestor]


def _must(outcome: Outcome) -> Outcome:
    if not outcome.ok:
        raise BrokenSituationError(f"it cannot be set up: {outcome.error_class}: {outcome.message}")
    return outcome
