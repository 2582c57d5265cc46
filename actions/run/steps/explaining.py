"""Why a downgrade failed, with the advice for it, and no value of a row."""

from actions.assess.error_words import shown
from actions.assess.failures import kind_of
from actions.assess.findings.irreversible import FAILURE_ADVICE
from actions.downgrade.told import Trouble
from actions.errors import BackoutError


def explained(trouble: Trouble | None, what: str) -> BackoutError:
    """With seed 002's advice for its three failures, and ours for the others."""
    if trouble is None:
        return BackoutError(f"{what} without a word")
    code = f" ({trouble.sqlstate})" if trouble.sqlstate else ""
    return BackoutError(
        f"{what}: {shown(trouble, '')}{code}",
        where=f"revision {trouble.revision}" if trouble.revision else None,
        next_step=FAILURE_ADVICE[kind_of(trouble)],
    )
