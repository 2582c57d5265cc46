"""Is the history still there? For processes that only read it now and then, and must not find out when somebody asks."""

import threading

from sqlalchemy import literal, select

from actions.history.database import History
from actions.history.glance import Glance

LOOK_SECONDS = 2.0


def watch(history: History, stopping: threading.Event) -> None:
    """Until we are stopping; UnavailableError when it went away."""
    with Glance(history, select(literal(1))) as glance:
        while not stopping.wait(LOOK_SECONDS):
            glance.look()
