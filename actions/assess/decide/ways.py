"""The four ways out of the trouble, each measured: possible or not, what it loses, how long, and what it needs."""

from dataclasses import dataclass
from enum import Enum

from actions.assess.decide.copies import best_for_restore, said_copy
from actions.assess.decide.estimates import Estimate, of_app_only, of_downgrade, of_restore, of_roll_forward
from actions.assess.decide.facts import BackupCopy, Facts, StrategyName
from actions.assess.decide.loss import loss_of, new_data
from actions.assess.decide.older_release import Fit, compatibility
from actions.assess.decide.other_rules import no_copy, no_way_back, said_lost_since
from actions.assess.decide.rehearsal import cannot_work, closest_trial
from actions.assess.decide.wording import count, ended, length, retold, revisions
from actions.assess.values import RehearsalKind
from actions.history.values import BackupState


class Quality(Enum):
    """How far one can count on it."""

    SOUND = "sound"
    #: Nothing speaks against it, and something is not known.
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way out, before anybody recommends it."""

    name: StrategyName
    possible: bool
    quality: Quality
    #: Whether anything is gone afterwards that could have been kept; what is not known counts as lost.
    loses: bool
    #: Rows and values that are lost; None when nobody knows how many.
    rows: int | None
    data_lost: str
    estimate: Estimate
    why: str
    needs: tuple[str, ...]


def app_only(facts: Facts) -> Way:
    """The older application on the newer schema."""
    older, found = facts.older_release, compatibility(facts.older_release)
    says = {
        Fit.YES: "The older release can work with the newer schema",
        Fit.PERHAPS: "The older release may not work with the newer schema",
        Fit.NO: "The older release cannot work with the newer schema",
    }[found.fit]
    why = ended(f"{says}: {'; '.join(found.because)}" if found.because else f"{says}: it finds no difference")
    if older.works_on_newer_schema is None and found.fit is not Fit.NO:
        why += " Not tried: whether it can read rows that the newer release wrote."
    if not older.can_go_back:
        why = f"{'. '.join(no_way_back(facts))}. {why}"
    live = "a revision that it does not know" if facts.live is None else revisions(facts.live)
    starts = (
        f"the older release starts although the database stays at {live}; one that runs `alembic upgrade head` as it "
        "starts fails with `Can't locate revision`"
    )
    return Way(
        name=StrategyName.APP_ONLY,
        possible=bool(older.can_go_back) and found.fit is not Fit.NO,
        quality=Quality.SOUND if found.fit is Fit.YES else Quality.DOUBTFUL,
        loses=False,
        rows=0,
        data_lost="nothing",
        estimate=of_app_only(facts),
        why=why,
        needs=(starts,),
    )


def downgrade(facts: Facts) -> Way:
    """The schema goes down, and the application with it."""
    trial, loss, rows = closest_trial(facts), loss_of(facts.losses), new_data(facts)
    possible, stands = _downgrade_stands(facts)
    worked = trial is not None and bool(trial.succeeded)
    if rows is None:
        stands += " It is not known whether data was written with the newer schema."
    elif rows > 0:
        stands += f" {count(rows, 'row')} written since the deploy can depend on the newer schema."
    return Way(
        name=StrategyName.DOWNGRADE,
        possible=possible,
        quality=Quality.SOUND if worked and rows == 0 and facts.blockers == () else Quality.DOUBTFUL,
        loses=not loss.known_to_be_nothing,
        rows=loss.rows,
        data_lost=str(loss),
        estimate=of_downgrade(facts, trial),
        why=stands,
        needs=("writers stopped", "the newer release's scripts", "a proven backup from before the first step"),
    )


def _downgrade_stands(facts: Facts) -> tuple[bool, str]:
    trial = closest_trial(facts)
    if facts.path is None or facts.live is None:
        return False, "The scripts are not known to lead from the live revision down to the target."
    if not facts.path:
        return False, "There is nothing to undo: the database is at the target already."
    if facts.blockers:
        first = facts.blockers[0]
        more = f" (and {len(facts.blockers) - 1:,} more)" if len(facts.blockers) > 1 else ""
        return False, f"Something stands in its way{more}: {retold(first.message)}"
    if trial is not None and not trial.succeeded:
        said = retold(trial.failure.message) if trial.failure else "Nothing was said about why."
        return not cannot_work(trial), f"It failed when it was tried on a copy: {said}"
    if trial is None:
        return True, "It has not been tried on a copy."
    copy = "a copy with the data" if trial.kind is RehearsalKind.DATA else "an empty copy of the schema"
    unseen = "" if facts.blockers is not None else " What stands in its way was not examined."
    return True, f"It worked when it was tried on {copy}.{unseen}"


def restore(facts: Facts) -> Way:
    """The database as it was when a backup of the target was taken."""
    copy = best_for_restore(facts)
    if copy is None:
        return Way(
            name=StrategyName.RESTORE,
            possible=False,
            quality=Quality.DOUBTFUL,
            loses=True,
            rows=None,
            data_lost="not known: there is nothing to restore",
            estimate=of_restore(facts, None),
            why=ended(no_copy(facts)),
            needs=("a complete backup of the target revision",),
        )
    proven = copy.state is BackupState.PROVEN
    needs = ["writers stopped", "room for a second database", "a safety backup of what is there now"]
    return Way(
        name=StrategyName.RESTORE,
        possible=True,
        quality=Quality.SOUND if proven else Quality.DOUBTFUL,
        loses=copy.rows_written_since != 0 or not proven,
        rows=copy.rows_written_since,
        data_lost=_lost_by_restore(copy, facts),
        estimate=of_restore(facts, copy),
        why=f"The backup {said_copy(copy, facts)} is of the target revision.{_too_old(copy, facts)}",
        needs=(*needs, *(() if proven else ("a proof of the backup: it was never restored",))),
    )


def _lost_by_restore(copy: BackupCopy, facts: Facts) -> str:
    age = length(facts.now - copy.taken_at)
    if copy.rows_written_since == 0:
        return f"nothing: no row was written since the backup was taken {age} ago"
    return f"everything written since the backup was taken {age} ago: {said_lost_since(copy)}"


def _too_old(copy: BackupCopy, facts: Facts) -> str:
    old = facts.now - copy.taken_at > facts.backup_max_age
    return f" It is older than {length(facts.backup_max_age)}." if old else ""


def roll_forward(facts: Facts) -> Way:
    """A new migration instead of a way back."""
    fixable = facts.trouble.fixable_forward
    why = {
        True: "It can be put right with a new migration.",
        False: "It was said that a new migration cannot put it right.",
        None: "Nobody has said yet whether a new migration can put it right.",
    }[fixable]
    return Way(
        name=StrategyName.ROLL_FORWARD,
        possible=fixable is not False,
        quality=Quality.SOUND if fixable else Quality.DOUBTFUL,
        loses=False,
        rows=0,
        data_lost="nothing",
        estimate=of_roll_forward(),
        why=why,
        needs=("a new migration, tried on a copy with the data", "a deploy"),
    )
