"""An Alembic of this machine that has been started ahead of its time.

Most of what a process takes that reads migrations, goes down or up, is being started and loading libraries. So one is
started while others work, and does one thing after the other. Each is a fork of it, with Alembic loaded and nothing of the
project: a process of its own (an order behind a gate of its own), and none sees what another left in its memory.
"""

import base64
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from threading import Condition, Lock, Thread

from actions.downgrade.order import DRIVER, Listening, Order, environment_of, request_for
from actions.downgrade.told import Told
from actions.platforms.port import Command, Commands, Ended, Finished, Line, Stream
from actions.redaction import learn_secret

AHEAD = "ahead"
#: How often a stop is noticed.
GLANCE_SECONDS = 0.1
#: What it says last may come after the word that it is over: they are two pipes.
LAST_WORDS_SECONDS = 0.2
#: Whatever it does has a limit of its own.
LONGEST_LIFE = timedelta(days=7)
KEEP_BYTES = 256 * 1024 * 1024
#: A program in an argument: `python -c PROGRAM ...`.
IN_ARGUMENT = "-c"
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """The service's own Python, and where it is started."""

    python: str
    folder: PurePath | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)


class Ahead:
    """Use as a context: at the end it is gone, whatever it was doing. One thing at a time; others wait."""

    def __init__(self, interpreter: Interpreter, commands: Commands) -> None:
        self._interpreter, self._commands = interpreter, commands
        self._one_at_a_time = Lock()
        self._life: _Life | None = None

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, *_: object) -> None:
        if self._life is not None:
            self._life.end()

    def get_ready(self) -> None:
        """Starts it, unless it is there."""
        if self._life is None or self._life.is_over:
            self._life = _Life(self._interpreter, self._commands)

    def carry_out(self, order: Order, *, should_stop: ShouldStop | None = None) -> Told:
        """As `order.carry_out` does it."""
        learn_secret(order.url)
        marker = _new_marker()
        hearing = _Hearing(marker)
        words = {**request_for(order, marker, waits=False), "env": environment_of(order)}
        return hearing.told(self._do(words, hearing, order.deadline, should_stop))

    def run(
        self, command: Command, *, watch: Callable[[Line], None] | None = None, should_stop: ShouldStop | None = None
    ) -> Finished:
        """See `Commands.run`: what `python -c` would do there. Anything else is run as usual."""
        known = (self._interpreter.python, IN_ARGUMENT)
        if command.argv[:2] != known or command.folder != self._interpreter.folder or watch is not None:
            return self._commands.run(command, watch=watch, should_stop=should_stop)
        marker = _new_marker()
        words = {
            "marker": marker,
            "program": command.argv[2],
            "arguments": command.argv[3:],
            "stdin": base64.b64encode(command.stdin).decode(),
            "without": list(self._interpreter.env),
            "env": dict(command.env),
        }
        return self._do(words, _Hearing(marker), command.deadline, should_stop)

    def _do(
        self, words: Mapping[str, object], hearing: "_Hearing", deadline: timedelta, should_stop: ShouldStop | None
    ) -> Finished:
        with self._one_at_a_time:
            self.get_ready()
            if self._life is None:
                raise AssertionError("it has just been started")
            return self._life.do(json.dumps(words).encode() + b"\n", hearing, deadline, should_stop)


@dataclass(frozen=True, slots=True)
class ReadyAhead:
    """An order for it, whose turn will come."""

    order: Order
    ahead: Ahead
    should_stop: ShouldStop | None

    def get_ready(self) -> None:
        self.ahead.get_ready()

    def go(self) -> Told:
        return self.ahead.carry_out(self.order, should_stop=self.should_stop)


class _Life:
    """One such process, from its start to its end."""

    def __init__(self, interpreter: Interpreter, commands: Commands) -> None:
        self._heard_by_it, said = os.pipe()
        self._said: int | None = said
        self._changed = Condition()
        self._hearing: _Hearing | None = None
        self._dismissed = False
        self._finished: Finished | None = None
        self._failure: BaseException | None = None
        command = Command(
            argv=(interpreter.python, str(DRIVER), AHEAD),
            folder=interpreter.folder,
            env=interpreter.env,
            feed=self._heard_by_it,
            deadline=LONGEST_LIFE,
            keep_bytes=KEEP_BYTES,
        )
        self._thread = Thread(target=self._live, args=(command, commands), name="alembic-ahead", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def end(self) -> None:
        self._dismissed = True
        if self._said is not None:
            os.close(self._said)  # which it notices at once
            self._said = None
        self._thread.join()

    def do(self, words: bytes, hearing: "_Hearing", deadline: timedelta, should_stop: ShouldStop | None) -> Finished:
        self._hearing = hearing
        started = time.monotonic()
        until = started + deadline.total_seconds()
        self._say(words)
        ended: Ended | None = None
        while ended is None and hearing.exit_code is None and not self.is_over:
            with self._changed:
                self._changed.wait(GLANCE_SECONDS)
            if time.monotonic() >= until:
                ended = Ended.DEADLINE
            elif should_stop is not None and should_stop():
                ended = Ended.STOPPED
        if ended is not None and hearing.exit_code is None:
            self.end()
        if self._failure is not None:
            raise self._failure
        if hearing.exit_code:
            time.sleep(LAST_WORDS_SECONDS)
        return self._how_it_ended(hearing, ended, time.monotonic() - started)

    def _say(self, words: bytes) -> None:
        """To one that has ended nothing can be said; that it has is told elsewhere."""
        with suppress(BrokenPipeError):
            while words and self._said is not None:
                words = words[os.write(self._said, words) :]

    def _how_it_ended(self, hearing: "_Hearing", ended: Ended | None, seconds: float) -> Finished:
        if hearing.exit_code is not None:
            return Finished(
                exit_code=hearing.exit_code, stdout=hearing.words(Stream.OUT), stderr=hearing.words(Stream.ERR), seconds=seconds
            )  # fmt: skip
        if ended is None and self._finished is not None:
            return self._finished
        return Finished(exit_code=-9, stdout="", stderr="", seconds=seconds, ended=ended or Ended.STOPPED)

    def _live(self, command: Command, commands: Commands) -> None:
        try:
            self._finished = commands.run(command, watch=self._hear, should_stop=lambda: self._dismissed)
        except BaseException as error:  # noqa: BLE001  the thread that waits for the answer raises it
            self._failure = error
        finally:
            os.close(self._heard_by_it)
            with self._changed:
                self._changed.notify_all()

    def _hear(self, line: Line) -> None:
        if self._hearing is not None:
            self._hearing.hear(line)
            if self._hearing.exit_code is not None:
                with self._changed:
                    self._changed.notify_all()


class _Hearing(Listening):
    """One part of all that is said."""

    def __init__(self, marker: str) -> None:
        super().__init__(marker)
        self.exit_code: int | None = None
        self._lines: dict[Stream, list[str]] = {stream: [] for stream in Stream}

    def hear(self, line: Line) -> None:
        super().hear(line)
        if not self.is_ours(line):
            self._lines[line.stream].append(line.text)

    def note(self, event: Mapping[str, object]) -> None:
        if event["event"] == "over":
            self.exit_code = int(str(event["exit_code"]))
        super().note(event)

    def words(self, stream: Stream) -> str:
        return "".join(f"{line}\n" for line in self._lines[stream])


def _new_marker() -> str:
    """Nothing that the application prints can begin like that by chance."""
    return f"\x1e{secrets.token_hex(8)} "
