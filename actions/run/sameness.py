"""Is the world still the one that an assessment was about? Asked cheaply; only a sure yes counts.

A whole assessment takes seconds, so it is not made anew where everything that it depends on can be seen to be the same:
which database it is, its revision and schema, the migration files, the service's catalog entry. What was written is not
among them: whoever asks compares the counters of writes. Whatever cannot be seen, and whatever is not fresh, is not the same.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from actions.assess.place import migrations_place
from actions.assess.schema.digest import digest
from actions.assess.schema.snapshot import read_schema
from actions.assess.scripts import MigrationsPlace, read_graph
from actions.assess.seen import Graph
from actions.errors import BackoutError, UnavailableError
from actions.history.canonical import Json, JsonObject
from actions.run.steps.site import Site
from actions.writers.quiet import counters_now

#: What a migration imports from its application is not looked at, and neither is anything beyond database and files.
FRESH = timedelta(minutes=10)
_BESIDE, _CONFIGURATION = "beside ", "configuration "
_CONFIGURATIONS = ("alembic.ini", "pyproject.toml")
_WHICH = """
SELECT oid::bigint::text || ' since ' || extract(epoch FROM pg_postmaster_start_time())::text, clock_timestamp()
FROM pg_database WHERE datname = current_database()"""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """The part of it that is looked at before an assessment begins."""

    #: By the service's server.
    at: datetime
    database: str
    revision: tuple[str, ...]
    schema: str
    entry: str
    #: See `House.made_from`.
    made_from: str | None
    counters: JsonObject


def look_around(site: Site) -> World:
    """A moment's work."""
    try:
        with psycopg.connect(
            site.url, autocommit=True, connect_timeout=5, application_name="backout verify"
        ) as connection:
            row = connection.execute(_WHICH).fetchone() or ("", None)
            counters = counters_now(connection)
            schema = digest(read_schema(connection, ignore_tables=(site.migrations.version_table,)))
    except psycopg.Error as error:
        raise UnavailableError("The service's database does not answer") from error
    entry = hashlib.sha256(f"{site.service.model_dump_json()}\0{site.url}".encode()).hexdigest()
    inside = migrations_place(site.service, site.environ).inside
    return World(
        at=row[1], database=str(row[0]), revision=site.live_revisions(), schema=schema, entry=entry,
        made_from=site.house.made_from(inside) if inside is not None else None, counters=counters,
    )  # fmt: skip


def mark(site: Site, before: World, read: Graph | None) -> JsonObject | None:
    """What an assessment was about that began after this look and read these scripts. None: it cannot be told later
    whether it is the same."""
    if read is None or not read.whole:
        return None
    place = migrations_place(site.service, site.environ)
    files = _as_read(read)
    if place.inside is None:
        beside = _beside(place, files)
        if beside is None:
            return None
        files |= beside | _configuration(site, place)
    return {
        "at": before.at.isoformat(), "database": before.database, "revision": list(before.revision),
        "schema": before.schema, "entry": before.entry, "made_from": before.made_from, "files": dict(files),
        "counters": before.counters,
    }  # fmt: skip


def same_world(site: Site, marked: Json) -> World | None:
    """As it is now, if it is the one that was marked; what was written since is left to `written_since`."""
    if not isinstance(marked, Mapping):
        return None
    try:
        now = look_around(site)
        seen = {"database": now.database, "revision": list(now.revision), "schema": now.schema, "entry": now.entry}
        same = (
            now.at - datetime.fromisoformat(str(marked.get("at"))) < FRESH
            and all(marked.get(name) == value for name, value in seen.items())
            and (_is_made_from(now, marked) or _files_now(site, marked.get("files")) == marked.get("files"))
        )
    except (BackoutError, OSError, ValueError):
        return None
    return now if same else None


def written_since(marked: Json, now: World) -> frozenset[str] | None:
    """Tables that somebody wrote to; None where that is not known."""
    before = marked.get("counters") if isinstance(marked, Mapping) else None
    if not isinstance(before, Mapping):
        return None
    return frozenset(name for name in {*before, *now.counters} if before.get(name) != now.counters.get(name))


def _is_made_from(now: World, marked: Mapping[str, Json]) -> bool:
    """All files are the image's, and it is the same image: nobody has to read them in a container of it."""
    return now.made_from is not None and now.made_from == marked.get("made_from")


def _files_now(site: Site, known: Json) -> dict[str, str] | None:
    place = migrations_place(site.service, site.environ)
    if place.inside is not None:
        return _as_read(read_graph(site.house.commands, place))
    if not isinstance(known, Mapping):
        return None
    scripts = [name for name in known if not name.startswith((_BESIDE, _CONFIGURATION))]
    files = {name: _digest(Path(place.folder or ".") / name) or "gone" for name in scripts}
    beside = _beside(place, files)
    return None if beside is None else files | beside | _configuration(site, place)


def _as_read(graph: Graph) -> dict[str, str]:
    found = {each.file: each.sha256 for each in graph.revisions} | {graph.env.file: graph.env.sha256}
    return {name: value for name, value in found.items() if value is not None}


def _beside(place: MigrationsPlace, files: Mapping[str, str]) -> dict[str, str] | None:
    """What else lies where the scripts lie. None where something does that was not read: it may be a script by now."""
    folder = Path(place.folder or ".")
    known = {(folder / name).resolve() for name in files}
    found: dict[str, str] = {}
    try:
        for place_of_scripts in {path.parent for path in known}:
            for path in place_of_scripts.rglob("*.py*"):
                if path.suffix not in (".py", ".pyc") or path.parent.name == "__pycache__" or path in known:
                    continue
                if path.name != "__init__.py":
                    return None
                found[_BESIDE + str(path)] = _digest(path) or "gone"
    except OSError:
        return None
    return found


def _configuration(site: Site, place: MigrationsPlace) -> dict[str, str]:
    names = (site.migrations.config,) if site.migrations.config else _CONFIGURATIONS
    return {_CONFIGURATION + name: _digest(Path(place.folder or ".") / name) or "none" for name in names}


def _digest(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None
