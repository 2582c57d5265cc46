"""The life of a rollback, as one table. Nothing else decides what may follow what."""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """Where a rollback is."""

    #: We measure what going back would cost.
    ASSESSING = "assessing"
    #: People decide.
    WAITING = "waiting"
    #: Enough people said yes to exactly this plan.
    APPROVED = "approved"
    #: A runner carries it out.
    RUNNING = "running"
    #: It goes back, in reverse, to how the service was.
    UNDOING = "undoing"
    #: It failed after the first destructive step; a person picks retry, restore or keep.
    CHOOSING = "choosing"
    #: We do not know the state of the world; a person must look.
    HALTED = "halted"

    #: Everything was done and seen to be done.
    SUCCEEDED = "succeeded"
    #: It ended without success, in a state that we know.
    FAILED = "failed"
    #: A person ended it, and nothing (or nothing any more) was changed.
    STOPPED = "stopped"
    #: The policy said no.
    REFUSED = "refused"
    #: A person said no.
    REJECTED = "rejected"
    #: Nobody decided in time.
    EXPIRED = "expired"


#: What may follow what. A status that nothing follows is an end.
NEXT: Mapping[Status, frozenset[Status]] = {
    Status.ASSESSING: frozenset({Status.WAITING, Status.APPROVED, Status.REFUSED, Status.FAILED, Status.STOPPED}),
    # Back to assessing: the world changed, or somebody chose another strategy.
    Status.WAITING: frozenset({Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.STOPPED, Status.ASSESSING}),
    Status.APPROVED: frozenset({Status.RUNNING, Status.STOPPED, Status.EXPIRED, Status.ASSESSING}),
    # Failed without a way back: somebody chose to restore what was there before, or to keep what is there now.
    Status.RUNNING: frozenset({Status.SUCCEEDED, Status.FAILED, Status.UNDOING, Status.CHOOSING, Status.HALTED}),
    Status.UNDOING: frozenset({Status.FAILED, Status.STOPPED, Status.HALTED}),
    Status.CHOOSING: frozenset({Status.RUNNING, Status.FAILED, Status.HALTED}),
    # Only after a person looked.
    Status.HALTED: frozenset({Status.RUNNING, Status.UNDOING, Status.FAILED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.STOPPED: frozenset(),
    Status.REFUSED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.EXPIRED: frozenset(),
}

#: Over: the row never changes again.
FINAL: frozenset[Status] = frozenset(status for status, following in NEXT.items() if not following)

#: Open: its service can have no second one. HALTED is among them on purpose: as long as nobody has
#: looked, another rollback of the same service would act on a world that we do not know.
LIVE: frozenset[Status] = frozenset(NEXT) - FINAL


def sources(target: Status) -> frozenset[Status]:
    """The statuses from which this one may be reached."""
    return frozenset(status for status, following in NEXT.items() if target in following)
