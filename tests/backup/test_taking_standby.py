"""A backup of a standby, which spares the primary: snapshots can be shared there too, unlogged tables cannot be read."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from actions.backup.connecting import libpq_environment
from tests.backup.by_hand import another, backed_up, bring_back, whole_dump
from tests.conftest import server_folder
from tests.restore.servers import FIFTEEN, QUICK, debian_server

SCHEMA = """
CREATE TABLE large AS SELECT n, repeat('x', 80) AS t FROM generate_series(1, 5000) n;
CREATE TABLE little AS SELECT 1 AS a; CREATE UNLOGGED TABLE passing AS SELECT 1 AS a;
CREATE SEQUENCE counting; SELECT nextval('counting');
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM large;
SELECT lo_from_bytea(4711, 'large object')
"""


@contextmanager
def standby_of(primary: str) -> Iterator[str]:
    user = "postgres" if os.geteuid() == 0 else None
    with server_folder() as folder:
        folder.chmod(0o777)
        data = folder / "data"
        copy = [FIFTEEN / "pg_basebackup", "-D", data, "-R", "-c", "fast"]
        subprocess.run(copy, env=libpq_environment(primary), check=True, capture_output=True, user=user, cwd="/")
        server = subprocess.Popen(
            [FIFTEEN / "postgres", "-D", data, *QUICK, "-k", folder], user=user, cwd="/", stderr=subprocess.DEVNULL
        )
        try:
            url = f"postgresql://backout@/postgres?host={folder}"
            _wait_until_it_answers(url)
            yield url
        finally:
            server.send_signal(2)
            server.wait(timeout=20)


def _wait_until_it_answers(url: str) -> None:
    for _ in range(200):
        try:
            with psycopg.connect(url) as connection:
                if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
                    return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise TimeoutError(url)


def test_a_standby_gives_the_same_backup_but_for_unlogged_tables(tmp_path: Path) -> None:
    with debian_server() as primary:
        with psycopg.connect(primary, autocommit=True) as connection:
            connection.execute(SCHEMA)
        with standby_of(primary) as standby:
            taken = backed_up(standby, tmp_path)
        assert "public.passing" in " ".join(taken.warnings)
        assert taken.manifest.large_objects.count == 1
        assert taken.manifest.materialised_views == {"public.counted": 1}
        with another(primary) as target:
            bring_back(taken.manifest, tmp_path, target)
            with psycopg.connect(primary, autocommit=True) as connection:
                connection.execute("TRUNCATE passing")
            assert whole_dump(target) == whole_dump(primary)
