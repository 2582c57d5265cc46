"""The docker client and its compose, asked for facts and small changes.

Both generations of compose speak the same verbs; where they differ, what is needed is read from the engine itself.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import yaml

from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.platforms.compose import ComposeProject, called, find_program
from actions.platforms.compose_files import Stamps, stamps_of
from actions.platforms.containers import Container, containers_in
from actions.platforms.local import ordinary_surroundings
from actions.redaction import redact

#: What the client itself may need to find its engine; nothing of ours that is secret.
CLIENTS = (
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION",
    "DOCKER_BUILDKIT", "COMPOSE_DOCKER_CLI_BUILD", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "HTTP_PROXY", "HTTPS_PROXY",
    "NO_PROXY",
)  # fmt: skip
SHORT = timedelta(seconds=60)
AWAY = re.compile(
    r"cannot connect to the docker daemon|couldn't connect to docker daemon|error during connect|connection refused"
    r"|no such host|error while fetching server api version|permission denied while trying to connect"
    r"|dial unix|i/o timeout",
    re.IGNORECASE,
)
PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"


#: The older compose takes a second of a whole core: who asks at the same time waits for the first one's answer.
_ASKING = Lock()
_FINDING = Lock()


class DockerError(BackoutError):
    """The engine or compose said no, in its own words."""


def client_surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        **ordinary_surroundings(environ),
        **{name: environ[name] for name in CLIENTS if environ.get(name)},
        # Somebody else's project in the same folder is none of our business.
        "COMPOSE_IGNORE_ORPHANS": "1",
    }


@dataclass(frozen=True, kw_only=True)
class DockerCli:
    """One project on one engine."""

    project: ComposeProject
    #: What the client and compose see: ordinary things, how to find the engine, and the catalog's `env`.
    environ: Mapping[str, str] = field(repr=False)

    @property
    def docker(self) -> tuple[str, ...]:
        return ("docker", "--context", self.project.context) if self.project.context else ("docker",)

    @property
    def compose(self) -> tuple[str, ...]:
        """With everything that says which project; a verb follows."""
        return called(program_of(self.project, self.environ), self.project)

    def ask(self, *words: str, within: timedelta = SHORT) -> str:
        """Something of docker itself; what it printed."""
        return _output([*self.docker, *words], self.project.folder, self.environ, within)

    def ask_compose(self, *words: str, within: timedelta = SHORT) -> str:
        return _output([*self.compose, *words], self.project.folder, self.environ, within)

    @property
    def name(self) -> str:
        """The project's, as compose makes it."""
        if self.project.project:
            return self.project.project
        # The newer compose says it. The older one makes it of a variable, or of the folder.
        said = self.configuration().get("name")
        if isinstance(said, str):
            return said
        given = self.environ.get("COMPOSE_PROJECT_NAME") or _in_env_file(self.project.folder / ".env")
        return re.sub(r"[^-_a-z0-9]", "", (given or self.project.folder.resolve().name).lower()) or "default"

    def containers(self, *services: str, one_off: bool = False) -> tuple[Container, ...]:
        """Of the project, also those that are stopped; without those that were made for one command."""
        found = self.ask("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={PROJECT}={self.name}").split()
        listed = containers_in(self.inspect(*found)) if found else ()
        return tuple(each for each in listed if each.one_off == one_off and (not services or each.service in services))

    def inspect(self, *names: str, kind: str = "container") -> list[dict[str, Any]]:
        """Of those that are there; one that went away meanwhile is left out."""
        try:
            found: list[dict[str, Any]] = json.loads(self.ask("inspect", "--type", kind, *names))
        except DockerError:
            if len(names) == 1:
                return []
            return [one for name in names for one in self.inspect(name, kind=kind)]
        return found

    def exists(self, name: str, *, kind: str) -> bool:
        """A network or volume, by its whole name or by the one that the project's files give it."""
        return any(self.inspect(each, kind=kind) for each in (name, f"{self.name}_{name}"))

    def latest_logs(self, container: Container, *, lines: int) -> str:
        """Of its present life. What it says may hold anything: it is searched, never shown."""
        words = [*self.docker, "logs", "--tail", str(lines), "--since", container.started, container.id]
        return _output(words, self.project.folder, self.environ, SHORT, both=True)

    def configuration(self) -> Mapping[str, Any]:
        """The compose files as compose understands them, merged and filled in. It may hold secrets: never shown."""
        environ = tuple(sorted(self.environ.items()))
        with _ASKING:
            return _configuration(self.compose, self.project.folder, environ, stamps_of(self.project))

    def configured_hash(self, service: str) -> str | None:
        """What compose compares a container with, to see whether the files changed since it was made. Always asked: a release may
        have changed a file that lies further away."""
        for line in self.ask_compose("config", "--hash", service).splitlines():
            name, _, found = line.strip().partition(" ")
            if name == service and found:
                return found.strip()
        return None


def _output(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], within: timedelta, *, both: bool = False
) -> str:  # fmt: skip
    seconds = within.total_seconds()
    try:
        done = subprocess.run(
            command, cwd=folder, env=dict(environ), capture_output=True, text=True, errors="replace", timeout=seconds,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        raise _missing(command[0], folder) from None
    except OSError as error:
        raise UnavailableError(f"`{command[0]}` cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"`{' '.join(command[:2])}` did not answer in {seconds:.0f} s") from None
    if done.returncode:
        raise explained(done.stderr, f"`{' '.join(command[:2])}` failed ({done.returncode})")
    return done.stdout + done.stderr if both else done.stdout


def _missing(program: str, folder: Path) -> BackoutError:
    if not folder.is_dir():
        return ConfigurationError(f"There is no folder {folder}", next_step="Correct the platform's `folder`.")
    return UnavailableError(f"`{program}` is not installed here", next_step="Install docker's client.")


def explained(said: str, otherwise: str) -> BackoutError:
    """From what the client said: an engine that is away may be back soon, anything else is an answer."""
    lines = [line.strip() for line in redact(said).splitlines() if line.strip()]
    last = lines[-1][:300] if lines else otherwise
    if any(AWAY.search(line) for line in lines):
        return UnavailableError(f"Docker's engine does not answer: {last}", next_step="See that the engine runs.")
    return DockerError(last)


def program_of(project: ComposeProject, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The one that the catalog names, else whichever works here."""
    if project.program:
        return tuple(project.program)
    with _FINDING:
        return _found(tuple(sorted(environ.items())))


@lru_cache(maxsize=8)
def _found(environ: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return find_program(dict(environ))


@lru_cache(maxsize=64)
def _configuration(
    compose: tuple[str, ...], folder: Path, environ: tuple[tuple[str, str], ...], stamps: Stamps
) -> Mapping[str, Any]:  # fmt: skip
    """Asked again when a file has changed: the older compose takes a second for it."""
    del stamps
    read = yaml.safe_load(_output([*compose, "config"], folder, dict(environ), SHORT))
    return read if isinstance(read, dict) else {}


def _in_env_file(file: Path) -> str | None:
    try:
        found = re.search(r"^\s*COMPOSE_PROJECT_NAME\s*=\s*(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return found[1].strip("\"'") if found else None
