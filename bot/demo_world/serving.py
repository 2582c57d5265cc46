"""`backout serve` as a process of its own, on a leash: it ends when the demo does, however that does."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from actions.errors import BackoutError
from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Line

if TYPE_CHECKING:
    from bot.sandbox import Sandbox

LONGEST = timedelta(days=30)
READY_SECONDS = 60.0


class Serving:
    def __init__(self, environ: Mapping[str, str], folder: Path, log: Path) -> None:
        self._command = Command(
            argv=(sys.executable, "-m", "bot", "serve"),
            env=environ,
            folder=folder,
            deadline=LONGEST,
            keep_bytes=1 << 16,
        )
        self._log, self._over = log, threading.Event()
        self._thread = threading.Thread(target=self._run, name="serve", daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join(30)

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def wait_for(self, slack: "Sandbox", *, look: Callable[[], None]) -> None:
        """Until it is connected. `look` is called now and then, and may raise."""
        for _ in range(int(READY_SECONDS * 2)):
            look()
            try:
                slack.wait_for_connection(seconds=0.5)
            except TimeoutError:
                if self.has_ended:
                    break
            else:
                return
        lines = self._log.read_text().splitlines()[-1:] if self._log.exists() else []
        raise BackoutError(
            f"`backout serve` did not connect: {lines[0] if lines else 'it said nothing'}",
            next_step=f"See {self._log}.",
        )

    def _run(self) -> None:
        with self._log.open("a", encoding="utf-8") as log:

            def keep(line: Line) -> None:
                log.write(f"{line.text.rstrip()}\n")
                log.flush()

            LocalCommands().run(self._command, watch=keep, should_stop=self._over.is_set)
