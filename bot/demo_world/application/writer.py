"""What writes to one of the demo's services: a row or two, three times a second, as its release knows how.

Usage: writer.py SERVICE_FOLDER
"""

import os
import signal
import sys
import threading
from pathlib import Path

import psycopg
from tether import end_with_the_demo

PAUSE_SECONDS = 0.33


def main() -> None:
    folder = Path(sys.argv[1])
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    end_with_the_demo(over.set)
    (folder / "writer.pid").write_text(str(os.getpid()))
    while not over.is_set():
        try:
            write(folder, over)
        except psycopg.Error:
            over.wait(1)  # the database is away, or not as this release expects it
    (folder / "writer.pid").unlink(missing_ok=True)


def write(folder: Path, over: threading.Event) -> None:
    with psycopg.connect(
        os.environ["DATABASE_URL"], autocommit=True, application_name=f"{folder.name} writer"
    ) as there:
        while not over.wait(PAUSE_SECONDS):
            is_older = (folder / "older-release").exists()
            older = folder / "write_older.sql"
            text = (older if is_older and older.exists() else folder / "write.sql").read_text()
            there.execute(text)


main()
