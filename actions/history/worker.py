"""Works on the queue until asked to stop, through absences of the database.

Procrastinate is asynchronous inside and ends its worker when the database goes away, once with an error and once
without. Both are kept in this file: outside it a worker is a call that returns when it was asked to stop.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from actions.errors import UnavailableError
from actions.history.failures import translate

log = logging.getLogger(__name__)

NAME = "backout"
#: One job that waits must not hold up the others; synchronous tasks run in threads.
AT_ONCE = 4
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0
#: A job rings a bell; this is for a bell that cannot be heard, through some poolers.
POLL_SECONDS = 15.0
GLANCE_SECONDS = 5.0


def keep_working(work: Callable[[], None], stopping: threading.Event) -> None:
    """Calls `work` until we are stopping, again and again when it ends because something is not available."""
    pause, away = FIRST_PAUSE_SECONDS, False
    while not stopping.is_set():
        began = time.monotonic()
        try:
            work()
        except UnavailableError as error:
            if time.monotonic() - began > LONGEST_PAUSE_SECONDS:
                pause, away = FIRST_PAUSE_SECONDS, False
            # Once, not every few seconds of a long night.
            level = logging.DEBUG if away else logging.WARNING
            where = f" ({error.where})" if error.where else ""
            log.log(level, "%s%s; going on when it is back", error.what, where, extra={"event": "history_away"})
            stopping.wait(pause)
            pause, away = min(pause * 2, LONGEST_PAUSE_SECONDS), True


def run_worker(app: procrastinate.App, stopping: threading.Event, *, where: str, at_start: Iterable[str] = ()) -> None:
    """Works until we are stopping; jobs that run then are waited for. The tasks `at_start` run now as well as at
    their times. UnavailableError when the database went away, and the other errors of the history."""
    _keep_quiet()
    try:
        asyncio.run(_work(app, stopping, at_start))
    except ConnectorException as error:
        raise translate(error.__cause__, where) from error
    except psycopg.Error as error:
        raise translate(error, where) from error
    if not stopping.is_set():
        raise UnavailableError("The history database went away", where=where)


def _keep_quiet() -> None:
    """Tracebacks about a lost connection: `keep_working` says in a sentence what they mean. Failed jobs, which
    `procrastinate.worker` itself logs, are still heard of."""
    for name, level in (
        (f"procrastinate.worker.{NAME}", logging.CRITICAL),
        ("procrastinate.utils", logging.CRITICAL),
        ("psycopg.pool", logging.ERROR),
    ):
        logging.getLogger(name).setLevel(level)


def _bear(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A job that was about to end when the database went away ends nowhere; `keep_working` says what it means."""
    if not isinstance(context.get("exception"), ConnectorException | psycopg.Error):
        loop.default_exception_handler(context)


async def _work(app: procrastinate.App, stopping: threading.Event, at_start: Iterable[str]) -> None:
    asyncio.get_running_loop().set_exception_handler(_bear)
    async with app.open_async():
        for name in at_start:
            with suppress(AlreadyEnqueued):  # somebody is about to do it
                await app.tasks[name].defer_async(timestamp=int(time.time()))
        worker = asyncio.create_task(
            app.run_worker_async(
                name=NAME, concurrency=AT_ONCE, delete_jobs="successful", install_signal_handlers=False,
                fetch_job_polling_interval=POLL_SECONDS,
            )
        )  # fmt: skip
        with _told(stopping) as told:
            await asyncio.wait({worker, told}, return_when=asyncio.FIRST_COMPLETED)
        worker.cancel()  # the worker takes it for "finish what you do, then end"
        with suppress(asyncio.CancelledError):
            await worker


@contextmanager
def _told(stopping: threading.Event) -> Iterator["asyncio.Future[None]"]:
    """Done when we are stopping. The thread that waits for it is a daemon, and ends soon after the worker has."""
    loop, over = asyncio.get_running_loop(), threading.Event()
    told: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not told.done():
            told.set_result(None)

    def wait() -> None:
        while not stopping.wait(GLANCE_SECONDS):
            if over.is_set():
                return
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=wait, name="worker-stopping", daemon=True).start()
    try:
        yield told
    finally:
        over.set()
        told.cancel()
