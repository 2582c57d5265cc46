"""docker compose, through its command line: the only interface that both its generations share."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from actions.errors import UnavailableError
from actions.redaction import redact

SECONDS = 30
#: The plugin first: the older program is no longer maintained, but still on many machines.
PROGRAMS: tuple[tuple[str, ...], ...] = (("docker", "compose"), ("docker-compose",))


@dataclass(frozen=True, kw_only=True, slots=True)
class ComposeProject:
    """Which project, as its users would name it on the command line."""

    folder: Path
    files: Sequence[str] = ()
    project: str | None = None
    profiles: Sequence[str] = ()
    env_files: Sequence[str] = ()
    context: str | None = None
    #: Which of the two programs; None means whichever is here.
    program: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ComposeFacts:
    program: str
    engine: str
    services: tuple[str, ...]


def look_at(project: ComposeProject, environ: Mapping[str, str]) -> ComposeFacts:
    """Engine reachable, project readable; UnavailableError with the tool's own reason otherwise."""
    if not project.folder.is_dir():
        raise UnavailableError(f"There is no folder {project.folder}", next_step="Correct the platform's folder.")
    program = project.program or find_program(environ)
    engine = _run([*_docker(project), "version", "--format", "{{.Server.Version}}"], project, environ).strip()
    services = _run([*called(program, project), "config", "--services"], project, environ).split()
    return ComposeFacts(program=" ".join(program), engine=engine, services=tuple(sorted(services)))


def find_program(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The newer one where docker's client has it; it is asked, for it is a part of the client. The older one is a program
    of its own, and slow to start."""
    newer, older = PROGRAMS
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run([*newer, "version"], env=dict(environ), capture_output=True, timeout=SECONDS, check=False)
        if done.returncode == 0:
            return newer
    if shutil.which(older[0], path=environ.get("PATH")):
        return older
    raise UnavailableError(
        "Neither `docker compose` nor `docker-compose` works here",
        next_step="Install the compose plugin of docker where Backout runs.",
    )


def called(program: Sequence[str], project: ComposeProject) -> tuple[str, ...]:
    """With everything that says which project, and where; a verb follows.

    The context is the client's: the newer compose, a part of it, does not know the option behind its own name.
    """
    context = ("--context", project.context) if project.context else ()
    return (program[0], *context, *program[1:], *options(project))


def options(project: ComposeProject) -> list[str]:
    """What stands between the program and its verb."""
    arguments = []
    for file in project.files:
        arguments += ["--file", file]
    if project.project:
        arguments += ["--project-name", project.project]
    for profile in project.profiles:
        arguments += ["--profile", profile]
    for file in project.env_files:
        arguments += ["--env-file", file]
    return arguments


def _docker(project: ComposeProject) -> list[str]:
    return ["docker", "--context", project.context] if project.context else ["docker"]


def _run(command: Sequence[str], project: ComposeProject, environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command, cwd=project.folder, env=dict(environ), capture_output=True, text=True, errors="replace",
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise UnavailableError(f"`{command[0]}` is not installed here", next_step="Install docker's client.") from None
    except OSError as error:
        raise UnavailableError(f"`{command[0]}` cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"`{' '.join(command[:2])}` did not answer in {SECONDS} s") from None
    if done.returncode:
        lines = [line.strip() for line in redact(done.stderr).splitlines() if line.strip()]
        raise UnavailableError(lines[-1] if lines else f"`{' '.join(command[:2])}` failed ({done.returncode})")
    return done.stdout
