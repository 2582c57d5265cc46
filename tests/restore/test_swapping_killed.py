import os
import time

import psycopg
import pytest

from actions.backup.connecting import with_database
from actions.backup.marks import marked_databases
from actions.restore.swapping import SwapOrder, swap
from tests.restore.databases import NOON, live_database, make_new, names, says
from tests.restore.hammering import hammered
from tests.restore.killing import moments, nursery
from tests.restore.servers import debian_server

TIMES = 100 if "nightly" in os.environ.get("BACKOUT_TEST_REQUIRE", "") else 10

SWAP = "tests.restore.test_swapping_killed:swap_them"


def swap_them(url: str, live: str, other: str, number: int) -> None:
    """What the child does that is killed."""
    order = SwapOrder(
        admin_url=url, live=live, other=other, because=f"try {number}", now=NOON.replace(minute=number % 60)
    )
    swap(order)


def wait_for_the_servers_side(url: str) -> None:
    """The server notices the death of its client, and undoes or ends what was going on."""
    with psycopg.connect(url, autocommit=True) as connection:
        until = time.monotonic() + 10
        question = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('backout swap', 'backout makes room')"
        )
        while connection.execute(question).fetchone() != (0,):
            assert time.monotonic() < until, "a killed swap still holds its session"
            time.sleep(0.005)


def check_the_world(url: str, live: str) -> str:
    """One is live, open and whole; the other is beside it, known as ours. The name of the other one."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datallowconn AND starts_with(datname, %s)", [live]
        ).fetchall()
        (other,) = [mark.name for mark, _ in marked_databases(connection) if mark.database == live]
    assert {name for (name,) in rows} == {live, other}
    assert not names(url, "backout_coming")
    assert {says(url, live), says(url, other)} == {"old", "new"}
    return other


def kill_again_and_again(url: str, times: int) -> tuple[int, int]:
    """How often the swap was interrupted, and how often it had happened when the child was killed."""
    killed = swapped = 0
    with nursery("tests.restore.test_swapping_killed") as children, live_database(url) as live:
        other = make_new(url, live)
        with hammered(with_database(url, live), clients=3) as seen:
            lasted = []
            for number in range(3):
                lasted.append(children.seconds(SWAP, url=url, live=live, other=other, number=number))
                other = check_the_world(url, live)
            for number, moment in enumerate(moments(times, min(lasted)), 3):
                before = says(url, live)
                killed += children.start_and_kill(SWAP, after=moment, url=url, live=live, other=other, number=number)
                wait_for_the_servers_side(url)
                other = check_the_world(url, live)
                swapped += says(url, live) != before
        assert {said for _, said in seen.answers} <= {"old", "new"}
        assert {kind for _, kind in seen.troubles} <= {"ended", "does not exist"}
    return killed, swapped


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_any_moment_the_old_or_the_new_one_is_live_and_open(postgres_url: str) -> None:
    killed, swapped = kill_again_and_again(postgres_url, TIMES)
    assert killed > TIMES / 5, "too few were caught in the middle to mean anything"
    assert swapped > 0


@pytest.mark.slow
def test_so_it_is_on_an_older_server() -> None:
    with debian_server() as url:
        killed, swapped = kill_again_and_again(url, TIMES)
    assert killed > TIMES / 5
    assert swapped > 0
