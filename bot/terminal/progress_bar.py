"""How far a long piece of work has come: a bar where somebody looks, one line per stage where nobody does.

It goes to standard error: standard output is for facts.
"""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.progress import Task as BarTask
from rich.table import Column
from rich.text import Text

from actions.backup.progress import Progress, Stage, Watcher, unwatched
from bot.wording.measures import clock, count, length, size

#: What is counted, where it is not tables.
NOUNS = {Stage.INDEX: "index"}
#: Beside a bar there is little room.
SHORT = {Stage.INDEX: "Indexes", Stage.COPY: "Second store", Stage.CHECK: "Reading again"}
#: A screen is not read faster than this.
_DRAW_SECONDS = 0.1


@contextmanager
def watching(*, quiet: bool = False, stream: TextIO | None = None) -> Iterator[Watcher]:
    """The callback to hand over, for as long as the work takes. `quiet`: for `--json`, nothing at all."""
    stream = stream or sys.stderr
    if quiet:
        yield unwatched
        return
    with _less_talk():
        yield from _watching(stream)


def _watching(stream: TextIO) -> Iterator[Watcher]:
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    if not console.is_terminal or console.is_dumb_terminal:
        lines = _Lines(stream)
        try:
            yield lines.tell
        finally:
            lines.end()
        return
    with Bars(
        TextColumn("{task.description}", table_column=Column(no_wrap=True)), BarColumn(bar_width=None, complete_style="cyan"),
        _Far(table_column=Column(no_wrap=True, justify="left")), console=console, expand=True, refresh_per_second=8,
    ) as bars:  # fmt: skip
        drawing = Drawing(bars)
        try:
            yield drawing.tell
        finally:
            drawing.end()


@contextmanager
def _less_talk() -> Iterator[None]:
    """Log lines about each step would say the same again, in the middle of the bar."""
    ours = logging.getLogger("actions")
    before = ours.level
    if before == logging.INFO:
        ours.setLevel(logging.WARNING)
    try:
        yield
    finally:
        ours.setLevel(before)


class Drawing:
    """One line per stage; those that are over stay, with their time."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._lock = threading.Lock()
        self._tasks: dict[Stage, TaskID] = {}
        self._drawn: dict[Stage, float] = {}
        self._last: dict[Stage, Progress] = {}

    def tell(self, now: Progress) -> None:
        with self._lock:
            if now.stage not in self._last:
                # What was too quick to be drawn must not stand there half done while the next one runs.
                self._draw_all()
            self._last[now.stage] = now
            moment = time.monotonic()
            if moment - self._drawn.get(now.stage, 0.0) >= _DRAW_SECONDS:
                self._drawn[now.stage] = moment
                self._draw(now)

    def end(self) -> None:
        with self._lock:
            self._draw_all()

    def _draw_all(self) -> None:
        for last in self._last.values():
            self._draw(last)

    def _draw(self, now: Progress) -> None:
        if now.stage not in self._tasks:
            title = SHORT.get(now.stage, str(now.stage))
            self._tasks[now.stage] = self._bars.add_task(title, total=None, far=now)
        fraction = now.fraction
        self._bars.update(
            self._tasks[now.stage], far=now,
            total=None if fraction is None else 1.0, completed=fraction or 0.0,
        )  # fmt: skip


class _Far(ProgressColumn):
    """`43 %  1.2 of 2.8 GB  12 of 40 tables  0:41 left`"""

    def render(self, task: BarTask) -> Text:
        return Text(far(task.fields["far"]))


class _Lines:
    """`Backing up ...`, then `Backing up: 2.8 GB, 40 tables, 12 s` when something else begins."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._last: dict[Stage, Progress] = {}
        self._summarised: set[Stage] = set()

    def tell(self, now: Progress) -> None:
        with self._lock:
            if now.stage not in self._last:
                for stage in [stage for stage, last in self._last.items() if _is_done(last)]:
                    self._summarise(stage)
                self._say(f"{now.stage} ...")
            self._last[now.stage] = now

    def end(self) -> None:
        with self._lock:
            for stage in self._last:
                self._summarise(stage)

    def _summarise(self, stage: Stage) -> None:
        facts = ", ".join(_amounts(self._last[stage]))
        if facts and stage not in self._summarised:
            self._summarised.add(stage)
            self._say(f"{stage}: {facts}")

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def _is_done(now: Progress) -> bool:
    return (now.fraction is None or now.fraction >= 1) and now.tables_done >= (now.tables_total or 0)


def far(now: Progress) -> str:
    """What stands beside the bar."""
    parts = []
    if now.fraction is not None:
        parts.append(f"{now.fraction:4.0%}")
    parts += _amounts(now, of=True)
    if (left := now.seconds_left) is not None:
        parts.append(f"{clock(left)} left" if left >= 0.5 else length(now.seconds))
    return "  ".join(parts)


def _amounts(now: Progress, *, of: bool = False) -> list[str]:
    parts = []
    if now.bytes_done or now.bytes_total:
        done, total = size(now.bytes_done), size(now.bytes_total)
        number, unit = done.split(" ")
        same = total.endswith(unit)
        parts.append(f"{number if same else done} of {total}" if of and now.bytes_total else done)
    if now.tables_total:
        noun = NOUNS.get(now.stage, "table")
        total = count(now.tables_total, noun)
        parts.append(
            f"{now.tables_done} of {total}" if of else total if _is_done(now) else count(now.tables_done, noun)
        )
    if not of and now.seconds:
        parts.append(length(now.seconds))
    return parts
