"""A shop: an Alembic project of its own, a writer that writes every 50 ms, a health page; and the program itself.

Everything is a process; nothing of ours is called in here but the command line.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.warm import Begun, Ran, run_alembic, run_backout, start_backout, warm_python

HERE = Path(__file__).parent
PYTHON = sys.executable

ENV_PY = """
import os
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["SHOP_URL"].replace("postgresql://", "postgresql+psycopg://"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
FIRST = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0001", None
def upgrade():
    op.create_table("orders", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True), sa.Column("item", sa.Text))
    op.create_table("customers", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
    op.execute("INSERT INTO customers SELECT g, 'customer ' || g FROM generate_series(1, 500) g")
    op.execute("INSERT INTO orders (item) SELECT 'old' FROM generate_series(1, 2000) g")
def downgrade():
    op.drop_table("orders")
    op.drop_table("customers")
"""
SECOND = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0002", "0001"
def upgrade():
    op.add_column("orders", sa.Column("note", sa.Text))
def downgrade():
    op.drop_column("orders", "note")
"""
THIRD = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0003", "0002"
def upgrade():
    op.create_index("orders_item", "orders", ["item"])
def downgrade():
    op.drop_index("orders_item")
"""


@dataclass
class Shop:
    folder: Path
    url: str
    home: Path
    history_url: str
    port: int
    name: str = "shop"
    #: In which the workers have its URL.
    variable: str = "SHOP_URL"
    scripts: tuple[str, ...] = (FIRST, SECOND, THIRD)
    quiet_for: str = "1s"
    #: For everything that is waited for, where the usual is too short: on a machine that many share.
    patience: str = ""
    #: What commands of the service find in their environment, beside its URL.
    surroundings: dict[str, str] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8", "SHOP_URL": self.url,
            "BACKOUT_DATABASE_URL": self.history_url, "BACKOUT_CATALOG": str(self.folder / "catalog.yml"),
            "BACKOUT_HOME": str(self.home), "PYTHONPATH": str(HERE.parents[1]), "BACKOUT_LOG_LEVEL": "info",
        }  # fmt: skip

    def make(self, *, upgrade: bool = True) -> None:
        for name in ("writer.py", "web.py"):
            shutil.copy(HERE / "shop" / name, self.folder / name)
        scripts = self.folder / "migrations"
        (scripts / "versions").mkdir(parents=True)
        (scripts / "env.py").write_text(ENV_PY)
        for number, text in enumerate(self.scripts, 1):
            (scripts / "versions" / f"{number:04}.py").write_text(text)
        (self.folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
        self.write_catalog()
        if upgrade:
            run_alembic("upgrade", "head", folder=self.folder, env=self.environ)

    def write_catalog(self) -> None:
        (self.folder / "catalog.json").write_text(json.dumps({"services": {self.name: self.entry()}}))
        (self.folder / "catalog.json").rename(self.folder / "catalog.yml")

    def entry(self) -> dict[str, Any]:
        """What the catalog says of it."""

        def process(script: str, *words: str) -> dict[str, Any]:
            return {
                "name": script,
                "process": [PYTHON, f"{script}.py", *words],
                "pid_file": str(self.folder / f"{script}.pid"),
            }

        return {
            "environment": "staging",
            "platform": {"kind": "local", "folder": str(self.folder), "env": {"SHOP_URL": f"${{{self.variable}}}", **self.surroundings}},
            "database": f"${{{self.variable}}}",
            "migrations": {"config": "alembic.ini", "run": {"python": warm_python()}, "url": "SHOP_URL"},
            "writers": {
                "stop": [
                    process("writer", str(self.folder / "writer.pid")),
                    process("web", str(self.port), str(self.folder / "web.pid")),
                ],
                "stop_timeout": self.patience or "10s", "start_timeout": self.patience or "20s", "quiet_for": self.quiet_for,
            },
            "application": {"command": ["touch", "older-release"], "undo": ["rm", "-f", "older-release"]},
            "checks": [
                {"http": f"http://127.0.0.1:{self.port}/health", "json": {"path": "status", "equals": "ok"}, "patience": self.patience or "15s"},
                {"sql": "SELECT count(*) FROM customers", "like_before": True},
            ],
            "policy": {"quorum": 0, **self.policy},
            "approvers": {"terminal": ["nobody-yet"]},
            **self.more,
        }  # fmt: skip

    def start(self) -> None:
        """The application runs, as on any day."""
        for name in ("writer", "web"):
            self.launch(name)
        wait_for(lambda: self.writes() and self.answers(), "the shop did not start")

    def launch(self, name: str) -> None:
        """In the background of a shell that ends at once: nobody's child, as an application is."""
        words = [f"{name}.py", *([str(self.port)] if name == "web" else []), str(self.folder / f"{name}.pid")]
        subprocess.run(
            ["/bin/sh", "-c", '"$0" "$@" </dev/null >/dev/null 2>&1 &', PYTHON, *words], cwd=self.folder, env=self.environ,
            check=True, start_new_session=True,
        )  # fmt: skip

    def stop(self) -> None:
        for name in ("writer", "web"):
            for process in self.processes(name):
                process.kill()
                process.wait(5)

    def processes(self, name: str) -> list[psutil.Process]:
        marker = f"{self.folder}/{name}.pid"
        found = []
        # Read as it lies there: asked for everything about everybody, psutil takes a hundred times as long.
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = file.read_text(errors="replace").split("\0")
                if marker in words and words[0] != "/bin/sh":
                    process = psutil.Process(int(file.parent.name))
                    found += [process] if process.status() != psutil.STATUS_ZOMBIE else []
            except (OSError, psutil.NoSuchProcess):
                continue
        return found

    def orders(self) -> int:
        return int(self.ask("SELECT count(*) FROM orders"))

    def ask(self, query: str) -> Any:
        with psycopg.connect(self.url, application_name="the test") as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    def revision(self) -> str:
        return str(self.ask("SELECT version_num FROM alembic_version"))

    def writes(self) -> bool:
        before = self.orders()
        time.sleep(0.3)
        return self.orders() > before

    def answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def backout(self, *words: str, check: int | None = 0, seconds: float = 120, **variables: str) -> Ran:
        done = run_backout(words, folder=self.folder, env={**self.environ, **variables}, timeout=seconds)
        assert not done.timed_out, f"{words} did not end"
        assert check is None or done.returncode == check, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words: str, check: int | None = 0) -> Any:
        return json.loads(self.backout(*words, "--json", check=check).stdout)

    def status(self, rollback: str) -> str:
        return str(self.json("status", rollback)["rollback"]["status"])

    @contextmanager
    def worker(self) -> Iterator[Begun]:
        process = self.start_worker()
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except TimeoutError:
                process.kill()
                process.wait()

    def start_worker(self) -> Begun:
        with (self.folder / "serve.log").open("ab") as log:
            return start_backout(["serve", "--workers-only"], folder=self.folder, env=self.environ, log=log)


def wait_for(condition: Any, otherwise: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, otherwise
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
