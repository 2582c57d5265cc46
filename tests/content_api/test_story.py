"""The seed's runbook on docker compose: the documentation's own example, driven by the program alone."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import psycopg
import pytest
from killing import Blow, a_worker, killed_on_the_way
from scenes import as_person, newest, query, rests, several_people, status, steps

from actions.embedded import EmbeddedPostgres
from tests.content_api.world import ContentApi, a_content_api
from tests.docker_world.project import docker

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), several_people]


@pytest.fixture(scope="module")
def api(postgres_server: EmbeddedPostgres) -> Iterator[ContentApi]:
    with a_content_api(postgres_server, lease="4s") as made, a_worker(made) as made.hand:
        yield made


def assessed(api: ContentApi, *words: str, check: int | None = 0) -> Any:
    return api.json("assess", "content-api", *words, check=check)


def findings(assessment: Any) -> set[str]:
    return {str(each["code"]) for each in assessment["findings"]}


def started_while(api: ContentApi, step: str) -> list[str]:
    """Containers of Backout's own, by name."""
    seconds = "extract(epoch FROM (body::jsonb->>'at')::timestamptz)"
    times = query(
        api, f"SELECT min({seconds}), max({seconds}) FROM events WHERE rollback_id = (SELECT max(id) FROM rollbacks)"
        f" AND body::jsonb->'details'->>'step' = '{step}'",
    )  # fmt: skip
    since, until = (f"{float(str(each)):.3f}" for each in times[0])
    words = (
        "--since",
        since,
        "--until",
        until,
        "--filter",
        "event=start",
        "--filter",
        "label=backout.service=content-api",
    )
    return docker("events", *words, "--format", "{{.Actor.Attributes.name}}").split()


def test_something_depends_on_the_column(api: ContentApi) -> None:
    """Scenario 1: cannot drop column, because other objects depend on it."""
    with psycopg.connect(api.url) as connection:
        connection.execute("CREATE VIEW by_hand AS SELECT preferences FROM users")
    try:
        seen = assessed(api)
    finally:
        with psycopg.connect(api.url) as connection:
            connection.execute("DROP VIEW by_hand")
    assert seen["rehearsal"]["succeeds"] is False
    assert any("by_hand" in str(each) for each in seen["findings"])
    assert api.revision() == "0007"


def test_the_data_does_not_fit(api: ContentApi) -> None:
    """Scenario 2: value too long for type character varying(100)."""
    with psycopg.connect(api.url) as connection:
        connection.execute("UPDATE users SET email = repeat('x', 120) WHERE id = 1")
    try:
        seen = assessed(api, "--to", "0001")
    finally:
        with psycopg.connect(api.url) as connection:
            connection.execute("UPDATE users SET email = 'user1@example.org' WHERE id = 1")
    found = [(each["code"], each["severity"], each["object"]) for each in seen["findings"]]
    assert ("DF101", "medium", "users.email") in found
    assert seen["policy"]["verdict"] == "refuse"


def test_the_migration_file_is_missing(api: ContentApi) -> None:
    """Scenario 3: can't locate the revision; the image that runs does not have it."""
    kept = (api.folder / ".env").read_text()
    aside = api.home / "0007_preferences.py"
    shutil.move(api.folder / "alembic" / "versions" / aside.name, aside)
    try:
        api.build("3.0")
        api.write_settings("3.0")
        said = api.backout("assess", "content-api", check=None)
    finally:
        (api.folder / ".env").write_text(kept)
        shutil.move(aside, api.folder / "alembic" / "versions" / aside.name)
        api.remove_image("3.0")
    assert said.returncode == 2
    assert "0007" in said.stderr + said.stdout
    assert "Restore it from git" in said.stderr + said.stdout


def asked_and_approved(api: ContentApi) -> None:
    api.backout("request", "content-api", "--because", "the new release answers with errors")
    assert status(api) == "waiting"
    digest = api.json("show", newest(api))["rollback"]["digest"]
    as_person(api, "lead", "approve", newest(api), "--yes", "--digest", digest)


def test_it_succeeds_but_the_application_breaks_and_the_proven_backup_brings_both_back(api: ContentApi) -> None:
    """Seed: if rollback succeeds but application breaks. The older release, too, reads what the downgrade drops."""
    if api.revision() != "0007":
        api.deploy()
    page = api.folder / "api.py"
    whole = page.read_text()
    page.write_text(whole.replace("SELECT email", "SELECT preferences"))
    try:
        api.build("1.0")
        page.write_text(f"{whole}\n# Built after the other one.\n")
        api.build("2.0")
        api.deploy()
        before, users = api.shape(), api.ask("SELECT count(*) FROM users")
        asked_and_approved(api)
        assert rests(api, seconds=500) == "choosing", (steps(api), api.backout("show", newest(api)).stdout)
        assert api.revision() == "0006"
        assert steps(api)["release"] == "done"
        assert api.health().get("status") != "ok"
        as_person(api, "lead", "resume", newest(api), "--restore")
        assert rests(api, seconds=500) == "failed", (steps(api), api.backout("show", newest(api)).stdout)
    finally:
        page.write_text(whole)
        api.build("1.0")
        api.build("2.0")
    assert "the service is as it was before" in " ".join(api.backout("show", newest(api)).stdout.split())
    assert (api.revision(), api.health()) == ("0007", {"status": "ok", "release": "2.0"})
    assert api.shape() == before
    assert api.ask("SELECT count(*) FROM users") == users
    assert api.writes()
    assert api.left_over() == []


@pytest.mark.by_day(1)
@pytest.mark.parametrize(
    "blows",
    [
        pytest.param((), id="undisturbed"),
        pytest.param((("step.captured", "stop-worker"), ("step.running", "release")), id="its worker killed twice"),
    ],
)
def test_the_whole_runbook(api: ContentApi, blows: Sequence[Blow]) -> None:
    if api.revision() != "0007":
        api.deploy()
    before, users = api.shape(), api.ask("SELECT count(*) FROM users")
    assert (api.revision(), api.health()["release"]) == ("0007", "2.0")
    asked_and_approved(api)
    ended = killed_on_the_way(api, api.hand, blows, seconds=500)
    assert ended == "succeeded", (steps(api), api.backout("show", newest(api)).stdout)
    assert api.revision() == "0006"
    assert api.health() == {"status": "ok", "release": "1.0"}
    assert "API_TAG=1.0\n" in (api.folder / ".env").read_text()
    assert (api.folder / ".env").read_text().startswith("# What runs\n")
    assert api.shape() == before
    assert api.ask("SELECT count(*) FROM users") == users
    assert api.writes()
    assert api.left_over() == []
    done = api.json("status", newest(api))
    prove = next(step for step in done["steps"] if step["name"] == "prove")
    assert prove["result"]["rehearsal"]["fenced"] == "network"
    if not blows:
        assert started_while(api, "prove-quiet") == [], (
            "rows changed, so nothing is rehearsed anew while it stands still"
        )
        assert len(started_while(api, "downgrade")) == 1
    kept = api.json("backups", "content-api")
    assert "proven" in str(kept)
    api.backout("audit")
