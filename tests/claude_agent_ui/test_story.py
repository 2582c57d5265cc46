"""The seed's document from its first backup to its troubleshooting, with the documentation's own catalog."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import psycopg
import pytest
from scenes import as_person, newest, query, rests, several_people, status, steps
from world import wait_for

from actions.embedded import EmbeddedPostgres
from tests.claude_agent_ui.world import AgentUi, an_agent_ui
from tests.docker_world.project import docker

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), several_people]
COLUMN = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'messages' AND column_name = 'body'"


@pytest.fixture(scope="module")
def ui(postgres_server: EmbeddedPostgres) -> Iterator[AgentUi]:
    with an_agent_ui(postgres_server) as made, made.worker():
        yield made
        made.backout("audit")


@pytest.fixture(autouse=True)
def _runs_before_and_after(ui: AgentUi) -> Iterator[None]:
    yield
    assert ui.runs()
    assert ui.writes()
    assert ui.left_over() == []


def backed_up(ui: AgentUi) -> str:
    return str(ui.json("backup", ui.name)["name"])


def take_back(ui: AgentUi, why: str) -> dict[str, Any]:
    """The runbook, with both approvals, and what only a person can say at its end."""
    ui.backout("request", ui.name, "--runbook", "complete-restore", "--because", why)
    assert status(ui) == "waiting", ui.backout("show", newest(ui)).stdout
    digest = ui.json("show", newest(ui))["rollback"]["digest"]
    for person in ("maintainer", "deputy"):
        as_person(ui, person, "approve", newest(ui), "--yes", "--digest", digest)
    as_person(ui, "maintainer", "tick", newest(ui), "--all", "--said", "entered again")
    assert rests(ui, seconds=400) == "succeeded", (steps(ui), ui.backout("show", newest(ui)).stdout)
    found = query(ui, "SELECT name, result FROM steps WHERE rollback_id = (SELECT max(id) FROM rollbacks)")
    return {str(name): result for name, result in found}


def by_hand(ui: AgentUi, dump: bytes, database: str) -> str:
    """`gunzip -c ... | docker-compose exec -T postgres psql`, as the team did."""
    (container,) = [str(each["Id"]) for each in ui.project.containers("postgres")]
    words = [
        "docker",
        "exec",
        "-i",
        "-e",
        "PGPASSWORD=secret",
        container,
        "psql",
        "-h",
        "127.0.0.1",
        "-U",
        "postgres",
        "-d",
        database,
    ]
    done = subprocess.run(words, input=gzip.decompress(dump), capture_output=True, check=False)
    return done.stderr.decode()


def test_a_migration_that_failed_is_taken_back_by_the_runbook_alone(ui: AgentUi) -> None:
    """Seed: backup procedures, rollback process 1 to 7, scenario 1."""
    name = backed_up(ui)
    (made,) = ui.listed()
    assert (made["name"], made["state"]) == (name, "proven")
    assert [place["state"] for place in made["stores"]] == ["kept", "kept"]
    assert ui.json("backups", ui.name, "--check", "latest")["fine"]
    (file,) = (ui.disk / name).glob("dump.sql.gz")
    text = gzip.decompress(file.read_bytes()).decode()
    assert "PostgreSQL database dump" in text[:200]
    assert "DROP TABLE IF EXISTS public.messages" in text
    rows = text.count("\tmessage ")
    assert rows == 400

    ui.execute("ALTER TABLE messages DROP COLUMN body")
    wait_for(lambda: not ui.writes(), "it still writes")
    results = take_back(ui, "migration failed")
    assert ui.ask(COLUMN) == 1
    assert ui.ask("SELECT count(*) FROM messages WHERE body LIKE 'message %'") == 400
    assert ui.ask("SELECT count(*) FROM conversations") == 20
    assert ui.is_well()
    kept = next(result["kept_as"] for result in results.values() if result and result.get("kept_as"))
    assert kept in ui.databases(), "the damaged one is beside it"
    order = [
        step for step in steps(ui) if step.startswith(("stop", "prove-quiet", "back", "restore", "verify", "resume"))
    ]
    assert order[0].startswith("stop")
    assert order[-1].startswith("resume")
    assert [step for step in order if step in ("prove-quiet", "back-up", "restore", "verify")] == [
        "prove-quiet", "back-up", "restore", "verify",
    ]  # fmt: skip
    ui.backout("restore", ui.name, "--drop-kept", kept, "--yes")


def test_after_a_deletion_the_rows_come_back_and_what_came_later_is_read_from_what_was_kept(ui: AgentUi) -> None:
    """Seed, scenario 3: stop, keep the damaged state, restore the one from before, enter again what came later."""
    backed_up(ui)
    ui.execute("INSERT INTO conversations VALUES (21, 'came after the backup')")
    ui.execute("DELETE FROM messages")
    results = take_back(ui, "accidental data deletion")
    assert ui.ask("SELECT count(*) FROM messages WHERE body LIKE 'message %'") == 400
    assert ui.ask("SELECT count(*) FROM conversations") == 20
    restored = next(result for result in results.values() if result and result.get("kept_as"))
    kept, forensics = ui.listed()[0], restored["kept_as"]
    assert kept["purpose"], "the damaged state was backed up first"
    ui.backout("restore", ui.name, "--backup", str(kept["name"]), "--as", "look")
    for database in (forensics, "look"):
        assert titles(ui, database) == ["came after the backup"]
    ui.execute("DROP DATABASE look")
    ui.backout("restore", ui.name, "--drop-kept", forensics, "--yes")


def titles(ui: AgentUi, database: str) -> list[str]:
    with psycopg.connect(ui.url.replace("/claude_agent_ui", f"/{database}")) as connection:
        return [str(each) for (each,) in connection.execute("SELECT title FROM conversations WHERE id > 20")]


def test_after_corruption_the_last_good_one_comes_back_though_newer_ones_are_proven(ui: AgentUi) -> None:
    """Seed, scenario 2: the newest backup has the corruption in it already."""
    good = backed_up(ui)
    ui.execute("UPDATE conversations SET title = '???'")
    bad = backed_up(ui)
    ui.project.compose("stop", "--timeout", "1", "strapi")
    done = ui.json("restore", ui.name, "--backup", good, "--yes")
    assert ui.ask("SELECT count(*) FROM conversations WHERE title = '???'") == 0
    assert [each["name"] for each in ui.listed()].index(bad) > 0, "the emergency backup is newer"
    ui.backout("restore", ui.name, "--drop-kept", str(done["kept_as"]), "--yes")
    ui.start()


def test_a_risky_operation_is_undone_by_the_latest(ui: AgentUi) -> None:
    """Seed, scenario 4."""
    backed_up(ui)
    ui.execute("UPDATE conversations SET title = 'risky'")
    done = ui.json("restore", ui.name, "--backup", "latest", "--yes")
    assert ui.ask("SELECT count(*) FROM conversations WHERE title = 'risky'") == 0
    ui.backout("restore", ui.name, "--kept", str(done["kept_as"]), "--yes")
    assert ui.ask("SELECT count(*) FROM conversations WHERE title = 'risky'") == 20, "the way back of the way back"
    ui.execute("UPDATE conversations SET title = 'conversation ' || id")
    for left in ui.databases() - {"claude_agent_ui", "postgres", "template0", "template1"}:
        ui.backout("restore", ui.name, "--drop-kept", left, "--yes")


def test_the_rollback_test_has_eight_points_a_report_and_a_dry_run(ui: AgentUi) -> None:
    before = ui.ask("SELECT count(*) FROM conversations")
    dry = ui.json("drill", ui.name, "--dry-run")
    assert [point["outcome"] for point in dry["points"]].count("not run") == 1
    assert len(dry["points"]) == 8
    done = ui.json("drill", ui.name)
    assert [point["outcome"] for point in done["points"]] == ["passed"] * 8
    report = json.loads((ui.disk / "drills" / ui.name / "rollback-test-report.json").read_text())
    assert report["summary"]["passed"] == 8
    assert "gunzip" in (ui.disk / "drills" / ui.name / "restore.md").read_text(), "the way back without Backout"
    assert ui.ask("SELECT count(*) FROM conversations") == before


def test_a_backup_that_is_damaged_is_found_and_another_copy_or_an_older_one_is_named(ui: AgentUi) -> None:
    """Seed: backup file is corrupted; and what restores it by hand says no `relation already exists`."""
    older, newer = backed_up(ui), backed_up(ui)
    file = ui.disk / newer / "dump.sql.gz"
    whole = file.read_bytes()
    assert "ERROR" not in by_hand(ui, whole, "claude_agent_ui"), "into what is full already"
    assert "already exists" not in by_hand(ui, whole, "claude_agent_ui")
    file.write_bytes(whole[:100] + b"\0\0\0\0" + whole[104:])
    said = ui.json("backups", ui.name, "--check", newer, check=1)
    assert [copy["condition"] for copy in said["copies"]] == ["damaged", "whole"], "the bucket still has it"
    done = ui.json("restore", ui.name, "--backup", newer, "--yes")
    assert ui.ask("SELECT count(*) FROM conversations") == 20
    ui.backout("restore", ui.name, "--drop-kept", str(done["kept_as"]), "--yes")
    assert older in {each["name"] for each in ui.listed()}


def test_one_that_is_too_old_is_said_and_seven_are_kept(ui: AgentUi) -> None:
    """Seed: backup is too old, missing recent data; keeps only the last seven."""
    for _ in range(8):
        ui.backout("backup", ui.name, "--no-proof", check=None)
    held = [each for each in ui.listed() if each["state"] in ("made", "proven")]
    regular = [each for each in held if each["purpose"] == "by hand"]
    assert len(regular) in (7, 8), "seven, and the last proven one"
    assert len(held) - len(regular) <= 7, "those before restores and for drills are counted apart"
    on_disk = {path.name for path in ui.disk.iterdir() if (path / "manifest.json").exists()}
    assert on_disk == {each["name"] for each in held}
    ui.backups["max_age"] = "1s"
    ui.write_catalog()
    try:
        asked = ui.backout("restore", ui.name, "--backup", "latest", check=None)
    finally:
        del ui.backups["max_age"]
        ui.write_catalog()
    assert "older than the catalog's `max_age`" in asked.stdout
    assert "logs" in asked.stdout


def test_a_dump_of_the_old_script_comes_back_too(ui: AgentUi) -> None:
    """Seed: manual backup, without `--clean`."""
    (container,) = [str(each["Id"]) for each in ui.project.containers("postgres")]
    dump = docker(
        "exec", "-e", "PGPASSWORD=secret", container, "pg_dump", "-h", "127.0.0.1", "-U", "postgres", "-d", "claude_agent_ui",
        "--no-owner", "--no-acl",
    )  # fmt: skip
    file = ui.home / "backup_20260102_143022.sql.gz"
    file.write_bytes(gzip.compress(dump.encode()))
    ui.execute("DELETE FROM messages")
    done = ui.json("restore", ui.name, "--file", str(file), "--yes")
    assert ui.ask("SELECT count(*) FROM messages WHERE body LIKE 'message %'") == 400
    ui.backout("restore", ui.name, "--drop-kept", str(done["kept_as"]), "--yes")


def test_a_container_that_does_not_run_is_said_with_its_remedy(ui: AgentUi) -> None:
    """Seed: PostgreSQL container not running."""
    ui.project.compose("stop", "postgres")
    try:
        said = ui.backout("backup", ui.name, check=None)
        assert said.returncode == 1
        checked = ui.backout("check", ui.name, check=1).stdout
    finally:
        ui.project.up("postgres")
        ui.project.wait_healthy("postgres")
    assert "No container of 'postgres' runs" in checked
    assert "Start it" in checked
    advised = ui.backout("advise", ui.name, "backup file is corrupted").stdout
    assert "Choose an older one" in advised
    assert "Accept the loss" in ui.backout("advise", ui.name, "backup is too old").stdout


@pytest.mark.slow
def test_pg_dump_may_come_from_an_image_alone(ui: AgentUi) -> None:
    ui.tools = {"image": ui.project.environ["BASE"]}
    ui.write_catalog()
    try:
        backed_up(ui)
        assert ui.listed()[0]["state"] == "proven"
        assert f"in the image {ui.tools['image']}" in " ".join(ui.backout("check", ui.name, check=None).stdout.split())
        ui.tools = {"image": "not-there:1"}
        ui.write_catalog()
        said = ui.backout("backup", ui.name, check=None)
    finally:
        ui.tools = {}
        ui.write_catalog()
    assert said.returncode == 2
    assert "not-there:1 is not on this engine" in said.stdout + said.stderr
