"""How every session is set that reads or writes rows: the same everywhere, so that the same rows are the same bytes.

A hash taken from one server must be that of the same rows on another, whatever their configuration says. And a
session that waits in a long transaction must not be ended by timeouts that are meant for applications.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import psycopg
from psycopg import conninfo

from actions.backup.connecting import libpq_environment

#: Statements are always sent in this encoding; rows have their own, see `rows.copy_out`.
CLIENT_ENCODING = "UTF8"
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "search_path": "",
        "datestyle": "ISO, YMD",
        "intervalstyle": "postgres",
        "extra_float_digits": "3",
        "timezone": "UTC",
        "bytea_output": "hex",
        "lc_monetary": "C",
        "xmloption": "content",
        "xmlbinary": "base64",
        "standard_conforming_strings": "on",
        "quote_all_identifiers": "off",
        # Rows come in their physical order, always from the first page.
        "synchronize_seqscans": "off",
        "enable_seqscan": "on",
        # A policy that hides rows is an error, never a smaller result.
        "row_security": "off",
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "transaction_timeout": "0",
        "jit": "off",
    }
)
#: A server that vanished from the network is noticed within a minute or so, not after the two hours of TCP.
KEEPALIVES: Mapping[str, str] = MappingProxyType(
    {
        "keepalives": "1",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }
)
#: What a session is told before anything else: with a short timeout of its own, `prepare` itself would not get through.
FIRST = "SET statement_timeout = 0"
LOCK_TIMEOUT = timedelta(seconds=10)
CONNECT_SECONDS = 10


def prepare(*, lock_timeout: timedelta = LOCK_TIMEOUT) -> str:
    """One statement (without a semicolon) which gives its session these settings, whatever the server's version:
    what that one does not know is passed over.
    """
    wanted = {**SETTINGS, "lock_timeout": f"{lock_timeout // timedelta(milliseconds=1)}ms"}
    pairs = ", ".join(f"('{name}', '{value}')" for name, value in wanted.items())
    return (
        "SELECT count(pg_catalog.set_config(wanted.name, wanted.value, false)) "  # noqa: S608  values of ours alone
        f"FROM (VALUES {pairs}) AS wanted (name, value) "
        "WHERE EXISTS (SELECT FROM pg_catalog.pg_settings AS known WHERE lower(known.name) = wanted.name)"
    )


def connect(
    url: str, *, title: str, autocommit: bool = True, lock_timeout: timedelta = LOCK_TIMEOUT
) -> psycopg.Connection:
    """A session with these settings. Raises what psycopg raises."""
    target = conninfo.make_conninfo(
        url,
        connect_timeout=CONNECT_SECONDS,
        application_name=title,
        client_encoding=CLIENT_ENCODING,
        **KEEPALIVES,
    )
    connection = psycopg.connect(target, autocommit=True)
    try:
        connection.execute(FIRST)
        connection.execute(prepare(lock_timeout=lock_timeout).encode())
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


def program_environment(url: str, *, title: str, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a client program is told by its environment: where to connect, as whom, and settings for its sessions."""
    known = libpq_environment(url)
    options = [known.get("PGOPTIONS", "")]
    # As libpq wants them: a backslash before what would end or change an argument.
    for name, value in (settings or {}).items():
        escaped = value.replace("\\", "\\\\").replace(" ", "\\ ")
        options.append(f"-c {name}={escaped}")
    return {
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        **known,
        "PGOPTIONS": " ".join(part for part in options if part),
        "PGAPPNAME": title,
        "PGCLIENTENCODING": CLIENT_ENCODING,
        "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
    }


def program_target() -> str:
    """The connection string for a client program: only how to watch the line; all else is in its environment."""
    return " ".join(f"{name}={value}" for name, value in KEEPALIVES.items())
