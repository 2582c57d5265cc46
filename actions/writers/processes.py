"""Writers that are plain processes and keep their id in a file."""

import contextlib
import signal
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil

from actions.catalog import command as catalogued
from actions.errors import BackoutError, ConfigurationError
from actions.history.canonical import JsonObject
from actions.platforms.house import House
from actions.writers.patience import wait_until
from actions.writers.port import ShouldStop

#: In the background of a shell that ends at once, so that it is nobody's child and outlives us. Before it becomes the
#: writer it says who it is: a writer may take seconds until it does so itself, and we may be killed meanwhile.
DETACHED = """/bin/sh -c 'echo $$ > "$0"; exec "$@"' "$0" "$@" </dev/null >/dev/null 2>&1 &"""


class _StillThereError(BackoutError):
    """It ignores that it was asked to end."""


@dataclass(frozen=True, kw_only=True)
class ProcessWriter:
    name: str
    house: House
    starting: catalogued.Command
    pid_file: Path
    signal: signal.Signals
    stop_within: timedelta
    start_within: timedelta

    def look(self) -> JsonObject:
        process = self._process()
        return {"running": process is not None, "pid": process.pid if process else None}

    def is_stopped(self) -> bool:
        return self._process() is None

    def stop(self, should_stop: ShouldStop) -> None:
        process = self._process()
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            try:
                process.send_signal(self.signal)
            except psutil.AccessDenied as error:
                raise BackoutError(
                    f"Writer {self.name} (process {process.pid}) belongs to another user and cannot be stopped",
                    next_step="Run Backout as that user, or catalogue the writer as a `systemd` unit or a `command`.",
                ) from error
        still = BackoutError(
            f"Writer {self.name} (process {process.pid}) does not end on {self.signal.name}",
            next_step="Look at what it waits for.",
        )
        # Of this very process: its parent may start it anew, and that one is found again below.
        wait_until(lambda: not _lives(process), within=self.stop_within, should_stop=should_stop, otherwise=still)
        if self._process() is not None:
            raise BackoutError(
                f"Writer {self.name} was started again by somebody at once",
                next_step="Catalogue what supervises it instead.",
            )

    def start(self, was: JsonObject, should_stop: ShouldStop) -> None:
        if not was.get("running"):
            return
        there = self._process()
        if there is not None and there.pid == was.get("pid"):
            # It was asked to end and has not: should it still do so, it must not stay away.
            with contextlib.suppress(_StillThereError):
                wait_until(
                    lambda: not _lives(there),
                    within=self.stop_within,
                    should_stop=should_stop,
                    otherwise=_StillThereError(""),
                )
        if self._process() is None:
            self._begin()
        away = BackoutError(
            f"Writer {self.name} did not come back: no living process in {self.pid_file}", next_step="Start it by hand."
        )
        wait_until(
            lambda: _living(self.pid_file, self.name) is not None, within=self.start_within, should_stop=should_stop,
            otherwise=away,
        )  # fmt: skip
        with contextlib.suppress(OSError):
            self._begun.unlink(missing_ok=True)

    @property
    def _begun(self) -> Path:
        """Where one that we started is named until it has written its own file."""
        return self.pid_file.with_name(f"{self.pid_file.name}.starting")

    def _begin(self) -> None:
        command = self.house.command(self.starting)
        try:
            subprocess.run(
                ["/bin/sh", "-c", DETACHED, str(self._begun), *command.argv], cwd=command.folder, env=dict(command.env), check=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ConfigurationError(f"Writer {self.name} cannot be started: {error.strerror}") from error

    def _process(self) -> psutil.Process | None:
        return _living(self.pid_file, self.name) or _living(self._begun, self.name)


def _living(file: Path, writer: str) -> psutil.Process | None:
    """The living process that the file names; an id that another program has by now is none of ours."""
    try:
        written = file.read_text().strip()
        changed = file.stat().st_mtime
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(
            f"The pid file of writer {writer} cannot be read: {error.strerror}", where=str(file)
        ) from error
    if not written.isdecimal():
        return None
    try:
        process = psutil.Process(int(written))
        # A process wrote its id after it began; two seconds for clocks that are coarse.
        if process.create_time() > changed + 2 or not _lives(process):
            return None
    except psutil.NoSuchProcess:
        return None
    return process


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
