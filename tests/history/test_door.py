"""What people read when the history database cannot be used, and what they never read."""

import contextlib
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.history.database import History, conninfo_of, open_history
from actions.history.glance import Glance
from actions.history.leases import ANYTHING_OPEN
from actions.history.queue import queue_app
from actions.history.rollbacks import Opened, RollbackRequest, open_rollback

SECRET = "hunter2-correct-horse"


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        pytest.param(f"mysql://u:{SECRET}@h/d", ConfigurationError, "needs a PostgreSQL URL", id="other database"),
        pytest.param(f"{SECRET}", ConfigurationError, "needs a PostgreSQL URL", id="no URL"),
        pytest.param(f"postgresql://u:{SECRET}%zz@h/d", ConfigurationError, "cannot be read", id="bad escape"),
        pytest.param(f"postgresql://h/d?{SECRET}=1", ConfigurationError, "cannot be read", id="unknown option"),
        pytest.param(f"postgresql://u:{SECRET}@127.0.0.1:1/d", UnavailableError, "does not answer", id="nobody there"),
        pytest.param(f"postgresql://u:{SECRET}@/d?host=/nowhere", UnavailableError, "does not answer", id="no socket"),
        pytest.param(f"postgresql://u:{SECRET}@host.invalid/d", UnavailableError, "does not answer", id="no such host"),
    ],
)
def test_a_database_that_cannot_be_reached_is_explained_without_its_password(
    url: str, kind: type[BackoutError], words: str
) -> None:
    with pytest.raises(kind, match=words) as error:
        open_history(url)
    assert error.value.next_step
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_a_database_or_role_that_does_not_exist_is_named_as_such(
    postgres_server: EmbeddedPostgres, postgres_url: str
) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_history(postgres_server.url("no_such_database"))
    user = psycopg.conninfo.conninfo_to_dict(postgres_url)["user"]
    with pytest.raises(ConfigurationError, match="refuses this role"):
        open_history(postgres_url.replace(f"{user}@", f"nobody:{SECRET}@").replace(f"{user}:", f"nobody:{SECRET}"))


@pytest.mark.parametrize(("encoding", "works"), [("SQL_ASCII", True), ("LATIN1", False)])
def test_what_people_write_fits_into_the_databases_encoding_or_it_is_refused_at_once(
    postgres_server: EmbeddedPostgres, postgres_url: str, encoding: str, works: bool
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(
            f"CREATE DATABASE odd_history ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
        )
        try:
            if works:
                with open_history(postgres_server.url("odd_history")) as history, history.writing() as connection:
                    assert connection.exec_driver_sql("SELECT 'Zoë 🚀'").scalar() == "Zoë 🚀"
            else:
                with pytest.raises(ConfigurationError, match="needs a database in UTF8; this one is in LATIN1"):
                    open_history(postgres_server.url("odd_history"))
        finally:
            admin.execute("DROP DATABASE odd_history WITH (FORCE)")


@given(st.text(max_size=30))
def test_no_url_ever_raises_anything_else(text: str) -> None:
    for url in (text, f"postgresql://{text}", f"postgresql://u:{text}@h/d"):
        with contextlib.suppress(ConfigurationError):
            conninfo_of(url)


def test_the_server_sees_who_we_are_and_we_do_not_wait_for_ever(history: History) -> None:
    with history.reading() as connection:
        name = connection.exec_driver_sql("SHOW application_name").scalar()
    assert name == "backout"
    assert "connect_timeout=5" in history.conninfo
    assert "connect_timeout=30" in conninfo_of("postgresql://h/d?connect_timeout=30")


def test_a_connection_that_the_server_ended_is_replaced(history: History, superuser: psycopg.Connection) -> None:
    with history.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    superuser.execute("""
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()""")
    with history.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_connection_that_ends_in_the_middle_is_unavailable_and_nothing_is_kept(
    history: History, superuser: psycopg.Connection
) -> None:
    with pytest.raises(UnavailableError), history.writing() as connection:  # noqa: PT012
        connection.exec_driver_sql(
            "INSERT INTO sightings (service, revision, counters, source) VALUES ('a', 'r', '{}', 's')"
        )
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        connection.exec_driver_sql("SELECT 1")
    assert superuser.execute("SELECT count(*) FROM sightings").fetchone() == (0,)


def test_a_glance_sees_what_was_committed_and_finds_a_new_way_when_its_own_is_cut(
    history: History, ask: Callable[..., Opened], superuser: psycopg.Connection
) -> None:
    with Glance(history, ANYTHING_OPEN) as glance:
        assert glance.look() is False
        ask()
        assert glance.look() is True
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE %s AND pid <> pg_backend_pid()"
        superuser.execute(end, ["SELECT EXISTS%"])
        with pytest.raises(UnavailableError):
            glance.look()
        assert glance.look() is True


def test_reading_cannot_write(history: History) -> None:
    with pytest.raises(UnavailableError), history.reading() as connection:
        connection.exec_driver_sql("DELETE FROM steps")


def test_an_error_never_holds_the_row_that_caused_it(history: History, superuser: psycopg.Connection) -> None:
    superuser.execute("ALTER TABLE rollbacks ADD CHECK (reason <> 'hunter2-correct-horse')")
    request = RollbackRequest(request_key="k", service="s", environment="e", requester="u", target="t", reason=SECRET)
    with pytest.raises(BackoutError) as error:
        open_rollback(history, request)
    assert SECRET not in str(error.value)
    assert "23514" in str(error.value)


def test_a_history_prints_as_its_place_only() -> None:
    history = History(conninfo_of(f"postgresql://u:{SECRET}@db.example/backout"))
    assert repr(history) == "<history database backout on db.example>"
    history.close()


def test_a_job_deferred_in_one_process_is_done_by_a_worker_in_another(
    here: Path, tmp_path: Path, history_url: str
) -> None:
    sys.path.insert(0, str(here))
    try:
        from queue_tasks import tasks
    finally:
        sys.path.remove(str(here))
    done = tmp_path / "done"
    app = queue_app(history_url, tasks)
    with app.open():
        app.configure_task("backout:write").defer(path=str(done), text="done by")
    assert not done.exists()
    worker = subprocess.run(
        [sys.executable, str(here / "working.py"), history_url], capture_output=True, text=True, timeout=60, check=False
    )
    assert worker.returncode == 0, worker.stderr
    word, by, pid = done.read_text().split()
    assert (word, by) == ("done", "by")
    assert int(pid) != os.getpid()
