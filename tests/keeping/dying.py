"""A process that makes a backup and is killed in the middle of it, by itself, as `kill -9` would."""

import os
import signal
import sys
from pathlib import Path

from actions.backup.progress import Progress, Stage
from actions.history.database import open_history
from actions.restore.backing_up import BackupOrder, back_up
from actions.restore.premises import premises_of
from tests.keeping.conftest import service_of


def main(history_url: str, folder: str, first: str, second: str, stage: str) -> None:
    def watch(now: Progress) -> None:
        if now.stage.name == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    environ = {"PATH": os.environ["PATH"], "ORDERS_URL": os.environ["ORDERS_URL"]}
    service = service_of(Path(folder), (Path(first), Path(second)), environ)
    with open_history(history_url) as history:
        around = premises_of(history, service, environ, home=Path(folder) / "home", actor="test")
        back_up(around, BackupOrder(watch=watch, prove=Stage[stage] is not Stage.DUMP))


main(*sys.argv[1:])
