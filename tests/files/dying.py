"""What is killed: an export in a process of its own."""

import os
import signal
import threading
from pathlib import Path

from actions.files.order import Progress
from tests.files.rooms import Room

TEMPLATE = {
    "table": "items", "folder": "out", "file": "{id}/item.yml",
    "related": {"parts": {"table": "parts", "match": {"item": "id"}}},
}  # fmt: skip


def export_in_child(url: str, home: str, after: float) -> None:
    """Killed so many seconds after it began to write, wherever it is then."""
    timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGKILL))

    def watch(now: Progress) -> None:
        if now.words.startswith("Writing files: 0 "):
            timer.start()

    Room(url=url, home=Path(home)).export(TEMPLATE, watch=watch)
    timer.cancel()
    Path(home, "done").touch()
