"""Quiet is proven, not assumed; and who disturbs it is named."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from actions.errors import BackoutError
from actions.writers.quiet import NotQuietError, Stillness, Window, counters_now, onlooker, prove_quiet, still_quiet
from actions.writers.watching import Watch

WINDOW = timedelta(seconds=1)


@pytest.fixture
def url(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE orders (id int, secret text)")
    return database_url


def prove(url: str, *, roles: tuple[str, ...] = ("shop_app",), window: timedelta = WINDOW) -> Stillness:
    return prove_quiet(url, roles=roles, window=window, should_stop=lambda: False)


@contextmanager
def session(url: str, name: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, application_name=name, autocommit=True) as connection:
        yield connection


def test_a_database_that_nobody_uses_is_quiet(url: str) -> None:
    still = prove(url)
    assert still.seconds >= 1
    still_quiet(url, roles=("shop_app",), since=still.counters)


def test_a_session_of_the_application_is_named_even_when_it_is_idle(url: str) -> None:
    with session(url, "shop worker 3"), pytest.raises(NotQuietError, match=r"shop worker 3 \(user backout, from"):
        prove(url, roles=("backout",))


@pytest.mark.slow
def test_a_session_of_somebody_else_may_look_on(url: str) -> None:
    with session(url, "grafana"):
        assert "grafana" in prove(url).others[0]


def test_whoever_is_in_the_middle_of_a_writing_transaction_disturbs_whatever_their_role(url: str) -> None:
    with session(url, "psql") as connection, connection.transaction():
        connection.execute("INSERT INTO orders VALUES (1, 'hidden-value')")
        with pytest.raises(NotQuietError, match="psql") as error:
            prove(url)
    assert "hidden-value" not in str(error.value)


def test_a_writer_that_comes_and_goes_is_seen_by_the_counters(url: str) -> None:
    over = threading.Event()

    def write_now_and_then() -> None:
        while not over.is_set():
            with session(url, "cron") as connection:
                connection.execute("INSERT INTO orders VALUES (1, 'x')")
            time.sleep(0.05)

    writing = threading.Thread(target=write_now_and_then)
    writing.start()
    try:
        with pytest.raises(NotQuietError, match=r"public\.orders|cron"):
            prove(url)
    finally:
        over.set()
        writing.join()


def test_what_is_written_after_the_proof_is_detected(url: str) -> None:
    still = prove(url)
    with session(url, "cron") as connection:
        connection.execute("DELETE FROM orders")
        connection.execute("INSERT INTO orders VALUES (1, 'x')")
    with pytest.raises(NotQuietError, match=r"rows changed in public\.orders"):
        still_quiet(url, roles=("shop_app",), since=still.counters)


def test_counters_that_began_anew_prove_nothing_and_accuse_nobody(url: str) -> None:
    with session(url, "cron") as connection:
        connection.execute("INSERT INTO orders VALUES (2, 'y')")
    still = prove(url)
    with session(url, "an administrator") as connection:
        connection.execute("SELECT pg_stat_reset()")
    with pytest.raises(NotQuietError, match="counters of writes began anew"):
        still_quiet(url, roles=("shop_app",), since=still.counters)


def test_the_watch_ends_when_it_is_stopped(url: str) -> None:
    with pytest.raises(BackoutError, match="stopped while it watched"):
        prove_quiet(url, roles=(), window=timedelta(minutes=1), should_stop=lambda: True)


def test_a_table_that_is_emptied_after_the_proof_is_detected(url: str) -> None:
    still = prove(url)
    with session(url, "cron") as connection:
        connection.execute("TRUNCATE orders")
    with pytest.raises(NotQuietError, match=r"rows changed in public\.orders"):
        still_quiet(url, roles=("shop_app",), since=still.counters)


def test_an_application_whose_name_begins_like_ours_is_not_taken_for_us(url: str) -> None:
    with session(url, "backout-shop web"), pytest.raises(NotQuietError, match="backout-shop web"):
        prove(url, roles=("backout",))


def test_whoever_borrows_our_name_and_writes_disturbs(url: str) -> None:
    with session(url, "backout check") as connection, connection.transaction():
        connection.execute("INSERT INTO orders VALUES (1, 'x')")
        with pytest.raises(NotQuietError, match="backout check"):
            prove(url)


@pytest.mark.slow
def test_a_session_that_wrote_and_lives_on_cannot_hide_it_from_the_counters(url: str) -> None:
    with session(url, "psql") as connection, session(url, "the test") as looking:
        connection.execute("INSERT INTO orders VALUES (1, 'x')")
        time.sleep(0.1)
        after_first = counters_now(looking)
        # Within a second of the first: the server keeps it back for up to ten seconds.
        connection.execute("INSERT INTO orders VALUES (2, 'y')")
        with pytest.raises(NotQuietError, match=r"rows changed in public\.orders"):
            still_quiet(url, roles=("shop_app",), since=after_first)


@pytest.mark.parametrize(
    ("now", "left"), [(1000.0, 5.0), (1002.0, 3.0), (1005.0, 0.0), (2000.0, 0.0), (10.0, 5.0)]
)  # fmt: skip
def test_what_is_left_of_the_window_is_never_more_than_all_of_it(now: float, left: float) -> None:
    assert Window(began=1000.0, seconds=5.0).left(now) == left


def test_the_last_look_waits_for_the_rest_of_the_window_and_can_be_stopped_then(url: str) -> None:
    still = prove(url)
    window = Window(began=still.began, seconds=3600)
    with pytest.raises(BackoutError, match="stopped while it watched"):
        still_quiet(url, roles=(), since=still.counters, window=window, should_stop=lambda: True)
    still_quiet(url, roles=(), since=still.counters, window=Window(began=still.began, seconds=1.5))


def test_a_writer_is_found_while_something_else_is_done_behind_the_proof(url: str) -> None:
    watch = Watch(url, roles=("shop_app",), since=prove(url).counters)
    with pytest.raises(NotQuietError, match=r"rows changed in public\.orders"), watch.on():
        _is_stopped_by_what_somebody_writes(url, watch)


def _is_stopped_by_what_somebody_writes(url: str, watch: Watch) -> None:
    with session(url, "cron") as connection:
        connection.execute("INSERT INTO orders VALUES (1, 'x')")
    wait_until_disturbed(watch)
    raise BackoutError("the backup was stopped")


def test_an_application_that_comes_back_behind_the_proof_is_named(url: str) -> None:
    watch = Watch(url, roles=("backout",), since=prove(url).counters)
    with pytest.raises(NotQuietError, match="shop web"), watch.on(), session(url, "shop web"):
        wait_until_disturbed(watch)


def test_what_we_do_ourselves_behind_the_proof_disturbs_nobody(url: str) -> None:
    still = prove(url)
    with session(url, "backout backup") as connection, connection.transaction():
        connection.execute("SELECT pg_current_xact_id()")
        with onlooker(url, roles=("backout",), since=still.counters) as look:
            look()


def test_a_database_that_does_not_answer_says_nothing_about_writers() -> None:
    nobody = "postgresql://shop@127.0.0.1:1/shop"
    with Watch(nobody, roles=(), since={}).on() as watch:
        pass
    assert not watch.is_disturbed


def wait_until_disturbed(watch: Watch) -> None:
    until = time.monotonic() + 30
    while not watch.is_disturbed:
        assert time.monotonic() < until
        time.sleep(0.05)
