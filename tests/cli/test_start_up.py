"""Who only asks for help, or where a rollback stands, does not wait for what only an assessment needs."""

import json
import subprocess
import sys

from actions.history.database import open_history

#: What takes long to import, by whom it is needed at all.
HEAVY = {
    "the catalog": ("actions.catalog", "yaml"),
    "assessments": ("actions.assess.assessment", "sqlglot"),
    "runs": ("actions.run.plan", "actions.run.crewing", "procrastinate"),
    "platforms": ("kubernetes", "docker"),
    "buckets": ("boto3", "botocore", "minio"),
    "Slack": ("slack_bolt", "slack_sdk", "aiohttp"),
}
LOADED = """
import json, sys
from bot.cli import run
code = run(sys.argv[1:])
print()
print(json.dumps([code, sorted(sys.modules)]))
"""


def loaded_by(*words: str, environ: dict[str, str]) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


def in_vain(modules: set[str]) -> list[str]:
    return [name for names in HEAVY.values() for name in names if name in modules]


def test_help_needs_no_settings_no_database_and_no_drawing() -> None:
    modules = loaded_by("--help", environ={})
    assert in_vain(modules) == []
    assert modules.isdisjoint({"pydantic", "sqlalchemy", "psycopg", "rich"})


def test_to_see_where_a_rollback_stands_the_record_is_enough(database_url: str) -> None:
    open_history(database_url).close()
    assert in_vain(loaded_by("status", environ={"BACKOUT_DATABASE_URL": database_url})) == []
