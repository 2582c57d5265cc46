"""What a backup has inside, into a new database, and compared there with what the manifest says."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from actions.backup.encryption import Keys
from actions.backup.manifest import Manifest
from actions.backup.programs import ClientPrograms
from actions.backup.progress import Watcher
from actions.backup.store import Store
from actions.errors import BackoutError, ConfigurationError
from actions.restore.beside import Beside
from actions.restore.comparing import Comparison, ExpectedSchema, codec_of, compare
from actions.restore.expected_schema import remade_schema, stored_statements
from actions.restore.filling import Filled, FillOrder, fetched_archive, fill
from actions.restore.limits import Limits
from actions.restore.proving_places import programs_that_read
from actions.restore.roles_needed import missing_roles, needed_roles
from actions.restore.rows_in import StoredRows

MOST_TOLD = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class FromBackup:
    """A stored backup."""

    manifest: Manifest
    store: Store
    #: Every set of client programs on this machine.
    found: tuple[ClientPrograms, ...]
    #: Where the archive may be put while it is read.
    folder: Path
    keys: Keys | None = field(default=None, repr=False)
    jobs: int = 2
    #: Without: everything comes into the server's default one.
    tablespaces: bool = True


def fill_and_compare(source: FromBackup, new: Beside, *, limits: Limits, watch: Watcher) -> None:
    """BackoutError when it cannot be filled, or when what came back is not what was backed up."""
    with ExitStack() as stack:
        _fill_and_compare(source, new, stack, limits=limits, watch=watch)


def refuse_differences(differences: Sequence[object]) -> None:
    if differences:
        told = "; ".join(str(difference) for difference in differences[:MOST_TOLD])
        raise BackoutError(
            f"What came back is not what was backed up, so it was thrown away: {told}",
            next_step="Nothing of the service was changed. Use another backup (`backout backups SERVICE`).",
        )


def _fill_and_compare(source: FromBackup, new: Beside, stack: ExitStack, *, limits: Limits, watch: Watcher) -> None:
    manifest = source.manifest
    programs = programs_that_read(manifest, source.found)
    without = ("--no-subscriptions", *(() if source.tablespaces else ("--no-tablespaces",)))
    filling = FillOrder(
        url=new.url, manifest=manifest, store=source.store, programs=programs, limits=limits, folder=source.folder,
        keys=source.keys, jobs=source.jobs, without=without, analyse=True, watch=watch,
    )  # fmt: skip
    codec = codec_of(new.url, manifest.database.encoding)
    archive = stack.enter_context(fetched_archive(filling)) if manifest.form == "parallel" else None
    statements = stored_statements(filling, archive, codec=codec)
    if missing := missing_roles(new.url, needed_roles(statements)):
        named = ", ".join(f"`{role.name}`" for role in missing)
        raise ConfigurationError(
            f"Roles that own things in the backup, or have rights on them, are not on the server any more: {named}",
            next_step="Create them (`CREATE ROLE name NOLOGIN` is enough), then try again. Nothing was changed.",
        )
    filled = _filled(filling, archive)
    schema = ExpectedSchema(
        statements=statements,
        remade=lambda: remade_schema(new.server, new.make, filling, archive, statements, codec=codec),
    )
    stored = StoredRows(store=source.store, keys=source.keys, encoding=manifest.database.encoding)
    refuse_differences(
        compare(
            Comparison(
                url=new.url, manifest=manifest, programs=programs, codec=codec, stored=stored, filled=filled.rows,
                schema=schema, limits=limits, jobs=source.jobs, watch=watch,
            )
        )
    )  # fmt: skip


def _filled(filling: FillOrder, archive: Path | None) -> Filled:
    try:
        return fill(filling, archive=archive)
    except BackoutError as error:
        if "tablespace" in error.what and ("does not exist" in error.what or "default_tablespace" in error.what):
            raise ConfigurationError(
                error.what,
                next_step="Create that tablespace, or restore without tablespaces; nothing of the service was changed.",
            ) from error
        raise
