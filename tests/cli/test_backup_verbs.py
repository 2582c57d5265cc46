"""`backup`, `backups`, `restore` and `drill` as people type them."""

import gzip
import json
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from actions.embedded import EmbeddedPostgres
from actions.history.database import open_history
from actions.history.rollbacks import RollbackRequest, open_rollback
from tests.cli.conftest import Backout, clean_environment

CATALOG = """
services:
  orders:
    environment: staging
    platform: {{kind: local, folder: .}}
    database: ${{ORDERS_URL}}
    migrations: alembic.ini
    backups: {{stores: [{{folder: {first}}}, {{folder: {second}}}], keep: 3}}
    approvers: {{users: [U0AAAAAAA, U0BBBBBBB]}}
"""
CONTENT = """
CREATE TABLE alembic_version (version_num text PRIMARY KEY);
INSERT INTO alembic_version VALUES ('aaa1');
CREATE TABLE bills (id bigint PRIMARY KEY, total numeric);
INSERT INTO bills SELECT n, n * 1.5 FROM generate_series(1, 900) n;
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def orders(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    name = f"orders_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with psycopg.connect(postgres_server.url(name)) as inside:
            inside.execute(CONTENT)
        yield postgres_server.url(name)
        ours = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name]).fetchall()
        for (each,) in ours:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(each)))


@pytest.fixture
def run(backout: Backout, orders: str, database_url: str, tmp_path: Path) -> Run:
    (tmp_path / "backout.yml").write_text(CATALOG.format(first=tmp_path / "first", second=tmp_path / "second"))

    def running(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = backout(*arguments, **{"BACKOUT_DATABASE_URL": database_url, "ORDERS_URL": orders, **variables})
        for secret in (orders, database_url):
            assert secret not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return running


def listed(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("backups", "orders", "--json").stdout)
    return found


def rows(url: str, table: str = "bills") -> int:
    with psycopg.connect(url) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # type: ignore[index]


def write_some(url: str, count: int = 100) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"INSERT INTO bills SELECT 900 + n, n FROM generate_series(1, {count}) n")


def test_a_backup_ends_with_a_card_and_is_listed_as_proven(run: Run, tmp_path: Path) -> None:
    done = run("backup", "orders")
    assert done.returncode == 0, done.stderr
    for said in ("✓ proven", "901 rows in 2 tables", "aaa1", str(tmp_path / "first"), str(tmp_path / "second")):
        assert said in done.stdout
    # One line when a stage begins and one when it is over; no bar in a pipe.
    assert "Backing up ...\n" in done.stderr
    assert "\x1b" not in done.stderr
    table = run("backups")
    assert re.search(r"orders_\d{8}_\d{6}_[0-9a-f]{4} .* aaa1 .*✓ proven .* 1 2", table.stdout)
    (only,) = listed(run)
    assert (only["state"], only["rows"], only["restore_measured"]) == ("proven", 901, True)


def test_a_restore_says_what_is_lost_does_it_and_says_how_to_undo_it(run: Run, orders: str) -> None:
    assert run("backup", "orders", "--json").returncode == 0
    write_some(orders)
    done = run("restore", "orders", "--backup", "latest", "--yes")
    assert done.returncode == 0, done.stderr
    assert "100 rows would be lost" in done.stdout
    assert "public.bills   100 more now than then (900)" in done.stdout
    assert "is needed on the server's disk, beside the present database" in done.stdout
    assert rows(orders) == 900
    safety = re.search(r"safety backup +(orders_\S+)", done.stdout)
    kept = re.search(r"old database +(orders_\S+), as it was", done.stdout)
    assert safety
    assert kept
    assert {each["name"]: each["purpose"] for each in listed(run)}[safety[1]].startswith("before a restore of orders_")
    assert f"kept: {kept[1]}, " in run("backups", "orders").stdout
    undone = run("restore", "orders", "--kept", kept[1], "--yes", "--json")
    assert undone.returncode == 0, undone.stderr
    assert rows(orders) == 1000
    replaced = json.loads(undone.stdout)["kept_as"]
    dropped = run("restore", "orders", "--drop-kept", replaced, "--yes")
    assert dropped.returncode == 0, dropped.stderr
    assert "kept: " not in run("backups", "orders").stdout
    again = run("restore", "orders", "--kept", replaced, "--yes")
    assert again.returncode == 1
    assert replaced in again.stderr


@pytest.mark.slow
def test_a_restore_beside_touches_nothing(run: Run, orders: str) -> None:
    assert run("backup", "orders", "--no-proof").returncode == 0
    write_some(orders)
    other = orders.split("@/")[1].split("?", maxsplit=1)[0] + "_look"
    done = run("restore", "orders", "--backup", "latest", "--as", other)
    assert done.returncode == 0, done.stderr
    assert "Nobody has restored it yet" in done.stdout
    assert rows(orders) == 1000
    assert rows(orders.replace(other.removesuffix("_look"), other)) == 900


def test_without_a_terminal_or_yes_nothing_is_done(run: Run, orders: str) -> None:
    assert run("backup", "orders", "--no-proof").returncode == 0
    write_some(orders)
    done = run("restore", "orders", "--backup", "latest")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert "100 rows would be lost" in done.stdout
    assert rows(orders) == 1000


@pytest.mark.slow
def test_a_restore_is_refused_while_a_rollback_is_open(run: Run, orders: str, database_url: str) -> None:
    assert run("backup", "orders", "--no-proof").returncode == 0
    request = RollbackRequest(request_key="k", service="orders", environment="staging", requester="ana", target="-1")
    with open_history(database_url) as history:
        open_rollback(history, request)
    done = run("restore", "orders", "--backup", "latest", "--yes")
    assert done.returncode == 3
    assert "RB-1" in done.stderr
    assert "backout stop RB-1" in done.stderr


@pytest.mark.slow
def test_a_damaged_backup_is_found_by_a_check_and_refused_with_the_advice_of_the_runbooks(
    run: Run, tmp_path: Path
) -> None:
    assert run("backup", "orders").returncode == 0
    assert run("backup", "orders").returncode == 0
    newest, older = (each["name"] for each in listed(run))
    for store in ("first", "second"):
        archive = next((tmp_path / store / newest).glob("archive*"))
        whole = archive.read_bytes()
        archive.write_bytes(whole[:100] + b"XX" + whole[102:])
    done = run("backups", "orders", "--check", newest)
    assert done.returncode == 1
    assert "damaged" in done.stdout
    assert f"Use the previous one: `backout restore orders --backup {older}`" in done.stdout
    refused = run("restore", "orders", "--backup", newest, "--yes")
    assert refused.returncode == 3
    assert older in refused.stderr
    assert {each["name"]: each["state"] for each in listed(run)} == {newest: "failed", older: "proven"}
    assert json.loads(run("backups", "orders", "--check", "latest", "--json").stdout)["name"] == older


@pytest.mark.slow
def test_one_damaged_copy_of_two_is_said_and_the_other_is_used(run: Run, tmp_path: Path, orders: str) -> None:
    assert run("backup", "orders").returncode == 0
    (only,) = listed(run)
    next((tmp_path / "first" / only["name"]).glob("archive*")).unlink()
    done = run("backups", "orders", "--check", "latest")
    assert done.returncode == 1
    assert "is missing" in done.stdout
    write_some(orders)
    assert run("restore", "orders", "--backup", "latest", "--yes").returncode == 0
    assert rows(orders) == 900


@pytest.mark.slow
def test_what_lies_in_a_store_and_the_history_does_not_know_can_be_listed_proven_and_restored(
    run: Run, orders: str, database_url: str
) -> None:
    assert run("backup", "orders", "--no-proof").returncode == 0
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM backups")
    (found,) = listed(run)
    assert (found["state"], found["in_history"], found["why"]) == ("unknown", False, "not in the history")
    proven = run("backups", "orders", "--check", found["name"], "--prove")
    assert proven.returncode == 0, proven.stderr
    (now,) = listed(run)
    assert (now["state"], now["in_history"]) == ("proven", True)


@pytest.mark.slow
def test_when_the_history_is_away_the_stores_still_tell(run: Run) -> None:
    assert run("backup", "orders", "--no-proof").returncode == 0
    done = run("backups", BACKOUT_DATABASE_URL="postgresql://nobody:tr0ub4dor@127.0.0.1:1/none")
    assert done.returncode == 1
    assert "orders_" in done.stdout
    assert "The history does not answer" in done.stderr
    assert "tr0ub4dor" not in done.stdout + done.stderr


@pytest.mark.slow
def test_somebody_else_s_dump_comes_back_and_a_cut_off_one_does_not(run: Run, orders: str, tmp_path: Path) -> None:
    programs = json.loads(run("drill", "orders", "--dry-run", "--json").stdout)["points"][2]["details"]["folder"]
    script = subprocess.run(
        [f"{programs}/pg_dump", "--clean", "--if-exists", orders], capture_output=True, check=True
    ).stdout
    dump = tmp_path / "backup_20260102_143022.sql.gz"
    dump.write_bytes(gzip.compress(script))
    write_some(orders)
    done = run("restore", "orders", "--file", str(dump), "--yes")
    assert done.returncode == 0, done.stderr
    # It is far older than a day, and says so with what to do.
    assert "older than the catalog's `max_age`" in done.stdout
    assert rows(orders) == 900
    cut = tmp_path / "cut.sql.gz"
    cut.write_bytes(dump.read_bytes()[:-40])
    refused = run("restore", "orders", "--file", str(cut), "--yes")
    assert refused.returncode == 1
    assert "cut off" in refused.stderr
    assert "previous backup" in refused.stderr
    missing = run("restore", "orders", "--file", "nowhere.sql.gz", "--yes")
    assert missing.returncode == 2
    assert "nowhere.sql.gz: There is no such file" in missing.stderr
    assert "ls -l" in missing.stderr


@pytest.mark.slow
def test_a_drill_prints_its_report_and_fails_when_a_point_does(run: Run, tmp_path: Path) -> None:
    done = run("drill", "orders", "--kind", "backup", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["passed"] == 8
    assert json.loads(Path(report["files"]["report"]).read_text())["passed"] is True
    shutil.rmtree(tmp_path / "second")
    (tmp_path / "second").write_text("in the way")
    failed = run("drill", "orders")
    assert failed.returncode == 1
    assert "2. ✗ The stores are there and writable" in failed.stdout
    assert "4. - A backup can be created: cannot be tried: see point 2" in failed.stdout


@pytest.mark.slow
def test_ctrl_c_stops_it_in_an_orderly_way_and_leaves_nothing_half_made(
    run: Run, orders: str, database_url: str, tmp_path: Path, module_home: Path
) -> None:
    run("backups")
    with psycopg.connect(orders) as blocker:
        # The dump waits for this lock, so that there is a middle to stop in.
        blocker.execute("LOCK TABLE bills IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "backup", "orders"], cwd=tmp_path, text=True, stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clean_environment(BACKOUT_HOME=str(module_home), BACKOUT_DATABASE_URL=database_url, ORDERS_URL=orders),
        )  # fmt: skip
        with psycopg.connect(database_url, autocommit=True) as watching:
            for _ in range(300):
                if watching.execute("SELECT count(*) FROM backups WHERE state = 'making'").fetchone() == (1,):
                    break
                signal.sigtimedwait([], 0.1)
        process.send_signal(signal.SIGINT)
        signal.sigtimedwait([], 0.5)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (1, 130), said
    assert "Traceback" not in said
    (only,) = listed(run)
    assert (only["state"], only["stores"]) == ("failed", [])
    assert not [path for path in (tmp_path / "first").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "arguments",
    [
        ["restore", "orders"],
        ["restore", "orders", "--backup", "latest", "--file", "x"],
        ["restore", "orders", "--backup", "latest", "--json"],
        ["backups", "--check", "latest"],
        ["backups", "orders", "--prove"],
        ["backup", "orders", "--end-sessions"],
        ["backup", "ordres"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two_and_says_why(backout: Backout, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "backout.yml").write_text(CATALOG.format(first=tmp_path / "first", second=tmp_path / "second"))
    done = backout(*arguments, BACKOUT_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 2
    assert done.stderr.strip()


def test_a_backup_that_is_not_there_is_a_clear_mistake(run: Run) -> None:
    for wanted in ("latest", "billing_20261120_030000_aaaa", "orders_20261120_030000_aaaa"):
        done = run("restore", "orders", "--backup", wanted, "--yes")
        assert done.returncode == 2
        assert "backout backups orders" in done.stderr
