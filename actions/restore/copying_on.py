"""A backup's way into the other stores."""

from collections.abc import Callable

from actions.backup.progress import Progress, Watcher
from actions.backup.store import Store
from actions.backup.store_copy import copy_backup
from actions.errors import BackoutError
from actions.redaction import redact


def copy_on(name: str, source: Store, target: Store, watch: Watcher, should_stop: Callable[[], bool]) -> str | None:
    """None, or why there is no copy; then nothing of it is left there."""

    def watching(now: Progress) -> None:
        watch(now)
        if should_stop():
            # Told between two pieces of a file: an error there ends all of them, and what was written is removed.
            raise BackoutError("stopped")

    try:
        copy_backup(name, source, target, watching)
    except BackoutError as error:
        return "stopped" if should_stop() else redact(error.what)
    return None
