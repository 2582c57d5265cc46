"""Rows that people put into the tables of extensions are backed up, proven and restored like their own."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from actions.backup.configuration import configuration
from actions.embedded.binaries import let_pass
from actions.restore.in_place import InPlace, restore_in_place
from actions.restore.limits import Limits
from actions.restore.proving import prove
from actions.restore.restoring_content import FromBackup
from tests.conftest import server_folder
from tests.restore.databases import run
from tests.restore.proofs import FOUND, Backup, back_up

SCRIPT = """
CREATE TABLE places (id int, name text, is_ours boolean NOT NULL DEFAULT false, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO places SELECT g, 'from the extension ' || g, true FROM generate_series(1, 30) g;
CREATE TABLE words (word text);
SELECT pg_catalog.pg_extension_config_dump('places', 'WHERE NOT is_ours');
SELECT pg_catalog.pg_extension_config_dump('words', '');
"""


@pytest.fixture(scope="module")
def offering(postgres_url: str) -> Iterator[str]:
    """A server that has an extension with such tables."""
    with server_folder() as folder:
        there = folder / "extension"
        there.mkdir()
        (there / "atlas.control").write_text("default_version = '1.0'\nrelocatable = false\nschema = public\n")
        (there / "atlas--1.0.sql").write_text(SCRIPT)
        for path in (there, there / "atlas.control", there / "atlas--1.0.sql"):
            path.chmod(0o755)
        let_pass(there / "atlas.control", uid=65534, gid=65534)
        run(postgres_url, f"ALTER ROLE CURRENT_USER SET extension_control_path = '{folder}:$system'")
        yield postgres_url
        run(postgres_url, "ALTER ROLE CURRENT_USER RESET extension_control_path")


@pytest.fixture
def atlas(offering: str, database_url: str) -> str:
    run(
        database_url,
        "CREATE EXTENSION atlas",
        "INSERT INTO places SELECT g, 'ours ' || g FROM generate_series(100, 140) g",
        "UPDATE places SET name = name || ' again' WHERE id = 101",
        "INSERT INTO words VALUES ('b'), (NULL), ('a')",
    )
    return database_url


def counted(url: str) -> dict[str, int]:
    with psycopg.connect(url, autocommit=True) as connection:
        return {each.name: each.rows for each in configuration(connection, encoding="UTF8")}


@pytest.mark.parametrize("form", ["parallel", "plain"])
def test_they_come_back_in_a_proven_backup(atlas: str, postgres_url: str, tmp_path: Path, form: str) -> None:
    backup = back_up(atlas, postgres_url, tmp_path, form=form)  # type: ignore[arg-type]
    assert {each.name: each.rows for each in backup.manifest.configuration} == {"places": 41, "words": 3}
    proof = prove(backup.proof())
    assert proof.is_proven, proof.why


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            "DELETE FROM places WHERE id = 120",
            "public.places: 41 rows of an extension's table were backed up, 40 came back",
        ),
        (
            "UPDATE words SET word = 'c' WHERE word = 'b'",
            "public.words: 3 rows of an extension's table came back, as many",
        ),
        ("INSERT INTO words VALUES ('d')", "public.words: 3 rows of an extension's table were backed up, 4 came back"),
    ],
)
def test_a_row_that_was_lost_changed_or_added_is_found(
    atlas: str, postgres_url: str, tmp_path: Path, damage: str, told: str
) -> None:
    backup = back_up(atlas, postgres_url, tmp_path)
    proof = prove(backup.proof(before_comparing=lambda url: run(url, damage)))
    assert [str(each).startswith(f"rows {told}") for each in proof.differences] == [True], proof.why


def test_what_the_extension_itself_brings_is_not_compared(atlas: str, postgres_url: str, tmp_path: Path) -> None:
    run(atlas, "DELETE FROM places WHERE is_ours")
    assert prove(back_up(atlas, postgres_url, tmp_path).proof()).is_proven


def test_in_place_they_are_neither_doubled_nor_left(atlas: str, postgres_url: str, tmp_path: Path) -> None:
    backup = back_up(atlas, postgres_url, tmp_path)
    run(atlas, "INSERT INTO words VALUES ('later')", "DELETE FROM places WHERE id = 100")
    restore_in_place(_in_place(atlas), _content(backup, tmp_path))
    assert counted(atlas) == {"places": 41, "words": 3}
    with psycopg.connect(atlas) as connection:
        assert connection.execute("SELECT count(*) FROM places WHERE is_ours").fetchone() == (30,)


def _in_place(url: str) -> InPlace:
    return InPlace(url=url, safety=lambda: "s1", limits=Limits.lasting(timedelta(minutes=2)))


def _content(backup: Backup, folder: Path) -> FromBackup:
    return FromBackup(manifest=backup.manifest, store=backup.store, found=FOUND, folder=folder / "work")
