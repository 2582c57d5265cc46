"""The backup before the first destructive step, and its proof, with the downgrade rehearsed on what was restored."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from actions.assess.place import Leg, alembic_order, fence_of
from actions.assess.rehearsal import heard
from actions.assess.schema.digest import digest
from actions.assess.schema.snapshot import read_schema
from actions.backup.encryption import keys_of
from actions.backup.manifest import Manifest
from actions.backup.progress import Progress
from actions.backup.scratch import ScratchDatabase
from actions.backup.store import Store
from actions.backup.store_copy import stored_manifest
from actions.downgrade.order import carry_out
from actions.errors import BackoutError, UnavailableError
from actions.history.backups import list_backups
from actions.history.canonical import JsonObject
from actions.history.values import BackupRecord, BackupState
from actions.restore.backing_up import BackupOrder, back_up
from actions.restore.limits import Limits
from actions.restore.making import places_of, programs_of
from actions.restore.proving import ProofOrder, proving
from actions.restore.verdict import write_down_proof
from actions.run.action import Answer, Done, Moment, Untouched
from actions.run.steps.contents import as_record, contents
from actions.run.steps.explaining import explained
from actions.run.steps.quiet import watched_on
from actions.run.steps.site import Site

BACK_UP, PROVE = "back-up", "prove"
WHOLE = (BackupState.MADE, BackupState.PROVEN)


@dataclass(frozen=True, kw_only=True)
class BackUp:
    """Taken into every store of the catalog; proven by a step of its own."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        """One that was complete when its runner died is found again, by the rollback that it was taken for."""
        made = _made_for(self.site, at)
        return Done(result={"backup": made.name}) if made else Untouched()

    def do(self, at: Moment) -> JsonObject:
        with watched_on(at, self.site.url, self.site.application_roles) as should_stop:
            order = BackupOrder(
                purpose=f"before {at.rollback.id}", prove=False, rollback=at.rollback.id, keep=False,
                watch=_watcher(at), should_stop=should_stop,
            )  # fmt: skip
            made = back_up(self.site.premises(str(at.rollback.id)), order)
        return {
            "backup": made.name, "seconds": round(made.seconds, 3), "bytes": made.manifest.stored_bytes,
            "rows": made.manifest.rows, "warnings": list(made.warnings),
            "stores": [{"store": place.store, "there": place.there.value} for place in made.places],
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        """A backup harms nobody: it stays, and its retention lets it go."""


@dataclass(frozen=True, kw_only=True)
class ProveAndRehearse:
    """What was stored is restored and compared; then the very downgrade runs on that copy, with its data."""

    site: Site

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because the copy is gone with whoever made it
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        with watched_on(at, self.site.url, self.site.application_roles) as should_stop:
            return self._prove(at, should_stop)

    def _prove(self, at: Moment, should_stop: Callable[[], bool]) -> JsonObject:
        premises = self.site.premises(str(at.rollback.id))
        name = str(at.result_of(BACK_UP).get("backup"))
        store, manifest = _found(premises.stores, name)
        order = ProofOrder(
            manifest=manifest, store=store, places=places_of(premises), jobs=premises.rules.jobs,
            keys=keys_of(premises.rules.encryption_key, premises.environ), deadline=premises.longest,
            should_stop=should_stop, watch=_watcher(at),
        )  # fmt: skip
        with proving(order) as proved:
            write_down_proof(premises, name, proved.proof)
            if not proved.proof.is_proven or proved.copy is None:
                raise BackoutError(
                    f"The backup {name} could not be proven: {'; '.join(proved.proof.faults[:3])}",
                    next_step="Nothing was changed. Look at the store and the database, then ask again.",
                )
            rehearsed: JsonObject = {}
            if at.step.parameters.get("rehearse"):
                rehearsed = self._rehearse(at, manifest, proved.copy, should_stop)
        proof = proved.proof
        return {
            "backup": name,
            "proof": {
                "where": proof.where, "seconds": round(proof.seconds, 3), "restore_seconds": round(proof.restore_seconds, 3),
                "tables": proof.tables, "rows": proof.rows,
            },
            "rehearsal": rehearsed,
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        """The copy is gone already."""

    def _rehearse(
        self, at: Moment, manifest: Manifest, copy: ScratchDatabase, should_stop: Callable[[], bool]
    ) -> JsonObject:  # fmt: skip
        site, route = self.site, at.others["downgrade"].parameters
        target = tuple(str(each) for each in _listed(route.get("target")))
        leg = Leg(direction="downgrade", target=target or "base", watch_locks=True)
        order = alembic_order(site.service, site.environ, leg=leg, url=copy.url, fence=fence_of(copy))
        told = heard(lambda: carry_out(order, site.house.commands, should_stop=should_stop), copy)
        if told.trouble is not None:
            raise explained(told.trouble, "The downgrade failed on the proven copy, and nothing was changed")
        premises = site.premises(str(at.rollback.id))
        after = contents(
            copy.url, programs_of(premises), manifest.tables, encoding=manifest.database.encoding,
            limits=Limits.lasting(premises.longest, should_stop), jobs=premises.rules.jobs,
        )  # fmt: skip
        before = {f"{table.schema_name}.{table.name}": (table.rows, table.hash) for table in manifest.tables}
        untouched = {name: now for name, now in after.items() if before.get(name) == (now.rows, now.hash)}
        counted = {name: now.rows for name, now in after.items() if name not in untouched}
        return {
            "seconds": round(told.seconds, 3),
            "revisions": [[revision, round(seconds, 3)] for revision, seconds in told.steps],
            "schema": schema_digest(copy.url, self.site),
            "untouched": as_record(untouched),
            "counted": counted,
            "locks": sorted({f"{lock.mode} on {lock.relation}" for commit in told.commits for lock in commit.locks}),
            "rows": sum(
                each.inserted + each.updated + each.deleted for commit in told.commits for each in commit.activity
            ),
            "fenced": told.fenced,
        }


def schema_digest(url: str, site: Site) -> str:
    """Of everything but the version table. Owners and rights are left out: a copy may lie on a server of our own."""
    try:
        with psycopg.connect(url, connect_timeout=5, application_name="backout verify") as connection:
            schema = read_schema(connection, ignore_tables=(site.migrations.version_table,))
    except psycopg.OperationalError as error:
        raise UnavailableError("The database does not answer") from error
    return digest(schema, access=False)


def _made_for(site: Site, at: Moment) -> BackupRecord | None:
    made = [
        record
        for record in list_backups(site.history, service=site.service.name)
        if record.rollback == at.rollback.id
        and record.state in WHOLE
        and record.started_at >= (at.step.started_at or record.started_at)
    ]
    return made[0] if made else None


def _found(stores: tuple[Store, ...], name: str) -> tuple[Store, Manifest]:
    trouble: BackoutError | None = None
    for store in stores:
        try:
            return store, stored_manifest(store, name)
        except BackoutError as error:
            trouble = trouble or error
    raise trouble or BackoutError(f"Backup {name} is in no store")


def _watcher(at: Moment) -> Callable[[Progress], None]:
    return lambda progress: at.progress(progress.fraction, progress.stage.value)


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
