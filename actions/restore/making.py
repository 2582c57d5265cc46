"""From a service's catalog entry to the two great pieces of work: taking a backup, and proving it."""

from collections.abc import Callable
from typing import cast

import psycopg

from actions.backup.encryption import keys_of
from actions.backup.manifest import Manifest
from actions.backup.programs import ClientPrograms, find_programs, programs_for
from actions.backup.progress import Watcher
from actions.backup.store import Store
from actions.backup.taking import Taken, TakeOrder, take
from actions.catalog.envref import EnvRef
from actions.errors import UnavailableError
from actions.history.canonical import JsonObject
from actions.redaction import learn_secret, redact
from actions.restore.premises import Premises
from actions.restore.proving import Proof, ProofOrder, prove
from actions.restore.proving_places import ProofPlaces, programs_that_read, sites

CONNECT_SECONDS = 10

ShouldStop = Callable[[], bool]


def take_it(premises: Premises, name: str, store: Store, *, watch: Watcher, should_stop: ShouldStop) -> Taken:
    """Into this store, as the catalog says."""
    keys = keys_of(premises.rules.encryption_key, premises.environ)
    migrations = premises.service.migrations
    order = TakeOrder(
        service_name=premises.service.name, name=name, url=premises.url, programs=dumping_programs(premises), store=store,
        form=premises.rules.format, jobs=premises.rules.jobs, recipient=keys.recipient if keys else None,
        version_table=migrations.version_table if migrations else "alembic_version",
        version_schema=migrations.version_schema if migrations else None,
        lock_timeout=premises.database.lock_timeout, watch=watch, should_stop=should_stop,
    )  # fmt: skip
    return take(order)


def dumping_programs(premises: Premises) -> ClientPrograms:
    """What takes a backup: of a container where the catalog says so."""
    if premises.database.tools is None:
        return programs_of(premises)
    from actions.restore.tools_inside import programs_inside

    return programs_inside(premises, server_major=server_major(premises.url))


def programs_of(premises: Premises) -> ClientPrograms:
    """Of this machine, fit for the service's server."""
    return programs_for(server_major(premises.url), find_programs(premises.environ))


def server_major(url: str) -> int:
    learn_secret(url)
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS, application_name="backout") as connection:
            return connection.info.server_version // 10000
    except (psycopg.Error, UnicodeError) as error:
        lines = redact(str(error)).strip().splitlines() or [type(error).__name__]
        raise UnavailableError(
            f"The database does not answer: {lines[0][:300]}", next_step="Check the URL, the network and the role."
        ) from error


def prove_it(premises: Premises, manifest: Manifest, store: Store, *, watch: Watcher, should_stop: ShouldStop) -> Proof:
    """Raises when it could not be carried out, which says nothing about the backup."""
    order = ProofOrder(
        manifest=manifest, store=store, places=places_of(premises),
        keys=keys_of(premises.rules.encryption_key, premises.environ), jobs=premises.rules.jobs,
        deadline=premises.longest, should_stop=should_stop, watch=watch,
    )  # fmt: skip
    return prove(order)


def facts_of(proof: Proof) -> JsonObject:
    """For the history."""
    return cast("JsonObject", proof.facts)


def places_of(premises: Premises) -> ProofPlaces:
    """Where the catalog's `scratch` lets a backup be restored to be looked at."""
    folder, found = premises.home / "workshops", find_programs(premises.environ)
    scratch = premises.database.scratch
    if scratch == "embedded":
        return ProofPlaces(admin_url=None, folder=folder, found=found, use="throw-away")
    if isinstance(scratch, EnvRef):
        return ProofPlaces(admin_url=scratch.resolve(premises.environ), folder=folder, found=found)
    return ProofPlaces(admin_url=premises.admin_url, folder=folder, found=found)


def would_run(premises: Premises, manifest: Manifest) -> tuple[str, ...]:
    """What a proof would do with this backup, in its order and with its numbers; nothing is done."""
    places = places_of(premises)
    chosen = sites(manifest, places, jobs=premises.rules.jobs)
    where = chosen[0].title if chosen else "nowhere: there is no place for it"
    programs = programs_that_read(manifest, places.found)
    with_files = [table for table in manifest.tables if table.file is not None]
    steps = [f"a scratch database, {where}", "CREATE DATABASE backout_scratch_... TEMPLATE template0"]
    if manifest.form == "plain":
        (file,) = manifest.files
        steps.append(f"{programs.folder / 'psql'} --set ON_ERROR_STOP=1 < {file.key} (unpacked)")
    else:
        restore = f"{programs.folder / 'pg_restore'} --exit-on-error"
        steps += [
            f"{restore} --section=pre-data",
            f"COPY ... FROM STDIN for {len(with_files)} tables, {sum(table.rows for table in with_files):,} rows",
            f"{restore} --section=data",
            f"{restore} --section=post-data --jobs={chosen[0].jobs if chosen else 1}",
        ]
    return (
        *steps,
        "compare schema, extensions, sequences, large objects, and of every table the number of rows and their hash",
        "DROP DATABASE backout_scratch_...",
    )
