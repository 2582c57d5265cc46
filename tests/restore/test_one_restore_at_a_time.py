"""Two restores of one service at the same time: the second one is refused, and told about the first."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from actions.backup.connecting import with_database
from actions.backup.progress import Progress
from actions.errors import BackoutError, RefusedError, UnavailableError
from actions.restore.alone import only_one_restores
from actions.restore.in_place import InPlace, restore_in_place
from actions.restore.limits import Limits
from actions.restore.restoring import restore, restore_clone
from tests.restore.databases import live_database, make_new, run, says
from tests.restore.test_restoring import coming, stored, taken


@pytest.fixture
def live(postgres_url: str) -> Iterator[str]:
    with live_database(postgres_url) as name:
        yield name


def in_place(url: str, live: str, folder: Path, safety: Callable[[], str]) -> None:
    order = InPlace(
        url=with_database(url, live), admin_url=url, safety=safety, limits=Limits.lasting(timedelta(minutes=1))
    )
    restore_in_place(order, stored(folder))


@pytest.mark.parametrize("second", ["beside", "in place", "clone"])
@pytest.mark.parametrize("first", ["beside", "in place"])
@pytest.mark.by_day(2)
def test_the_second_one_is_refused_before_it_does_anything(
    postgres_url: str, live: str, tmp_path: Path, first: str, second: str
) -> None:
    taken(postgres_url, live, tmp_path)
    refused: list[str] = []

    def asked() -> str:
        raise AssertionError("the second one must not come to its safety backup")

    def again() -> None:
        if second == "beside":
            restore(coming(postgres_url, live, safety=asked), stored(tmp_path))
        elif second == "in place":
            in_place(postgres_url, live, tmp_path, asked)
        else:
            restore_clone(coming(postgres_url, live), make_new(postgres_url, live))

    def safety() -> str:
        with pytest.raises(RefusedError, match=f"Another restore of {live} is under way") as caught:
            again()
        refused.append(str(caught.value))
        return "safety-1"

    if first == "beside":
        restore(coming(postgres_url, live, safety=safety), stored(tmp_path))
    else:
        in_place(postgres_url, live, tmp_path, safety)
    assert len(refused) == 1
    assert "since" in refused[0]
    assert says(postgres_url, live) == "old"


@pytest.mark.slow
def test_a_restore_to_another_name_and_one_of_another_service_go_on(
    postgres_url: str, live: str, tmp_path: Path
) -> None:
    taken(postgres_url, live, tmp_path)
    with only_one_restores(postgres_url, live), only_one_restores(postgres_url, f"{live}_eu"):
        assert restore(coming(postgres_url, live, as_name=f"{live}_look"), stored(tmp_path)).database == f"{live}_look"


def test_when_it_is_over_or_its_process_died_the_next_one_may(postgres_url: str, live: str) -> None:
    with only_one_restores(postgres_url, live):
        run(
            postgres_url,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'backout restores'",
        )
        with only_one_restores(postgres_url, live):
            pass
    with only_one_restores(postgres_url, live):
        pass


def test_who_lost_its_session_takes_the_lock_again_and_stops_when_another_has_it(postgres_url: str, live: str) -> None:
    end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'backout restores'"
    with only_one_restores(postgres_url, live) as make_sure:
        run(postgres_url, end)
        make_sure()
        with pytest.raises(RefusedError, match="Another restore"), only_one_restores(postgres_url, live):
            pass
        run(postgres_url, end)
        with only_one_restores(postgres_url, live), pytest.raises(RefusedError, match="Another restore"):
            make_sure()


def test_of_many_at_once_one_gets_through(postgres_url: str, live: str) -> None:
    over, got, refused = threading.Event(), [], []

    def one() -> None:
        try:
            with only_one_restores(postgres_url, live):
                got.append(1)
                over.wait(20)
        except RefusedError:
            refused.append(1)
            if len(refused) == 5:
                over.set()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(refused)) == (1, 5)


def test_a_server_that_does_not_answer_is_said(postgres_url: str) -> None:
    with (
        pytest.raises(UnavailableError),
        only_one_restores("postgresql://nobody@127.0.0.1:1/postgres", "shop"),
    ):
        raise AssertionError("it must not come so far")


def test_where_only_the_database_itself_lets_us_in_its_own_lock_is_used(postgres_url: str, live: str) -> None:
    role = f"{live}_lonely"
    own = with_database(re.sub(r"//backout[^@]*@", f"//{role}:lonely-word@", postgres_url), live)
    run(
        postgres_url,
        f"CREATE ROLE {role} LOGIN PASSWORD 'lonely-word'",
        "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC",
    )
    try:
        with pytest.raises(UnavailableError), only_one_restores(own, live):
            pass
        with only_one_restores(own, live, inside=True) as make_sure:
            make_sure()
            with pytest.raises(RefusedError, match="Another restore"), only_one_restores(own, live, inside=True):
                pass
    finally:
        run(postgres_url, "GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC", f"DROP ROLE {role}")


def test_a_backup_that_is_under_way_when_the_databases_change_places_is_none(
    postgres_url: str, live: str, tmp_path: Path
) -> None:
    """Half of the old database and half of the new one would be a backup of nothing."""
    run(
        with_database(postgres_url, live),
        "CREATE TABLE wide AS SELECT g, repeat('x', 100) FROM generate_series(1, 9000) g",
    )
    taken(postgres_url, live, tmp_path / "first")
    restored: list[str | None] = []

    def watch(_: Progress) -> None:
        if not restored:
            restored.append(None)
            restored[0] = restore(coming(postgres_url, live), stored(tmp_path / "first")).kept_as

    with pytest.raises(BackoutError):
        taken(postgres_url, live, tmp_path / "second", watch=watch, jobs=1)
    assert restored[0]
    assert not [path for path in (tmp_path / "second").rglob("*") if path.is_file()]
    assert says(postgres_url, live) == "old"
