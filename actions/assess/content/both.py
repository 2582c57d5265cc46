"""Both sides at work at the same time, within one budget."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg

from actions.assess.content.budget import Budget, OutOfBudgetError
from actions.assess.content.looking import Look
from actions.errors import UnavailableError

#: How often the budget is asked while the server works.
_GLANCE_SECONDS = 0.05

First = TypeVar("First")
Second = TypeVar("Second")


@dataclass(frozen=True, kw_only=True, slots=True)
class Both:
    """The reference, the other side, and two threads to wait for them."""

    before: Look
    now: Look
    budget: Budget
    pool: ThreadPoolExecutor

    def at_once(self, ours: Callable[[Look], First], theirs: Callable[[Look], Second]) -> tuple[First, Second]:
        """One piece of work on each side; OutOfBudgetError when it has to be given up."""
        self._ask_budget()
        first = self.pool.submit(ours, self.before)
        second = self.pool.submit(theirs, self.now)
        self._await({first, second})
        return first.result(), second.result()

    def together(self, work: Callable[[Look, Look], First]) -> First:
        """One piece of work that reads both sides."""
        self._ask_budget()
        only = self.pool.submit(work, self.before, self.now)
        self._await({only})
        return only.result()

    def _ask_budget(self) -> None:
        if reason := self.budget.over():
            raise OutOfBudgetError(reason)

    def _await(self, jobs: set[Future[Any]]) -> None:
        try:
            given_up = self._wait_for(jobs)
        except BaseException:
            # Whoever leaves here closes the pool, which waits for its threads.
            self._interrupt()
            raise
        if given_up:
            for job in jobs:
                job.exception()
            raise OutOfBudgetError(given_up)
        for look in (self.before, self.now):
            if look.connection.broken or look.connection.closed:
                raise UnavailableError(
                    "The connection was lost while rows were compared",
                    where=f"database {look.connection.info.dbname}",
                    next_step="See that the server is up; then assess again.",
                )

    def _wait_for(self, jobs: set[Future[Any]]) -> str | None:
        given_up: str | None = None
        while jobs:
            jobs = wait(jobs, timeout=_GLANCE_SECONDS).not_done
            given_up = given_up or (self.budget.over() if jobs else None)
            if jobs and given_up:
                # At every glance: an interrupt that comes between two statements interrupts nothing.
                self._interrupt()
        return given_up

    def _interrupt(self) -> None:
        self.before.interrupt()
        self.now.interrupt()


@contextmanager
def both(before: Look, now: Look, budget: Budget) -> Iterator[Both]:
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="compare") as pool:
        yield Both(before=before, now=now, budget=budget, pool=pool)


def reason_of(error: psycopg.Error) -> str:
    """The class of a server's error; its text may quote a row."""
    name = type(error).__name__
    return f"{name} ({error.sqlstate})" if error.sqlstate else name
