"""Commands on this very machine, as processes.

Each runs in a session of its own under `leash.py`, which sees to it that nothing of it outlives us.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

from actions.errors import ConfigurationError, UnavailableError
from actions.platforms.port import Command, Ended, Finished, Line, Stream

#: What a program may need to work at all, and what holds no secret of ours.
ORDINARY = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
#: How often a stop is noticed.
GLANCE = timedelta(milliseconds=100)
#: And that a command which waits for its last word can have it.
QUICK_GLANCE = timedelta(milliseconds=10)
#: When the command has ended its pipes are emptied. A background child may keep them open, so a short silence is
#: the end too, and so is a child that never falls silent.
LAST_WORDS = timedelta(milliseconds=200)
LISTEN_ON = timedelta(seconds=3)
#: A killed command has the leash's two seconds of grace; a leash that stays silent for longer is gone.
KILLED_WITHIN = timedelta(seconds=10)
#: And what it may take to end what is out of its reach.
RITES_WITHIN = timedelta(seconds=25)
CHUNK = 64 * 1024


def ordinary_surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of our own environment that a command may see: ways and manners, no settings and no secrets."""
    return {name: value for name, value in environ.items() if name in ORDINARY or name.startswith("LC_")}


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalCommands:
    """Runs commands as processes of this machine. `surroundings` lie under every command's own environment."""

    surroundings: Mapping[str, str] = field(default_factory=dict, repr=False)

    def run(
        self,
        command: Command,
        *,
        watch: Callable[[Line], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Finished:
        """See `Commands.run`."""
        started = time.monotonic()
        with on_a_leash(command, {**self.surroundings, **command.env}) as process:
            talk = _Conversation(process=process, command=command, watch=watch)
            ended = talk.carry_on(started + command.deadline.total_seconds(), should_stop)
        return Finished(
            exit_code=talk.exit_code(),
            stdout=talk.kept[Stream.OUT].text(),
            stderr=talk.kept[Stream.ERR].text(),
            seconds=time.monotonic() - started,
            ended=ended,
            cut=any(kept.cut for kept in talk.kept.values()),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Leashed:
    """A running leash and our ends of its pipes."""

    leash: subprocess.Popen[bytes]
    lifeline: int
    status: int
    stdin: IO[bytes]
    streams: Mapping[Stream, IO[bytes]]

    def kill(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.lifeline, b"k")


@contextlib.contextmanager
def on_a_leash(command: Command, env: Mapping[str, str]) -> Iterator[_Leashed]:
    """Start it; whatever happens inside, the command is gone and every pipe closed afterwards."""
    lifeline, ours = os.pipe()
    reported, theirs = os.pipe()
    leash = Path(__file__).with_name("leash.py")
    rites = command.last_rites
    argv = [
        sys.executable, "-I", "-S", str(leash), str(lifeline), str(theirs), str(len(rites)), *rites, *command.argv,
    ]  # fmt: skip
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            argv,
            cwd=command.folder,
            env=dict(env),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            pass_fds=(lifeline, theirs),
            # A Ctrl-C in our terminal is ours to answer, not the command's.
            start_new_session=True,
        )
    except OSError as error:
        os.close(ours)
        os.close(reported)
        raise _cannot_start(command, error.strerror) from error
    finally:
        os.close(lifeline)
        os.close(theirs)
    stdin, stdout, stderr = (cast("IO[bytes]", end) for end in (process.stdin, process.stdout, process.stderr))
    try:
        yield _Leashed(
            leash=process,
            lifeline=ours,
            status=reported,
            stdin=stdin,
            streams={Stream.OUT: stdout, Stream.ERR: stderr},
        )
    finally:
        # Closing the lifeline is the order to kill, for a leash that is still there.
        os.close(ours)
        for end in (stdin, stdout, stderr):
            with contextlib.suppress(BrokenPipeError):
                end.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_killed_within(command).total_seconds())
        os.close(reported)


def _killed_within(command: Command) -> timedelta:
    return KILLED_WITHIN + (RITES_WITHIN if command.last_rites else timedelta(0))


def _cannot_start(command: Command, why: str | None) -> ConfigurationError:
    folder = f" in {command.folder}" if command.folder else ""
    return ConfigurationError(
        f"{command.argv[0]} cannot be started{folder}: {why or 'unknown reason'}",
        next_step="Correct the command or its folder in the catalog.",
    )


@dataclass(slots=True)
class _Kept:
    """The beginning and the end of a stream, within a bound; and its lines, as they become whole."""

    limit: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    pending: bytes = b""
    cut: bool = False

    def add(self, chunk: bytes) -> None:
        room = self.limit // 2 - len(self.head)
        if room > 0:
            self.head += chunk[:room]
            chunk = chunk[room:]
        self.tail += chunk
        # Trimmed seldom, so that a long stream does not cost a copy per chunk.
        if len(self.tail) > self.limit + CHUNK:
            self._trim()

    def _trim(self) -> None:
        excess = len(self.tail) - self.limit // 2
        if excess > 0:
            del self.tail[:excess]
            self.cut = True

    def lines(self, chunk: bytes) -> Iterator[str]:
        *whole, self.pending = (self.pending + chunk).split(b"\n")
        # A line without an end must not grow without one either.
        if len(self.pending) > self.limit:
            whole.append(self.pending)
            self.pending = b""
        for line in whole:
            yield line.decode(errors="replace")

    def text(self) -> str:
        if len(self.head) + len(self.tail) > self.limit or self.cut:
            self._trim()
        parts = [self.head, b"\n[... left out ...]\n" if self.cut else b"", self.tail]
        return b"".join(parts).decode(errors="replace")


class _Conversation:
    """Feeds a command, listens to it, and knows when it is over."""

    def __init__(self, *, process: _Leashed, command: Command, watch: Callable[[Line], None] | None) -> None:
        self._process, self._command, self._watch = process, command, watch
        self._unsent = memoryview(command.stdin)
        self._last_word = command.last_word
        self._report = b""
        self.kept = {stream: _Kept(limit=command.keep_bytes) for stream in Stream}
        self._selector = selectors.DefaultSelector()
        for open_end in (process.stdin, *process.streams.values()):
            os.set_blocking(open_end.fileno(), False)
        self._selector.register(process.stdin, selectors.EVENT_WRITE, self._feed)
        for stream, source in process.streams.items():
            self._selector.register(source, selectors.EVENT_READ, lambda stream=stream: self._hear(stream))
        self._selector.register(process.status, selectors.EVENT_READ, self._note_report)
        self._feeding = command.feed is not None
        self._listen_to_feed()

    def carry_on(self, deadline: float, should_stop: Callable[[], bool] | None) -> Ended:
        """Until the end, whichever it is."""
        ended = Ended.BY_ITSELF
        give_up = float("inf")
        with self._selector:
            while not self._reported():
                now = time.monotonic()
                if now > give_up:
                    break
                if ended is Ended.BY_ITSELF and (now >= deadline or (should_stop is not None and should_stop())):
                    ended = Ended.DEADLINE if now >= deadline else Ended.STOPPED
                    self._process.kill()
                    give_up = now + _killed_within(self._command).total_seconds()
                self._say_last_word()
                glance = QUICK_GLANCE if self._last_word else GLANCE
                self._step(min(glance.total_seconds(), max(deadline - now, 0.001) if ended is Ended.BY_ITSELF else 1))
            until = time.monotonic() + LISTEN_ON.total_seconds()
            while self._still_open() and time.monotonic() < until and self._step(LAST_WORDS.total_seconds()):
                pass
        self._say_unfinished_lines()
        if self._report.startswith(b"exit") and ended is not Ended.BY_ITSELF:
            # It came to its end while we were reaching for it.
            ended = Ended.BY_ITSELF
        return ended

    def exit_code(self) -> int:
        """What the command said at its end, or that it was killed, or an error if it never began."""
        words = self._report.decode().split()
        if words[:2] == ["cannot", "start"]:
            raise _cannot_start(self._command, os.strerror(int(words[2])))
        if words[:1] == ["exit"]:
            return int(words[1])
        if words == ["killed"]:
            return -signal.SIGKILL
        if words == ["survived"]:
            raise UnavailableError(
                f"{self._command.argv[0]} or something it started could not be killed",
                next_step="It may run as another user; look for it and end it by hand.",
            )
        raise UnavailableError(f"{self._command.argv[0]} was lost: the process that watched over it is gone")

    def _reported(self) -> bool:
        return self._report.endswith(b"\n") or self._process.status not in self._selector.get_map()

    def _still_open(self) -> bool:
        return any(source in self._selector.get_map() for source in self._process.streams.values())

    def _step(self, seconds: float) -> bool:
        ready = self._selector.select(seconds)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def _feed(self) -> None:
        try:
            sent = os.write(self._process.stdin.fileno(), self._unsent[:CHUNK]) if self._unsent else 0
        except BrokenPipeError:
            # It does not want to hear the rest.
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._selector.unregister(self._process.stdin)
            if self._last_word is None and not self._feeding:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.close()
            self._listen_to_feed()

    def _listen_to_feed(self) -> None:
        """While it has said everything: who feeds faster than it listens has to wait."""
        feed = self._command.feed
        if self._feeding and feed is not None and not self._unsent and feed not in self._selector.get_map():
            self._selector.register(feed, selectors.EVENT_READ, self._take_from_feed)

    def _take_from_feed(self) -> None:
        feed = self._command.feed
        if feed is None:
            return
        chunk = os.read(feed, CHUNK)
        self._selector.unregister(feed)
        self._feeding = bool(chunk)
        self._say(chunk)

    def _say(self, words: bytes) -> None:
        """After whatever is still to be said; nothing at all ends the conversation."""
        self._unsent = memoryview(bytes(self._unsent) + words)
        if self._process.stdin.closed:
            self._unsent = memoryview(b"")
        elif self._process.stdin not in self._selector.get_map():
            self._selector.register(self._process.stdin, selectors.EVENT_WRITE, self._feed)

    def _say_last_word(self) -> None:
        """Once everything before it has been said."""
        if self._last_word is None or self._unsent or self._process.stdin in self._selector.get_map():
            return
        word = self._last_word()
        if word is not None:
            self._last_word = None
            self._say(word)

    def _hear(self, stream: Stream) -> None:
        source = self._process.streams[stream]
        chunk = os.read(source.fileno(), CHUNK)
        if not chunk:
            self._selector.unregister(source)
            return
        self.kept[stream].add(chunk)
        if self._watch is not None:
            for text in self.kept[stream].lines(chunk):
                self._watch(Line(stream=stream, text=text))

    def _say_unfinished_lines(self) -> None:
        for stream, kept in self.kept.items():
            if self._watch is not None and kept.pending:
                self._watch(Line(stream=stream, text=kept.pending.decode(errors="replace")))

    def _note_report(self) -> None:
        chunk = os.read(self._process.status, CHUNK)
        self._report += chunk
        if not chunk:
            self._selector.unregister(self._process.status)
