"""Is the history still there? For processes that only read it now and then, and must not find out when somebody asks."""

import threading

from sqlalchemy import text

from actions.history.database import History

LOOK_SECONDS = 2.0


def watch(history: History, stopping: threading.Event) -> None:
    """Until we are stopping; UnavailableError when it went away."""
    with History(history.conninfo, pooled=False) as own, own.session() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        while not stopping.wait(LOOK_SECONDS):
            connection.execute(text("SELECT 1"))
