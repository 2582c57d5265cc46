"""The first few of many sentences."""

from collections.abc import Sequence

from actions.redaction import redact


def some(faults: Sequence[str], most: int = 3) -> str:
    """The first few, and how many more there are."""
    more = f", and {len(faults) - most} more" if len(faults) > most else ""
    return "; ".join(redact(fault) for fault in faults[:most]) + more
