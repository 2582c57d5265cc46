"""One program's output into another's input, with nothing kept on disk in between.

Both are on a leash: neither outlives us, the deadline, or an order to stop.
"""

import contextlib
import os
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Protocol

from actions.platforms.local import CHUNK, GLANCE, KILLED_WITHIN, LAST_WORDS, on_a_leash
from actions.platforms.port import Command, Ended, Stream

#: What is kept of a program's complaints.
MOST_WORDS = 64 * 1024


class Edit(Protocol):
    """May change what passes, or keep it back until more of it is there; the last chunk is an empty one."""

    def __call__(self, chunk: bytes, *, is_last: bool) -> bytes: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How one of the two ended; None when it was killed or lost."""

    exit_code: int | None
    said: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Streamed:
    source: Outcome
    sink: Outcome
    ended: Ended


def stream(
    source: Command, sink: Command, *, edit: Edit, until: float,
    should_stop: Callable[[], bool] | None = None,
) -> Streamed:  # fmt: skip
    """Until both are over. What passes goes through `edit`; `until` is on the monotonic clock.

    When the sink ends early the source is killed: nobody would hear the rest. A source that has said all it has to
    say may take its time to leave, whoever goes first.
    """
    with on_a_leash(source, source.env) as reading, on_a_leash(sink, sink.env) as writing:
        flow = _Flow(
            reading=_Program(kill=reading.kill, said=reading.streams[Stream.ERR]),
            writing=_Program(kill=writing.kill, said=writing.streams[Stream.ERR]),
            tap=reading.streams[Stream.OUT], drain=writing.stdin, edit=edit,
        )  # fmt: skip
        reading.stdin.close()
        flow.listen(writing.streams[Stream.OUT], reading.status, writing.status)
        ended = flow.carry_on(until, should_stop)
    return Streamed(source=flow.reading.outcome(), sink=flow.writing.outcome(), ended=ended)


@dataclass(slots=True)
class _Program:
    """What one of the two has told so far."""

    kill: Callable[[], None]
    said: IO[bytes]
    words: bytearray = field(default_factory=bytearray)
    report: bytes = b""
    is_over: bool = False

    def outcome(self) -> Outcome:
        words = self.report.decode().split()
        said = self.words.decode(errors="replace")
        if words[:2] == ["cannot", "start"]:
            return Outcome(exit_code=127, said=f"error: it cannot be started: {os.strerror(int(words[2]))}")
        return Outcome(exit_code=int(words[1]) if words[:1] == ["exit"] else None, said=said)


class _Flow:
    """Moves the bytes, and notices who ended."""

    def __init__(
        self, *, reading: _Program, writing: _Program, tap: IO[bytes], drain: IO[bytes],
        edit: Edit,
    ) -> None:  # fmt: skip
        self.reading, self.writing = reading, writing
        self._tap, self._drain, self._edit = tap, drain, edit
        self._unsent = memoryview(b"")
        self._selector = selectors.DefaultSelector()
        self._has_ended = False
        self._has_said_all = False

    def listen(self, ignored: IO[bytes], *statuses: int) -> None:
        os.set_blocking(self._drain.fileno(), False)
        self._selector.register(self._tap, selectors.EVENT_READ, self._take)
        self._selector.register(ignored, selectors.EVENT_READ, lambda: self._note(ignored, bytearray()))
        for program, status in zip((self.reading, self.writing), statuses, strict=True):
            self._selector.register(
                program.said, selectors.EVENT_READ, lambda one=program: self._note(one.said, one.words)
            )
            self._selector.register(status, selectors.EVENT_READ, lambda one=program, at=status: self._hear(one, at))

    def carry_on(self, until: float, should_stop: Callable[[], bool] | None) -> Ended:
        ended, give_up = Ended.BY_ITSELF, float("inf")
        with self._selector:
            while not (self.reading.is_over and self.writing.is_over):
                now = time.monotonic()
                if now > give_up:
                    break
                if ended is Ended.BY_ITSELF and (now > until or (should_stop is not None and should_stop())):
                    ended = Ended.DEADLINE if now > until else Ended.STOPPED
                    self.reading.kill()
                    self.writing.kill()
                    give_up = now + KILLED_WITHIN.total_seconds()
                self._step(GLANCE.total_seconds())
            while self._has_words_left() and self._step(LAST_WORDS.total_seconds()):
                pass
        return ended

    def _step(self, seconds: float) -> bool:
        ready = self._selector.select(seconds)
        for key, _ in ready:
            # An earlier one of the same round may have closed it.
            if key.fileobj in self._selector.get_map():
                key.data()
        return bool(ready)

    def _has_words_left(self) -> bool:
        return any(one.said in self._selector.get_map() for one in (self.reading, self.writing))

    def _take(self) -> None:
        """From the source; not again before all of it is passed on, so that nothing piles up here."""
        chunk = os.read(self._tap.fileno(), 16 * CHUNK)
        self._selector.unregister(self._tap)
        self._has_ended = self._has_said_all = not chunk
        self._unsent = memoryview(self._edit(chunk, is_last=self._has_ended))
        self._selector.register(self._drain, selectors.EVENT_WRITE, self._give)

    def _give(self) -> None:
        try:
            sent = os.write(self._drain.fileno(), self._unsent[: 16 * CHUNK]) if self._unsent else 0
        except BrokenPipeError:
            # It will say why it does not want the rest.
            sent, self._has_ended = len(self._unsent), True
        self._unsent = self._unsent[sent:]
        if self._unsent:
            return
        self._selector.unregister(self._drain)
        if self._has_ended:
            with contextlib.suppress(BrokenPipeError):
                self._drain.close()
        else:
            self._selector.register(self._tap, selectors.EVENT_READ, self._take)

    def _note(self, source: IO[bytes], words: bytearray) -> None:
        chunk = os.read(source.fileno(), CHUNK)
        if not chunk:
            self._selector.unregister(source)
        words += chunk[: max(0, MOST_WORDS - len(words))]

    def _hear(self, program: _Program, status: int) -> None:
        chunk = os.read(status, CHUNK)
        program.report += chunk
        if chunk and not program.report.endswith(b"\n"):
            return
        self._selector.unregister(status)
        program.is_over = True
        if program is self.writing and not self.reading.is_over and not self._has_said_all:
            self.reading.kill()
