"""A copy has a deadline, can be stopped, and takes its programs along however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from actions.backup.copying import copy_all, copy_schema
from actions.backup.filling import fill_at_once
from actions.backup.patience import Patience
from actions.backup.programs import find_programs
from actions.backup.scratch import ScratchServer
from actions.errors import BackoutError, UnavailableError

PROGRAMS = find_programs(os.environ)[0]
COPIES = pytest.mark.parametrize("copy", [copy_schema, copy_all])
COPY = """
import os, sys
from actions.backup.copying import copy_all
from actions.backup.programs import find_programs
copy_all(sys.argv[1], sys.argv[2], find_programs(os.environ)[0], privileges=True)
"""


@contextmanager
def somebody_altering(url: str) -> Iterator[None]:
    """pg_dump waits for this lock, for longer than these tests have patience."""
    with psycopg.connect(url, autocommit=True) as setup:
        setup.execute("CREATE TABLE people (id int)")
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def sessions(url: str) -> int:
    """Of others in the same database, of the client programs and of the filling."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND application_name IN ('pg_dump', 'psql', 'backout copy')"
        ).fetchone()
    return int(row[0]) if row else 0


def soon(is_so: object, url: str, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if sessions(url) == is_so:
            return True
        time.sleep(0.05)
    return False


@COPIES
def test_a_server_that_ends_our_session_went_away_and_may_be_asked_again(
    copy: object, database_url: str, postgres_url: str
) -> None:
    def end_it() -> bool:
        """As a restart does."""
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            )
        return False

    with (
        ScratchServer(postgres_url) as server, server.database() as target, somebody_altering(database_url),
        pytest.raises(UnavailableError, match=r"could not be read: .*connection"),
    ):  # fmt: skip
        copy(database_url, target.url, PROGRAMS, privileges=True, should_stop=end_it)  # type: ignore[operator]


@COPIES
def test_one_that_takes_too_long_is_ended_and_that_is_said(copy: object, database_url: str, postgres_url: str) -> None:
    with ScratchServer(postgres_url) as server, server.database() as target, somebody_altering(database_url):
        started = time.monotonic()
        with pytest.raises(UnavailableError, match="did not end in time and was stopped"):
            copy(database_url, target.url, PROGRAMS, privileges=True, deadline=timedelta(seconds=0.7))  # type: ignore[operator]
        assert time.monotonic() - started < 20
        assert soon(0, database_url)
        assert soon(0, target.url)


@COPIES
def test_one_that_is_no_longer_wanted_ends_at_once(copy: object, database_url: str, postgres_url: str) -> None:
    with ScratchServer(postgres_url) as server, server.database() as target, somebody_altering(database_url):
        began = time.monotonic()
        with pytest.raises(BackoutError, match="was stopped"):
            copy(  # type: ignore[operator]
                database_url, target.url, PROGRAMS, privileges=True, should_stop=lambda: time.monotonic() > began + 0.5
            )
        assert time.monotonic() - began < 20
        assert soon(0, database_url)


def test_a_statement_that_hangs_while_it_is_filled_is_ended_on_the_server_too(database_url: str) -> None:
    patience = Patience(until=time.monotonic() + 0.5)
    with pytest.raises(UnavailableError, match="did not end in time"):
        fill_at_once(database_url, b"SELECT pg_sleep(60); CREATE TABLE late (id int)", patience)
    assert soon(0, database_url, seconds=3)


def test_a_filling_that_is_no_longer_wanted_leaves_nothing(database_url: str) -> None:
    began = time.monotonic()
    patience = Patience(until=began + 60, should_stop=lambda: time.monotonic() > began + 0.3)
    with pytest.raises(BackoutError, match="was stopped"):
        fill_at_once(database_url, b"CREATE TABLE early (id int); SELECT pg_sleep(60)", patience)
    assert soon(0, database_url, seconds=3)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT to_regclass('early')").fetchone() == (None,)


def test_whoever_copies_may_be_killed_and_its_programs_die_with_it(database_url: str, postgres_url: str) -> None:
    with ScratchServer(postgres_url) as server, server.database() as target, somebody_altering(database_url):
        copier = subprocess.Popen([sys.executable, "-c", COPY, database_url, target.url], stderr=subprocess.DEVNULL)
        assert soon(1, database_url)
        assert soon(1, target.url)
        copier.send_signal(signal.SIGKILL)
        copier.wait()
        # Before pg_dump would give up by itself.
        assert soon(0, database_url, seconds=3)
        assert soon(0, target.url, seconds=3)
