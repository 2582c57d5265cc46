"""The Content API on a real engine: the documentation's own catalog, compose file, Dockerfile and migrations."""

import json
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

from world import PYTHON, Shop, free_port, wait_for

from tests.conftest import server_folder
from tests.docker_world.project import Project, compose_project, docker
from tests.warm import Ran

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "content-api"


@dataclass
class ContentApi(Shop):
    """Driven by the program alone, as `Shop` is."""

    name: str = "content-api"
    lease: str = ""
    #: Its worker, where a test kills it.
    hand: Any = None
    project: Project = field(kw_only=True)
    db_port: int = field(kw_only=True)

    @property
    def image(self) -> str:
        return f"{self.project.name}/content-api"

    @property
    def environ(self) -> dict[str, str]:
        more = {
            "CONTENT_API_DATABASE_URL": self.url,
            "CONTENT_API_INSIDE_URL": "postgresql://postgres:secret@db/content",
            "BACKOUT_LEASE": self.lease,
        }
        return {**super().environ, **more}

    def backout(self, *words: str, check: int | None = 0, seconds: float = 500, **variables: str) -> Ran:
        """A container's start takes its time on a machine that many share."""
        return super().backout(*words, check=check, seconds=seconds, **variables)

    def make(self, *, upgrade: bool = True) -> None:
        shutil.copytree(EXAMPLE / "app", self.folder, dirs_exist_ok=True)
        for release in ("1.0", "2.0"):
            self.build(release)
        self.write_settings("2.0")
        self.write_catalog()
        if upgrade:
            self.project.up("db")
            self.project.wait_healthy("db")
            with psycopg.connect(self.url.replace("/content", "/postgres"), autocommit=True) as admin:
                admin.execute("CREATE DATABASE content")
            self.alembic_from_here("0006")
            self.fill()
            # So that it is known since when the next revision is live: a look before the deploy; whoever asks looks again.
            self.backout("check", self.name, check=None)
            self.alembic_from_here("head")

    def deploy(self) -> None:
        """The newer release, as on any day: the migration, then the containers."""
        self.write_settings("2.0")
        self.alembic("upgrade", "head")
        self.start()

    def build(self, release: str) -> None:
        subprocess.run(
            ["docker", "build", "--quiet", "--build-arg", f"BASE={self.project.environ['BASE']}", "--build-arg",
             f"RELEASE={release}", "--tag", f"{self.image}:{release}", "."],
            cwd=self.folder, check=True, capture_output=True, env={**super().environ, "DOCKER_BUILDKIT": "0"},
        )  # fmt: skip

    def remove_image(self, release: str) -> None:
        docker("rmi", "--force", f"{self.image}:{release}", check=False)

    def write_settings(self, tag: str) -> None:
        (self.folder / ".env").write_text(
            f"# What runs\nAPI_TAG={tag}\nAPI_IMAGE={self.image}\nDB_IMAGE={self.project.environ['BASE']}\n"
            f"DB_PORT=127.0.0.1:{self.db_port}\nAPI_PORT=127.0.0.1:{self.port}\nCOMPOSE_PROJECT_NAME={self.project.name}\n"
        )

    def alembic(self, *words: str) -> str:
        return self.project.compose("run", "--rm", "--no-deps", "-T", "api", "python3", "-m", "alembic", *words)

    def alembic_from_here(self, revision: str) -> None:
        """The same without a container, for what only leads up to the story."""
        environ = {**super().environ, "DATABASE_URL": self.url}
        words = (PYTHON, "-m", "alembic", "upgrade", revision)
        subprocess.run(words, cwd=self.folder, env=environ, check=True, capture_output=True)

    def fill(self) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO users (email) SELECT 'user' || g || '@example.org' FROM generate_series(1, 300) g"
            )
            connection.execute("INSERT INTO content_jobs (user_id, state) SELECT id, 'done' FROM users")

    def entry(self) -> dict[str, Any]:
        """The documentation's, for ports and stores that are here."""
        entry = yaml.safe_load((EXAMPLE / "backout.yml").read_text())["services"]["content-api"]
        entry = json.loads(json.dumps(entry).replace("127.0.0.1:8000", f"127.0.0.1:{self.port}"))
        del entry["channel"], entry["escalation"]
        entry["platform"] = {"kind": "compose", "folder": str(self.folder)}
        entry["writers"] = {"stop": entry["writers"], "quiet_for": "300ms", "start_timeout": "30s"}
        entry["backups"] = {"stores": [{"folder": str(self.home / "backups")}]}
        entry["approvers"] = {"terminal": ["lead"]}
        # The five minutes are the team's; a machine that many share takes longer for its tests.
        entry["policy"] = {**entry["policy"], "window": "1h", **self.policy}
        return {**entry, **self.more}

    def start(self) -> None:
        self.project.up()
        wait_for(lambda: self.writes() and self.health().get("release") == "2.0", "the content API did not start")

    def stop(self) -> None:
        """The project's own end does it."""

    def orders(self) -> int:
        return int(self.ask("SELECT count(*) FROM content_jobs"))

    def health(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except OSError:
            return {}

    def shape(self) -> dict[str, list[tuple[str, str]]]:
        """What has to be given back: containers by name, and their states."""
        return {
            service: [(str(each["Name"]), str(each["State"]["Status"])) for each in self.project.containers(service)]  # type: ignore[index]
            for service in ("db", "api", "worker")
        }

    def left_over(self) -> list[str]:
        return docker("ps", "--all", "--quiet", "--filter", "label=backout.service=content-api").split()


@contextmanager
def a_content_api(server: Any, **how: Any) -> Iterator[ContentApi]:
    """Running on its engine; only Backout's own history is on the tests' server."""
    history = f"history_{secrets.token_hex(4)}"
    with server_folder() as folder, psycopg.connect(server.url(), autocommit=True) as admin:
        folder.chmod(0o755)
        for part in ("app", "home"):
            (folder / part).mkdir()
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(history)))
        with compose_project(folder / "app") as project:
            port = free_port()
            api = ContentApi(
                folder=folder / "app", home=folder / "home", history_url=server.url(history), port=free_port(), db_port=port,
                url=f"postgresql://postgres:secret@127.0.0.1:{port}/content", project=project, **how,
            )  # fmt: skip
            try:
                api.make()
                api.start()
                yield api
            finally:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(history)))


__all__ = ["PYTHON", "ContentApi", "a_content_api"]
