"""Runs until SIGTERM or SIGINT (Ctrl-C), and ends in time."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from types import FrameType

log = logging.getLogger(__name__)

#: What runs then gets so long to end; a supervisor kills after ten seconds (docker) or thirty (Kubernetes).
GRACE_SECONDS = 8.0


def run_until_stopped(
    work: Callable[[threading.Event], None], *, grace: float = GRACE_SECONDS, lifeline: Connection | None = None
) -> None:  # fmt: skip
    """Does the work until it ends, a signal comes, or nobody holds the lifeline's other end any more; its error is raised
    here. After that the event is set, and the work gets so many seconds to return. A second signal acts as if we did not
    listen: it ends the process."""
    stopping, errors = threading.Event(), list[BaseException]()
    over, ended = socket.socketpair()

    def run() -> None:
        try:
            work(stopping)
        except BaseException as error:  # noqa: BLE001 because it is raised again, in the main thread
            errors.append(error)
        finally:
            with ended, suppress(OSError):  # whoever waited may have left
                ended.shutdown(socket.SHUT_RDWR)

    # A daemon: when it waits for a database that is away, it must not keep the process.
    working = threading.Thread(target=run, name="work", daemon=True)
    with over, woken_by_signals() as woken:
        working.start()
        if woken in wait([woken, over, *([lifeline] if lifeline is not None else [])]):
            name = signal.Signals(os.read(woken, 1)[0]).name
            log.info("Stopping, because of %s", name, extra={"event": "serve_stopping", "signal": name})
    stopping.set()
    working.join(grace)
    if errors:
        raise errors[0]
    if working.is_alive():
        log.warning("Not everything could be ended in time; leaving", extra={"event": "serve_left"})


@contextmanager
def woken_by_signals() -> Iterator[int]:
    """A descriptor on which the number of each signal arrives. The second one acts as if we did not listen.

    The system may give a signal to any thread, and Python hears it in the main one, which has to be awake for that: whoever
    waits for a lock there is not woken by what another thread got. Whoever waits for the descriptor is.
    """
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    numbers = (signal.SIGTERM, signal.SIGINT)

    def once(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, once) for number in numbers}
    old = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(woken)
        os.close(wake)
