"""Runs until SIGTERM or SIGINT (Ctrl-C), and ends in time."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import FrameType

log = logging.getLogger(__name__)

#: What runs then gets so long to end; a supervisor kills after ten seconds (docker) or thirty (Kubernetes).
GRACE_SECONDS = 8.0
#: Instead of a signal's number: whoever started us wants us to end, or is gone.
LET_GO = 0


def run_until_stopped(
    work: Callable[[threading.Event], None], *, grace: float = GRACE_SECONDS, lifeline: Connection | None = None
) -> None:  # fmt: skip
    """Does the work until it ends, a signal comes, or nobody holds the lifeline's other end any more; its error is raised
    here. After that the event is set, and the work gets so many seconds to return. A second signal acts as if we did not
    listen: it ends the process."""
    told: SimpleQueue[int | None] = SimpleQueue()
    stopping, errors = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            work(stopping)
        except BaseException as error:  # noqa: BLE001 because it is raised again, in the main thread
            errors.append(error)
        finally:
            told.put(None)

    # A daemon: when it waits for a database that is away, it must not keep the process.
    working = threading.Thread(target=run, name="work", daemon=True)
    if lifeline is not None:
        threading.Thread(target=_tell_at_its_end, args=(lifeline, told), name="lifeline", daemon=True).start()
    with _signals_put_into(told):
        working.start()
        number = told.get()
    if number not in (None, LET_GO):
        name = signal.Signals(number).name
        log.info("Stopping, because of %s", name, extra={"event": "serve_stopping", "signal": name})
    stopping.set()
    working.join(grace)
    if errors:
        raise errors[0]
    if working.is_alive():
        log.warning("Not everything could be ended in time; leaving", extra={"event": "serve_left"})


def _tell_at_its_end(lifeline: Connection, told: SimpleQueue[int | None]) -> None:
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    told.put(LET_GO)


@contextmanager
def _signals_put_into(told: SimpleQueue[int | None]) -> Iterator[None]:
    # A queue, for an event must not be set in a signal handler: whom the signal interrupted may hold its lock.
    def tell(number: int, _: FrameType | None) -> None:
        told.put(number)

    before = {each: signal.signal(each, tell) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)
