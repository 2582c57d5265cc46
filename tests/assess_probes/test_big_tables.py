"""A million rows and no time: estimates instead of counts, "perhaps" instead of "no", and never for long."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from actions.assess.probes.answering import Answering
from actions.assess.probes.limits import Limits, Purse
from actions.assess.probes.questions import Question, column, not_null, rows_of, values_of
from actions.assess.probes.session import LiveSession
from actions.assess.probes.sizes import sizes
from actions.assess.probes.values import NONE, Tally
from actions.assess.schema.naming import Identity

ROWS = 1_000_000
BIG = Identity(schema="public", name="big")
#: Enough to look, too little for a scan of the big table to be begun.
LOOK = Limits(probe=timedelta(milliseconds=20), first_look=timedelta(seconds=10), total=timedelta(seconds=20))
#: Too little for any scan of the big table to end.
HURRY = Limits(probe=timedelta(milliseconds=4), first_look=timedelta(milliseconds=4), total=timedelta(milliseconds=300))
_PROBERS = "SELECT FROM pg_stat_activity WHERE application_name = 'backout assess' AND datname = current_database()"


@pytest.fixture(scope="module")
def big_url(shared_url: str) -> Iterator[str]:
    with psycopg.connect(shared_url, autocommit=True) as owner:
        owner.execute(
            f"""CREATE UNLOGGED TABLE big (id int, full_column int, empty_column int, late_column int, state text, filler text);
                ALTER TABLE big SET (autovacuum_enabled = off);
                INSERT INTO big SELECT n, n, NULL, CASE WHEN n > {ROWS} - 100 THEN n END,
                    CASE WHEN n % 10 = 0 THEN 'rare' ELSE 'usual' END, repeat('x', 40)
                FROM generate_series(1, {ROWS}) n"""
        )
    yield shared_url
    with psycopg.connect(shared_url, autocommit=True) as owner:
        owner.execute("DROP TABLE big")


def _ask(url: str, limits: Limits, *questions: Question) -> tuple[Tally, ...]:
    with LiveSession.open(url, limits) as session:
        answering = Answering(session, limits, sizes(session, [BIG]))
        return answering.answers(questions, Purse(limits.total))


@contextmanager
def _rows_read(url: str) -> Iterator[Callable[[], int]]:
    """How many rows of the big table the server has read since."""

    def now() -> int:
        with psycopg.connect(url, autocommit=True) as owner:
            # A session's counters are written down before it is gone from the list.
            while owner.execute(_PROBERS).rowcount:
                time.sleep(0.01)
            row = owner.execute("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'big'").fetchone()
        assert row is not None
        return int(row[0])

    before = now()
    yield lambda: now() - before


def _analyse(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("ANALYZE big")


def test_with_time_everything_is_exact(big_url: str) -> None:
    patient = Limits(probe=timedelta(seconds=20), total=timedelta(seconds=60))

    answers = _ask(big_url, patient, rows_of(BIG), values_of(BIG, "late_column"), values_of(BIG, "empty_column"))

    assert answers == (Tally.exactly(ROWS), Tally.exactly(100), NONE)


def test_without_time_what_is_there_in_plenty_is_found_and_estimated(big_url: str) -> None:
    _analyse(big_url)

    rows, values = _ask(big_url, LOOK, rows_of(BIG), values_of(BIG, "full_column"))

    for tally in (rows, values):
        assert (tally.some, tally.exact) == (True, False)
        assert tally.rows is not None
        assert abs(tally.rows - ROWS) < ROWS / 20


def test_the_newest_rows_are_looked_at_first(big_url: str) -> None:
    """A column that got its first values after the deploy has them at the table's end."""
    with _rows_read(big_url) as read:
        (late,) = _ask(big_url, LOOK, values_of(BIG, "late_column"))

    assert (late.some, late.exact) == (True, False)
    assert read() < ROWS / 5


def test_what_cannot_be_decided_is_reckoned_with_although_statistics_say_none(big_url: str) -> None:
    _analyse(big_url)

    (empty,) = _ask(big_url, HURRY, values_of(BIG, "empty_column"))

    assert empty.some is None
    assert empty.possible
    assert not empty.exact


def test_statistics_tell_how_often_a_value_occurs(big_url: str) -> None:
    _analyse(big_url)
    rare = Question(table=BIG, where=sql.SQL("{} = 'rare'").format(column("state")))

    (tally,) = _ask(big_url, LOOK, rare)

    assert tally.rows is not None
    assert abs(tally.rows - ROWS / 10) < ROWS / 30


def test_a_table_that_was_never_analysed_is_estimated_by_its_size(big_url: str) -> None:
    with psycopg.connect(big_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE fresh (id int, c text) WITH (autovacuum_enabled = off)")
        owner.execute(f"INSERT INTO fresh SELECT n, repeat('x', 60) FROM generate_series(1, {ROWS // 2}) n")
        fresh = Identity(schema="public", name="fresh")
        with LiveSession.open(big_url, LOOK) as session:
            (tally,) = Answering(session, LOOK, sizes(session, [fresh])).answers([rows_of(fresh)], Purse(LOOK.total))
        owner.execute("DROP TABLE fresh")

    assert (tally.some, tally.exact) == (True, False)
    assert tally.rows is not None
    assert tally.rows > ROWS / 10


def test_repeated_values_in_a_big_table_are_perhaps_there(big_url: str) -> None:
    unique = Question(table=BIG, where=not_null("id"), repeated=(column("id"),), estimable=False)
    repeated = Question(table=BIG, repeated=(column("state"),), estimable=False)

    (first,) = _ask(big_url, HURRY, unique)
    (second,) = _ask(big_url, LOOK, repeated)

    assert (first.some, first.rows) == (None, None)
    assert (second.some, second.exact) == (True, False)


def test_no_time_at_all_says_nothing_but_perhaps(big_url: str) -> None:
    nothing = Limits(total=timedelta(0), estimates=timedelta(0))

    rows, values = _ask(big_url, nothing, rows_of(BIG), values_of(BIG, "full_column"))

    assert (rows.some, values.some) == (None, None)
    assert rows.possible
    assert values.possible


def test_many_questions_cost_no_more_than_their_budget(big_url: str) -> None:
    limits = Limits(total=timedelta(milliseconds=500), estimates=timedelta(milliseconds=200))
    questions = [values_of(BIG, "empty_column")] * 40

    started = time.monotonic()
    answers = _ask(big_url, limits, *questions)
    taken = time.monotonic() - started

    assert all(tally.possible or tally.exact for tally in answers)
    # The rest is for connecting, and for a busy machine.
    assert taken < 0.7 + 2


def test_an_assessment_of_a_big_table_takes_no_longer_than_one_of_a_small_table(big_url: str) -> None:
    """What makes time grow with rows is scanning, so: no scan of the big table is begun that does not find at once."""
    with _rows_read(big_url) as read:
        (tally,) = _ask(big_url, LOOK, rows_of(BIG))

    assert tally.some is True
    assert read() < 1000
