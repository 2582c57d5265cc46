"""A short script into a database in one go: the round trips of one statement at a time would cost half as much again."""

import selectors
from contextlib import suppress

import psycopg
from psycopg import pq

from actions.backup.complaints import complaint
from actions.backup.patience import Patience
from actions.errors import UnavailableError
from actions.platforms.local import GLANCE
from actions.platforms.port import Ended
from actions.redaction import redact

CONNECT_SECONDS = 10
#: Before the script, for what it sets itself comes too late for a query that is already under way.
SETTINGS = """
SET synchronous_commit = off; SET standard_conforming_strings = on; SET client_min_messages = error;
SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0
"""
#: Lines that pg_dump writes for psql alone.
FOR_PSQL = (b"\\restrict ", b"\\unrestrict ")


def fill_at_once(url: str, script: bytes, patience: Patience) -> None:
    """All of a pg_dump script without rows, or nothing of it. BackoutError with the server's words when it fails."""
    try:
        with psycopg.connect(
            url, autocommit=True, client_encoding="utf8", connect_timeout=CONNECT_SECONDS, application_name="backout copy"
        ) as connection:  # fmt: skip
            connection.execute(SETTINGS)
            _run(connection.pgconn, _without_lines_for_psql(script), patience)
    except psycopg.Error as error:
        raise UnavailableError(f"The copy could not be filled: {redact(str(error)).strip()[:300]}") from error


def _without_lines_for_psql(script: bytes) -> bytes:
    """The first and the last of them are pg_dump's; one in between is somebody's text."""
    first, separator, rest = script.partition(b"\n" + FOR_PSQL[0])
    if not separator:
        return script
    key, _, rest = rest.partition(b"\n")
    body, _, tail = rest.rpartition(b"\n" + FOR_PSQL[1] + key)
    return first + b"\n" + body + tail


def _run(server: pq.abc.PGconn, script: bytes, patience: Patience) -> None:
    server.nonblocking = 1
    server.send_query(script)
    with selectors.DefaultSelector() as selector:
        selector.register(server.socket, selectors.EVENT_READ)
        while True:
            unsent = server.flush()
            selector.modify(server.socket, selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0))
            ready = selector.select(GLANCE.total_seconds())
            ended = patience.ended()
            if ended is not Ended.BY_ITSELF:
                _give_up(server)
                patience.check(ended)
            if any(events & selectors.EVENT_READ for _, events in ready):
                server.consume_input()
            while not server.is_busy():
                result = server.get_result()
                if result is None:
                    return
                _check(result)


def _give_up(server: pq.abc.PGconn) -> None:
    """The server hears of it at once; without that it would go on to the end of the script."""
    with suppress(psycopg.Error):
        server.get_cancel().cancel()
    server.finish()


def _check(result: pq.abc.PGresult) -> None:
    if result.status == pq.ExecStatus.FATAL_ERROR:
        raise complaint("The copy could not be filled", result.error_message.decode(errors="replace"))
