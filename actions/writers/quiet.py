"""The proof that nobody writes: no sessions of the application, and write counters that stand still over a window.

What disturbs is named as far as it helps to find it: application name, user, address, what the session does; never the
text of a query, for it may hold values.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from actions.errors import BackoutError, RefusedError, UnavailableError
from actions.history.canonical import JsonObject
from actions.redaction import learn_secret, redact

#: How long a session that lives on may keep what it wrote out of the counters; the server hands it in after ten seconds.
LAG_SECONDS = 11.0
#: As our own sessions call themselves.
OURS = re.compile(r"backout($|[ :])")
_SESSIONS = """
SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), coalesce(client_addr::text, 'this machine'), coalesce(state, ''),
       backend_xid IS NOT NULL, coalesce(state_change > clock_timestamp() - make_interval(secs => %s), true) AND EXISTS (
         SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
           AND has_table_privilege(usesysid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  -- Our own sessions say so in their names, and write nothing while it has to be quiet.
  -- (Copies for a rehearsal are databases of their own: that they are made has a transaction here, and writes nothing.)
  AND (coalesce(application_name, '') !~ '^backout($|[ :])'
       OR backend_xid IS NOT NULL AND application_name <> 'backout scratch')
ORDER BY pid"""
_WRITTEN = """
SELECT c.oid::int8, n.nspname || '.' || c.relname,
       pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid),
       -- TRUNCATE counts no rows; it takes a new file.
       pg_relation_filenode(c.oid)::int8
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\\_%%'
  AND n.nspname <> 'information_schema'"""
_PREPARED = "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()"
_SUBSCRIPTIONS = """
SELECT count(*) FROM pg_stat_subscription s JOIN pg_subscription u ON u.oid = s.subid
WHERE s.pid IS NOT NULL AND u.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stillness:
    """What the counters said at the end of the window; a later look is compared with it."""

    counters: JsonObject
    seconds: float
    #: Sessions that are there and do not write, as words.
    others: tuple[str, ...]
    #: When the counters were first read, by the database's clock, in seconds.
    began: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """For how long nobody may have written, and since when that is watched, by the database's clock."""

    began: float
    seconds: float

    def left(self, now: float) -> float:
        """A clock that was set back makes it longer by no more than all of it."""
        return min(max(0.0, self.began + self.seconds - now), self.seconds)


class NotQuietError(RefusedError):
    """Somebody still writes."""


def prove_quiet(
    url: str, *, roles: Sequence[str], window: timedelta, should_stop: Callable[[], bool],
    meanwhile: Callable[[Callable[[], bool]], None] | None = None,
) -> Stillness:  # fmt: skip
    """NotQuietError names who disturbs. `roles`: those with which the application connects.

    `meanwhile` is done while the counters are watched, so that what it saw is what stands still; it is told when it need
    not go on. What it raises is raised here, unless somebody wrote: then nothing of what it saw counts.
    """
    with _connected(url) as connection:
        others = _refuse_writers(connection, roles)
        _let_counters_settle(connection, roles, should_stop)
        clock, before = _clock(connection), counters_now(connection)
        began = time.monotonic()
        with _beside(meanwhile, should_stop) as doing:
            while time.monotonic() - began < window.total_seconds() or not doing.done():
                if should_stop():
                    raise BackoutError("It was stopped while it watched the counters")
                time.sleep(0.1)
                _refuse_writers(connection, roles)
        _let_counters_settle(connection, roles, should_stop)
        after = counters_now(connection)
    refuse_movement(before, after)
    doing.result()
    return Stillness(counters=after, seconds=time.monotonic() - began, others=others, began=clock)


@contextmanager
def _beside(
    meanwhile: Callable[[Callable[[], bool]], None] | None, should_stop: Callable[[], bool]
) -> "Iterator[Future[None]]":  # fmt: skip
    over = False
    with ThreadPoolExecutor(1, thread_name_prefix="meanwhile") as threads:
        try:
            yield threads.submit(meanwhile or (lambda _: None), lambda: over or should_stop())
        finally:
            over = True


def still_quiet(
    url: str, *, roles: Sequence[str], since: JsonObject, window: Window | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:  # fmt: skip
    """Raises NotQuietError when anything was written since the proof, or somebody is there who can write. What is left of
    the window is waited for."""
    with _connected(url) as connection:
        _refuse_writers(connection, roles)
        until = time.monotonic() + (window.left(_clock(connection)) if window else 0.0)
        while time.monotonic() < until:
            if should_stop():
                raise BackoutError("It was stopped while it watched the counters")
            time.sleep(0.1)
            _refuse_writers(connection, roles)
        _let_counters_settle(connection, roles, should_stop)
        refuse_movement(since, counters_now(connection))


def nobody_writes(url: str, *, roles: Sequence[str]) -> None:
    """Raises NotQuietError while somebody is there who can write; says nothing about what was written before."""
    with _connected(url) as connection:
        _refuse_writers(connection, roles)


@contextmanager
def onlooker(url: str, *, roles: Sequence[str], since: JsonObject) -> Iterator[Callable[[], None]]:
    """For whoever watches on while we work there ourselves: each call raises NotQuietError when the application is back, or
    when something of what was written since has come to the counters."""
    with _connected(url) as connection:

        def look() -> None:
            _refuse_writers(connection, roles, ours_work=True)
            refuse_movement(since, counters_now(connection))

        yield look


def refuse_movement(before: JsonObject, after: JsonObject) -> None:
    if any(_count(after.get(name)) < _count(said) for name, said in before.items() if name in after):
        raise NotQuietError(
            "It cannot be known whether somebody wrote: the server's counters of writes began anew",
            next_step="It crashed, or somebody reset its statistics. Look at its log, and ask again.",
        )
    moved = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if moved:
        more = f" and {len(moved) - 5} more" if len(moved) > 5 else ""
        raise NotQuietError(
            f"Somebody still writes: rows changed in {', '.join(moved[:5])}{more}",
            next_step="Find what writes there, add it to the service's `writers`, and ask again.",
        )


def counters_now(connection: psycopg.Connection[Any]) -> JsonObject:
    """Rows written per table since the counters began. A session hands its own in when its transaction is over or, at
    the latest, when it ends; the sessions that could hold some back are refused before this counts."""
    connection.execute("SELECT pg_stat_clear_snapshot()")
    rows = connection.execute(_WRITTEN).fetchall()
    return {str(name): f"{int(number or 0)} in file {file}" for _, name, number, file in rows}


def _clock(connection: psycopg.Connection[Any]) -> float:
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    return float(row[0]) if row else 0.0


def _count(said: object) -> int:
    """The number in what `counters_now` says of a table."""
    return int(str(said).partition(" ")[0])


def _let_counters_settle(
    connection: psycopg.Connection[Any], roles: Sequence[str], should_stop: Callable[[], bool]
) -> None:  # fmt: skip
    """A session that wrote a moment ago and lives on may not have handed in what it wrote: it is waited for."""
    until = time.monotonic() + LAG_SECONDS
    while any(recent for *_, recent in _sessions(connection)) and time.monotonic() < until:
        if should_stop():
            raise BackoutError("It was stopped while it watched the counters")
        time.sleep(0.2)
        _refuse_writers(connection, roles)


def _refuse_writers(
    connection: psycopg.Connection[Any], roles: Sequence[str], *, ours_work: bool = False
) -> tuple[str, ...]:  # fmt: skip
    disturbing: list[str] = []
    others: list[str] = []
    for _, user, application, address, state, writing, _recent in _sessions(connection):
        if ours_work and OURS.match(application):
            continue
        who = f"{application or 'an unnamed application'} (user {user}, from {address}, {state or 'starting'})"
        (disturbing if writing or user in roles else others).append(who)
    if disturbing:
        raise NotQuietError(
            f"The database is not quiet: {'; '.join(redact(each) for each in disturbing[:5])}",
            next_step="Stop what holds these sessions, or add it to the service's `writers`, and ask again.",
        )
    if _number(connection, _PREPARED):
        raise NotQuietError(
            "The database has prepared transactions, which hold changes", next_step="Commit or roll them back."
        )
    if _number(connection, _SUBSCRIPTIONS):
        raise NotQuietError(
            "A subscription writes to the database", next_step="ALTER SUBSCRIPTION .. DISABLE for the time."
        )
    return tuple(others)


def _sessions(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return connection.execute(_SESSIONS, [LAG_SECONDS]).fetchall()


def _number(connection: psycopg.Connection[Any], query: str) -> int:
    try:
        row = connection.execute(query.encode()).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return 0
    return int(row[0]) if row else 0


def _connected(url: str) -> psycopg.Connection[Any]:
    learn_secret(url)
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="backout quiet")
    except psycopg.Error as error:
        lines = redact(str(error)).strip().splitlines() or [type(error).__name__]
        raise UnavailableError(f"The database does not answer: {lines[0][:200]}") from error
