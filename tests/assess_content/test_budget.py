"""Time that runs out, roles that may not read, and servers that go away: named, never taken for equal."""

import threading
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from actions.assess.content.budget import Budget
from actions.assess.content.outcomes import VanishedTable
from actions.assess.content.reference import Reference
from actions.assess.content.verdicts import certain, rows_back
from actions.errors import UnavailableError


def test_what_was_not_read_in_time_is_named(rehearsal: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE a (id int); INSERT INTO a VALUES (1); CREATE TABLE b (id int); CREATE TABLE c (id int)"
    )
    found = rehearsal.down("DELETE FROM a; DROP TABLE c", budget=Budget(until=0.0))
    assert {unread.table.name for unread in found.unread if unread.table} == {"a", "b", "c"}
    assert {unread.reason.split(": ")[-1] for unread in found.unread} == {"no time left"}
    assert (found.compared, found.tables) == (0, ())
    assert not found.complete
    assert not certain(found, None)


def test_a_look_that_takes_too_long_is_interrupted_and_the_rest_is_named(rehearsal: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE quick (id int); CREATE TABLE stuck (id int); CREATE TABLE z (id int);"
        "INSERT INTO stuck SELECT generate_series(1, 1000); INSERT INTO z SELECT generate_series(1, 5000)"
    )
    stop = threading.Event()
    with psycopg.connect(rehearsal.copy_url) as other:
        other.execute("LOCK TABLE stuck")
        threading.Timer(1.0, stop.set).start()
        started = time.monotonic()
        found = rehearsal.reference.after_downgrade(rehearsal.copy_url, budget=Budget(stopped=stop.is_set))
        assert time.monotonic() - started < 20
    assert {unread.table.name for unread in found.unread if unread.table} == {"stuck", "z"}
    assert {unread.reason.split(": ")[-1] for unread in found.unread} == {"stopped"}
    assert found.compared == 1
    assert rehearsal.down().complete


def test_likely_tables_come_first(rehearsal: Any, named: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE z (id int);"
        "INSERT INTO z SELECT generate_series(1, 5000)"
    )
    asked = iter(range(1000))
    # The clock ticks at each question: the budget suffices for one table, not for three.
    budget = Budget(until=4.0, clock=lambda: float(next(asked)))
    found = rehearsal.down("DELETE FROM z", budget=budget, likely=[named("z")])
    assert "z" not in {unread.table.name for unread in found.unread if unread.table}
    assert {"a", "b"} & {unread.table.name for unread in found.unread if unread.table}


def test_rows_that_a_role_may_not_see_are_unread(rehearsal: Any) -> None:
    rehearsal.fill(
        "CREATE TABLE hidden (id int); INSERT INTO hidden VALUES (1); CREATE TABLE open (id int);"
        "CREATE TABLE filtered (id int); ALTER TABLE filtered ENABLE ROW LEVEL SECURITY;"
        "DROP ROLE IF EXISTS peeper; CREATE ROLE peeper LOGIN PASSWORD 'peeper'; GRANT SELECT ON open, filtered TO peeper;"
        "SELECT lo_from_bytea(70001, 'x')"
    )
    try:
        as_peeper = [
            make_conninfo(url, user="peeper", password="peeper")
            for url in (rehearsal.reference_url, rehearsal.copy_url)
        ]
        found = Reference(as_peeper[0]).after_downgrade(as_peeper[1])
        reasons = {unread.table.name: unread.reason for unread in found.unread if unread.table}
        assert reasons == {"hidden": "InsufficientPrivilege (42501)", "filtered": "InsufficientPrivilege (42501)"}
        assert any(unread.reason.startswith("large objects") for unread in found.unread)
        assert found.compared == 1
        gone = VanishedTable(table=next(u.table for u in found.unread if u.table), rows=3)
        assert rows_back(gone, found) is None
    finally:
        rehearsal.drop()
        with psycopg.connect(rehearsal.reference_url) as connection:
            connection.execute("DROP OWNED BY peeper; DROP ROLE peeper")


def test_a_copy_that_is_not_there_is_an_error_in_words(rehearsal: Any) -> None:
    with pytest.raises(UnavailableError, match="could not be reached"):
        rehearsal.reference.after_downgrade(rehearsal.copy_url)


def test_a_connection_that_is_cut_is_an_error_in_words(rehearsal: Any, postgres_url: str) -> None:
    rehearsal.fill("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 1000)")

    def cut() -> bool:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'backout compare' AND datname LIKE 'copy_%'"
            )
        return False

    with pytest.raises(UnavailableError, match="connection was lost"):
        rehearsal.down(budget=Budget(stopped=cut))


def test_a_comparison_changes_neither_side_and_keeps_nothing_open(rehearsal: Any, postgres_url: str) -> None:
    rehearsal.fill("CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t DEFAULT VALUES")
    rehearsal.down("DELETE FROM t", budget=Budget.lasting(timedelta(minutes=1)))
    with psycopg.connect(postgres_url) as connection:
        left = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backout compare'")
        assert left.fetchone() == (0,)
    with psycopg.connect(rehearsal.reference_url) as connection:
        written = connection.execute("SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables").fetchall()
        assert written == [(1,)]


def test_errors_and_results_show_no_row(rehearsal: Any) -> None:
    rehearsal.fill("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (4711, 'secret')")
    found = rehearsal.down("UPDATE t SET v = 'hidden', id = 4712")
    assert not any(word in repr(found) for word in ("secret", "hidden", "4711", "4712"))
