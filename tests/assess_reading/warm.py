"""Readings by a Python that has Alembic in it already; the reader's own source comes anew with each of them.

What depends on how Python itself begins (import paths, an interpreter that is not there) asks `LocalCommands`.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Ended, Finished, Line
from tests.warm import ALEMBIC, warm


class WarmCommands:
    """Runs `python -c PROGRAM ARGUMENTS` warm; any other command as the platform does."""

    def __init__(self, surroundings: dict[str, str]) -> None:
        self._surroundings = surroundings

    def run(
        self,
        command: Command,
        *,
        watch: Callable[[Line], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Finished:
        """Nobody watches or stops a reading."""
        python, dash_c, program, *arguments = command.argv
        if python != sys.executable:
            return LocalCommands(surroundings=self._surroundings).run(command)
        assert (dash_c, watch, should_stop) == ("-c", None, None)
        started = time.monotonic()
        ran = warm(ALEMBIC).run(
            program, arguments, folder=Path(command.folder or "."), env={**self._surroundings, **command.env},
            stdin=command.stdin, timeout=command.deadline.total_seconds(),
        )  # fmt: skip
        return Finished(
            exit_code=ran.returncode, stdout=ran.stdout, stderr=ran.stderr, seconds=time.monotonic() - started,
            ended=Ended.DEADLINE if ran.timed_out else Ended.BY_ITSELF,
        )  # fmt: skip
