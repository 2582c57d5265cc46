"""The seed's six kinds of migration, from the documentation's own staging entry, on this machine: each with data, and its
risk."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import yaml

from actions.assess.assessment import Question, Surroundings, assess
from actions.catalog import load_catalog
from actions.catalog.service import Service
from actions.embedded import EmbeddedPostgres
from tests.conftest import server_folder
from tests.warm import run_alembic, warm_python

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "content-api"
DATABASE = "content_kinds"
FILL = """
INSERT INTO users (email, status) SELECT 'user' || g || '@example.org', CASE WHEN g < 100 THEN 'active' END
  FROM generate_series(1, 120) g;
INSERT INTO content_jobs (user_id, state) SELECT id, 'done' FROM users;
"""


@pytest.fixture(scope="module")
def home(postgres_server: EmbeddedPostgres) -> Iterator[Path]:
    with psycopg.connect(postgres_server.url(), autocommit=True) as admin, server_folder() as folder:
        admin.execute(f"CREATE DATABASE {DATABASE}")
        shutil.copytree(EXAMPLE / "app", folder / "app")
        entry = yaml.safe_load((EXAMPLE / "backout.yml").read_text())
        entry["services"] = {"content-api-staging": entry["services"]["content-api-staging"]}
        entry["services"]["content-api-staging"]["migrations"]["run"] = {"python": warm_python()}
        (folder / "backout.yml").write_text(yaml.safe_dump(entry))
        alembic(folder, postgres_server.url(DATABASE), "upgrade", "0001")
        with psycopg.connect(postgres_server.url(DATABASE)) as connection:
            connection.execute(FILL)
        yield folder
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def alembic(folder: Path, url: str, *words: str) -> None:
    environ = {**os.environ, "DATABASE_URL": url}
    run_alembic(*words, folder=folder / "app", env=environ)


def service_of(folder: Path, environ: dict[str, str]) -> Service:
    return load_catalog(folder / "backout.yml", environ).service("content-api-staging")


#: Revision, what people wrote since, its risk in the seed, and a finding that has to be there.
KINDS = [
    ("0002", "INSERT INTO users (email) VALUES (repeat('y', 150))", "medium", ("DF101", "users.email")),
    ("0003", "", "high", ("RE101", "users.old_preferences")),
    ("0004", "", "high", ("RE102", "old_sessions")),
    ("0005", "", "high", ("DM101", "0005")),
    ("0006", "", "low", None),
    ("0007", "", "low", None),
]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
def test_each_kind_has_the_risk_that_the_team_gives_it(
    home: Path, postgres_server: EmbeddedPostgres, kind: tuple[str, str, str, tuple[str, str] | None]
) -> None:
    """A look at the data may take it back: what 0005 changes comes again with its upgrade, so with data it is medium."""
    revision, written, risk, found = kind
    url = postgres_server.url(DATABASE)
    alembic(home, url, "upgrade", revision)
    if written:
        with psycopg.connect(url) as connection:
            connection.execute(written)
    environ = {"PATH": os.environ["PATH"], "CONTENT_API_STAGING_URL": url}
    around = Surroundings(environ=environ, now=datetime.now(UTC), home=home)
    seen = assess(Question(service=service_of(home, environ), target="-1"), around)
    assert str(seen.decision.risk) == risk, seen.findings
    assert found is None or found in {(each.code, each.object) for each in seen.findings}
