"""Several at work on one list, each with a session of its own; the first trouble ends the work of all."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

from actions.restore.limits import Limits

Session = TypeVar("Session")
Task = TypeVar("Task")


def together(
    tasks: Iterable[Task], *, jobs: int, session: Callable[[], AbstractContextManager[Session]],
    work: Callable[[Session, Task, Limits], None], limits: Limits,
) -> None:  # fmt: skip
    """All tasks, begun in their order. The limits that the work is given are reached as well when somebody failed."""
    todo = deque(tasks)
    failed = threading.Event()
    shared = replace(limits, should_stop=lambda: failed.is_set() or limits.should_stop())
    troubles: list[BaseException] = []

    def take_part() -> None:
        try:
            with session() as own:
                while not failed.is_set() and (task := _next(todo)) is not None:
                    limits.check()
                    work(own, task[0], shared)
        except BaseException as error:
            # The first is the cause; what the others say after it is only that they were stopped.
            troubles.append(error)
            failed.set()
            raise

    hands = max(1, min(jobs, len(todo)))
    with ThreadPoolExecutor(max_workers=hands, thread_name_prefix="backout-restore") as pool:
        workers = [pool.submit(take_part) for _ in range(hands)] if todo else []
    if troubles:
        raise troubles[0]
    for worker in workers:
        worker.result()


def _next(todo: deque[Task]) -> tuple[Task] | None:
    """In a tuple, for a task may be anything; asked by several threads at once."""
    try:
        return (todo.popleft(),)
    except IndexError:
        return None
