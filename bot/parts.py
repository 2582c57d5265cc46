"""The parts of `backout serve`, each a process of its own: what a rollback does can hold up nothing that Slack waits for.

The one that everybody sees as `serve` does no work: it starts the parts, starts again what died, and ends them all. It has
a single thread, so a part that dies at night is forked from it as safely as the first one was, with everything loaded
already and most of its memory shared. It looks for their signs of life, too: one that is there and does nothing is ended, and
begins anew. A part holds the reading end of a pipe whose other end only we hold: its end-of-file
is the order to end, or our death, whichever comes first.
"""

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from bot.signs import CONTEXT, KEEPER, Signs
from bot.stopping import GRACE_SECONDS, run_until_stopped, woken_by_signals

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
LOOK_SECONDS = 1.0
#: After so many looks without a sign of life it hangs. Looks of ours, and no time of a clock: when the whole machine was
#: stopped for a while, nobody hangs.
HANGS_AFTER = 30
#: A turn of its loop takes longer, now and then: it waits for a database, whose absence is noticed within twenty seconds.
STUCK_AFTER = 120


@dataclass(frozen=True, kw_only=True)
class _Life:
    """What all parts are given."""

    reading: Connection
    writing: Connection
    edge: Edge
    signs: Signs
    hangs_after: int


@dataclass
class _Part:
    name: str
    work: Work
    process: BaseProcess | None = None
    began: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    #: When it is started again, by the monotonic clock.
    again: float | None = None
    #: What its signs of life said, and for how many looks they say so.
    said: tuple[float, float] = (0.0, 0.0)
    silent: tuple[int, int] = (0, 0)

    def hear(self, said: tuple[float, float]) -> None:
        lives, turns = (
            0 if new != old or not new else count + 1
            for new, old, count in zip(said, self.said, self.silent, strict=True)
        )
        self.said, self.silent = said, (lives, turns)


def run_parts(
    parts: Mapping[str, Work], edge: Edge, signs: Signs | None = None, *, hangs_after: int = HANGS_AFTER,
    load: Callable[[], None] | None = None,
) -> int:  # fmt: skip
    """Until a signal comes, or one of them says that it never will. The exit code. `load`: what the others need and the first
    does not; it begins meanwhile."""
    reading, writing = CONTEXT.Pipe(duplex=False)
    made = [_Part(name=name, work=work) for name, work in parts.items()]
    life = _Life(reading=reading, writing=writing, edge=edge, signs=signs or Signs(parts), hangs_after=hangs_after)
    with reading, woken_by_signals() as woken:
        try:
            for place, part in enumerate(made):
                if place == 1 and load is not None:
                    load()
                _start(part, life)
            return _watch(made, life, woken)
        finally:
            writing.close()
            _end(made)


def _start(part: _Part, life: _Life) -> None:
    life.signs.rests(part.name)
    part.process = CONTEXT.Process(target=_live, args=(part.name, part.work, life), name=part.name)
    part.began, part.again, part.silent = time.monotonic(), None, (0, 0)
    part.process.start()


def _watch(made: list[_Part], life: _Life, woken: int) -> int:
    look = time.monotonic()
    while True:
        now = time.monotonic()
        for part in made:
            if part.again is not None and part.again <= now:
                _start(part, life)
        if now >= look:
            look = now + LOOK_SECONDS
            _look(made, life)
        due = min((part.again for part in made if part.again is not None), default=look)
        watched = [woken, *(part.process.sentinel for part in made if part.process is not None)]
        ready = wait(watched, max(0.0, min(due, look) - time.monotonic()))
        if woken in ready:
            name = signal.Signals(os.read(woken, 1)[0]).name
            log.info("Stopping, because of %s", name, extra={"event": "serve_stopping", "signal": name})
            return 0
        for part in made:
            if part.process is not None and part.process.sentinel in ready:
                life.signs.rests(part.name)
                code = _bury(part)
                if code == HOPELESS:
                    return HOPELESS


def _look(made: list[_Part], life: _Life) -> None:
    """Whoever is there and does nothing is ended; then it begins anew, like one that died."""
    life.signs.lives(KEEPER)
    for part in made:
        part.hear(life.signs.last(part.name))
        if part.process is None or not (part.silent[0] >= life.hangs_after or part.silent[1] >= STUCK_AFTER):
            continue
        log.error(
            "The part for %s hangs: no sign of life for %d seconds. It is ended", part.name, max(part.silent),
            extra={"event": "part_hangs", "part": part.name},
        )  # fmt: skip
        part.silent = (0, 0)
        part.process.kill()


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


def _live(name: str, work: Work, life: _Life) -> None:
    """A part's whole life, in its own process."""
    life.writing.close()
    signal.set_wakeup_fd(-1)
    # Where the kernel shares the machine between sessions, those who answer people have one of their own. A Ctrl-C is for
    # whoever started us: the order to end comes through the pipe.
    os.setsid()
    threading.current_thread().name = name
    # So that `ps` and `top` tell one from another, where the system lets us say it.
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)
    life.signs.keep_living(name)
    try:
        code = life.edge(lambda: run_until_stopped(work, lifeline=life.reading))
    finally:
        # A process that was forked leaves without them; a database server of ours is ended there.
        atexit._run_exitfuncs()  # noqa: SLF001
    sys.exit(code)
