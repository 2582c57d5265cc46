"""Size and number: memory stays flat, many tables are few programs and files, and `kill -9` leaves no backup."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from actions.backup.encryption import new_key, read_keys
from tests.backup.by_hand import NAME, another, backed_up, bring_back, fill_large, whole_dump

#: Takes a backup as it is taken outside of tests: in a process that has nothing else to do.
ALONE = """
import os, sys
from pathlib import Path
from tests.backup.by_hand import backed_up
backed_up(os.environ["TAKE_URL"], Path(sys.argv[1]))
"""


def start_alone(url: str, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "TAKE_URL": url, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", ALONE, str(folder)], env=environment)


def family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory(pid: int) -> int:
    total = 0
    for process in family(pid):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


@pytest.mark.slow
def test_memory_stays_flat(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE wide AS SELECT n, (SELECT string_agg(md5((n * i)::text), ' ') FROM generate_series(1, 40) i) AS t "
            "FROM generate_series(1, 160000) n"
        )
        connection.execute("CREATE TABLE one_row AS SELECT repeat('0123456789', 2000000) AS t")
        connection.execute("SELECT lo_from_bytea(0, decode(repeat('ab', 40000000), 'hex'))")
    process = start_alone(database_url, tmp_path)
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.02)
    assert process.returncode == 0
    assert 20_000_000 < peak < 200_000_000, peak


def test_hundreds_of_little_tables_make_one_file(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN FOR n IN 1..400 LOOP EXECUTE format('CREATE TABLE %I AS SELECT %s AS n', 'T ' || n, n); END LOOP; END $$"
        )
    expected = whole_dump(database_url)
    manifest = backed_up(database_url, tmp_path).manifest
    assert len(manifest.tables) == 400
    assert sum(table.rows for table in manifest.tables) == 400
    assert len(list((tmp_path / NAME).rglob("*"))) == 2
    with another(database_url) as target:
        bring_back(manifest, tmp_path, target)
        assert whole_dump(target) == expected


def test_many_larger_tables_are_left_out_of_the_archive(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            """DO $$ BEGIN FOR n IN 1..150 LOOP
            EXECUTE format('CREATE TABLE %I (t text); ALTER TABLE %1$I ALTER t SET STORAGE PLAIN', repeat('long', 14) || '"|' || n);
            EXECUTE format('INSERT INTO %I SELECT repeat(''x'', 7000) FROM generate_series(1, 20)', repeat('long', 14) || '"|' || n);
            END LOOP; END $$"""
        )
    manifest = backed_up(database_url, tmp_path).manifest
    assert len([table for table in manifest.tables if table.file]) == 150
    assert manifest.files[0].bytes < 60_000


def test_kill_9_leaves_no_manifest_and_no_program(database_url: str, tmp_path: Path) -> None:
    fill_large(database_url, rows=300_000)
    process = start_alone(database_url, tmp_path)
    until = time.monotonic() + 30
    while not list(tmp_path.glob("*/rows/.*.part")) and time.monotonic() < until:
        time.sleep(0.01)
    relatives = family(process.pid)
    assert "psql" in {each.name() for each in relatives}
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(relatives[1:], timeout=8)
    assert [each.name() for each in alive] == []
    assert list(tmp_path.rglob("manifest.json")) == []


def test_an_encrypted_backup_holds_no_row_in_clear(database_url: str, tmp_path: Path) -> None:
    key = new_key()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE large AS SELECT n, 'whisper ' || n AS t FROM generate_series(1, 9000) n")
    manifest = backed_up(database_url, tmp_path, recipient=key.public).manifest
    assert manifest.encrypted_for == key.public
    for path in (tmp_path / NAME).rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            assert path.name.endswith(".age")
            assert path.read_bytes().startswith(b"age-encryption.org/v1")
    with another(database_url) as target:
        bring_back(manifest, tmp_path, target, keys=read_keys(key.secret, where="the test"))
        assert whole_dump(target) == whole_dump(database_url)
