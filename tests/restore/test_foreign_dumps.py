import gzip
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from actions.backup.connecting import libpq_environment, with_database
from actions.backup.programs import find_programs
from actions.errors import BackoutError, ConfigurationError
from actions.restore.foreign_dumps import DumpKind, ForeignDump, Packing, by_title, inspect
from actions.restore.foreign_restoring import ForeignFillOrder, compare_counts, fill_from_dump
from actions.restore.foreign_troubles import (
    DumpTrouble,
    UnusableDumpError,
    from_newer_server,
    of_another_service,
    too_old,
)
from actions.restore.limits import Limits
from tests.restore.databases import ask, run
from tests.restore.servers import debian_server

PROGRAMS = find_programs(os.environ)[0]
SHOP = (
    "CREATE TABLE people (id int PRIMARY KEY, name text, note text DEFAULT E'a\\\\b;''c')",
    "INSERT INTO people SELECT g, 'name' || g, E'tab\\there\\n\\\\. and \\\\! ls' FROM generate_series(1, 500) g",
    "CREATE TABLE alembic_version (version_num varchar(32))", "INSERT INTO alembic_version VALUES ('9f1c')",
    'CREATE TABLE "Odd ""name;" ("Ünï" text)', "INSERT INTO \"Odd \"\"name;\" VALUES ('x')",
    "CREATE TABLE parent (a int) PARTITION BY RANGE (a)", "CREATE TABLE child PARTITION OF parent DEFAULT",
    "INSERT INTO parent SELECT generate_series(1, 7)",
    "CREATE FUNCTION twice(x int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN x > 0 THEN 2 * x ELSE 0 END; END",
    "CREATE FUNCTION said() RETURNS text LANGUAGE plpgsql AS $body$ BEGIN RETURN ';''\\'; END $body$",
    "CREATE VIEW names AS SELECT name FROM people WHERE note <> ';'", "CREATE INDEX ON people (name)",
    "SELECT lo_from_bytea(4711, 'large')", "COMMENT ON TABLE people IS 'it''s \\ odd; '",
)  # fmt: skip


def limits() -> Limits:
    return Limits.lasting(timedelta(minutes=2))


def dump(url: str, target: Path, *options: str) -> Path:
    command = [PROGRAMS.folder / "pg_dump", *options]
    with target.open("wb") as stream:
        subprocess.run(command, check=True, stdout=stream, env={**libpq_environment(url), "PATH": "/usr/bin:/bin"})
    return target


def packed(path: Path, packing: Packing) -> Path:
    if packing is Packing.NONE:
        return path
    content = path.read_bytes()
    target = path.with_name(path.name + ".misleading.txt")
    target.write_bytes(gzip.compress(content) if packing is Packing.GZIP else zstandard.compress(content))
    return target


def trouble_of(path: Path) -> UnusableDumpError:
    with pytest.raises(UnusableDumpError) as caught:
        inspect(path, PROGRAMS, limits())
    assert caught.value.next_step
    return caught.value


@pytest.fixture(scope="module")
def shop(postgres_url: str) -> Iterator[str]:
    url = with_database(postgres_url, "shop_for_dumps")
    run(postgres_url, "DROP DATABASE IF EXISTS shop_for_dumps", "CREATE DATABASE shop_for_dumps")
    run(url, *SHOP)
    yield url
    run(postgres_url, "DROP DATABASE shop_for_dumps WITH (FORCE)")


@pytest.fixture(scope="module")
def good(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the runbooks make it."""
    script = dump(shop, tmp_path_factory.mktemp("dumps") / "backup_20260102_143022.sql", "--clean", "--if-exists")
    return script.rename(script.with_name("plain.sql"))


def schema_of(url: str) -> str:
    command = [PROGRAMS.folder / "pg_dump", "--schema-only", "--restrict-key=x"]
    environment = {**libpq_environment(url), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.mark.parametrize("packing", list(Packing))
@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="plain"),
        pytest.param(("--clean", "--if-exists"), id="the runbooks' clean one"),
        pytest.param(("--clean",), id="clean without if-exists"),
        pytest.param(("--create",), id="with create database"),
        pytest.param(("--clean", "--create"), id="with drop and create database"),
        pytest.param(("--no-owner", "--no-acl"), id="without owners"),
        pytest.param(("--rows-per-insert=3",), id="inserts"),
        pytest.param(("-Fc",), id="custom"),
    ],
)
@pytest.mark.by_day(6)
def test_what_pg_dump_made_is_recognised_counted_and_comes_back(
    shop: str, database_url: str, tmp_path: Path, options: tuple[str, ...], packing: Packing
) -> None:
    found = inspect(packed(dump(shop, tmp_path / "file", *options), packing), PROGRAMS, limits())
    assert (found.kind, found.packing) == (DumpKind.ARCHIVE if "-Fc" in options else DumpKind.SCRIPT, packing)
    assert found.server_version == found.tool_version == (18, 4)
    assert found.database == ("shop_for_dumps" if {"-Fc", "--create"} & {*options} else None)
    assert found.cleans == ("--clean" in options and "--create" not in options)
    if "--rows-per-insert=3" not in options:
        assert by_title(found.tables) == {
            "public.people": 500, "public.alembic_version": 1, 'public.Odd "name;': 1, "public.child": 7,
            "public.parent": 0,
        }  # fmt: skip
        assert found.revisions == ("9f1c",)
    fill_from_dump(ForeignFillOrder(url=database_url, dump=found, programs=PROGRAMS, limits=limits()))
    assert compare_counts(found, database_url, limits=limits()) == ()
    assert schema_of(database_url) == schema_of(shop)
    for question in ("SELECT md5(string_agg(p::text, ';' ORDER BY id)) FROM people p", "SELECT lo_get(4711)"):
        assert ask(database_url, question) == ask(shop, question)


@pytest.mark.slow
def test_a_newer_pg_dumps_script_of_an_older_server_comes_back_there(tmp_path: Path) -> None:
    with debian_server() as server:
        run(server, "CREATE DATABASE shop", "CREATE DATABASE target")
        run(with_database(server, "shop"), *SHOP)
        found = inspect(dump(with_database(server, "shop"), tmp_path / "dump.sql"), PROGRAMS, limits())
        assert found.server_version
        assert found.server_version[0] == 15
        target = with_database(server, "target")
        fill_from_dump(ForeignFillOrder(url=target, dump=found, programs=PROGRAMS, limits=limits()))
        assert compare_counts(found, target, limits=limits()) == ()
        newer = inspect(dump(with_database(server, "shop"), tmp_path / "dump.custom", "-Fc"), PROGRAMS, limits())
        assert from_newer_server(newer, 15) is None
        refused = from_newer_server(newer, 14)
        assert refused
        assert "PostgreSQL 15" in refused.what


@pytest.mark.parametrize("packing", list(Packing))
@pytest.mark.parametrize(
    ("form", "keep"),
    # The last tenth of a small archive is padding, which nobody misses.
    [("script", 0.02), ("script", 0.5), ("script", 0.9), ("script", 0.9985), ("archive", 0.02), ("archive", 0.6)],
)
def test_a_truncated_one_is_told_from_a_whole_one(
    shop: str, good: Path, tmp_path: Path, packing: Packing, keep: float, form: str
) -> None:
    whole = packed(dump(shop, tmp_path / "dump", "-Fc") if form == "archive" else good, packing).read_bytes()
    (cut := tmp_path / "cut.sql.gz").write_bytes(whole[: int(len(whole) * keep)])
    trouble = trouble_of(cut)
    assert trouble.trouble in (DumpTrouble.TRUNCATED, DumpTrouble.CORRUPTED)
    if form == "script":
        assert trouble.trouble is DumpTrouble.TRUNCATED
    assert "previous backup" in str(trouble)


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD])
def test_a_changed_byte_in_the_middle_is_found_by_the_checksum(good: Path, tmp_path: Path, packing: Packing) -> None:
    content = bytearray(packed(good, packing).read_bytes())
    if packing is Packing.ZSTD:
        content = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(good.read_bytes()))
    content[len(content) // 2] ^= 0x10
    (broken := tmp_path / "broken").write_bytes(content)
    assert trouble_of(broken).trouble in (DumpTrouble.CORRUPTED, DumpTrouble.TRUNCATED)
    assert "previous backup" in str(trouble_of(broken))


@pytest.mark.parametrize(
    ("content", "said", "trouble"),
    [
        (b"", "is empty", DumpTrouble.TRUNCATED),
        (gzip.compress(b"", mtime=0), "is empty", DumpTrouble.TRUNCATED),
        (b"hello world\n", "no dump", DumpTrouble.NOT_A_DUMP),
        (gzip.compress(b"hello world\n", mtime=0), "no dump", DumpTrouble.NOT_A_DUMP),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "error message of a store", DumpTrouble.NOT_A_DUMP),
        (b"--\n-- PostgreSQL database cluster dump\n--\n", "whole server", DumpTrouble.NOT_A_DUMP),
        (b"-- MySQL dump 10.13  Distrib 8\n", "MySQL", DumpTrouble.NOT_A_DUMP),
        (b"BZh91AY", "bzip2", DumpTrouble.NOT_A_DUMP),
        (b"age-encryption.org/v1\n", "encrypted", DumpTrouble.NOT_A_DUMP),
        (bytes(600), "is empty", DumpTrouble.TRUNCATED),
        (bytes(range(255, 1, -1)) * 3, "no dump", DumpTrouble.NOT_A_DUMP),
    ],
)  # fmt: skip
def test_what_is_no_dump_is_called_what_it_is(tmp_path: Path, content: bytes, said: str, trouble: DumpTrouble) -> None:
    (file := tmp_path / "backup_20260102_143022.sql.gz").write_bytes(content)
    found = trouble_of(file)
    assert found.trouble is trouble
    assert said in found.what


def test_a_tar_archive_and_a_folder_are_named(shop: str, tmp_path: Path) -> None:
    assert "tar format" in trouble_of(dump(shop, tmp_path / "dump", "-Ft")).what
    dump(shop, tmp_path / "nothing", "-Fd", "-f", str(tmp_path / "folder"))
    assert "directory format" in trouble_of(tmp_path / "folder").what


def test_a_file_that_is_not_there_is_a_mistake_of_whoever_named_it_and_said_with_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.sql").write_text("--")
    with pytest.raises(ConfigurationError) as missing:
        inspect(Path("shop.sgl"), PROGRAMS, limits())
    assert (missing.value.what, missing.value.where) == ("There is no such file", str(tmp_path / "shop.sgl"))
    assert str(missing.value.next_step) == f"`ls -l {tmp_path}` lists what is there."
    with pytest.raises(ConfigurationError) as nowhere:
        inspect(tmp_path / "none here" / "shop.sql", PROGRAMS, limits())
    assert str(nowhere.value.next_step) == f"`ls -l {tmp_path}` lists what is there."
    with pytest.raises(ConfigurationError, match="There is no such file"):
        inspect(tmp_path / "shop.sql" / "dump", PROGRAMS, limits())


@pytest.mark.parametrize(
    "line",
    [
        rb"\! touch /tmp/owned", rb"\i /etc/passwd", rb"\copy people from '/etc/passwd'", rb"\o /tmp/out", rb"\connect other",
        rb"SELECT 1; \! touch /tmp/owned", rb"SELECT 1 \g |sh", rb"\.", rb"\restrict a; \! sh", rb"\setenv A b",
        rb"\connect 'dbname=other host=elsewhere'", b"COPY people FROM PROGRAM 'sh';", b"COPY people FROM '/etc/passwd';",
        b"SET standard_conforming_strings = off;", b"SET client_encoding = 'SJIS';", b"ALTER SYSTEM SET port = 1;",
        b"-- x\n/* y */ COPY (SELECT 1) TO PROGRAM 'sh';",
    ],
)  # fmt: skip
def test_orders_in_a_dump_are_refused_and_never_carried_out(good: Path, tmp_path: Path, line: bytes) -> None:
    content = good.read_bytes().replace(
        b"\n--\n-- PostgreSQL database dump complete", b"\n" + line + b"\n\n--\n-- PostgreSQL database dump complete"
    )
    assert line in content
    (evil := tmp_path / "evil.sql").write_bytes(content)
    found = trouble_of(evil)
    assert found.trouble is DumpTrouble.DANGEROUS, found
    assert "/etc/passwd" not in str(found)


def test_the_original_database_is_out_of_reach_of_a_dump_with_create(
    shop: str, database_url: str, tmp_path: Path, postgres_url: str
) -> None:
    run(
        postgres_url,
        "ALTER DATABASE shop_for_dumps SET work_mem = '5MB'",
        "COMMENT ON DATABASE shop_for_dumps IS 'then'",
    )
    found = inspect(dump(shop, tmp_path / "dump", "--clean", "--create"), PROGRAMS, limits())
    run(postgres_url, "ALTER DATABASE shop_for_dumps RESET work_mem", "COMMENT ON DATABASE shop_for_dumps IS 'now'")
    fill_from_dump(ForeignFillOrder(url=database_url, dump=found, programs=PROGRAMS, limits=limits()))
    said = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'shop_for_dumps'"
    assert ask(postgres_url, said) == "now"
    assert ask(shop, "SELECT count(*) FROM people") == 500
    assert (
        ask(
            postgres_url,
            "SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'shop_for_dumps'",
        )
        == 0
    )


def test_roles_that_are_missing_are_named_before_anything_is_made(
    shop: str, good: Path, database_url: str, tmp_path: Path
) -> None:
    content = good.read_bytes().replace(b"OWNER TO backout", b'OWNER TO "Vanished one"')
    (file := tmp_path / "dump").write_bytes(content)
    found = inspect(file, PROGRAMS, limits())
    with pytest.raises(ConfigurationError, match="`Vanished one`"):
        fill_from_dump(ForeignFillOrder(url=database_url, dump=found, programs=PROGRAMS, limits=limits()))
    assert ask(database_url, "SELECT count(*) FROM pg_class WHERE relname = 'people'") == 0


def test_an_error_in_the_middle_leaves_nothing_behind_and_shows_no_row(
    good: Path, database_url: str, tmp_path: Path
) -> None:
    content = good.read_bytes().replace(b"\n7\tname7\t", b"\nseven secret\tname7\t")
    (file := tmp_path / "dump").write_bytes(content)
    found = inspect(file, PROGRAMS, limits())
    with pytest.raises(BackoutError, match="script could not be restored") as caught:
        fill_from_dump(ForeignFillOrder(url=database_url, dump=found, programs=PROGRAMS, limits=limits()))
    assert "seven secret" not in str(caught.value)
    assert ask(database_url, "SELECT count(*) FROM pg_class WHERE relname = 'people'") == 0


def test_rows_lost_on_the_way_are_told_afterwards(good: Path, database_url: str) -> None:
    found = inspect(good, PROGRAMS, limits())
    fill_from_dump(ForeignFillOrder(url=database_url, dump=found, programs=PROGRAMS, limits=limits()))
    run(database_url, "DELETE FROM people WHERE id < 3")
    (difference,) = compare_counts(found, database_url, limits=limits())
    assert (difference.name, difference.expected, difference.found) == ("public.people", 500, 498)


def test_age_and_origin_are_judged_with_the_runbooks_advice(good: Path, tmp_path: Path, shop: str) -> None:
    named = tmp_path / "backup_20260102_143022.sql.gz"
    named.write_bytes(gzip.compress(good.read_bytes()))
    found = inspect(named, PROGRAMS, limits())
    assert (found.taken_at, found.taken_at_from) == (datetime(2026, 1, 2, 14, 30, 22, tzinfo=UTC), "by the file's name")
    assert too_old(found, timedelta(days=1), datetime(2026, 1, 3, 14, tzinfo=UTC)) is None
    old = too_old(found, timedelta(days=1), datetime(2026, 1, 6, tzinfo=UTC))
    assert old
    for advice in ("accept the loss", "application logs", "other sources", "more often"):
        assert advice in str(old)
    assert of_another_service(found, database="shop", tables=[("public", "people"), ("public", "new")]) is None
    other = of_another_service(
        found, database="billing", tables=[("public", "invoices"), ("public", "alembic_version")]
    )
    assert other
    assert "another's" in other.what
    archive: ForeignDump = inspect(dump(shop, tmp_path / "archive", "-Fc"), PROGRAMS, limits())
    assert archive.taken_at_from == "the archive says so"
    assert "shop_for_dumps" in str(of_another_service(archive, database="billing", tables=[("public", "invoices")]))


def test_it_takes_a_large_dump_in_flat_memory_and_quickly(shop: str, tmp_path: Path) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    script = tmp_path / "large.sql"
    row = b"1\t" + b"x" * 200 + b"\n"
    with script.open("wb") as stream:
        stream.write(b"--\n-- PostgreSQL database dump\n--\n\nCOPY public.big (a, b) FROM stdin;\n")
        for _ in range(60):
            stream.write(row * 5000)
        stream.write(b"\\.\n\n--\n-- PostgreSQL database dump complete\n--\n")
    assert inspect(script, PROGRAMS, limits()).rows == 300_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000
