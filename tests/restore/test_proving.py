"""The proof finds whatever is not as it was backed up, and names it without a single row."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from actions.backup.manifest import Extension
from actions.errors import ConfigurationError, UnavailableError
from actions.history.values import BackupState
from actions.restore.differences import Part
from actions.restore.proving import Proof, prove, proving
from tests.conftest import server_folder
from tests.restore.proofs import Backup, as_json, back_up, fresh_database, roles, scratch_of

SECRET = "jane.doe@example.org"
SHOP = f"""
CREATE EXTENSION vector;
CREATE TYPE kind AS ENUM ('new', 'old');
CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, mail text, kind varchar(9) CHECK (kind IN ('new', 'old')));
INSERT INTO people SELECT n, 'name ' || n, '{SECRET}' || n, 'new' FROM generate_series(1, 4000) n;
CREATE TABLE lost (id int PRIMARY KEY, name text);
INSERT INTO lost SELECT n, repeat('x', 60) || n FROM generate_series(1, 4000) n;
CREATE TABLE added (LIKE lost);
INSERT INTO added SELECT * FROM lost;
CREATE TABLE small (id serial PRIMARY KEY, people_id int CONSTRAINT of_people REFERENCES people, what text);
INSERT INTO small (people_id, what) SELECT n, '{SECRET}' FROM generate_series(1, 5) n;
CREATE INDEX small_what ON small (what);
CREATE VIEW names AS SELECT name FROM people WHERE kind IN ('new', 'old');
CREATE MATERIALIZED VIEW counts AS SELECT kind, count(*) FROM people GROUP BY kind;
CREATE SEQUENCE tickets; SELECT setval('tickets', 500);
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON TABLE people IS 'those';
SELECT lo_from_bytea(4242, '\\x00010203');
"""


@pytest.fixture(scope="module")
def shop(postgres_url: str) -> Iterator[Backup]:
    with roles(postgres_url, "reader") as people, fresh_database(postgres_url) as url, server_folder() as folder:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SHOP.encode())
            role = people["reader"].replace('"', '""')
            connection.execute(f'GRANT SELECT ON people, lost TO "{role}"'.encode())
        yield back_up(url, postgres_url, folder)


def damaging(*statements: str) -> Callable[[str], None]:
    def damage(url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    return damage


def named(proof: Proof) -> set[str]:
    assert proof.state is BackupState.FAILED
    said = as_json(proof.facts) + str(proof.faults) + proof.why
    assert "jane" not in said
    assert "example.org" not in said
    return set(proof.faults)


def test_what_was_not_touched_is_proven(shop: Backup) -> None:
    proof = prove(shop.proof())
    assert proof.is_proven
    assert proof.faults == ()
    assert proof.restore_seconds > 0
    assert proof.compare_seconds > 0
    assert proof.where == "beside the database"


def test_every_damage_to_the_copy_is_found_and_named(shop: Backup) -> None:
    damage = damaging(
        "UPDATE people SET mail = mail || 'x', name = upper(name) WHERE id = 17",
        "DELETE FROM lost WHERE id IN (5, 6)",
        "INSERT INTO added VALUES (9999, 'one more')",
        "UPDATE small SET what = 'other' WHERE id = 2",
        "DROP INDEX small_what",
        "ALTER TABLE small DROP CONSTRAINT of_people",
        "REVOKE SELECT ON people FROM PUBLIC; DO $$ BEGIN EXECUTE (SELECT format('REVOKE SELECT ON lost FROM %I', rolname) "
        "FROM pg_roles WHERE rolname LIKE 'reader \"of\"%' LIMIT 1); END $$",
        "SELECT setval('tickets', 501)",
        "SELECT setval('small_id_seq', 5, false)",
        "SELECT lo_put(4242, 2, '\\xff')",
        "UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'vector'",
        "COMMENT ON TABLE people IS 'others'",
        "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "ALTER TABLE added ALTER COLUMN name SET DEFAULT 'x'",
        "CREATE SCHEMA nobody_knows AUTHORIZATION pg_monitor",
        "INSERT INTO people VALUES (-1, 'x', 'y', 'old'); REFRESH MATERIALIZED VIEW counts; DELETE FROM people WHERE id = -1",
    )
    found = named(prove(shop.proof(before_comparing=damage)))
    version = next(each.version for each in shop.manifest.extensions if each.name == "vector")
    grant = next(each for each in found if "GRANT SELECT ON TABLE public.lost TO" in each)
    assert grant.endswith("it is missing in what came back")
    assert found - {grant} == {
        "rows public.people: 1 row is changed (in `name`, `mail`)",
        "rows public.lost: 2 rows are missing",
        "rows public.added: 1 row is more than there were",
        "rows public.small: what came back has 5 rows, as many as were backed up, but with other values",
        "schema CREATE INDEX small_what ON public.small USING btree: it is missing in what came back",
        "schema ALTER TABLE ONLY public.small ADD CONSTRAINT of_people FOREIGN KEY: it is missing in what came back",
        "sequence public.tickets: it stood at 500 and came back at 501",
        "sequence public.small_id_seq: 5 would be given out again",
        "large objects of the database: their content or their numbers are others than those backed up",
        f"extension vector: version {version} was backed up, 0.0.1 came back",
        "schema COMMENT ON TABLE public.people: it is another one",
        "schema CREATE FUNCTION public.one: it is another one",
        "schema CREATE TABLE public.added: it is another one (in `name`)",
        "schema CREATE SCHEMA nobody_knows: it is only in what came back",
        "schema ALTER SCHEMA nobody_knows OWNER TO pg_monitor: it is only in what came back",
        "materialised view public.counts: 1 rows in the backup, 2 rows in what came back",
    }


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        pytest.param("UPDATE people SET mail = NULL WHERE id = 1", Part.ROWS, id="a value that became NULL"),
        pytest.param("UPDATE small SET what = what || ' '", Part.ROWS, id="a blank at the end"),
        pytest.param("ALTER TABLE people ALTER COLUMN name DROP NOT NULL", Part.SCHEMA, id="not null"),
        pytest.param("ALTER TABLE people ENABLE ROW LEVEL SECURITY", Part.SCHEMA, id="row security"),
        pytest.param("ALTER TYPE kind ADD VALUE 'older'", Part.SCHEMA, id="one more word of an enum"),
    ],
)
@pytest.mark.by_day(2)
def test_each_damage_alone_is_enough(shop: Backup, damage: str, part: Part) -> None:
    proof = prove(shop.proof(before_comparing=damaging(damage)))
    assert named(proof)
    assert part in {difference.part for difference in proof.differences}


def test_things_that_did_not_come_back_at_all_are_named(shop: Backup) -> None:
    damage = damaging(
        "SELECT lo_unlink(4242)", "DROP SEQUENCE tickets", "DROP MATERIALIZED VIEW counts", "DROP EXTENSION vector",
        "DROP TABLE lost",
    )  # fmt: skip
    proof = prove(shop.proof(before_comparing=damage))
    assert {(each.part, each.name) for each in proof.differences if each.part is not Part.SCHEMA} == {
        (Part.LARGE_OBJECTS, "of the database"),
        (Part.SEQUENCE, "public.tickets"),
        (Part.MATERIALISED_VIEW, "public.counts"),
        (Part.EXTENSION, "vector"),
        (Part.ROWS, "public.lost"),
    }


def test_rows_in_another_order_are_the_same_rows(shop: Backup) -> None:
    """As a server may leave them that moved a row for its own reasons."""
    moved = damaging("UPDATE people SET name = name WHERE id % 3 = 0", "VACUUM FULL people", "VACUUM FULL lost")
    assert prove(shop.proof(before_comparing=moved)).is_proven


def test_a_changed_lost_or_added_row_in_the_store_is_found_though_every_checksum_fits(
    shop: Backup, tmp_path: Path
) -> None:
    copy = shop.copied(tmp_path / "store")
    copy = copy.tampered("people", lambda rows: [rows[0].replace(b"name", b"NAME"), *rows[1:]])
    copy = copy.tampered("lost", lambda rows: rows[:-1])
    copy = copy.tampered("added", lambda rows: [*rows, b"9999\tx\n"])
    assert named(prove(copy.proof())) == {
        "rows public.people: the stored file has 4,000 rows, as many as were backed up, but with other values",
        "rows public.lost: 4,000 rows were counted when the backup was taken, the stored file has 3,999",
        "rows public.added: 4,000 rows were counted when the backup was taken, the stored file has 4,001",
    }


def test_a_schema_other_than_the_manifests_is_found(shop: Backup) -> None:
    found = named(prove(shop.with_manifest(schema_hash="0" * 64).proof()))
    assert found == {"schema of the stored backup: it is not the schema that the manifest was made with"}


@pytest.mark.slow
def test_the_copy_lives_as_long_as_it_is_needed_and_is_gone_afterwards(shop: Backup, postgres_url: str) -> None:
    for place in ("beside", "throw-away"):
        with proving(shop.proof(use=place)) as proved:
            assert proved.proof.is_proven
            assert proved.copy
            assert proved.server
            with proved.server.database(template=proved.copy.name) as again, psycopg.connect(again.url) as connection:
                assert connection.execute("SELECT count(*) FROM people").fetchone() == (4000,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(proved.copy.url)
    assert [each.name for each in shop.work.iterdir()] == ["workshops.lock"]


@pytest.mark.slow
def test_an_extension_that_only_the_server_beside_has_moves_the_proof_there(shop: Backup) -> None:
    strange = Extension(name="vector", version="0.0.1", schema_name="public")
    others = [each for each in shop.manifest.extensions if each.name != "vector"]
    backup = shop.with_manifest(extensions=(*others, strange), database_bytes=1 << 30)
    proof = prove(backup.proof(use="either"))
    assert proof.where == "beside the database"
    assert "a throw-away server could not do it: PostgreSQL on this machine lacks `vector` 0.0.1" in proof.remarks[0]
    assert [str(each) for each in proof.differences] == [
        f"extension vector: version 0.0.1 was backed up, {_version(shop)} came back"
    ]


def _version(backup: Backup) -> str:
    return next(each.version for each in backup.manifest.extensions if each.name == "vector")


def test_an_extension_that_nobody_has_says_what_to_do(shop: Backup) -> None:
    lacking = Extension(name="postgis", version="3.4.0", schema_name="public")
    backup = shop.with_manifest(extensions=(*shop.manifest.extensions, lacking))
    with pytest.raises(ConfigurationError, match="lacks `postgis`") as caught:
        prove(backup.proof(use="either"))
    assert "Install it" in str(caught.value)


@pytest.mark.slow
def test_a_role_that_is_gone_from_the_server_says_what_to_do_and_a_throw_away_server_makes_it(
    shop: Backup, postgres_url: str
) -> None:
    with server_folder() as folder, fresh_database(postgres_url) as url:
        with roles(postgres_url, "gone") as people:
            role = people["gone"].replace('"', '""')
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f'CREATE TABLE things (id int); ALTER TABLE things OWNER TO "{role}"'.encode())
            backup = back_up(url, postgres_url, folder)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("DROP TABLE things")
        with pytest.raises(ConfigurationError, match="lacks roles") as caught:
            prove(backup.proof(use="beside"))
        assert "Create them there" in str(caught.value)
        assert prove(backup.proof(use="throw-away")).is_proven
        assert prove(backup.proof(use="either")).where == "a throw-away server"


def test_it_stops_when_it_is_told_to_and_nothing_is_left(shop: Backup, postgres_url: str) -> None:
    asked = iter(range(1000))
    with pytest.raises(UnavailableError, match="stopped"):
        prove(shop.proof(should_stop=lambda: next(asked) > 4))
    assert scratch_of(postgres_url) == []
