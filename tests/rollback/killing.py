"""A worker that is killed where a test says so, and the one that goes on after it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from scenes import query, steps
from world import Shop

from tests.warm import Begun

#: Kind of an entry, and its step.
Blow = tuple[str, str]
RESTING = ("succeeded", "failed", "stopped", "choosing", "halted")
_LOOK_EVERY_SECONDS = 0.05
_ENTRIES = """
SELECT body::jsonb->>'kind', coalesce(body::jsonb->'details'->>'step', '') FROM events
WHERE rollback_id = (SELECT max(id) FROM rollbacks) ORDER BY seq"""
_STATUS = "SELECT status FROM rollbacks ORDER BY id DESC LIMIT 1"


@dataclass
class Worker:
    shop: Shop
    process: Begun

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process = self.shop.start_worker()


@contextmanager
def a_worker(shop: Shop) -> "Iterator[Worker]":
    worker = Worker(shop, shop.start_worker())
    try:
        yield worker
    finally:
        worker.process.terminate()
        worker.process.wait(30)


def entries(shop: Shop) -> list[Blow]:
    """Kind and step of every entry about the newest rollback."""
    return [(str(kind), str(step)) for kind, step in query(shop, _ENTRIES)]


def killed_on_the_way(
    shop: Shop, worker: Worker, blows: Sequence[Blow], *, later: float = 0.0, seconds: float = 600,
    when: Callable[[], bool] = lambda: True,
) -> str:  # fmt: skip
    """Kills the worker after each of these entries has come for the first time, and `when` holds; where the rollback ends."""
    left, until = list(blows), time.monotonic() + seconds
    with psycopg.connect(shop.history_url, autocommit=True, application_name="the test") as history:

        def found(text: str) -> list[tuple[Any, ...]]:
            return history.execute(text.encode()).fetchall()

        while (status := str(found(_STATUS)[0][0])) not in RESTING:
            assert time.monotonic() < until, (status, steps(shop), left)
            if (hit := next((blow for blow in found(_ENTRIES) if blow in left), None)) is not None:
                left.remove(hit)
                while not when():
                    assert time.monotonic() < until, "its moment never came"
                    time.sleep(_LOOK_EVERY_SECONDS)
                time.sleep(later)
                worker.kill()
            time.sleep(_LOOK_EVERY_SECONDS)
        # The very last step may have come and gone between two looks.
        came = found(_ENTRIES)
    never = [blow for blow in left if blow not in came]
    assert never == [], f"never came: {never}"
    return status
