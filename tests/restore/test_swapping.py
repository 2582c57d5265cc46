import re
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from actions.backup.connected import maintenance
from actions.backup.connecting import with_database
from actions.backup.doorman import only_one_works
from actions.backup.marks import KeptMark, NewMark, read_mark
from actions.errors import BackoutError, ConfigurationError, RefusedError
from actions.restore.kept import drop_kept, kept_databases
from actions.restore.swapping import SwapOrder, swap, swap_back
from tests.restore.databases import NOON, ask, live_database, make, make_new, names, run, says
from tests.restore.hammering import hammered
from tests.restore.servers import debian_server


@pytest.fixture(scope="module", params=["embedded 18", "Debian's 15"])
def server(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[str]:
    if request.param == "embedded 18":
        yield postgres_url
    else:
        with debian_server("-c", "max_prepared_transactions=4", "-c", "wal_level=logical") as url:
            yield url


@pytest.fixture
def live(server: str) -> Iterator[str]:
    with live_database(server) as name:
        yield name


def order(server: str, live: str, other: str, **more: object) -> SwapOrder:
    return SwapOrder(admin_url=server, live=live, other=other, because="rollback RB-7", now=NOON, **more)  # type: ignore[arg-type]


def comment_of(server: str, name: str) -> object:
    return ask(server, f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'")


def test_the_new_one_is_live_and_the_old_one_is_kept_under_a_telling_name(server: str, live: str) -> None:
    run(server, f"COMMENT ON DATABASE {live} IS 'the shop'")
    swapped = swap(order(server, live, make_new(server, live, comment="the shop")))
    assert says(server, live) == "new"
    assert swapped.kept_as == f"{live}_before_20260102_120000"
    assert says(server, swapped.kept_as) == "old"
    assert comment_of(server, live) == "the shop"
    mark = read_mark(swapped.kept_as, str(comment_of(server, swapped.kept_as)))
    assert isinstance(mark, KeptMark)
    assert (mark.comment, mark.because, mark.database) == ("the shop", "rollback RB-7", live)


def test_clients_that_never_stop_asking_are_out_for_less_than_two_seconds(server: str, live: str) -> None:
    new = make_new(server, live)
    with hammered(with_database(server, live)) as seen:
        swapped = swap(order(server, live, new))
    assert swapped.ended > 0
    assert seen.first("new") > seen.last("old"), "somebody read the old database after the new one was live"
    assert seen.first("new") - seen.last("old") < 2
    assert {said for _, said in seen.answers} == {"old", "new"}
    # Whoever waited at the door hears once that the name means nothing now, and gets in at the next try.
    assert {kind for _, kind in seen.troubles} <= {"ended", "does not exist"}


def test_a_swap_is_undone_with_everything_as_it_was(server: str, live: str) -> None:
    run(server, f"COMMENT ON DATABASE {live} IS 'the shop'", f"ALTER DATABASE {live} CONNECTION LIMIT 17")
    swapped = swap(order(server, live, make_new(server, live)))
    back = swap_back(order(server, live, swapped.kept_as))
    assert (says(server, live), says(server, back.kept_as)) == ("old", "new")
    assert comment_of(server, live) == "the shop"
    assert ask(server, f"SELECT datconnlimit FROM pg_database WHERE datname = '{live}'") == 17


def test_the_same_order_a_second_time_finds_that_it_was_carried_out(server: str, live: str) -> None:
    new = make_new(server, live)
    first = swap(order(server, live, new))
    again = swap(order(server, live, new))
    assert (again.kept_as, again.ended) == (first.kept_as, 0)
    assert says(server, live) == "new"


def test_a_database_that_is_not_ours_never_takes_the_place(server: str, live: str) -> None:
    make(server, f"{live}_other", says="foreign")
    with pytest.raises(RefusedError, match="was not made by Backout"):
        swap(order(server, live, f"{live}_other"))
    renamed = make_new(server, live)
    run(server, f"ALTER DATABASE {renamed} RENAME TO {live}_renamed")
    with pytest.raises(RefusedError, match="was not made by Backout"):
        swap(order(server, live, f"{live}_renamed"))
    assert says(server, live) == "old"


def test_one_made_for_another_service_is_refused(server: str, live: str) -> None:
    with live_database(server, says="another") as another:
        new = make_new(server, another)
        with pytest.raises(RefusedError, match=f"was not made by Backout for {live}"):
            swap(order(server, live, new))


def test_a_missing_database_is_named(server: str, live: str) -> None:
    with pytest.raises(BackoutError, match="no database nowhere"):
        swap(order(server, live, "nowhere"))


def test_a_role_that_may_not_rename_gets_told_and_nobody_is_ended(server: str, live: str) -> None:
    new = make_new(server, live)
    run(server, f"CREATE ROLE {live}_weak LOGIN PASSWORD 'weak-word'")
    weak = re.sub(r"//backout[^@]*@", f"//{live}_weak:weak-word@", server)
    try:
        with psycopg.connect(with_database(server, live), autocommit=True) as client:
            with pytest.raises((ConfigurationError, RefusedError), match="our role may not"):
                swap(order(weak, live, new))
            assert client.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(ConfigurationError, match="Our role may not rename") as caught:
            swap(order(weak, live, new))
        assert "CREATEDB" in str(caught.value)
        assert says(server, live) == "old"
    finally:
        run(server, f"DROP ROLE {live}_weak")


def test_a_session_that_we_may_not_end_is_named_but_not_what_it_runs(server: str, live: str) -> None:
    new = make_new(server, live)
    run(server, f"CREATE ROLE {live}_owner LOGIN CREATEDB PASSWORD 'owner-word'")
    run(server, f"ALTER DATABASE {live} OWNER TO {live}_owner", f"ALTER DATABASE {new} OWNER TO {live}_owner")
    owner = re.sub(r"//backout[^@]*@", f"//{live}_owner:owner-word@", server)
    try:
        with psycopg.connect(with_database(server, live), autocommit=True, application_name="night job") as client:
            client.execute("SELECT 'my secret words'")
            with pytest.raises(RefusedError, match="our role may not end") as caught:
                swap(order(owner, live, new))
            assert "`backout`" in str(caught.value)
            assert "secret words" not in str(caught.value)
            assert client.execute("SELECT 1").fetchone() == (1,)
        # With its own sessions alone, the owner needs no superuser.
        with psycopg.connect(with_database(owner, live), autocommit=True):
            swap(order(owner, live, new))
        assert says(server, live) == "new"
    finally:
        for name in names(server, live):
            run(server, f"ALTER DATABASE {name} OWNER TO backout")
        run(server, f"DROP ROLE {live}_owner")


def test_the_curious_in_the_new_one_are_ended_without_a_longer_outage(server: str, live: str) -> None:
    new = make_new(server, live)
    with psycopg.connect(with_database(server, new), autocommit=True, application_name="curious") as curious:
        swapped = swap(order(server, live, new))
        with pytest.raises(psycopg.OperationalError):
            curious.execute("SELECT 1")
    assert (swapped.ended, says(server, live)) == (1, "new")


def test_who_holds_a_lock_on_the_databases_entry_is_named(server: str, live: str) -> None:
    new, inside = make_new(server, live), with_database(server, live)
    with psycopg.connect(server, application_name="migration") as holder, psycopg.connect(inside) as client:
        holder.execute(f"COMMENT ON DATABASE {live} IS 'not committed yet'")
        with pytest.raises(RefusedError, match=r"`migration`.*holds a lock"):
            swap(order(server, live, new, patience=timedelta(0)))
        assert client.execute("SELECT 1").fetchone() == (1,), "somebody was ended in vain"
        holder.rollback()
    assert (says(server, live), says(server, new)) == ("old", "new")


def test_prepared_transactions_and_slots_are_named(live: str, server: str) -> None:
    if ask(server, "SHOW max_prepared_transactions") == "0":
        pytest.skip("this server knows neither prepared transactions nor logical slots")
    new, inside = make_new(server, live), with_database(server, live)
    run(inside, "BEGIN", "INSERT INTO marker VALUES ('half')", "PREPARE TRANSACTION 'half done'")
    try:
        with pytest.raises(RefusedError, match="prepared transaction `half done`"):
            swap(order(server, live, new))
    finally:
        run(inside, "ROLLBACK PREPARED 'half done'")
    run(inside, "SELECT pg_create_logical_replication_slot('reader', 'pgoutput')")
    try:
        with pytest.raises(RefusedError, match="logical replication slot `reader`"):
            swap(order(server, live, new))
        swapped = swap(order(server, live, new, slots_may_stay=True))
        assert "reader" in swapped.warnings[0]
        assert says(server, live) == "new"
    finally:
        run(server, "SELECT pg_drop_replication_slot('reader')")


def test_two_swaps_at_once_do_not_meet(server: str, live: str) -> None:
    new = make_new(server, live)
    with (
        maintenance(server, avoid=(live,), purpose="test") as connection,
        only_one_works(connection, live),
        pytest.raises(RefusedError, match="Another Backout is at work"),
    ):
        swap(order(server, live, new))
    assert says(server, live) == "old"


def test_odd_and_long_names_are_swapped_too(server: str, live: str) -> None:
    odd = f'{live} "Ölé" ' + "x" * (63 - len(live.encode()) - 9)
    assert len(odd.encode()) == 63
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(live), sql.Identifier(odd)))
    new = f"{live}_new"
    make(server, new, says="new", mark=NewMark(says="t", name=new, database=odd, backup="b", made_at=NOON))
    swapped = swap(order(server, odd, new))
    assert swapped.kept_as.endswith("_before_20260102_120000")
    assert len(swapped.kept_as.encode()) <= 63
    assert (says(server, odd), says(server, swapped.kept_as)) == ("new", "old")


def test_kept_ones_are_listed_and_dropped_only_when_told_and_only_when_ours(server: str, live: str) -> None:
    swapped = swap(order(server, live, make_new(server, live)))
    (kept,) = kept_databases(server, database=live)
    assert (kept.name, kept.because, kept.until) == (swapped.kept_as, "rollback RB-7", NOON)
    assert kept.bytes > 1_000_000
    make(server, f"{live}_before_20250101_000000", says="looks like one")
    for foreign in (live, f"{live}_before_20250101_000000", "postgres"):
        with pytest.raises(RefusedError, match="not one that Backout made"):
            drop_kept(server, foreign, database=live)
    with pytest.raises(RefusedError, match="not one that Backout made"):
        drop_kept(server, kept.name, database="postgres")
    with (
        psycopg.connect(with_database(server, kept.name), application_name="searching"),
        pytest.raises(RefusedError, match=r"in use: .*searching"),
    ):
        drop_kept(server, kept.name, database=live)
    drop_kept(server, kept.name, database=live)
    assert kept_databases(server, database=live) == ()
    assert says(server, live) == "new"
