"""A compose project of a test: its own folder and name, up on the engine of this machine, and gone afterwards."""

import json
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.docker_world.image import world_image

#: A database service for a compose file: `postgres` with the password `secret`, and the extension `vector`.
DATABASE = """
    image: ${BASE}
    user: postgres
    command: [postgres, -D, /var/lib/postgresql/data]
    stop_signal: SIGINT
    healthcheck: {test: [CMD, pg_isready, -h, 127.0.0.1, -U, postgres], interval: 1s, timeout: 5s, retries: 60}
"""


def compose_program() -> tuple[str, ...]:
    """Which of the two this machine has."""
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ("docker", "compose") if done.returncode == 0 else ("docker-compose",)


@dataclass(frozen=True, kw_only=True)
class Project:
    name: str
    folder: Path
    program: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)

    def compose(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            [*self.program, "--project-name", self.name, *words], cwd=self.folder, env={**os.environ, **self.environ},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0 or not check, done.stderr[-2000:]
        return done.stdout

    def up(self, *services: str) -> None:
        self.compose("up", "--detach", *services)

    def containers(self, service: str | None = None, *, every: bool = True) -> list[dict[str, object]]:
        """What the engine says of them (`docker inspect`), in the order of their names."""
        labels = [f"label=com.docker.compose.project={self.name}"]
        if service:
            labels.append(f"label=com.docker.compose.service={service}")
        words = [word for label in labels for word in ("--filter", label)]
        found = docker("ps", "--quiet", *(["--all"] if every else []), *words).split()
        listed: list[dict[str, object]] = json.loads(docker("inspect", *found)) if found else []
        return sorted(listed, key=lambda each: str(each["Name"]))

    def states(self, service: str) -> list[str]:
        return [str(each["State"]["Status"]) for each in self.containers(service)]  # type: ignore[index]

    def port(self, service: str, inside: int) -> int:
        return int(self.compose("port", service, str(inside)).strip().rpartition(":")[2])

    def wait_healthy(self, service: str, *, seconds: float = 60) -> None:
        """Waits on the engine's own events for it."""
        import time

        until = time.monotonic() + seconds
        while time.monotonic() < until:
            states = [each["State"] for each in self.containers(service)]
            if states and all(state.get("Health", {}).get("Status") == "healthy" for state in states):  # type: ignore[attr-defined]
                return
            time.sleep(0.2)
        raise AssertionError(f"{service} is not healthy: {self.compose('logs', service)[-2000:]}")


@contextmanager
def compose_project(folder: Path, *, prefix: str = "bt", environ: Mapping[str, str] | None = None) -> Iterator[Project]:
    """The project of the compose file in that folder; `BASE` is the world's image in it."""
    world = world_image()
    project = Project(
        name=f"{prefix}{secrets.token_hex(4)}", folder=folder, program=compose_program(),
        environ={"BASE": world, "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0", **(environ or {})},
    )  # fmt: skip
    try:
        yield project
    finally:
        project.compose("down", "--volumes", "--remove-orphans", "--timeout", "0", check=False)
        _remove_all_of(project.name)


def _remove_all_of(name: str) -> None:
    """Also what a test renamed, scaled or left behind, with the images that were built for it."""
    label = f"label=com.docker.compose.project={name}"
    if left := docker("ps", "--all", "--quiet", "--filter", label).split():
        docker("rm", "--force", "--volumes", *left)
    for kind in ("network", "volume"):
        if left := docker(kind, "ls", "--quiet", "--filter", label).split():
            docker(kind, "rm", *left, check=False)
    images = docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    if built := [image for image in images if image.startswith((f"{name}_", f"{name}-", f"{name}/"))]:
        docker("rmi", "--force", *built, check=False)


def docker(*words: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stderr[-2000:]
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copy_example(source: Path, target: Path) -> Path:
    """A folder of docs/examples, as somebody would have it on their machine."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    return target


def connect(port: int, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(f"postgresql://postgres:secret@127.0.0.1:{port}/{database}", autocommit=True)
