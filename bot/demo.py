"""The product on embedded parts, for somebody who has one minute and no account anywhere.

For now: an embedded PostgreSQL, an example service with a real Alembic project and some rows, what
`backout check` says about it, and the history.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError
from actions.redaction import redact

WORLD = Path(__file__).parent / "demo_world"
DATABASE = "content_api"

ROWS = """
INSERT INTO writers (email, preferences)
SELECT 'writer' || n || '@example.com', CASE WHEN n % 3 = 0 THEN '{"theme": "dark"}'::json END
FROM generate_series(1, 200) n WHERE NOT EXISTS (SELECT FROM writers);
INSERT INTO articles (writer_id, title, body, language)
SELECT 1 + n % 200, 'Article ' || n, repeat('Lorem ipsum. ', 20), CASE n % 5 WHEN 0 THEN 'de' ELSE 'en' END
FROM generate_series(1, 5000) n WHERE NOT EXISTS (SELECT FROM articles);
"""


def make_service(server: EmbeddedPostgres) -> str:
    """The example service's database, made and filled on the first run; its URL."""
    name = sql.Identifier(DATABASE)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    url = server.url(DATABASE)
    _upgrade(url)
    with psycopg.connect(url) as connection:
        connection.execute(ROWS)
    return url


def environment(home: Path, service_url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What a shell would have to export to look at the demo with `backout` by hand."""
    mine = {name: value for name, value in environ.items() if not name.startswith(("BACKOUT_", "SLACK_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
    return {
        **mine,
        "PATH": path,
        "BACKOUT_HOME": str(home),
        "BACKOUT_CATALOG": str(WORLD / "backout.yml"),
        "CONTENT_API_DATABASE_URL": service_url,
    }


def _upgrade(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=WORLD / DATABASE, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BackoutError(
            f"The example service could not be set up: {redact(done.stderr).strip().splitlines()[-1]}",
            next_step="Remove the demo's folder (--home) and try again.",
        )
