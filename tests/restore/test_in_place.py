import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from actions.backup.connecting import with_database
from actions.errors import BackoutError, ConfigurationError, RefusedError
from actions.restore.in_place import InPlace, restore_in_place
from actions.restore.limits import Limits
from actions.restore.restoring import ComingBack, FromDump, restore
from actions.restore.restoring_content import FromBackup
from tests.backup.by_hand import backed_up, whole_dump
from tests.restore.databases import NOON, ask, live_database, run
from tests.restore.hammering import hammered
from tests.restore.killing import moments, nursery
from tests.restore.test_foreign_dumps import PROGRAMS, SHOP, dump, inspect
from tests.restore.test_restoring import stored

TIMES = 100 if "nightly" in os.environ.get("BACKOUT_TEST_REQUIRE", "") else 2
MORE = (
    'CREATE SCHEMA "Odd ""one"', 'CREATE TYPE "Odd ""one".mood AS ENUM (\'a\')', 'CREATE TABLE "Odd ""one".t (m "Odd ""one".mood)',
    "CREATE DOMAIN positive AS int CHECK (VALUE > 0)", "CREATE TYPE pair AS (a int, b text)", "CREATE TYPE span AS RANGE (subtype = text)",
    "CREATE SEQUENCE counted START 5", "SELECT nextval('counted')", "CREATE MATERIALIZED VIEW many AS SELECT count(*) AS n FROM people",
    "CREATE FUNCTION plus(pair, pair) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OPERATOR === (LEFTARG = pair, RIGHTARG = pair, FUNCTION = plus)", "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)",
    "CREATE STATISTICS together ON id, name FROM people", "CREATE TEXT SEARCH CONFIGURATION searching (COPY = simple)",
    "CREATE COLLATION german (provider = libc, locale = 'C')", "CREATE TABLE parent_of (a int) ", "CREATE TABLE child_of () INHERITS (parent_of)",
    "INSERT INTO child_of VALUES (1), (2)", "CREATE TABLE a (id int PRIMARY KEY, b int)", "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)",
    "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b", "INSERT INTO a VALUES (1, NULL)", "INSERT INTO b VALUES (1, 1)", "UPDATE a SET b = 1",
)  # fmt: skip


@pytest.fixture
def owned(postgres_url: str) -> Iterator[str]:
    """The URL of a database whose owner may create no other."""
    with live_database(postgres_url) as live:
        owner = f"{live}_owner"
        run(
            postgres_url,
            f"CREATE ROLE {owner} LOGIN PASSWORD 'owner-word' NOCREATEDB",
            f"ALTER DATABASE {live} OWNER TO {owner}",
        )
        run(with_database(postgres_url, live), f"ALTER TABLE marker OWNER TO {owner}")
        url = with_database(re.sub(r"//backout[^@]*@", f"//{owner}:owner-word@", postgres_url), live)
        run(url, *SHOP, *MORE)
        try:
            yield url
        finally:
            run(postgres_url, f"ALTER DATABASE {live} OWNER TO backout")
            run(
                with_database(postgres_url, live),
                f"REASSIGN OWNED BY {owner} TO backout",
                f"DROP OWNED BY {owner}",
                f"DROP ROLE {owner}",
            )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def place(url: str, **more: object) -> InPlace:
    given: dict[str, object] = {
        "url": url,
        "safety": lambda: "s1",
        "limits": Limits.lasting(timedelta(minutes=2)),
    } | more
    return InPlace(**given)  # type: ignore[arg-type]


def damage(url: str) -> None:
    run(
        url, "DROP TABLE people CASCADE", "UPDATE marker SET says = 'damaged'", "CREATE TABLE newer (x pair)", "CREATE SCHEMA later",
        "CREATE TABLE later.t (x int)", "SELECT lo_unlink(4711)", "SELECT lo_from_bytea(99, 'later')", "DROP AGGREGATE total(int)",
    )  # fmt: skip


@pytest.mark.parametrize("form", ["parallel", "plain"])
@pytest.mark.by_day(1)
def test_everything_goes_and_everything_comes_back(owned: str, folder: Path, form: str) -> None:
    before = whole_dump(owned)
    backed_up(owned, folder, form=form)
    damage(owned)
    back = restore_in_place(place(owned), stored(folder))
    assert back.safety == "s1"
    assert whole_dump(owned) == before


def test_so_does_somebody_elses_dump(owned: str, tmp_path: Path) -> None:
    before = whole_dump(owned)
    found = inspect(
        dump(owned, tmp_path / "dump", "--clean", "--if-exists"), PROGRAMS, Limits.lasting(timedelta(minutes=1))
    )
    damage(owned)
    restore_in_place(place(owned), FromDump(dump=found, programs=PROGRAMS))
    assert whole_dump(owned) == before


def test_a_restore_beside_tells_such_a_role_of_the_way_in_place(owned: str, folder: Path) -> None:
    backed_up(owned, folder)
    name = str(ask(owned, "SELECT current_database()"))
    asked: list[str] = []
    order = ComingBack(
        admin_url=owned,
        live=name,
        because="b",
        now=NOON,
        safety=lambda: asked.append("safety") or "s1",  # type: ignore[func-returns-value]
        limits=Limits.lasting(timedelta(minutes=1)),
    )
    with pytest.raises(ConfigurationError, match="may not create databases") as caught:
        restore(order, stored(folder))
    assert "--in-place" in str(caught.value)
    assert not asked, "a backup of hours, for nothing"


def test_until_the_end_everybody_sees_the_old_state_and_then_the_new(owned: str, folder: Path) -> None:
    backed_up(owned, folder)
    damage(owned)
    with hammered(owned, clients=3) as seen:
        restore_in_place(place(owned), stored(folder))
    assert seen.first("old") > seen.last("damaged")
    assert {said for _, said in seen.answers} == {"old", "damaged"}


def test_who_uses_the_tables_is_named_and_nothing_is_changed(owned: str, folder: Path) -> None:
    backed_up(owned, folder)
    damage(owned)
    now = whole_dump(owned)
    with psycopg.connect(owned, application_name="night job") as client:
        client.execute("SELECT * FROM marker")
        with pytest.raises(RefusedError, match="night job"):
            restore_in_place(place(owned, lock_timeout=timedelta(milliseconds=300)), stored(folder))
    assert whole_dump(owned) == now


def test_what_belongs_to_somebody_else_stops_it(owned: str, folder: Path, postgres_url: str) -> None:
    backed_up(owned, folder)
    damage(owned)
    name = str(ask(owned, "SELECT current_database()"))
    run(with_database(postgres_url, name), "CREATE SCHEMA theirs", "CREATE TABLE theirs.t (x int)")
    with pytest.raises(ConfigurationError, match=r"must be owner.*theirs"):
        restore_in_place(place(owned), stored(folder))
    assert ask(owned, "SELECT says FROM marker") == "damaged"


def test_damage_in_the_stored_rows_gives_the_old_state_back(owned: str, folder: Path) -> None:
    manifest = backed_up(owned, folder).manifest
    damage(owned)
    now = whole_dump(owned)
    source = stored(folder)
    (people,) = [table for table in manifest.tables if table.name == "people"]
    wrong = people.model_copy(update={"hash": "0" * 32})
    lying = manifest.model_copy(update={"tables": tuple(wrong if each is people else each for each in manifest.tables)})
    with pytest.raises(BackoutError, match="nothing was changed"):
        restore_in_place(
            place(owned), FromBackup(manifest=lying, store=source.store, found=source.found, folder=source.folder)
        )
    assert whole_dump(owned) == now


def restore_it(url: str, folder: str) -> None:
    """What the child does that is killed."""
    restore_in_place(place(url), stored(Path(folder)))


@pytest.mark.timeout(600)
def test_killed_at_any_moment_it_is_all_or_nothing(owned: str, folder: Path) -> None:
    then = whole_dump(owned)
    backed_up(owned, folder)
    damage(owned)
    now = whole_dump(owned)
    done = 0
    with nursery("tests.restore.test_in_place") as children:
        for moment in moments(TIMES, 1.2):
            children.start_and_kill(
                "tests.restore.test_in_place:restore_it", after=moment, url=owned, folder=str(folder)
            )
            found = whole_dump(owned)
            assert found in (then, now)
            if found == then:
                done += 1
                damage(owned)
    restore_in_place(place(owned), stored(folder))
    assert whole_dump(owned) == then
