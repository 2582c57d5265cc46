"""A backup as a scratch database: made, filled, and known well enough to be compared."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from actions.backup.encryption import Keys
from actions.backup.manifest import Manifest
from actions.backup.programs import ClientPrograms
from actions.backup.progress import Watcher, unwatched
from actions.backup.properties import making
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.backup.sealed import unsealed
from actions.backup.session import connect
from actions.backup.store import Store
from actions.errors import ConfigurationError
from actions.restore.comparing import ExpectedSchema, codec_of
from actions.restore.complaining import refused
from actions.restore.expected_schema import remade_schema, stored_statements
from actions.restore.extensions import lacking, offered_extensions
from actions.restore.filling import Filled, FillOrder, fetched_archive, fill
from actions.restore.limits import Limits
from actions.restore.proving_places import Site, programs_that_read
from actions.restore.roles_needed import make_roles, missing_roles, needed_roles
from actions.restore.rows_in import StoredRows

#: A copy that is only looked at: it lies where the server wants it, and must not reach out to others.
WITHOUT = ("--no-tablespaces", "--no-subscriptions")


@dataclass(frozen=True, kw_only=True, slots=True)
class RestoreOrder:
    manifest: Manifest
    store: Store
    keys: Keys | None = field(repr=False)
    site: Site
    limits: Limits
    watch: Watcher = unwatched
    #: What was learnt before this place was tried.
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A copy that lives until the stack that it was put on is closed."""

    server: ScratchServer
    copy: ScratchDatabase
    filled: Filled
    schema: ExpectedSchema
    stored: StoredRows
    programs: ClientPrograms
    codec: str
    where: str
    #: On a server of our own, which ends with it.
    is_throw_away: bool
    server_version: int
    jobs: int
    remarks: tuple[str, ...]


def restore_into(order: RestoreOrder, stack: ExitStack) -> Restored:
    """Whatever goes wrong, the caller closes the stack, and nothing is left."""
    manifest, site = order.manifest, order.site
    programs = programs_that_read(manifest, site.found)
    unsealed(manifest, order.store, order.keys)  # not given to the copy, but a restore will need them
    server = stack.enter_context(site.opened())
    make = _like(manifest, server)
    copy = stack.enter_context(server.database(making=make))
    if site.is_throw_away:
        _refuse_other_extensions(copy.url, manifest)
    filling = FillOrder(
        url=copy.url, manifest=manifest, store=order.store, programs=programs, limits=order.limits,
        folder=site.folder, keys=order.keys, jobs=site.jobs, without=WITHOUT, watch=order.watch,
    )  # fmt: skip
    codec = codec_of(copy.url, manifest.database.encoding)
    archive = stack.enter_context(fetched_archive(filling)) if manifest.form == "parallel" else None
    statements = stored_statements(filling, archive, codec=codec)
    _provide_roles(copy.url, statements, site)
    filled = fill(filling, archive=archive)
    return Restored(
        server=server, copy=copy, filled=filled, programs=programs, codec=codec, where=site.title,
        is_throw_away=site.is_throw_away,
        schema=ExpectedSchema(
            statements=statements,
            remade=lambda: remade_schema(server, make, filling, archive, statements, codec=codec),
        ),
        stored=StoredRows(store=order.store, keys=order.keys, encoding=manifest.database.encoding),
        server_version=_server_version(copy.url), jobs=site.jobs, remarks=order.remarks,
    )  # fmt: skip


def _like(manifest: Manifest, server: ScratchServer) -> Callable[[str], sql.Composed]:
    """Encoding and locale as they were; whoever makes it owns it, for it is thrown away."""
    properties = manifest.database.model_copy(update={"owner": server.role})
    return lambda name: making(name, properties, tablespace=None, server_version=server.version)


def _refuse_other_extensions(url: str, manifest: Manifest) -> None:
    """On a server of our own another version proves little: there may be a better place."""
    if missing := lacking(manifest.extensions, offered_extensions(url), exactly=True):
        raise ConfigurationError(
            f"PostgreSQL on this machine lacks {', '.join(missing)}, which the backup needs",
            next_step="Install it on this machine, or let the proof be made beside the database.",
        )


def _provide_roles(url: str, statements: tuple[str, ...], site: Site) -> None:
    missing = missing_roles(url, needed_roles(statements))
    if not missing:
        return
    if site.is_throw_away:
        make_roles(url, missing)
        return
    names = ", ".join(f"`{role.name}`" for role in missing)
    raise ConfigurationError(
        f"The server lacks roles that own things in the backup or have rights on them: {names}",
        next_step="Create them there (NOLOGIN is enough), or restore where they are.",
    )


def _server_version(url: str) -> int:
    try:
        with connect(url, title="backout: restoring") as connection:
            return connection.info.server_version
    except psycopg.Error as error:
        raise refused("The restored copy does not answer", error) from error
