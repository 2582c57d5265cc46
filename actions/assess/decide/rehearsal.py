"""What the trials of a downgrade say about the real one, with the advice of seed 002 for each failure."""

from collections.abc import Iterator, Mapping

from actions.assess.decide.facts import Facts, Rehearsed
from actions.assess.decide.reasons import Reason, against_rules, impossible
from actions.assess.decide.wording import quoted, retold
from actions.assess.values import FailureKind, RehearsalKind
from actions.catalog.policy import Policy

#: Failures of the trial rather than of the downgrade: the real one may work, and people may insist.
MAY_STILL_WORK = frozenset({FailureKind.LOCK, FailureKind.TIMEOUT, FailureKind.OUTSIDE, FailureKind.SURROUNDINGS})

ADVICE: Mapping[FailureKind, str] = {
    FailureKind.DEPENDENCY: "Drop what depends on it first (views, indexes, foreign keys), in `downgrade()` or by "
    "hand, and assess again",
    FailureKind.DATA_DOES_NOT_FIT: "Restore from a backup (safer), or change the rows until they fit and assess again",
    FailureKind.MISSING_SCRIPT: "Bring the file back from git (`git checkout <commit> -- path/to/versions/`), or use "
    "the scripts of the newer release, and assess again",
    FailureKind.IRREVERSIBLE: "Its author says that there is no way down: restore from a backup or roll forward",
    FailureKind.BROKEN_SCRIPT: "Correct `downgrade()` and assess again, or roll forward",
    FailureKind.LOCK: "Let long transactions end, or end them, and assess again",
    FailureKind.TIMEOUT: "Look at what takes so long, raise the timeout in the catalog if it may, and assess again",
    FailureKind.WRONG_DATABASE: "Correct how the URL is handed over (`migrations: url` in the catalog), assess again",
    FailureKind.OUTSIDE: "Look at what it reaches for, see that it may be reached twice, and only then override",
    FailureKind.SURROUNDINGS: "Put right what the server or the machine complains about and assess again",
    FailureKind.OTHER: "Read what it said, put it right and assess again, or restore from a backup",
}


def closest_trial(facts: Facts) -> Rehearsed | None:
    """The trial to believe: on the data before on the schema alone, and a failure before a success."""
    known = [trial for trial in facts.rehearsals if trial.succeeded is not None]
    return max(known, key=lambda t: (t.kind is RehearsalKind.DATA, not t.succeeded, t.seconds or 0), default=None)


def cannot_work(trial: Rehearsed | None) -> bool:
    """It failed in a way in which the real downgrade would fail as well; a failure without a kind is one."""
    if trial is None or trial.succeeded:
        return False
    return trial.failure is None or trial.failure.kind not in MAY_STILL_WORK


def rehearsal_rules(policy: Policy, facts: Facts) -> Iterator[Reason]:
    """A failure refuses whatever the policy asks for; a missing trial only where it asks for one."""
    trial = closest_trial(facts)
    if trial is not None and not trial.succeeded:
        failure = trial.failure
        said = retold(failure.message) if failure else "Nothing was said about why."
        where = f" in {quoted(failure.revision)}" if failure and failure.revision else ""
        refuse = impossible if cannot_work(trial) else against_rules
        advice = ADVICE[failure.kind if failure else FailureKind.OTHER]
        yield refuse(f"The downgrade failed{where} when it was tried on {_copy(trial.kind)}: {said}", advice)
    elif policy.rehearsal == "data" and (trial is None or trial.kind is not RehearsalKind.DATA):
        yield against_rules(
            "The policy asks that the downgrade has been tried on a copy with the data, and it has not",
            f"Run `backout assess {facts.service} --data`, or press Rehearse with data",
        )
    elif policy.rehearsal == "schema" and trial is None:
        begun = "was begun and its outcome is not known" if facts.rehearsals else "has not been tried on any copy"
        yield against_rules(
            f"The downgrade {begun}, and the policy asks for a trial on the schema",
            f"Run `backout assess {facts.service}` again and see that it may make a scratch database",
        )


def _copy(kind: RehearsalKind) -> str:
    return "a copy with the data" if kind is RehearsalKind.DATA else "an empty copy of the schema"
