"""pg_dump of a container, or of an image, in a form that everything else takes for one of this machine.

A small script stands for the program: it calls docker's client, hands the connection's variables on by name, and leads to
the server as the container reaches it. What is written comes out through it as from any program. The other programs stay
this machine's: what they restore into is here, or is reached from here.
"""

import hashlib
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from actions.backup.connecting import libpq_environment
from actions.backup.programs import ClientPrograms, find_programs
from actions.catalog.database import ToolsInContainer, ToolsInImage
from actions.errors import BackoutError, ConfigurationError
from actions.platforms.compose_house import ComposeHouse, compose_of
from actions.platforms.docker_cli import CLIENTS
from actions.platforms.house import House
from actions.platforms.houses import house_of
from actions.restore.premises import Premises

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?")
#: After that long a container of ours counts as forgotten.
LONGEST = timedelta(hours=12)
#: Handed on by name: their values, the password among them, are in nobody's list of processes.
HANDED_ON = (
    "PGUSER", "PGPASSWORD", "PGDATABASE", "PGOPTIONS", "PGAPPNAME", "PGCLIENTENCODING", "PGCONNECT_TIMEOUT", "LC_ALL",
)  # fmt: skip
#: Of the URL that leads there: where, and with what kind of line.
THERE = ("PGHOST", "PGPORT", "PGSSLMODE", "PGCHANNELBINDING", "PGGSSENCMODE")


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolsPlace:
    """Where pg_dump is, and how docker's client gets there."""

    #: For people.
    named: str
    #: Of the client, before the options that are common to both, and the container or image after them.
    words: tuple[str, ...]
    target: str
    #: What stands behind the target.
    program: tuple[str, ...]
    #: Changes when the programs may have.
    id: str


def programs_inside(premises: Premises, *, server_major: int) -> ClientPrograms:
    """ConfigurationError where they are not there, or too old for the server."""
    house = compose_of(_house(premises), "`tools` in a container")
    tools = premises.database.tools
    if tools is None:
        raise ConfigurationError("The catalog names no `tools`", where=f"service {premises.service.name}")
    place = place_of(house, tools)
    major, minor = version_in(house, place)
    if major < server_major:
        raise ConfigurationError(
            f"pg_dump in {place.named} is {major}.{minor}, and the server is PostgreSQL {server_major}",
            next_step="Name a container or image whose programs are at least as new as the server.",
        )
    folder = premises.home / "tools" / hashlib.sha256(place.id.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder / "pg_dump", _script(house, place))
    ours = find_programs(premises.environ)
    _link(folder, ours, major)
    return ClientPrograms(folder=folder, major=major, minor=minor)


def place_of(house: ComposeHouse, tools: ToolsInContainer | ToolsInImage) -> ToolsPlace:
    """ConfigurationError where there is no such container or image; nothing is pulled on the way."""
    if isinstance(tools, ToolsInContainer):
        container = house.commands.running(tools.compose)
        return ToolsPlace(
            named=container.name,
            words=("exec", "--interactive"),
            target=container.id,
            program=("pg_dump",),
            id=container.id,
        )
    # It ends with its stream, and docker removes it then; should both fail, whoever comes next sees its time.
    made = house.commands.words_of_fresh(tools.image, within=LONGEST)
    return ToolsPlace(
        named=f"the image {tools.image}", words=(*made, "--entrypoint=pg_dump"), target=tools.image, program=(),
        id=f"{tools.image} {' '.join(made)}",
    )  # fmt: skip


def version_in(house: ComposeHouse, place: ToolsPlace) -> tuple[int, int]:
    try:
        said = house.cli.ask(*place.words, place.target, *place.program, "--version")
    except BackoutError as error:
        raise ConfigurationError(
            f"There is no pg_dump in {place.named}: {error.what}", next_step="Correct `tools` in the catalog."
        ) from error
    found = _VERSION.search(said)
    if found is None:
        raise ConfigurationError(f"pg_dump in {place.named} does not say its version")
    return int(found[1]), int(found[2] or 0)


def _house(premises: Premises) -> House:
    return house_of(premises.service, premises.environ)


def _script(house: ComposeHouse, place: ToolsPlace) -> str:
    known = libpq_environment(house.url_there())
    docker, *context = house.cli.docker
    program = shutil.which(docker, path=house.cli.environ.get("PATH")) or docker
    settings = {name: house.cli.environ[name] for name in (*CLIENTS, "HOME") if house.cli.environ.get(name)}
    words = [
        program, *context, *place.words, *(word for name in HANDED_ON for word in ("-e", name)),
        *(word for name in THERE if name in known for word in ("-e", f"{name}={known[name]}")), place.target, *place.program,
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
