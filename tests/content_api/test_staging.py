"""The documentation's staging entry, on this machine without containers: where the seed says that rollbacks are safe."""

import json
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

from scenes import as_person, kinds, newest, rests, several_people
from world import Shop

from actions.embedded import EmbeddedPostgres
from tests.conftest import server_folder
from tests.warm import run_alembic, warm_python

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "content-api"


@dataclass
class Staging(Shop):
    name: str = "content-api-staging"

    @property
    def environ(self) -> dict[str, str]:
        return {**super().environ, "CONTENT_API_STAGING_URL": self.url, "DATABASE_URL": self.url}

    def make(self, *, upgrade: bool = True) -> None:
        shutil.copytree(EXAMPLE / "app", self.folder, dirs_exist_ok=True)
        self.write_catalog()
        run_alembic("upgrade", "0006", folder=self.folder, env=self.environ)
        with psycopg.connect(self.url) as connection:
            connection.execute("INSERT INTO users (email) SELECT g || '@example.org' FROM generate_series(1, 50) g")
        if upgrade:
            self.deploy()

    def deploy(self) -> None:
        run_alembic("upgrade", "head", folder=self.folder, env=self.environ)

    def entry(self) -> dict[str, Any]:
        """The documentation's, for a folder, a store and people that are here."""
        entry: dict[str, Any] = yaml.safe_load((EXAMPLE / "backout.yml").read_text())["services"][self.name]
        entry = json.loads(json.dumps(entry))
        del entry["channel"]
        entry["platform"]["folder"] = str(self.folder)
        entry["migrations"]["run"] = {"python": warm_python()}
        return {
            **entry, "backups": {"stores": [{"folder": str(self.home / "backups")}]}, "approvers": {"terminal": ["lead"]}
        }  # fmt: skip


@pytest.fixture(scope="module")
def staging(postgres_server: EmbeddedPostgres) -> Iterator[Staging]:
    names = [f"staging_{secrets.token_hex(4)}", f"history_{secrets.token_hex(4)}"]
    with server_folder() as folder, psycopg.connect(postgres_server.url(), autocommit=True) as admin:
        for part in ("app", "home"):
            (folder / part).mkdir()
        for name in names:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        urls = [postgres_server.url(name) for name in names]
        made = Staging(folder=folder / "app", home=folder / "home", url=urls[0], history_url=urls[1], port=0)
        made.make()
        with made.worker():
            yield made
        for name in names:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def go(staging: Staging, *target: str) -> str:
    """How it ended, after the one approval that it may need."""
    staging.deploy()
    staging.backout("request", staging.name, *target, "--because", "the release does not work")
    if rests(staging) == "waiting":
        digest = staging.json("status", newest(staging))["rollback"]["digest"]
        as_person(staging, "lead", "approve", newest(staging), "--digest", digest)
    return rests(staging)


@several_people
@pytest.mark.parametrize(("target", "revision"), [(["-2"], "0005"), (["-1"], "0006"), (["--to", "0003"], "0003")])
def test_one_or_several_revisions_go_back_also_those_that_lose_something(
    staging: Staging, target: list[str], revision: str
) -> None:
    assert go(staging, *target) == "succeeded", staging.backout("show", newest(staging)).stdout
    assert "step.revision_reached" in kinds(staging)
    assert staging.revision() == revision
    assert staging.ask("SELECT count(*) FROM users") == 50


@several_people
def test_to_the_very_beginning_its_check_cannot_be_made_which_is_said_before_and_a_person_keeps_what_is_there(
    staging: Staging,
) -> None:
    staging.deploy()
    said = staging.backout("assess", staging.name, "--to", "base", check=None).stdout
    assert "AP103" in said
    assert "cannot be made after the downgrade" in " ".join(said.split())
    assert go(staging, "--to", "base") == "choosing"
    staging.backout("resume", newest(staging), "--keep")
    assert rests(staging) == "failed"
    assert staging.ask("SELECT to_regclass('users')") is None
    assert staging.ask("SELECT count(*) FROM alembic_version") == 0
