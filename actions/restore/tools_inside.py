"""pg_dump of a container, in a form that everything else takes for one of this machine.

A small script stands for the program: it calls docker's client, hands the connection's variables on by name, and leads to
the server as the container reaches it. What is written comes out through it as from any program. The other programs stay
this machine's: what they restore into is here, or is reached from here.
"""

import hashlib
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from actions.backup.connecting import libpq_environment
from actions.backup.programs import ClientPrograms, find_programs
from actions.catalog.database import ToolsInContainer
from actions.errors import BackoutError, ConfigurationError
from actions.platforms.compose_house import ComposeHouse, compose_of
from actions.platforms.docker_cli import CLIENTS
from actions.platforms.house import House
from actions.platforms.houses import house_of
from actions.restore.premises import Premises

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?")
#: Handed on by name: their values, the password among them, are in nobody's list of processes.
HANDED_ON = (
    "PGUSER", "PGPASSWORD", "PGDATABASE", "PGOPTIONS", "PGAPPNAME", "PGCLIENTENCODING", "PGCONNECT_TIMEOUT", "LC_ALL",
)  # fmt: skip
#: Of the URL that leads there: where, and with what kind of line.
THERE = ("PGHOST", "PGPORT", "PGSSLMODE", "PGCHANNELBINDING", "PGGSSENCMODE")


def programs_inside(premises: Premises, *, server_major: int) -> ClientPrograms:
    """ConfigurationError where they are not there, or too old for the server."""
    house = compose_of(_house(premises), "`tools` in a container")
    tools = premises.database.tools
    if not isinstance(tools, ToolsInContainer):
        raise ConfigurationError(
            "On compose, `tools` must name the compose service that has pg_dump", where=f"service {premises.service.name}",
            next_step="Write `tools: {compose: postgres}`, or leave it out: pg_dump of this machine is used then.",
        )  # fmt: skip
    container = house.commands.running(tools.compose)
    major, minor = version_inside(house, tools.compose)
    if major < server_major:
        raise ConfigurationError(
            f"pg_dump in {container.name} is {major}.{minor}, and the server is PostgreSQL {server_major}",
            next_step="Name a container whose programs are at least as new as the server.",
        )
    folder = premises.home / "tools" / hashlib.sha256(container.id.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder / "pg_dump", _script(house, container.id))
    ours = find_programs(premises.environ)
    _link(folder, ours, major)
    return ClientPrograms(folder=folder, major=major, minor=minor)


def version_inside(house: ComposeHouse, service: str) -> tuple[int, int]:
    container = house.commands.running(service)
    try:
        said = house.cli.ask("exec", container.id, "pg_dump", "--version")
    except BackoutError as error:
        raise ConfigurationError(
            f"There is no pg_dump in {container.name}: {error.what}", next_step="Correct `tools` in the catalog."
        ) from error
    found = _VERSION.search(said)
    if found is None:
        raise ConfigurationError(f"pg_dump in {container.name} does not say its version")
    return int(found[1]), int(found[2] or 0)


def _house(premises: Premises) -> House:
    return house_of(premises.service, premises.environ)


def _script(house: ComposeHouse, container: str) -> str:
    known = libpq_environment(house.url_there())
    docker, *context = house.cli.docker
    program = shutil.which(docker, path=house.cli.environ.get("PATH")) or docker
    settings = {name: house.cli.environ[name] for name in (*CLIENTS, "HOME") if house.cli.environ.get(name)}
    words = [
        program, *context, "exec", "--interactive", *(word for name in HANDED_ON for word in ("-e", name)),
        *(word for name in THERE if name in known for word in ("-e", f"{name}={known[name]}")), container, "pg_dump",
    ]  # fmt: skip
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
    return f'#!/bin/sh\n{exports}exec {" ".join(map(shlex.quote, words))} "$@"\n'


def _write(file: Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(0o700)
    fresh.replace(file)


def _link(folder: Path, ours: Sequence[ClientPrograms], major: int) -> None:
    """What reads the archive has to be as new as what writes it."""
    fitting = [each for each in ours if each.major >= major]
    if not fitting:
        have = f"the newest here is {ours[0].version}" if ours else "there are none here"
        raise ConfigurationError(
            f"Backups made by pg_dump {major} need pg_restore of that version on this machine; {have}",
            next_step=f"Install postgresql-client-{major}.",
        )
    for name in ("pg_restore", "psql"):
        link = folder / name
        if link.is_symlink() and link.readlink() == fitting[-1].folder / name:
            continue
        fresh = folder / f"{name}.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(fitting[-1].folder / name)
        fresh.replace(link)
