"""Our side of the process that makes the demo's databases: see building.py."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from actions.errors import BackoutError
from actions.redaction import redact

TICK_SECONDS = 0.1


class Builder:
    """It loads what it needs from the moment at which it is made."""

    def __init__(self, path: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.demo_world.building"],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @contextmanager
    def running(self) -> Iterator["Builder"]:
        """It ends when its input does, so also with us."""
        with self._process:
            try:
                yield self
            finally:
                self._process.terminate()

    def make_databases(self, server: str, *, look: Callable[[], None]) -> None:
        """`look` is called now and then, and may raise."""
        self._ask({"databases_on": server}, look)

    def fill(
        self, folder: Path, urls: Mapping[str, str], environ: Mapping[str, str], *, look: Callable[[], None]
    ) -> None:
        """The last thing that it does."""
        self._ask({"fill": str(folder), "urls": dict(urls), "environ": dict(environ)}, look)
        self._process.terminate()

    def _ask(self, order: Mapping[str, Any], look: Callable[[], None]) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 because they are pipes
        assert stdout is not None  # noqa: S101 as above
        with suppress(BrokenPipeError):
            stdin.write(f"{json.dumps(order)}\n")
            stdin.flush()
        while not select.select([stdout], [], [], TICK_SECONDS)[0]:
            look()
        if stdout.readline().strip() != "done":
            _, said = self._process.communicate()
            lines = redact(said).strip().splitlines() or ["it said nothing"]
            raise BackoutError(
                f"The demo's services could not be set up: {lines[-1]}",
                next_step="Remove the demo's folder (--home) and try again.",
            )
