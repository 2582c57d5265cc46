"""The session can do no harm: no write, no strong lock, no wait that holds others up, and it ends when told to."""

import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from actions.assess.probes.limits import Limits
from actions.assess.probes.prober import Prober
from actions.assess.probes.session import LiveSession, Refusal, StoppedError
from actions.assess.probes.sizes import MOST_CHILDREN
from actions.assess.probes.values import NONE, Tally
from actions.errors import UnavailableError

DOWN = """DROP TABLE gone; ALTER TABLE t DROP COLUMN b; ALTER TABLE t ALTER c TYPE varchar(3);
          ALTER TABLE t ADD CHECK (a > 0); ALTER TABLE t ADD UNIQUE (a); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r;
          ALTER TABLE t ALTER d SET NOT NULL"""
SETUP = """CREATE TABLE gone (id int); CREATE TABLE r (id int PRIMARY KEY); INSERT INTO r VALUES (1);
           CREATE TABLE t (a int, b int, c text, d text); INSERT INTO t VALUES (1, 2, 'abc', 'd');
           INSERT INTO gone VALUES (1)"""


@pytest.mark.parametrize(
    "write",
    [
        "INSERT INTO public.t VALUES (1)",
        "CREATE TABLE public.x (a int)",
        "SELECT * FROM public.t FOR UPDATE",
        "SELECT nextval('public.s')",
        "COMMIT; INSERT INTO public.t VALUES (1)",
    ],
)
def test_the_server_refuses_whatever_writes(live, write: str) -> None:
    live.run("CREATE TABLE t (a int); CREATE SEQUENCE s")

    with LiveSession.open(live.url) as session:
        answer = session.ask(sql.SQL(write))

    assert isinstance(answer, Refusal)
    assert answer.sqlstate == "25006"
    assert live.owner.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_no_lock_on_a_table_is_stronger_than_that_of_a_select(live) -> None:
    live.run(SETUP)
    found = live.rehearse(DOWN)
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        with psycopg.connect(live.url, autocommit=True) as watcher:
            while not done.is_set():
                rows = watcher.execute(
                    "SELECT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                    " WHERE a.application_name = 'backout assess' AND l.locktype = 'relation'"
                )
                seen.update(mode for (mode,) in rows)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with Prober.open(live.url) as prober:
        for _ in range(20):
            prober.losses(found.effects, found.before, found.after)
            tables = [table.identity for table in found.before.tables]
            prober.waiting(tables), prober.surroundings(tables), prober.replication(tables)
            prober.dependents(found.effects)
    done.set()
    watcher.join()

    assert seen == {"AccessShareLock"}


def test_probes_run_while_somebody_holds_any_lock_but_the_strongest(live) -> None:
    live.run(SETUP)
    found = live.rehearse(DOWN)

    with psycopg.connect(live.url) as other, Prober.open(live.url) as prober:
        other.execute("LOCK TABLE t, gone, r IN EXCLUSIVE MODE")
        losses = prober.losses(found.effects, found.before, found.after)

    assert losses.tables[0].rows == Tally.exactly(1)
    assert losses.columns[0].values == Tally.exactly(1)


def test_a_table_that_is_being_altered_is_unknown_and_waited_for_only_shortly(live) -> None:
    live.run(SETUP)
    found = live.rehearse(DOWN)

    with psycopg.connect(live.url) as other, Prober.open(live.url) as prober:
        other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        losses = prober.losses(found.effects, found.before, found.after)
        taken = time.monotonic() - started

    assert losses.tables[0].rows == Tally.exactly(1)
    assert (losses.columns[0].values.some, losses.columns[0].values.why) == (
        None, "another session holds a lock on it",
    )  # fmt: skip
    assert taken < 5


def test_nothing_is_left_open_between_questions(live) -> None:
    with LiveSession.open(live.url) as session:
        session.ask(sql.SQL("SELECT 1"))
        row = live.owner.execute(
            "SELECT state, xact_start, backend_xmin FROM pg_stat_activity WHERE application_name = 'backout assess'"
            " AND datname = current_database()"
        ).fetchone()

    assert row == ("idle", None, None)


def test_each_question_has_its_own_time(live) -> None:
    with LiveSession.open(live.url) as session:
        started = time.monotonic()
        answer = session.ask(sql.SQL("SELECT pg_sleep(20)"), within=timedelta(milliseconds=50))
        taken = time.monotonic() - started
        again = session.ask(sql.SQL("SELECT pg_sleep(0.1)"), within=timedelta(seconds=5))

    assert isinstance(answer, Refusal)
    assert answer.timed_out
    assert taken < 3
    assert not isinstance(again, Refusal)


def test_stopping_cancels_what_runs_and_asks_nothing_more(live) -> None:
    with LiveSession.open(live.url) as session:
        stopper = threading.Timer(0.3, session.stop)
        started = time.monotonic()
        stopper.start()
        with pytest.raises(StoppedError, match="stopped"):
            session.ask(sql.SQL("SELECT pg_sleep(20)"), within=timedelta(seconds=30))
        taken = time.monotonic() - started
        with pytest.raises(StoppedError):
            session.ask(sql.SQL("SELECT 1"))

    assert taken < 5


def test_a_lost_connection_is_said_once_and_plainly(live) -> None:
    live.run(SETUP)
    found = live.rehearse(DOWN)

    with Prober.open(live.url) as prober:
        live.owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'backout assess'"
            " AND datname = current_database()"
        )
        with pytest.raises(UnavailableError, match="connection was lost") as caught:
            prober.losses(found.effects, found.before, found.after)

    assert "Nothing was changed" in str(caught.value)


def test_a_connection_that_is_lost_in_the_middle_of_a_question(live) -> None:
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'backout assess'"
        " AND datname = current_database()"
    )
    with LiveSession.open(live.url) as session:
        killer = threading.Timer(0.3, lambda: live.owner.execute(kill))
        killer.start()
        with pytest.raises(UnavailableError):
            session.ask(sql.SQL("SELECT pg_sleep(20)"), within=timedelta(seconds=30))
        killer.join()


@contextmanager
def _line_that_can_be_cut(url: str, folder: Path) -> Iterator[tuple[str, threading.Event]]:
    """A URL that leads to the same server, until the event is set: then bytes vanish, and nobody is told."""
    given = conninfo.conninfo_to_dict(url)
    cut, port = threading.Event(), given.get("port", 5432)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / f".s.PGSQL.{port}"))
    listener.listen()

    def carry(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if not cut.is_set():
                    target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        near, _ = listener.accept()
        with near, socket.socket(socket.AF_UNIX) as far:
            far.connect(f"{given['host']}/.s.PGSQL.{port}")
            back = threading.Thread(target=carry, args=(far, near))
            back.start()
            carry(near, far)
            back.join()

    thread = threading.Thread(target=serve)
    thread.start()
    yield conninfo.make_conninfo(url, host=str(folder)), cut
    thread.join()
    listener.close()


def test_a_server_that_falls_silent_does_not_hold_us(live) -> None:
    limits = Limits(grace=timedelta(milliseconds=300))
    with (
        tempfile.TemporaryDirectory() as folder,
        _line_that_can_be_cut(live.url, Path(folder)) as (url, cut),
        LiveSession.open(url, limits) as session,
    ):
        answer = session.ask(sql.SQL("SELECT 1"))
        cut.set()
        started = time.monotonic()
        with pytest.raises(UnavailableError, match="connection was lost"):
            session.ask(sql.SQL("SELECT 1"), within=timedelta(milliseconds=100))
        taken = time.monotonic() - started

    assert answer == [(1,)]
    assert taken < 5


def test_a_wrong_password_and_a_wrong_place_are_said_without_a_secret() -> None:
    with pytest.raises(UnavailableError) as caught:
        LiveSession.open("postgresql://joe:very-secret-word@127.0.0.1:1/shop")

    assert "very-secret-word" not in str(caught.value)


def test_a_role_that_may_not_read_a_table_gets_unknown(live, role_url) -> None:
    live.run(SETUP)

    losses = live.losses(DOWN, url=role_url)

    assert (losses.tables[0].rows.some, losses.tables[0].rows.why) == (None, "the role may not read all of it")
    assert losses.columns[0].values.possible


def test_rows_hidden_by_row_security_are_never_taken_for_none(live, role_url, role) -> None:
    live.run(
        f"""CREATE TABLE gone (id int); INSERT INTO gone VALUES (1); GRANT SELECT ON gone TO {role};
            ALTER TABLE gone ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON gone USING (false)"""
    )

    hidden = live.losses("DROP TABLE gone", url=role_url).tables[0].rows
    seen = live.losses("DROP TABLE gone").tables[0].rows

    assert (hidden.some, hidden.why) == (None, "the role may not read all of it")
    assert seen == Tally.exactly(1)


def test_one_table_that_cannot_be_read_does_not_spoil_the_others(live, role_url, role) -> None:
    live.run(
        f"""CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int); INSERT INTO c VALUES (1);
            GRANT SELECT ON a, c TO {role}"""
    )

    tables = live.losses("DROP TABLE a, b, c", url=role_url).tables

    assert {one.table.name: one.rows.some for one in tables} == {"a": False, "b": None, "c": True}
    assert [one.rows for one in tables if one.table.name == "a"] == [NONE]


def test_more_partitions_than_can_be_locked_politely_are_estimated(live) -> None:
    """Each partition takes room in the one table of locks that all sessions share."""
    live.run(
        f"""CREATE TABLE gone (id int) PARTITION BY LIST (id);
            DO $$ BEGIN FOR n IN 1..{MOST_CHILDREN + 1} LOOP
                EXECUTE format('CREATE TABLE p%s PARTITION OF gone FOR VALUES IN (%s)', n, n); END LOOP; END $$;
            INSERT INTO gone VALUES (3); ANALYZE p3"""
    )

    rows = live.losses("DROP TABLE gone").tables[0].rows

    assert (rows.some, rows.rows) == (None, 1)
    assert f"{MOST_CHILDREN + 1} partitions" in (rows.why or "")
