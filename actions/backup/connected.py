"""Who is connected to a database, who of them is in the way, and how their sessions are ended.

People are named by user, application and address; what they run is never looked at.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import errors

from actions.backup.connecting import place_of, with_database
from actions.errors import ConfigurationError, UnavailableError
from actions.redaction import learn_secret, redact

CONNECT_SECONDS = 5
#: Where an administrator connects who must stay out of the database in question.
USUAL_MAINTENANCE = ("postgres", "template1", "defaultdb")
#: More are counted, not listed.
MOST_NAMED = 5
#: The server itself ends these when it needs a database to be quiet.
ENDED_BY_THE_SERVER = "autovacuum worker"

type_connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """One session in a database."""

    pid: int
    user: str | None
    application: str | None
    address: str | None
    kind: str
    #: Whether our role may end it.
    may_end: bool

    def __str__(self) -> str:
        who = f"`{self.user}`" if self.user else self.kind
        said = [f"application `{self.application}`"] if self.application else []
        said.append(f"from {self.address}" if self.address else "on the server itself")
        return redact(f"{who} ({', '.join([*said, f'process {self.pid}'])})")


@dataclass(frozen=True, kw_only=True, slots=True)
class InTheWay:
    """What stands between a database and being renamed or copied."""

    visitors: tuple[Visitor, ...] = ()
    #: Transactions of `PREPARE TRANSACTION`, by their names; no session has them, so none can be ended.
    prepared: tuple[str, ...] = ()
    #: Logical replication slots, by their names: they stay with the old database.
    slots: tuple[str, ...] = ()

    @property
    def lasting(self) -> tuple[str, ...]:
        """What ending sessions does not remove, in sentences."""
        untouchable = [each for each in self.visitors if not each.may_end]
        said = [f"a session our role may not end: {named}" for named in named_visitors(untouchable)]
        said += [f"the prepared transaction `{redact(name)}`" for name in self.prepared]
        return tuple(said)


def named_visitors(visitors: Sequence[Visitor]) -> tuple[str, ...]:
    """Each by name; of many the first few and the number of the others."""
    named = [str(each) for each in visitors[:MOST_NAMED]]
    more = len(visitors) - MOST_NAMED
    return (*named, f"{more} more") if more > 0 else tuple(named)


@contextmanager
def maintenance(admin_url: str, *, avoid: Sequence[str], purpose: str) -> Iterator[type_connection]:
    """A session (autocommit) on the same server, in none of these databases."""
    learn_secret(admin_url)
    own = place_of(admin_url)[2]
    places = [name for name in dict.fromkeys((own, *USUAL_MAINTENANCE)) if name not in avoid]
    trouble: psycopg.Error | UnicodeError | None = None
    for name in places:
        try:
            connection = psycopg.connect(
                with_database(admin_url, name), autocommit=True, connect_timeout=CONNECT_SECONDS,
                application_name=f"backout {purpose}"[:LONGEST_APPLICATION_NAME],
            )  # fmt: skip
        except (psycopg.Error, UnicodeError) as error:
            trouble = error
            continue
        with connection:
            yield connection
        return
    raise UnavailableError(
        f"The server does not answer in any of {', '.join(places)}: {first_line(trouble) if trouble else ''}",
        next_step="See that the server is up and can be reached from here. `admin_url` in the catalog must lead to a "
        "database other than the service's.",
    ) from trouble


LONGEST_APPLICATION_NAME = 63

#: Whether `role` may end the session `a`: see pg_terminate_backend's own rules.
_MAY_END = """(
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    OR (a.usesysid IS NOT NULL
        AND NOT coalesce((SELECT rolsuper FROM pg_roles r WHERE r.oid = a.usesysid), true)
        AND (pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))
)"""
_WHO = f"""
SELECT a.pid, a.usename, a.application_name, coalesce(a.client_hostname, host(a.client_addr)),
       coalesce(a.backend_type, 'session'), {_MAY_END}
FROM pg_stat_activity a
WHERE a.pid <> pg_backend_pid() AND a.backend_type IS DISTINCT FROM '{ENDED_BY_THE_SERVER}'
"""  # noqa: S608  nothing but our own constants
_LOCKS = """
SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.objid
WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND l.granted
"""
_END = f"""
SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity a
WHERE a.pid <> pg_backend_pid() AND a.backend_type IS DISTINCT FROM '{ENDED_BY_THE_SERVER}' AND {_MAY_END}
"""  # noqa: S608


def in_the_way(connection: type_connection, database: str) -> InTheWay:
    """Everybody and everything that holds on to this database now."""
    prepared = connection.execute("SELECT gid FROM pg_prepared_xacts WHERE database = %s ORDER BY prepared", [database])
    slots = connection.execute(
        "SELECT slot_name FROM pg_replication_slots WHERE database = %s AND NOT temporary ORDER BY 1", [database]
    )
    return InTheWay(
        visitors=_who(connection, "a.datname = %s", [database]),
        prepared=tuple(str(gid) for (gid,) in prepared),
        slots=tuple(str(name) for (name,) in slots),
    )


def holders(connection: type_connection, databases: Sequence[str]) -> tuple[Visitor, ...]:
    """Sessions that hold a lock on the entry of one of these databases, wherever they are connected."""
    return _who(connection, f"EXISTS ({_LOCKS} AND l.pid = a.pid AND d.datname = ANY(%s))", [list(databases)])


def holders_of_locks(connection: type_connection, database: str) -> tuple[Visitor, ...]:
    """Sessions in this database with a transaction under way: whoever waits for its tables waits for them."""
    return _who(connection, "a.datname = %s AND a.xact_start IS NOT NULL", [database])


def end_sessions(connection: type_connection, database: str) -> int:
    """Ends every session in it that our role may end; how many were told to go. They need a moment."""
    row = connection.execute(f"{_END} AND a.datname = %s", [database]).fetchone()
    return int(row[0]) if row else 0


def end_sessions_once_locked(connection: type_connection, databases: Sequence[str], *, locked_by: int) -> int:
    """The same, but only while that process keeps newcomers out of the database: nobody is ended in vain."""
    held = f"{_LOCKS} AND l.pid = %s AND l.mode IN ('AccessExclusiveLock', 'ShareLock')"
    row = connection.execute(
        f"{_END} AND a.datname = ANY(%s) AND EXISTS ({held} AND d.datname = a.datname)", [list(databases), locked_by]
    ).fetchone()
    return int(row[0]) if row else 0


def _who(connection: type_connection, condition: LiteralString, parameters: Sequence[object]) -> tuple[Visitor, ...]:
    rows = connection.execute(f"{_WHO} AND {condition} ORDER BY a.backend_start, a.pid", parameters)
    return tuple(
        Visitor(pid=pid, user=user, application=application or None, address=address, kind=kind, may_end=bool(may_end))
        for pid, user, application, address, kind, may_end in rows
    )


def first_line(error: BaseException) -> str:
    """The server's own sentence, without secrets and row values."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    lines = [line.strip() for line in redact(primary or str(error)).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__


def not_allowed(error: errors.InsufficientPrivilege, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what}: {first_line(error)}",
        next_step="Name an `admin_url` in the catalog whose role owns the database (or is a member of its owner) "
        "and has CREATEDB.",
    )
