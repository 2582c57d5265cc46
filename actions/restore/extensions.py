"""Extensions of a backup on the server where it comes back: pg_dump writes their names, not their versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from actions.backup.manifest import Extension, Manifest
from actions.backup.session import connect
from actions.errors import ConfigurationError
from actions.restore.complaining import refused

#: Schemas that an empty database has; into others an extension can come only once they were made.
_ALWAYS_THERE = ("public", "pg_catalog")


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """What a server has of one extension."""

    #: What it makes when it is not told.
    default: str | None
    versions: frozenset[str]


def offered_extensions(url: str) -> Mapping[str, Offered]:
    try:
        with connect(url, title="backout: restoring") as connection:
            rows = connection.execute(
                "SELECT v.name, e.default_version, v.version FROM pg_available_extension_versions v "
                "JOIN pg_available_extensions e USING (name)"
            ).fetchall()
    except psycopg.Error as error:
        raise refused("The server's extensions could not be read", error) from error
    found: dict[str, Offered] = {}
    for name, default, version in rows:
        before = found.get(name, Offered(default=default, versions=frozenset()))
        found[name] = Offered(default=default, versions=before.versions | {version})
    return found


def lacking(wanted: Sequence[Extension], offered: Mapping[str, Offered], *, exactly: bool) -> tuple[str, ...]:
    """What the server cannot make, in words. `exactly`: another version is not good enough."""
    said = []
    for extension in wanted:
        there = offered.get(extension.name)
        if there is None:
            said.append(f"`{extension.name}` {extension.version}")
        elif exactly and extension.version not in there.versions:
            newest = there.default or ", ".join(sorted(there.versions))
            said.append(f"`{extension.name}` {extension.version} (it has {newest})")
    return tuple(said)


def prepare_extensions(url: str, manifest: Manifest) -> None:
    """So that each comes back in its own version where the server has it. ConfigurationError when one is lacking."""
    offered = offered_extensions(url)
    if missing := lacking(manifest.extensions, offered, exactly=False):
        raise ConfigurationError(
            f"The server lacks {_listed(missing)}, which the backup needs",
            next_step="Install it on that server, or choose a server that has it (`scratch` in the catalog).",
        )
    wanted = {extension.name for extension in manifest.extensions}
    try:
        with connect(url, title="backout: restoring") as connection:
            if "plpgsql" not in wanted:
                # Every new database has it; somebody took it out of this one.
                connection.execute("DROP EXTENSION IF EXISTS plpgsql")
            for extension in manifest.extensions:
                if _needs_its_version(extension, offered[extension.name]):
                    connection.execute(_creating(extension))
    except psycopg.Error as error:
        raise refused("Extensions could not be made", error) from error


def _needs_its_version(extension: Extension, there: Offered) -> bool:
    return (
        extension.version in there.versions
        and extension.version != there.default
        and extension.schema_name in _ALWAYS_THERE
        and extension.name != "plpgsql"
    )


def _creating(extension: Extension) -> sql.Composed:
    return sql.SQL("CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA {} VERSION {} CASCADE").format(
        sql.Identifier(extension.name), sql.Identifier(extension.schema_name), sql.Literal(extension.version)
    )


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
