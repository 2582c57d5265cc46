import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from actions.backup.cloning import CloneOrder, list_clones, make_clone
from actions.backup.connecting import with_database
from actions.backup.encryption import Keys, new_key, read_keys
from actions.backup.folder_store import FolderStore
from actions.backup.manifest import Manifest, read_manifest
from actions.backup.programs import find_programs
from actions.backup.progress import Progress
from actions.errors import BackoutError, ConfigurationError, RefusedError
from actions.restore.kept import drop_kept, kept_databases
from actions.restore.limits import Limits
from actions.restore.restoring import CameBack, CannotBackUp, ComingBack, FromDump, restore, restore_clone
from actions.restore.restoring_content import FromBackup
from tests.backup.by_hand import NAME, backed_up, whole_dump
from tests.restore.databases import NOON, ask, live_database, names, run, says
from tests.restore.hammering import hammered
from tests.restore.killing import moments, nursery
from tests.restore.proofs import scratch_of
from tests.restore.servers import debian_server
from tests.restore.test_foreign_dumps import PROGRAMS, dump, inspect

TIMES = 100 if "nightly" in os.environ.get("BACKOUT_TEST_REQUIRE", "") else 2


@pytest.fixture
def live(postgres_url: str) -> Iterator[str]:
    with live_database(postgres_url) as name:
        run(
            with_database(postgres_url, name),
            "CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)",
            "INSERT INTO people (name) SELECT 'name' || g FROM generate_series(1, 2000) g",
        )
        yield name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def coming(url: str, live: str, **more: object) -> ComingBack:
    given: dict[str, object] = {
        "admin_url": url, "live": live, "because": "backup b1", "now": NOON, "safety": lambda: "safety-1",
        "limits": Limits.lasting(timedelta(minutes=2)),
    } | more  # fmt: skip
    return ComingBack(**given)  # type: ignore[arg-type]


def stored(folder: Path) -> FromBackup:
    manifest = read_manifest((folder / NAME / "manifest.json").read_bytes(), where="test")
    return FromBackup(
        manifest=manifest,
        store=FolderStore(path=folder),
        found=find_programs(os.environ),
        folder=folder.parent / "work",
    )


def taken(url: str, live: str, folder: Path, **more: object) -> Manifest:
    return backed_up(with_database(url, live), folder, **more).manifest


@pytest.mark.parametrize("form", ["parallel", "plain"])
@pytest.mark.by_day(1)
def test_the_state_of_then_is_back_and_that_of_now_is_kept(
    postgres_url: str, live: str, folder: Path, form: str
) -> None:
    before = whole_dump(with_database(postgres_url, live))
    taken(postgres_url, live, folder, form=form)
    run(with_database(postgres_url, live), "UPDATE marker SET says = 'damaged'", "DROP TABLE people")
    asked: list[str] = []

    def safety() -> str:
        asked.append(str(says(postgres_url, live)))
        return "safety-1"

    with hammered(with_database(postgres_url, live), clients=2) as seen:
        back = restore(coming(postgres_url, live, safety=safety), stored(folder))
    assert asked == ["damaged"], "the safety backup is taken of the state before"
    assert (back.safety, back.database) == ("safety-1", live)
    assert whole_dump(with_database(postgres_url, live)) == before
    assert back.kept_as
    assert says(postgres_url, back.kept_as) == "damaged"
    assert [kept.name for kept in kept_databases(postgres_url, database=live)] == [back.kept_as]
    assert seen.first("old") > seen.last("damaged")
    assert scratch_of(postgres_url) == []


@pytest.mark.parametrize("keys", [None, read_keys(new_key().secret, where="a test")], ids=["readable", "encrypted"])
@pytest.mark.by_day(1)
def test_owner_grants_settings_comment_limit_and_locale_are_as_they_were(
    postgres_url: str, live: str, folder: Path, keys: Keys | None
) -> None:
    owner = f"{live}_owner"
    run(
        postgres_url, f"CREATE ROLE {owner} LOGIN", f"ALTER DATABASE {live} OWNER TO {owner}",
        f"GRANT CREATE ON DATABASE {live} TO {owner} WITH GRANT OPTION", f"REVOKE TEMPORARY ON DATABASE {live} FROM PUBLIC",
        f"COMMENT ON DATABASE {live} IS 'the shop'", f"ALTER DATABASE {live} CONNECTION LIMIT 42",
        f"ALTER DATABASE {live} SET search_path TO \"$user\", public", f"ALTER ROLE {owner} IN DATABASE {live} SET work_mem TO '7MB'",
    )  # fmt: skip
    facts = (
        "SELECT ROW(pg_get_userbyid(datdba), datacl, datconnlimit, shobj_description(d.oid, 'pg_database'), encoding,"
        " datcollate, datlocale, datlocprovider, (SELECT array_agg(ROW(setrole, setconfig) ORDER BY setrole)"
        f" FROM pg_db_role_setting WHERE setdatabase = d.oid))::text FROM pg_database d WHERE datname = '{live}'"
    )
    before = ask(postgres_url, facts)
    try:
        taken(postgres_url, live, folder, recipient=keys.recipient if keys else None)
        run(postgres_url, f"ALTER DATABASE {live} CONNECTION LIMIT 1", f"ALTER DATABASE {live} RESET search_path")
        restore(coming(postgres_url, live), replace(stored(folder), keys=keys))
        assert ask(postgres_url, facts) == before
    finally:
        for name in names(postgres_url, live):
            run(
                postgres_url,
                f"ALTER DATABASE {name} OWNER TO backout",
                f"REVOKE ALL ON DATABASE {name} FROM {owner} CASCADE",
            )
            run(postgres_url, f"ALTER ROLE {owner} IN DATABASE {name} RESET ALL")
        run(postgres_url, f"DROP ROLE {owner}")


def test_a_setting_that_our_role_may_not_give_is_known_before_the_rows_are_filled(
    postgres_url: str, live: str, folder: Path
) -> None:
    owner = f"{live}_owner"
    run(
        postgres_url, f"CREATE ROLE {owner} LOGIN CREATEDB PASSWORD 'owner-word'", f"ALTER DATABASE {live} OWNER TO {owner}",
        f"ALTER DATABASE {live} SET app.jwt_secret TO 'hidden'",
    )  # fmt: skip
    url = re.sub(r"//backout[^@]*@", f"//{owner}:owner-word@", postgres_url)
    told: list[Progress] = []
    try:
        taken(postgres_url, live, folder)
        with pytest.raises(ConfigurationError, match=r"may not set `app\.jwt_secret`") as caught:
            restore(coming(url, live, watch=told.append), stored(folder))
        assert "GRANT SET ON PARAMETER app.jwt_secret" in str(caught.value.next_step)
        assert "hidden" not in str(caught.value)
        assert told == []
    finally:
        run(postgres_url, f"ALTER DATABASE {live} OWNER TO backout", f"DROP ROLE {owner}")


def test_as_another_name_leaves_the_service_alone(postgres_url: str, live: str, folder: Path) -> None:
    taken(postgres_url, live, folder)
    run(with_database(postgres_url, live), "UPDATE marker SET says = 'later'")
    back = restore(coming(postgres_url, live, as_name=f"{live}_look"), stored(folder))
    assert back == CameBack(database=f"{live}_look", kept_as=None, safety=None, seconds=back.seconds)
    assert (says(postgres_url, live), says(postgres_url, f"{live}_look")) == ("later", "old")
    with pytest.raises(RefusedError, match="already"):
        restore(coming(postgres_url, live, as_name=f"{live}_look"), stored(folder))


def test_a_safety_backup_that_fails_stops_it_and_one_that_cannot_be_does_not(
    postgres_url: str, live: str, folder: Path
) -> None:
    taken(postgres_url, live, folder)

    def fails() -> str:
        raise BackoutError("the store is full")

    with pytest.raises(BackoutError, match="the store is full"):
        restore(coming(postgres_url, live, safety=fails), stored(folder))
    assert kept_databases(postgres_url, database=live) == ()
    impossible = CannotBackUp(why="its files are damaged")
    assert restore(coming(postgres_url, live, safety=lambda: impossible), stored(folder)).safety == impossible


def test_a_database_that_is_gone_comes_back_without_a_swap(postgres_url: str, live: str, folder: Path) -> None:
    before = whole_dump(with_database(postgres_url, live))
    taken(postgres_url, live, folder)
    run(postgres_url, f"DROP DATABASE {live} WITH (FORCE)")
    back = restore(coming(postgres_url, live), stored(folder))
    assert (back.database, back.kept_as, back.safety) == (live, None, None)
    assert whole_dump(with_database(postgres_url, live)) == before


def test_damage_is_found_before_anything_of_the_service_is_touched(postgres_url: str, live: str, folder: Path) -> None:
    manifest = taken(postgres_url, live, folder)
    (people,) = [table for table in manifest.tables if table.name == "people"]
    source = stored(folder)
    wrong = people.model_copy(update={"hash": "0" * 32})
    lying = manifest.model_copy(update={"tables": tuple(wrong if each is people else each for each in manifest.tables)})
    with pytest.raises(BackoutError, match=r"not what was backed up.*public\.people"):
        restore(
            coming(postgres_url, live),
            FromBackup(manifest=lying, store=source.store, found=source.found, folder=source.folder),
        )
    for file in (folder / NAME).iterdir():
        if file.name != "manifest.json":
            file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(BackoutError):
        restore(coming(postgres_url, live), source)
    assert says(postgres_url, live) == "old"
    assert names(postgres_url, live) == [live]
    assert scratch_of(postgres_url) == []


def test_roles_that_are_gone_are_named_and_nothing_is_touched(postgres_url: str, live: str, folder: Path) -> None:
    reader, holder = f"{live}_reader", f"{live}_holder"
    run(postgres_url, f"CREATE ROLE {reader}", f"CREATE ROLE {holder}", f"GRANT CONNECT ON DATABASE {live} TO {reader}")
    run(with_database(postgres_url, live), f"ALTER TABLE people OWNER TO {holder}")
    taken(postgres_url, live, folder)
    run(postgres_url, f"REVOKE ALL ON DATABASE {live} FROM {reader}", f"DROP ROLE {reader}")
    with pytest.raises(ConfigurationError, match=f"`{reader}`"):
        restore(coming(postgres_url, live), stored(folder))
    run(with_database(postgres_url, live), "ALTER TABLE people OWNER TO backout")
    run(postgres_url, f"CREATE ROLE {reader}", f"DROP ROLE {holder}")
    try:
        with pytest.raises(ConfigurationError, match=f"`{holder}`"):
            restore(coming(postgres_url, live), stored(folder))
        assert names(postgres_url, live) == [live]
    finally:
        run(postgres_url, f"DROP ROLE {reader}")


@pytest.mark.slow
def test_a_tablespace_that_is_gone_is_named_and_can_be_done_without(folder: Path) -> None:
    with debian_server() as server, live_database(server) as live:
        place = Path(str(ask(server, "SHOW unix_socket_directories"))) / "space"
        place.mkdir()
        shutil.chown(place, "postgres")
        run(server, f"CREATE TABLESPACE elsewhere LOCATION '{place}'")
        run(with_database(server, live), "CREATE TABLE far (x int) TABLESPACE elsewhere")
        taken(server, live, folder)
        run(with_database(server, live), "DROP TABLE far")
        run(server, "DROP TABLESPACE elsewhere")
        with pytest.raises(ConfigurationError, match="elsewhere") as caught:
            restore(coming(server, live), stored(folder))
        assert "without tablespaces" in str(caught.value)
        source = stored(folder)
        restore(
            coming(server, live),
            FromBackup(
                manifest=source.manifest,
                store=source.store,
                found=source.found,
                folder=source.folder,
                tablespaces=False,
            ),
        )
        assert ask(with_database(server, live), "SELECT count(*) FROM far") == 0


def test_a_backup_of_a_newer_server_is_refused(postgres_url: str, live: str, folder: Path) -> None:
    taken(postgres_url, live, folder)
    with debian_server() as older, pytest.raises(ConfigurationError, match="PostgreSQL 18; the server is 15"):
        restore(coming(older, "shop"), stored(folder))


def test_what_was_restored_waits_when_the_swap_is_refused(postgres_url: str, live: str, folder: Path) -> None:
    taken(postgres_url, live, folder)
    run(with_database(postgres_url, live), "UPDATE marker SET says = 'damaged'")
    with psycopg.connect(postgres_url, application_name="holder") as holder:

        def safety() -> str:
            holder.execute(f"COMMENT ON DATABASE {live} IS 'not committed yet'")
            return "safety-1"

        with pytest.raises(RefusedError, match="holder"):
            restore(coming(postgres_url, live, safety=safety, patience=timedelta(0)), stored(folder))
        holder.rollback()
    (waiting,) = names(postgres_url, f"{live}_new")
    with pytest.raises(psycopg.OperationalError, match="not currently accepting"):
        psycopg.connect(with_database(postgres_url, waiting))
    # The stored files are not needed any more.
    source = stored(folder)
    shutil.rmtree(folder)
    assert restore(coming(postgres_url, live), source).kept_as
    assert says(postgres_url, live) == "old"
    assert names(postgres_url, f"{live}_new") == []


def test_somebody_elses_dump_takes_the_place_with_the_properties_of_today(
    postgres_url: str, live: str, tmp_path: Path
) -> None:
    run(postgres_url, f"COMMENT ON DATABASE {live} IS 'the shop'")
    before = whole_dump(with_database(postgres_url, live))
    found = inspect(
        dump(with_database(postgres_url, live), tmp_path / "d", "--clean", "--if-exists"),
        PROGRAMS,
        Limits.lasting(timedelta(minutes=1)),
    )
    run(with_database(postgres_url, live), "UPDATE marker SET says = 'damaged'")
    back = restore(coming(postgres_url, live), FromDump(dump=found, programs=PROGRAMS))
    assert whole_dump(with_database(postgres_url, live)) == before
    assert back.kept_as
    assert says(postgres_url, back.kept_as) == "damaged"
    said = f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{live}'"
    assert ask(postgres_url, said) == "the shop"


@pytest.mark.parametrize("keep", [False, True])
def test_a_clone_comes_back_and_is_consumed_or_kept(postgres_url: str, live: str, keep: bool) -> None:
    clone = make_clone(CloneOrder(admin_url=postgres_url, database=live, backup="c1", now=NOON))
    run(with_database(postgres_url, live), "UPDATE marker SET says = 'damaged'")
    back = restore_clone(coming(postgres_url, live), clone.name, keep_clone=keep)
    assert says(postgres_url, live) == "old"
    assert back.kept_as
    assert says(postgres_url, back.kept_as) == "damaged"
    assert [each.name for each in list_clones(postgres_url, database=live)] == ([clone.name] if keep else [])


def test_a_clone_comes_back_where_the_database_is_gone(postgres_url: str, live: str) -> None:
    clone = make_clone(CloneOrder(admin_url=postgres_url, database=live, backup="c1", now=NOON))
    run(postgres_url, f"DROP DATABASE {live} WITH (FORCE)")
    assert restore_clone(coming(postgres_url, live), clone.name).kept_as is None
    assert (says(postgres_url, live), names(postgres_url, live)) == ("old", [live])


def restore_it(url: str, live: str, folder: str) -> None:
    """What the child does that is killed."""
    restore(coming(url, live), stored(Path(folder)))


@pytest.mark.timeout(600)
def test_killed_at_any_moment_the_service_has_the_old_or_the_new_one_whole(
    postgres_url: str, live: str, folder: Path
) -> None:
    then = whole_dump(with_database(postgres_url, live))
    taken(postgres_url, live, folder)
    run(with_database(postgres_url, live), "UPDATE marker SET says = 'damaged'", "DELETE FROM people WHERE id > 5")
    now = whole_dump(with_database(postgres_url, live))
    done = 0
    call = "tests.restore.test_restoring:restore_it"
    with nursery("tests.restore.test_restoring") as children:
        whole = children.seconds(call, url=postgres_url, live=live, folder=str(folder))
        for moment in (0.0, *moments(TIMES, whole)):
            found = whole_dump(with_database(postgres_url, live))
            assert found in (then, now)
            if found == then:
                done += 1
                (kept,) = kept_databases(postgres_url, database=live)
                assert whole_dump(with_database(postgres_url, kept.name)) == now
                run(postgres_url, f"ALTER DATABASE {live} RENAME TO {live}_done{done}")
                run(postgres_url, f"ALTER DATABASE {kept.name} RENAME TO {live}", f"COMMENT ON DATABASE {live} IS NULL")
            children.start_and_kill(call, after=moment, url=postgres_url, live=live, folder=str(folder))
    assert done > 0
    assert whole_dump(with_database(postgres_url, live)) in (then, now)
    for kept in kept_databases(postgres_url, database=live):
        drop_kept(postgres_url, kept.name, database=live)
    restore(coming(postgres_url, live), stored(folder))
    assert whole_dump(with_database(postgres_url, live)) == then
    assert scratch_of(postgres_url) == [], "the next one clears away what the dead left"
