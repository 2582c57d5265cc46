import json
import shutil
import stat
from pathlib import Path

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from tests.cli.conftest import Backout, clean_environment
from tests.warm import run_alembic

CATALOG = """
stores:
  local: {{folder: {store}}}
services:
  orders:
    environment: staging
    platform: {{kind: local, folder: {folder}}}
    database: ${{ORDERS_URL}}
    migrations: alembic.ini
    backups: {{stores: local}}
    approvers: {{users: [U0AAAAAAA, U0BBBBBBB]}}
"""

EIGHT_MISTAKES = """\
services:
  orders:
    enviroment: production
    environment: produktion
    platform: {kind: lokal}
    database: postgresql://orders:tr0ub4dor@db/orders
    migrations: alembic.ini
    backups: {stores: [nowhere], keep: {last: many}, schedule: "every day"}
    checks:
      - {title: health, http: "http://127.0.0.1/health", timeout: soon}
"""


@pytest.fixture
def project(tmp_path: Path, database_url: str) -> str:
    """A local service whose database is at its newest revision; its URL."""
    shutil.copytree(Path(__file__).parent / "content_api", tmp_path / "orders")
    upgrade(tmp_path, database_url, "head")
    (tmp_path / "backout.yml").write_text(CATALOG.format(folder=tmp_path / "orders", store=tmp_path / "backups"))
    return database_url


def upgrade(folder: Path, url: str, target: str) -> None:
    run_alembic("upgrade", target, folder=folder / "orders", env=clean_environment(DATABASE_URL=url))


def answers(backout: Backout, url: str, **variables: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit code, and what was answered about `orders`, by question."""
    done = backout("check", "--json", ORDERS_URL=url, **variables)
    assert done.stdout, done.stderr
    return done.returncode, {each["question"]: each for each in json.loads(done.stdout)["orders"]}


def test_a_service_with_everything_in_place_is_ready(backout: Backout, project: str) -> None:
    code, found = answers(backout, project)
    assert code == 0
    levels = {question: answer["level"] for question, answer in found.items()}
    assert levels == {
        "database": "ok", "revision": "ok", "client tools": "ok", "platform": "ok", "store local": "ok",
        "approvers": "warning",
    }  # fmt: skip
    table = backout("check", ORDERS_URL=project)
    assert "Ready, with" in table.stdout
    assert "c93d0e7a, the newest" in table.stdout


def test_eight_mistakes_are_eight_messages_with_their_lines(backout: Backout, tmp_path: Path) -> None:
    (tmp_path / "backout.yml").write_text(EIGHT_MISTAKES)
    done = backout("check")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if "backout.yml:" in line]
    assert len(lines) == 8
    places = sorted(int(line.split("backout.yml:")[1].split(":")[0]) for line in lines)
    assert places == [3, 4, 5, 6, 8, 8, 8, 10]
    assert "environment" in done.stderr
    assert "tr0ub4dor" not in done.stderr


def test_a_catalog_that_is_not_there_says_where_it_was_looked_for(backout: Backout, tmp_path: Path) -> None:
    done = backout("check")
    assert done.returncode == 2
    assert "backout.yml" in done.stderr
    assert "BACKOUT_CATALOG" in done.stderr


def test_an_unknown_service_is_answered_with_the_nearest(backout: Backout, project: str) -> None:
    done = backout("check", "ordres", ORDERS_URL=project)
    assert done.returncode == 2
    assert "orders" in done.stderr


def test_a_database_that_does_not_answer_fails_and_the_rest_is_still_asked(backout: Backout, project: str) -> None:
    code, found = answers(backout, "postgresql://orders:tr0ub4dor@127.0.0.1:1/orders")
    assert code == 1
    assert found["database"]["level"] == "failed"
    assert found["revision"]["said"] == "newest c93d0e7a; live is not known"
    assert found["platform"]["level"] == "ok"
    assert "tr0ub4dor" not in json.dumps(found)


def test_a_wrong_password_is_said_without_the_password(backout: Backout, project: str) -> None:
    wrong = project.replace("postgresql://backout:", "postgresql://backout:tr0ub4dor")
    code, found = answers(backout, wrong)
    assert code == 1
    assert "password authentication failed" in found["database"]["said"]
    assert "tr0ub4dor" not in json.dumps(found)


def test_an_unset_variable_is_named(backout: Backout, project: str) -> None:
    code, found = answers(backout, "")
    assert code == 1
    assert "ORDERS_URL" in found["database"]["said"]


def test_an_older_revision_is_said_beside_the_newest(backout: Backout, project: str, tmp_path: Path) -> None:
    with psycopg.connect(project, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '8be27d51'")
    code, found = answers(backout, project)
    assert (code, found["revision"]["level"]) == (0, "warning")
    assert found["revision"]["said"] == "live 8be27d51, newest c93d0e7a"


def test_a_live_revision_that_no_script_knows_fails_with_advice(backout: Backout, project: str) -> None:
    with psycopg.connect(project, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'feedbeef'")
    code, found = answers(backout, project)
    assert (code, found["revision"]["level"]) == (1, "failed")
    assert "feedbeef" in found["revision"]["said"]
    assert "git" in str(found["revision"]["remedy"])


def test_a_database_that_alembic_never_saw_is_said(backout: Backout, project: str) -> None:
    with psycopg.connect(project, autocommit=True) as connection:
        connection.execute("DROP TABLE alembic_version")
    assert "no version table" in answers(backout, project)[1]["revision"]["said"]


def test_a_role_that_may_not_create_databases_is_a_warning(backout: Backout, project: str, postgres_url: str) -> None:
    role = "humble_" + project.rpartition("test_")[2].split("?")[0]
    with psycopg.connect(postgres_url, autocommit=True) as admin, psycopg.connect(project, autocommit=True) as inside:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'tr0ub4dor'")
        try:
            inside.execute(f"GRANT SELECT ON alembic_version TO {role}")
            url = project.replace(project.split("//")[1].split("@", maxsplit=1)[0], f"{role}:tr0ub4dor")
            found = answers(backout, url)[1]
            assert found["database"]["level"] == "warning"
            assert "may not create databases" in found["database"]["said"]
        finally:
            inside.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")


def test_a_missing_folder_and_a_store_in_the_way_fail(backout: Backout, project: str, tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file, not a folder")
    shutil.rmtree(tmp_path / "orders")
    code, found = answers(backout, project)
    assert code == 1
    assert found["store local"]["level"] == "failed"
    assert found["platform"]["level"] == "failed"
    assert found["revision"]["level"] == "failed"


def test_half_a_slack_configuration_is_named(backout: Backout, project: str) -> None:
    done = backout("check", "--json", ORDERS_URL=project, SLACK_BOT_TOKEN="xoxb-1-abc")
    slack = next(each for each in json.loads(done.stdout)["backout"] if each["question"] == "Slack")
    assert slack["level"] == "failed"
    assert "SLACK_APP_TOKEN" in slack["said"]


def test_check_leaves_nothing_behind(backout: Backout, project: str, tmp_path: Path) -> None:
    before = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if "__pycache__" not in path.parts}
    answers(backout, project)
    after = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if "__pycache__" not in path.parts}
    assert after - before == {Path("backups")}
    assert stat.S_IMODE((tmp_path / "backups").stat().st_mode) == 0o700


def test_a_database_that_knows_no_encoding_answers_in_words_too(
    backout: Backout, project: str, postgres_server: EmbeddedPostgres
) -> None:
    with psycopg.connect(postgres_server.url(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE bare ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
        try:
            with psycopg.connect(postgres_server.url("bare")) as connection:
                connection.execute("CREATE TABLE alembic_version AS SELECT 'c93d0e7a'::text AS version_num")
            _, found = answers(backout, postgres_server.url("bare"))
        finally:
            admin.execute("DROP DATABASE bare WITH (FORCE)")
    assert found["database"]["said"].startswith("PostgreSQL 18")
    assert "c93d0e7a, the newest" in found["revision"]["said"]
    assert "b'" not in str(found)
