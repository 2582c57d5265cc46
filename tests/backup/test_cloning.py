import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from actions.backup.cloning import (
    CloneOrder,
    Guests,
    copy_clone,
    drop_clone,
    list_clones,
    make_clone,
    sweep_half_made,
)
from actions.backup.connecting import with_database
from actions.backup.doors import reopen_forgotten
from actions.errors import RefusedError
from actions.restore.swapping import SwapOrder, swap
from tests.restore.databases import NOON, ask, live_database, make, names, run, says
from tests.restore.hammering import hammered
from tests.restore.killing import moments, nursery
from tests.restore.servers import debian_server

TIMES = 100 if "nightly" in os.environ.get("BACKOUT_TEST_REQUIRE", "") else 5


@pytest.fixture(scope="module", params=["embedded 18", "Debian's 15"])
def server(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[str]:
    if request.param == "embedded 18":
        yield postgres_url
    else:
        with debian_server() as url:
            yield url


@pytest.fixture
def live(server: str) -> Iterator[str]:
    with live_database(server) as name:
        yield name


def order(server: str, live: str, guests: Guests = Guests.NAMED) -> CloneOrder:
    return CloneOrder(
        admin_url=server, database=live, backup="shop_20260102_120000_ab12", now=NOON, revisions=("r7",), guests=guests
    )


def back(server: str, live: str, clone: str) -> SwapOrder:
    return SwapOrder(admin_url=server, live=live, other=clone, because="rollback RB-7", now=NOON)


def allowed(server: str, name: str) -> object:
    return ask(server, f"SELECT datallowconn FROM pg_database WHERE datname = '{name}'")


def test_a_clone_is_there_with_all_rows_and_admits_nobody(server: str, live: str) -> None:
    clone = make_clone(order(server, live))
    assert clone.name.startswith(f"{live}_clone_20260102_120000_")
    assert list_clones(server, database=live) == (clone,)
    assert (clone.revisions, clone.backup) == (("r7",), "shop_20260102_120000_ab12")
    with pytest.raises(psycopg.OperationalError, match="not currently accepting"):
        psycopg.connect(with_database(server, clone.name))
    assert list_clones(server, database="postgres") == ()


def test_a_session_that_is_about_to_leave_is_no_guest(server: str, live: str) -> None:
    leaving = psycopg.connect(with_database(server, live))
    door = threading.Timer(0.4, leaving.close)
    door.start()
    assert make_clone(order(server, live)).database == live
    door.join()


def test_it_comes_back_with_owner_grants_settings_comment_and_limit(server: str, live: str) -> None:
    owner = f"{live}_owner"
    run(
        server, f"CREATE ROLE {owner} LOGIN", f'CREATE ROLE "{live} =Reader/"', f"ALTER DATABASE {live} OWNER TO {owner}",
        f"REVOKE ALL ON DATABASE {live} FROM PUBLIC",
        f'GRANT CONNECT ON DATABASE {live} TO "{live} =Reader/" WITH GRANT OPTION',
        f"COMMENT ON DATABASE {live} IS 'it''s the shop'", f"ALTER DATABASE {live} CONNECTION LIMIT 42",
        f"ALTER DATABASE {live} SET search_path TO \"$user\", 'Odd, schema', public",
        f"ALTER ROLE {owner} IN DATABASE {live} SET work_mem TO '7MB'", f"ALTER DATABASE {live} SET my.own TO 'a=b, c'",
    )  # fmt: skip
    facts = (
        "SELECT ROW(pg_get_userbyid(datdba), datacl, datconnlimit, shobj_description(d.oid, 'pg_database'), encoding,"
        " datcollate, (SELECT array_agg(ROW(setrole, setconfig) ORDER BY setrole) FROM pg_db_role_setting"
        f" WHERE setdatabase = d.oid))::text FROM pg_database d WHERE datname = '{live}'"
    )
    before = ask(server, facts)
    try:
        clone = make_clone(order(server, live))
        swapped = swap(back(server, live, clone.name))
        assert ask(server, facts) == before
        assert says(server, swapped.kept_as) == "old"
    finally:
        for name in names(server, live):
            run(server, f"ALTER DATABASE {name} OWNER TO backout", f"ALTER DATABASE {name} RESET ALL")
            run(server, f'REVOKE ALL ON DATABASE {name} FROM "{live} =Reader/"')
            run(server, f"ALTER ROLE {owner} IN DATABASE {name} RESET ALL")
        run(server, f"DROP ROLE {owner}", f'DROP ROLE "{live} =Reader/"')


def test_the_state_of_then_is_back_and_the_state_of_now_is_kept(server: str, live: str) -> None:
    clone = make_clone(order(server, live))
    run(with_database(server, live), "UPDATE marker SET says = 'damaged'")
    swapped = swap(back(server, live, clone.name))
    assert (says(server, live), says(server, swapped.kept_as)) == ("old", "damaged")
    assert list_clones(server, database=live) == (), "the clone itself took the place"


def test_a_clone_can_be_copied_first_so_that_it_outlives_the_swap(server: str, live: str) -> None:
    clone = make_clone(order(server, live))
    second = copy_clone(server, clone.name, database=live, now=NOON)
    swap(back(server, live, second))
    assert [each.name for each in list_clones(server, database=live)] == [clone.name]
    assert says(server, live) == "old"


def test_who_is_in_the_way_is_named_and_stays(server: str, live: str) -> None:
    with psycopg.connect(with_database(server, live), autocommit=True, application_name="gunicorn") as client:
        with pytest.raises(RefusedError, match="application `gunicorn`"):
            make_clone(order(server, live))
        assert client.execute("SELECT 1").fetchone() == (1,)
    assert list_clones(server, database=live) == ()


@pytest.mark.parametrize("guests", [Guests.WAIT, Guests.REFUSED])
def test_told_to_it_ends_the_sessions_and_lets_everybody_in_again(server: str, live: str, guests: Guests) -> None:
    run(server, f"COMMENT ON DATABASE {live} IS 'the shop'")
    with hammered(with_database(server, live)) as seen:
        clone = make_clone(order(server, live, guests))
    assert {said for _, said in seen.answers} == {"old"}
    assert max(at for at, _ in seen.answers) > max(at for at, _ in seen.troubles), "nobody came in again"
    kinds = {kind for _, kind in seen.troubles}
    assert kinds <= ({"ended", "refused"} if guests is Guests.REFUSED else {"ended"})
    assert ("refused" in kinds) == (guests is Guests.REFUSED)
    assert ask(server, f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{live}'") == (
        "the shop"
    )
    swap(back(server, live, clone.name))
    assert ask(server, f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{live}'") == (
        "the shop"
    )


def test_only_clones_of_ours_are_dropped(server: str, live: str) -> None:
    clone = make_clone(order(server, live))
    make(server, f"{live}_clone_20250101_000000_abcd", says="looks like one")
    for foreign in (live, f"{live}_clone_20250101_000000_abcd", "template1"):
        with pytest.raises(RefusedError, match="is not a clone"):
            drop_clone(server, foreign, database=live)
    with pytest.raises(RefusedError, match="is not a clone"):
        drop_clone(server, clone.name, database="postgres")
    drop_clone(server, clone.name, database=live)
    assert list_clones(server, database=live) == ()


def test_what_a_dead_maker_left_is_swept_but_nothing_that_resembles_it(server: str, live: str) -> None:
    half, alike = "backout_cloning_0123456789abcdef", "backout_cloning_fedcba9876543210"
    run(server, f"CREATE DATABASE {half} ALLOW_CONNECTIONS false CONNECTION LIMIT 0", f"CREATE DATABASE {alike}")
    try:
        assert sweep_half_made(server, database=live) == (half,)
        assert names(server, "backout_cloning") == [alike]
    finally:
        run(server, f"DROP DATABASE IF EXISTS {half}", f"DROP DATABASE {alike}")


@pytest.mark.by_day(1)
def test_a_big_one_is_copied_by_files_and_swapped_back_within_seconds(live: str, server: str) -> None:
    run(with_database(server, live), "CREATE TABLE big AS SELECT g, repeat('x', 900) FROM generate_series(1, 230000) g")
    clone = make_clone(order(server, live))
    assert clone.database_bytes > 200 * 1024 * 1024
    with hammered(with_database(server, live)) as seen:
        started = time.monotonic()
        swapped = swap(back(server, live, clone.name))
        assert time.monotonic() - started < 10
    assert swapped.outage_seconds < 10
    assert max(at for at, _ in seen.answers) > max(at for at, _ in seen.troubles)
    assert ask(with_database(server, live), "SELECT count(*) FROM big") == 230000


def clone_it(url: str, live: str, guests: str) -> None:
    """What the child does that is killed."""
    make_clone(order(url, live, Guests(guests)))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("guests", [Guests.WAIT, Guests.REFUSED])
@pytest.mark.by_day(1)
def test_killed_at_any_moment_the_original_is_whole_and_what_is_half_made_goes(
    postgres_url: str, guests: Guests
) -> None:
    made = closed = 0
    with nursery("tests.backup.test_cloning") as children, live_database(postgres_url) as live:
        run(postgres_url, f"COMMENT ON DATABASE {live} IS 'the shop'")
        with hammered(with_database(postgres_url, live), clients=2) as seen:
            call = "tests.backup.test_cloning:clone_it"
            whole = children.seconds(call, url=postgres_url, live=live, guests=guests.value)
            for moment in moments(TIMES, whole):
                children.start_and_kill(call, after=moment, url=postgres_url, live=live, guests=guests.value)
                wait_for_the_servers_side(postgres_url)
                closed += not allowed(postgres_url, live)
                sweep_half_made(postgres_url, database=live)
                assert allowed(postgres_url, live)
                assert says(postgres_url, live) == "old"
                assert names(postgres_url, "backout_cloning") == []
                for clone in list_clones(postgres_url, database=live):
                    made += 1
                    drop_clone(postgres_url, clone.name, database=live)
        assert {said for _, said in seen.answers} == {"old"}
        comment = ask(
            postgres_url, f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{live}'"
        )
        assert comment == "the shop"
    assert made > 0
    assert (closed > 0) == (guests is Guests.REFUSED)


def wait_for_the_servers_side(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        until = time.monotonic() + 20
        question = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('backout clone', 'backout makes room')"
        )
        while connection.execute(question).fetchone() != (0,):
            assert time.monotonic() < until, "a killed clone still holds its session"
            time.sleep(0.005)


def test_a_clone_in_the_making_is_not_swept_and_its_door_not_opened(server: str, live: str) -> None:
    run(with_database(server, live), "CREATE TABLE plenty AS SELECT repeat('x', 900) FROM generate_series(1, 60000) g")
    worker = threading.Thread(target=make_clone, args=[order(server, live, Guests.REFUSED)])
    worker.start()
    refused = 0
    while worker.is_alive():
        if not allowed(server, live):
            refused += not reopen_forgotten(server, database=live)
        time.sleep(0.01)
    worker.join()
    assert refused > 0
    assert len(list_clones(server, database=live)) == 1
    assert allowed(server, live)


def test_a_second_service_may_be_cloned_at_the_same_time(server: str, live: str) -> None:
    with live_database(server) as other:
        first, second = order(server, live), replace(order(server, live), database=other)
        threads = [threading.Thread(target=make_clone, args=[each]) for each in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(list_clones(server, database=name)) for name in (live, other)] == [1, 1]
