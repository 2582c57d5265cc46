"""pg_dump's table of contents: every version that is here, chunks of any size, and what is no archive."""

import os
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.backup.archive import ArchiveFilter
from actions.backup.archiving import patterns
from actions.backup.connecting import libpq_environment
from actions.backup.programs import find_programs, programs_for
from actions.backup.tables import Table
from actions.errors import BackoutError
from tests.restore.servers import debian_server

SCHEMA = """
CREATE TABLE one AS SELECT 1 AS a; CREATE TABLE two AS SELECT 1 AS a; CREATE SEQUENCE counting;
SELECT setval('counting', -1 + 43, true); CREATE SEQUENCE backwards INCREMENT -1 START -5;
CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER far FOREIGN DATA WRAPPER elsewhere;
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'tr0ub4dor')
"""


@pytest.fixture(scope="module", params=[15, 18])
def archive(request: pytest.FixtureRequest) -> Iterator[bytes]:
    """As pg_dump of this version writes it; every version dumps PostgreSQL 15."""
    with debian_server() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SCHEMA)
        program = programs_for(request.param, find_programs(os.environ)).folder / "pg_dump"
        command = [program, "-Fc", "-Z0", "--exclude-table-data=one"]
        yield subprocess.run(command, env=libpq_environment(url), capture_output=True, check=True).stdout


def cut(whole: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_an_archive_passes_through_and_tells_what_is_in_it(archive: bytes, size: int) -> None:
    reading = ArchiveFilter(cut(archive, size), codec="utf-8")
    passed = b"".join(reading.head()) + b"".join(reading.rest())

    found = reading.contents
    assert found.tables == {("public", "one"), ("public", "two")}
    assert found.tables_with_rows == {("public", "two")}
    values = {each.name: (each.last_value, each.is_called) for each in found.sequences}
    assert values == {"counting": (42, True), "backwards": (-5, False)}
    assert found.without_definition == ["USER MAPPING public SERVER far"]
    assert b"tr0ub4dor" in archive
    assert b"tr0ub4dor" not in passed
    program = programs_for(18, find_programs(os.environ)).folder / "pg_restore"
    scripts = [
        subprocess.run([program, "-f", "-"], input=text, capture_output=True, check=True).stdout.decode()
        for text in (archive, passed)
    ]
    before, after = ([line for line in text.splitlines() if "restrict " not in line] for text in scripts)
    lost = [line for line in before if line not in after]
    assert "CREATE USER MAPPING FOR public SERVER far OPTIONS (" in lost
    assert "    password 'tr0ub4dor'" in lost
    assert len(before) - len(after) < 12


def test_an_archive_that_ends_too_early_is_an_error(archive: bytes) -> None:
    for length in (0, 3, 12, 300, 1500):
        with pytest.raises(BackoutError):
            list(ArchiveFilter(cut(archive[:length], 64), codec="utf-8").head())


def test_an_archive_of_an_unknown_version_is_refused_and_not_guessed_at(archive: bytes) -> None:
    newer = archive[:6] + bytes([99]) + archive[7:]
    with pytest.raises(BackoutError, match=r"version 1\.99"):
        list(ArchiveFilter([newer], codec="utf-8").head())


@given(st.binary(max_size=200))
def test_whatever_is_no_archive_is_an_error(text: bytes) -> None:
    with pytest.raises(BackoutError):
        list(ArchiveFilter([b"PGDMP\x01\x10\x00\x04\x08\x01" + text], codec="utf-8").head())


def test_names_share_patterns_by_schema_and_patterns_stay_short() -> None:
    def table(schema: str, name: str) -> Table:
        return Table(
            number=1, schema_name=schema, name=name, columns=(), is_partitioned=False, is_unlogged=False, bytes=0
        )

    assert list(patterns([table("b", "x"), table("a", 'y"z'), table("b", "w")])) == ['"a".("y""z")', '"b".("x"|"w")']
    many = list(patterns([table("a", f"{'n' * 58}{number:05}") for number in range(3000)]))
    assert len(many) > 1
    assert max(map(len, many)) < 100_000
    assert sum(pattern.count("|") + 1 for pattern in many) == 3000
