"""How long whoever tells waits for what. Slack's own wishes are in `pacing.py`; these are ours."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """In seconds."""

    #: Between two looks at the record.
    look: float = 1.0
    #: The same while there is nothing to tell of; what people do in Slack is told at once all the same.
    quiet_look: float = 3.0
    #: Until a rollback is looked at again though nothing happened to it: one that waits, one that runs, one that cannot be
    #: told where it should be, and one that Slack did not take a message of.
    idle: float = 15.0
    running: float = 1.0
    troubled: float = 30.0
    away: float = 2.0
    #: A call that was under way when its process died has arrived by then, or never will; and one of a process that may live.
    settled: float = 1.0
    unsettled: float = 12.0
