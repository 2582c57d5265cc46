"""The parts of `backout serve`, each a process of its own: what a rollback does can hold up nothing that Slack waits for.

The one that everybody sees as `serve` does no work: it starts the parts, starts again what died, and ends them all. It has
a single thread, so a part that dies at night is forked from it as safely as the first one was, with everything loaded
already and most of its memory shared. A part holds the reading end of a pipe whose other end only we hold: its end-of-file
is the order to end, or our death, whichever comes first.
"""

import atexit
import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from types import FrameType

from bot.stopping import GRACE_SECONDS, run_until_stopped

log = logging.getLogger(__name__)

Work = Callable[[threading.Event], None]
#: Calls it, and makes an exit code of how it ended.
Edge = Callable[[Callable[[], object]], int]

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
#: Whoever lived so long did not die at once: the next pause is short again.
LIVED_SECONDS = 60.0
#: More than a part takes to leave by itself.
LEAVE_SECONDS = GRACE_SECONDS + 1.0
#: Starting again does not help: the configuration is wrong.
HOPELESS = 2
#: A fork has everything loaded; elsewhere the system's own libraries do not bear it.
_CONTEXT: ForkContext | SpawnContext = (
    multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
)


@dataclass
class _Part:
    name: str
    work: Work
    process: BaseProcess | None = None
    began: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    #: When it is started again, by the monotonic clock.
    again: float | None = None


def run_parts(parts: Mapping[str, Work], edge: Edge) -> int:
    """Until a signal comes, or one of them says that it never will. The exit code."""
    reading, writing = _CONTEXT.Pipe(duplex=False)
    made = [_Part(name=name, work=work) for name, work in parts.items()]
    with reading, _woken_by_signals() as woken:
        try:
            for part in made:
                _start(part, reading, writing, edge)
            return _watch(made, reading, writing, edge, woken)
        finally:
            writing.close()
            _end(made)


def _start(part: _Part, reading: Connection, writing: Connection, edge: Edge) -> None:
    part.process = _CONTEXT.Process(target=_live, args=(part.name, part.work, reading, writing, edge), name=part.name)
    part.began, part.again = time.monotonic(), None
    part.process.start()


def _watch(made: list[_Part], reading: Connection, writing: Connection, edge: Edge, woken: int) -> int:
    while True:
        now = time.monotonic()
        for part in made:
            if part.again is not None and part.again <= now:
                _start(part, reading, writing, edge)
        due = min((part.again - now for part in made if part.again is not None), default=None)
        ready = wait([woken, *(part.process.sentinel for part in made if part.process is not None)], due)
        if woken in ready:
            name = signal.Signals(os.read(woken, 1)[0]).name
            log.info("Stopping, because of %s", name, extra={"event": "serve_stopping", "signal": name})
            return 0
        for part in made:
            if part.process is not None and part.process.sentinel in ready:
                code = _bury(part)
                if code == HOPELESS:
                    return HOPELESS


def _bury(part: _Part) -> int | None:
    """It ended and was not asked to: it begins anew, a little later each time."""
    assert part.process is not None  # noqa: S101 because whoever calls has seen it end
    part.process.join()
    code, part.process = part.process.exitcode, None
    if code != HOPELESS:
        if time.monotonic() - part.began > LIVED_SECONDS:
            part.pause = FIRST_PAUSE_SECONDS
        part.again = time.monotonic() + part.pause
        log.error(
            "The part for %s ended (%s); it begins anew in %.1f seconds", part.name,
            f"signal {-code}" if code is not None and code < 0 else f"exit code {code}", part.pause,
            extra={"event": "part_ended", "part": part.name, "exit_code": code},
        )  # fmt: skip
        part.pause = min(part.pause * 2, LONGEST_PAUSE_SECONDS)
    return code


def _end(made: list[_Part]) -> None:
    until = time.monotonic() + LEAVE_SECONDS
    left = [part.process for part in made if part.process is not None]
    for process in left:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def _live(name: str, work: Work, reading: Connection, writing: Connection, edge: Edge) -> None:
    """A part's whole life, in its own process."""
    writing.close()
    signal.set_wakeup_fd(-1)
    # Where the kernel shares the machine between sessions, those who answer people have one of their own. A Ctrl-C is for
    # whoever started us: the order to end comes through the pipe.
    os.setsid()
    threading.current_thread().name = name
    try:
        code = edge(lambda: run_until_stopped(work, lifeline=reading))
    finally:
        # A process that was forked leaves without them; a database server of ours is ended there.
        atexit._run_exitfuncs()  # noqa: SLF001
    sys.exit(code)


@contextlib.contextmanager
def _woken_by_signals() -> Iterator[int]:
    """A descriptor on which the number of each signal arrives. The second one acts as if we did not listen."""
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
