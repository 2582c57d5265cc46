"""What went wrong in a step, as a record: class and text, never a pickled exception, never a secret."""

from actions.errors import BackoutError, HaltedError, UnavailableError
from actions.history.canonical import JsonObject
from actions.redaction import redact


class StoppedError(BackoutError):
    """A step ended early because it was asked to."""


def failure_record(error: BackoutError) -> JsonObject:
    record = {"class": type(error).__name__, "what": redact(error.what)}
    for name in ("where", "next_step"):
        if said := getattr(error, name):
            record[name] = redact(said)
    return record


def worth_another_try(error: BackoutError) -> bool:
    """Something did not answer; by itself it may answer again."""
    return isinstance(error, UnavailableError)


def needs_eyes(error: BackoutError) -> bool:
    return isinstance(error, HaltedError)
