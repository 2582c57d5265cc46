"""Claude Agent UI on a real engine: the documentation's own catalog and compose file, and a bucket on this machine."""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
import yaml
from psycopg import sql

from tests.backup.object_storage import storage
from tests.conftest import server_folder
from tests.docker_world.project import Project, compose_project, docker, free_port
from tests.rollback.world import Shop, wait_for
from tests.warm import Ran

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "claude-agent-ui"
TABLES = """
CREATE TABLE conversations (id int PRIMARY KEY, title text NOT NULL);
CREATE TABLE messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, conversation_id int REFERENCES conversations,
  body text NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO conversations SELECT g, 'conversation ' || g FROM generate_series(1, 20) g;
INSERT INTO messages (conversation_id, body) SELECT g % 20 + 1, 'message ' || g FROM generate_series(1, 400) g;
"""


@dataclass
class AgentUi(Shop):
    """Driven by the program alone, as `Shop` is."""

    name: str = "claude-agent-ui"
    project: Project = field(kw_only=True)
    db_port: int = field(kw_only=True)
    bucket_port: int = field(kw_only=True)
    #: More for `backups`.
    backups: dict[str, Any] = field(default_factory=dict)
    #: Other `tools`.
    tools: dict[str, Any] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        more = {
            "AGENT_UI_DATABASE_URL": self.url, "AGENT_UI_INSIDE_URL": "postgresql://postgres:secret@postgres/claude_agent_ui",
            "S3_KEY": "AKIAEXAMPLE", "S3_SECRET": "s3cr3t-key-value",
        }  # fmt: skip
        return {**super().environ, **more}

    @property
    def disk(self) -> Path:
        """Where the team's own script had its backups."""
        return self.folder / "database" / "backups"

    def backout(self, *words: str, check: int | None = 0, seconds: float = 400, **variables: str) -> Ran:
        return super().backout(*words, check=check, seconds=seconds, **variables)

    def make(self, *, upgrade: bool = True) -> None:  # noqa: ARG002  there is no Alembic here
        shutil.copytree(EXAMPLE / "app", self.folder, dirs_exist_ok=True)
        base = self.project.environ["BASE"]
        (self.folder / ".env").write_text(
            f"DB_IMAGE={base}\nSTRAPI_IMAGE={base}\nDB_PORT=127.0.0.1:{self.db_port}\n"
            f"STRAPI_PORT=127.0.0.1:{self.port}\nCOMPOSE_PROJECT_NAME={self.project.name}\n"
        )
        self.write_catalog()
        self.project.up("postgres")
        self.project.wait_healthy("postgres")
        with psycopg.connect(self.url.replace("/claude_agent_ui", "/postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE claude_agent_ui")
        self.execute(TABLES)

    def write_catalog(self) -> None:
        """The documentation's, for ports, people and stores that are here."""
        text = (EXAMPLE / "backout.yml").read_text().replace("127.0.0.1:1337", f"127.0.0.1:{self.port}")
        read = yaml.safe_load(text)
        entry = read["services"][self.name]
        del entry["channel"], entry["backups"]["schedule"]
        entry["platform"] = {"kind": "compose", "folder": str(self.folder)}
        entry["writers"] = {"stop": entry["writers"], "quiet_for": "300ms"}
        entry["approvers"] = {"terminal": ["maintainer", "deputy"]}
        entry["backups"] |= self.backups
        entry["database"]["tools"] = self.tools or entry["database"]["tools"]
        bucket = {"bucket": "backups", "endpoint": f"http://127.0.0.1:{self.bucket_port}", "prefix": "postgres-backups"}
        read["stores"] = {"disk": str(self.disk), "offsite": {**read["stores"]["offsite"], **bucket}}
        (self.folder / "catalog.json").write_text(json.dumps(read))
        (self.folder / "catalog.json").rename(self.folder / "catalog.yml")

    def start(self) -> None:
        self.project.up()
        wait_for(lambda: self.writes() and self.is_well(), "Strapi did not start")

    def stop(self) -> None:
        """The project's own end does it."""

    def execute(self, statements: str) -> None:
        with psycopg.connect(self.url, application_name="the test", autocommit=True) as connection:
            connection.execute(statements)

    def orders(self) -> int:
        return int(self.ask("SELECT count(*) FROM messages"))

    def is_well(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/_health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def runs(self) -> bool:
        return self.project.states("strapi") == ["running"] and self.project.states("postgres") == ["running"]

    def databases(self) -> set[str]:
        with psycopg.connect(self.url, application_name="the test") as connection:
            return {str(name) for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}

    def listed(self) -> list[dict[str, Any]]:
        """The newest first."""
        return list(self.json("backups", self.name))

    def left_over(self) -> list[str]:
        return docker("ps", "--all", "--quiet", "--filter", f"label=backout.service={self.name}").split()


@contextmanager
def an_agent_ui(server: Any, **how: Any) -> Iterator[AgentUi]:
    """Running on its engine; only Backout's own history is on the tests' server."""
    history = f"history_{secrets.token_hex(4)}"
    with server_folder() as folder, storage() as bucket, psycopg.connect(server.url(), autocommit=True) as admin:
        folder.chmod(0o755)
        for part in ("app", "home"):
            (folder / part).mkdir()
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(history)))
        with compose_project(folder / "app") as project:
            port = free_port()
            ui = AgentUi(
                folder=folder / "app", home=folder / "home", history_url=server.url(history), port=free_port(), db_port=port,
                url=f"postgresql://postgres:secret@127.0.0.1:{port}/claude_agent_ui", project=project,
                bucket_port=bucket, **how,
            )  # fmt: skip
            try:
                ui.make()
                ui.start()
                yield ui
            finally:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(history)))
