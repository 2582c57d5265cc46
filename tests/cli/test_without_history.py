"""The way back while Backout's own database is away: said aloud, and in the record once that is there again."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import clean_environment
from tests.cli.test_backup_verbs import Run, listed, orders, rows, run, write_some  # noqa: F401 because two are fixtures

pytestmark = pytest.mark.slow
AWAY = "postgresql://somebody:pass-word-7@127.0.0.1:1/history"
BACKING_UP = "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^backout: (pg_dump|reading|holding)'"
CARRIED = "SELECT body::jsonb -> 'details' ->> 'kind' FROM events WHERE kind = 'history.carried_over' ORDER BY seq"


def test_a_database_comes_back_without_the_history_which_hears_of_it_later(
    run: Run,  # noqa: F811 because it is the fixture
    orders: str,  # noqa: F811 because it is the fixture
    postgres_url: str,
    module_home: Path,
) -> None:
    name = json.loads(run("backup", "orders", "--no-proof", "--json").stdout)["name"]
    write_some(orders)
    refused = run("restore", "orders", "--backup", name, "--yes", BACKOUT_DATABASE_URL=AWAY)
    assert (refused.returncode, rows(orders)) == (1, 1000)
    assert "--without-history" in refused.stderr
    which = run("restore", "orders", "--backup", "latest", "--yes", "--without-history", BACKOUT_DATABASE_URL=AWAY)
    assert (which.returncode, rows(orders)) == (2, 1000)
    assert "nobody knows which are proven" in which.stderr
    # A server that was made anew has no such database: the stores are asked all the same.
    gone = f"{postgres_url.rsplit('/', 1)[0]}/not_there_any_more?{postgres_url.partition('?')[2]}"
    found = run("backups", "orders", "--json", BACKOUT_DATABASE_URL=gone)
    assert (found.returncode, [each["name"] for each in json.loads(found.stdout)]) == (2, [name])
    done = run("restore", "orders", "--backup", name, "--yes", "--without-history", BACKOUT_DATABASE_URL=gone)
    assert done.returncode == 0, done.stderr
    assert rows(orders) == 900
    assert "WITHOUT THE HISTORY" in done.stderr
    assert "whether a rollback of orders is open cannot be seen" in done.stderr
    assert "pass-word-7" not in refused.stderr + which.stderr
    # It is there again.
    answering = run("restore", "orders", "--backup", name, "--yes", "--without-history")
    assert (answering.returncode, rows(orders)) == (3, 900)
    safety = next(each for each in listed(run) if each["name"] != name)
    assert (safety["state"], safety["purpose"], safety["rows"]) == ("made", f"before a restore of {name}", 1001)
    assert not any((module_home / "without-history").iterdir())
    assert run("audit").returncode == 0


def test_one_that_was_killed_without_the_history_is_heard_of_too_and_leaves_no_half(
    run: Run,  # noqa: F811 because it is the fixture
    orders: str,  # noqa: F811 because it is the fixture
    database_url: str,
    tmp_path: Path,
    module_home: Path,
) -> None:
    name = json.loads(run("backup", "orders", "--no-proof", "--json").stdout)["name"]
    with psycopg.connect(orders) as blocker:
        # The safety backup waits for this lock, so that there is a middle to be killed in.
        blocker.execute("LOCK TABLE bills IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "restore", "orders", "--backup", name, "--yes", "--without-history"],
            cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            env=clean_environment(BACKOUT_HOME=str(module_home), BACKOUT_DATABASE_URL=AWAY, ORDERS_URL=orders),
        )  # fmt: skip
        with psycopg.connect(orders, autocommit=True) as watching:
            for _ in range(600):
                if watching.execute(BACKING_UP).fetchone() != (0,):
                    break
                signal.sigtimedwait([], 0.1)
        process.kill()
        process.wait(30)
    assert rows(orders) == 900
    assert run("backups", "orders").returncode == 0
    with psycopg.connect(database_url) as history:
        kinds = [kind for (kind,) in history.execute(CARRIED)]
    assert kinds == ["restore.started", "backup.making", "backup.failed"]
    assert [path.name for path in (tmp_path / "first").iterdir() if path.name.startswith("orders_")] == [name]
    assert not any((module_home / "without-history").iterdir())
