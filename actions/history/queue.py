"""The job queue on the same PostgreSQL. A job is only a nudge; the row is the truth.

The `App` is made by a function and never lives in a main module: there, its tasks would be called
`__main__.…`, and a worker in another process could not find them.
"""

from typing import Any

import procrastinate
import psycopg
from psycopg.abc import RV, PQGen
from psycopg_pool import AsyncConnectionPool

from actions.history.database import conninfo_of

WAIT_SECONDS = 5
#: The driver looks up ten times a second from whatever it waits for, for those who cannot be interrupted otherwise.
LOOK_UP_SECONDS = 10.0


class _Patient(psycopg.AsyncConnection[Any]):
    """An answer or a notification wakes it at once, as ever, and an event loop can be interrupted."""

    async def wait(self, gen: PQGen[RV], interval: float = LOOK_UP_SECONDS, timeout: float | None = None) -> RV:
        return await super().wait(gen, interval=interval, timeout=timeout)


def _patient_pool(**given: Any) -> AsyncConnectionPool[Any]:
    return AsyncConnectionPool(connection_class=_Patient, **given)


def queue_app(url: str, *blueprints: procrastinate.Blueprint) -> procrastinate.App:
    """A queue with the tasks of these blueprints.

    Defer from synchronous code with `with app.open(): ...`; work with `app.run_worker()` in a process (or
    main thread) of its own. A task's name is the blueprint's own: `blueprint.task(name="rollback:advance")`.
    """
    # Waiting for a connection is over soon: whoever works finds out that the database is away, and can be stopped.
    connector = procrastinate.PsycopgConnector(
        conninfo=conninfo_of(url),
        min_size=1,
        max_size=4,
        timeout=WAIT_SECONDS,
        pool_factory=_patient_pool,
    )
    app = procrastinate.App(connector=connector)
    for blueprint in blueprints:
        app.add_tasks_from(blueprint, namespace="backout")
    return app
