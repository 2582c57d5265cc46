"""An answer is about one revision and one set of scripts: a deploy in its middle makes it an answer to nothing."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from actions.assess.live_database import look_at
from actions.assess.scripts import MigrationsPlace, read_graph
from actions.assess.seen import ScriptPath
from actions.catalog.migrations import Migrations
from actions.errors import RefusedError
from actions.platforms.house import House, migrations_of

AGAIN = "Assess again, when the deploy has ended; nothing was changed by this one."


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """What an assessment is about, noted before anything is read."""

    url: str
    migrations: Migrations
    revisions: tuple[str, ...]
    place: MigrationsPlace
    #: See `House.made_from`.
    made_from: str | None


def begin(house: House, url: str, revisions: tuple[str, ...], place: MigrationsPlace) -> Beginning:
    made_from = house.made_from(place.inside) if place.inside else None
    return Beginning(
        url=url, migrations=migrations_of(house.service), revisions=revisions, place=place, made_from=made_from
    )


def check_unchanged(house: House, beginning: Beginning, path: ScriptPath) -> None:
    """Looked at last of all; raises where the live revision or a file that counts is another than at the beginning."""
    migrations, revisions = beginning.migrations, beginning.revisions
    found = look_at(
        beginning.url, version_table=migrations.version_table, version_schema=migrations.version_schema
    ).revisions
    if sorted(found or ()) != sorted(revisions):
        raise RefusedError(
            f"The live revision changed during the assessment: it was {_named(revisions)}, now it is {_named(found)}",
            next_step=AGAIN,
        )
    changed = _changed_files(house, beginning, path)
    if changed:
        raise RefusedError(f"Migration files changed during the assessment: {', '.join(changed[:5])}", next_step=AGAIN)


def _changed_files(house: House, beginning: Beginning, path: ScriptPath) -> tuple[str, ...]:
    """Of the scripts on the way, and `env.py`: what is no longer what was read."""
    known = {revision.id: revision for revision in path.graph.revisions}
    read = [(known[step.id].file, known[step.id].sha256) for step in path.revisions if step.id in known]
    read.append((path.graph.env.file, path.graph.env.sha256))
    place = beginning.place
    if place.inside is not None:
        if beginning.made_from is not None and house.made_from(place.inside) == beginning.made_from:
            return ()
        # Not on this machine: asked once more of whoever has them.
        again = read_graph(house.commands, place)
        now = {each.file: each.sha256 for each in again.revisions} | {again.env.file: again.env.sha256}
        return tuple(str(file) for file, digest in read if digest is not None and now.get(file) != digest)
    folder = Path(place.folder or ".")
    return tuple(file for file, digest in read if digest is not None and _digest(folder / file) != digest)


def _digest(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def _named(revisions: tuple[str, ...] | None) -> str:
    return ", ".join(f"`{revision}`" for revision in revisions or ()) or "none"
