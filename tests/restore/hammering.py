"""Clients that hammer a database with reconnects, and remember what they saw."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
from psycopg import errors


@dataclass
class Seen:
    """What the clients read, and the errors they met, in the order of time."""

    answers: list[tuple[float, str]] = field(default_factory=list)
    troubles: list[tuple[float, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def last(self, answer: str) -> float:
        return max(at for at, said in self.answers if said == answer)

    def first(self, answer: str) -> float:
        return min(at for at, said in self.answers if said == answer)


@contextmanager
def hammered(url: str, *, clients: int = 4) -> Iterator[Seen]:
    """While inside, that many clients read `SELECT says FROM marker` and reconnect whenever they are thrown out."""
    seen = Seen()
    threads = [threading.Thread(target=_client, args=(url, seen, number)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + 10
        while len(seen.answers) < clients and time.monotonic() < until:
            time.sleep(0.01)
        yield seen
        time.sleep(0.2)
    finally:
        seen.over.set()
        for thread in threads:
            thread.join()


def _client(url: str, seen: Seen, number: int) -> None:
    while not seen.over.is_set():
        try:
            with psycopg.connect(url, autocommit=True, application_name=f"client {number}") as connection:
                # Half of them come anew for every question.
                while not seen.over.is_set():
                    row = connection.execute("SELECT says FROM marker").fetchone()
                    seen.answers.append((time.monotonic(), str(row[0]) if row else "nothing"))
                    if number % 2:
                        break
                    seen.over.wait(0.003)
        except psycopg.Error as error:
            seen.troubles.append((time.monotonic(), _kind(error)))
            with suppress(RuntimeError):
                seen.over.wait(0.001)


def _kind(error: psycopg.Error) -> str:
    text = str(error)
    if "does not exist" in text:
        return "does not exist"
    if isinstance(error, errors.AdminShutdown) or "terminating connection" in text or "server closed" in text:
        return "ended"
    if "not currently accepting" in text:
        return "refused"
    return text.strip().splitlines()[0]
