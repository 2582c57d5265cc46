"""A client program of PostgreSQL, as a process that cannot outlive us.

It runs on the platforms' leash: should we die, even by `kill -9`, it dies too. Its last words are kept in a file of
no name, so that a talkative program cannot block, and are redacted before anybody sees them.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from threading import Lock
from typing import IO

from actions.errors import UnavailableError
from actions.platforms import leash
from actions.redaction import redact

PIECE = 256 * 1024
#: As much as a pipe is asked to hold: fewer switches between the two programs.
PIPE_SIZE = 1 << 20
KILLED_WITHIN = 10.0
#: Linux' name for the number; elsewhere pipes stay as they are.
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", 1031)


class Child:
    """Started when made; gone, with all it started, when `close` returns. Use as a context."""

    def __init__(
        self, command: Sequence[object], environment: Mapping[str, str], *, stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.DEVNULL,
    ) -> None:  # fmt: skip
        """`stdin` and `stdout` are descriptors, or what `subprocess` knows: PIPE, DEVNULL."""
        self.program = os.path.basename(str(command[0]))  # noqa: PTH119
        self._code: int | None = None
        self._closing = Lock()
        # Closed by `close`; a context would close it too early.
        self._said = TemporaryFile()  # noqa: SIM115
        lifeline, self._lifeline = os.pipe()
        self._status, status = os.pipe()
        watcher = [sys.executable, "-I", "-S", leash.__file__, str(lifeline), str(status), "0"]
        try:
            self._process = subprocess.Popen(
                [*watcher, *(str(part) for part in command)],
                env=dict(environment), stdin=stdin, stdout=stdout, stderr=self._said, pass_fds=(lifeline, status),
                # A Ctrl-C in our terminal is ours to answer.
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            for descriptor in (self._lifeline, self._status):
                os.close(descriptor)
            self._said.close()
            raise UnavailableError(f"{self.program} cannot be started: {error.strerror}") from error
        finally:
            os.close(lifeline)
            os.close(status)
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                with contextlib.suppress(OSError):
                    fcntl.fcntl(end.fileno(), _SET_PIPE_SIZE, PIPE_SIZE)
        self._open = True

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def stdin(self) -> IO[bytes]:
        """Our end of it, where PIPE was asked for."""
        if self._process.stdin is None:
            raise ValueError("stdin is no pipe")
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Our end of it, where PIPE was asked for."""
        if self._process.stdout is None:
            raise ValueError("stdout is no pipe")
        return self._process.stdout

    def pieces(self) -> Iterator[bytes]:
        """All that it writes, as it comes, in small pieces."""
        descriptor = self.stdout.fileno()
        while piece := os.read(descriptor, PIECE):
            yield piece

    def wait(self) -> int:
        """Until it has ended by itself; its exit code. -1 when it was lost."""
        if self._code is None:
            report = b""
            while not report.endswith(b"\n") and (part := os.read(self._status, 512)):
                report += part
            words = report.decode().split()
            if words[:2] == ["cannot", "start"]:
                raise UnavailableError(
                    f"{self.program} cannot be started: {os.strerror(int(words[2]))}",
                    next_step="Install PostgreSQL's client programs (pg_dump, pg_restore, psql).",
                )
            self._code = int(words[1]) if words[:1] == ["exit"] else -1
        return self._code

    def last_words(self) -> str:
        """The line that tells most of what it complained about, without secrets and row data; may be empty."""
        self._said.seek(0)
        text = redact(self._said.read(64 * 1024).decode(errors="replace"))
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        telling = [line for line in lines if any(mark in line for mark in ("ERROR:", "FATAL:", "error:"))] or lines
        return telling[0][:400] if telling else ""

    def interrupt(self) -> None:
        """From any thread: the program is killed; its streams end, and whoever waits for it goes on."""
        with self._closing:
            if self._open:
                with contextlib.suppress(BrokenPipeError):
                    os.write(self._lifeline, b"k")

    def close(self) -> None:
        """End it if it still runs. Closing twice is fine."""
        with self._closing:
            if not self._open:
                return
            self._open = False
            # The end of the lifeline is the order to kill.
            os.close(self._lifeline)
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                with contextlib.suppress(BrokenPipeError):
                    end.close()
        try:
            self._process.wait(KILLED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._status)
        self._said.close()
