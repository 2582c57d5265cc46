"""Makes the demo's world: folders, databases with rows, and the moment at which the last release was deployed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError
from actions.redaction import redact
from bot.demo_world.services import APPLICATION, SERVICES, SOURCES


def lay_out(folder: Path) -> None:
    """The services' sources, as somebody would have checked them out. What an earlier demo left is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in (APPLICATION, *(SOURCES / service.name for service in SERVICES)):
        target = folder / source.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def make_databases(server: EmbeddedPostgres) -> Mapping[str, str]:
    """Empty ones, where there are none yet; their URLs by service."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        there = {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}
        for service in SERVICES:
            if service.name not in there:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(service.name)))
    return {service.name: server.url(service.name) for service in SERVICES}


def fill(
    folder: Path,
    urls: Mapping[str, str],
    migrations: "Migrations",
    *,
    seen: Callable[[], None],
    look: Callable[[], None],
) -> bool:
    """Rows as they were, the deploy, and rows that came after it. `seen` is called before the deploy and right after
    it, to have it noticed; `look` between the steps, and may raise. False: all of it is there already.
    """
    new = [service for service in SERVICES if not _is_filled(urls[service.name])]
    if not new:
        return False
    with ThreadPoolExecutor(len(new)) as threads:

        def run_each(script: str) -> None:
            look()
            list(threads.map(lambda service: _run(folder / service.name / script, urls[service.name]), new))
            look()

        migrations.upgrade(folder, {service.name: service.before for service in new}, urls)
        run_each("before.sql")
        seen()
        look()
        migrations.upgrade(folder, {service.name: service.after for service in new}, urls)
        seen()
        run_each("after.sql")
    return True


def _is_filled(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    return row is not None and row[0] is not None


def _run(script: Path, url: str) -> None:
    if script.exists():
        with psycopg.connect(url) as connection:
            connection.execute(script.read_bytes())


class Migrations:
    """One Alembic for all of them: loading it takes longer than what it is asked to do, so it loads early, and once."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _UPGRADES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @contextmanager
    def running(self) -> Iterator["Migrations"]:
        """It ends when its input does, so also with us."""
        with self._process:
            yield self

    def upgrade(self, folder: Path, revisions: Mapping[str, str], urls: Mapping[str, str]) -> None:
        orders = [
            {"folder": str(folder / name), "url": urls[name], "revision": revision}
            for name, revision in revisions.items()
        ]
        assert self._process.stdin is not None  # noqa: S101 because they are pipes
        assert self._process.stdout is not None  # noqa: S101 as above
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{json.dumps(orders)}\n")
            self._process.stdin.flush()
        if self._process.stdout.readline().strip() != "done":
            _, said = self._process.communicate()
            lines = redact(said).strip().splitlines() or ["it said nothing"]
            raise BackoutError(
                f"The demo's services could not be set up: {lines[-1]}",
                next_step="Remove the demo's folder (--home) and try again.",
            )


_UPGRADES = """
import json, os, sys
from alembic import command
from alembic.config import Config
import psycopg, sqlalchemy.dialects.postgresql.psycopg
for line in sys.stdin:
    for order in json.loads(line):
        os.environ["DATABASE_URL"] = order["url"]
        command.upgrade(Config(os.path.join(order["folder"], "alembic.ini")), order["revision"])
    print("done", flush=True)
"""
