"""What a restore is going to do and what is lost by it. Looking only: what comes out is shown to a person, who says yes
to exactly that.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from actions.backup.connecting import place_of
from actions.backup.encryption import keys_of
from actions.backup.programs import find_programs
from actions.backup.progress import Watcher, unwatched
from actions.backup.store import Store
from actions.backup.store_copy import stored_manifest
from actions.downgrade.target_lock import target_lock
from actions.errors import BackoutError, ConfigurationError, RefusedError, UnavailableError
from actions.history.queries import live
from actions.history.values import BackupState, RollbackId
from actions.restore.advice import Situation, Trouble, advise
from actions.restore.choosing import LATEST, choose, newer_than
from actions.restore.cloning_one import list_of
from actions.restore.foreign_dumps import inspect
from actions.restore.foreign_troubles import from_newer_server, of_another_service
from actions.restore.limits import Limits
from actions.restore.listing import Listed, Listing, There
from actions.restore.loss import LiveNow, Loss, Then, compare, look_at_live
from actions.restore.making import programs_of
from actions.restore.premises import Premises
from actions.restore.restoring import FromDump
from actions.restore.restoring_content import FromBackup
from actions.restore.room import RoomSaid, ask_for_room
from actions.restore.verdict import advice_for


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What somebody asked for: a backup by name or `latest`, or somebody else's dump."""

    backup: str | None = None
    dump: Path | None = None
    #: A new database of this name; the service's own is not touched.
    as_name: str | None = None
    #: Logical replication slots may stay with the old database.
    slots_may_stay: bool = False
    in_place: bool = False
    #: In place, without waiting until the safety backup is proven.
    unproven_safety: bool = False
    #: The rollback that this is a step of; any other open one is in the way.
    rollback: RollbackId | None = None
    watch: Watcher = unwatched
    should_stop: Callable[[], bool] = lambda: False

    def watched_by(self, watch: Watcher) -> "Wanted":
        return replace(self, watch=watch)


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """What is going to happen, and what it costs."""

    service: str
    environment: str
    #: The service's database.
    database: str
    as_name: str | None
    #: The backup's name, or the dump's path.
    source: str
    taken_at: datetime
    state: BackupState | None
    #: How much room it needs; from a dump also where the moment comes from, and what else is to be known.
    notes: tuple[str, ...]
    #: None when the database does not answer: then nobody knows what would be lost.
    loss: Loss | None
    no_loss_because: str | None
    warnings: tuple[str, ...]
    advice: tuple[str, ...]
    restore_seconds: float | None
    is_clone: bool
    #: What is restored, ready to be handed over.
    content: FromBackup | FromDump | str
    in_place: bool = False
    #: In place: whether the way back is proven before anything is dropped.
    proves_safety: bool = True


def intend(premises: Premises, wanted: Wanted) -> Intent:
    """Looks, and changes nothing. RefusedError while a rollback of the service is open; what is wrong with the backup
    comes with the advice for it."""
    if wanted.as_name is None:
        refuse_beside_a_rollback(premises, but=wanted.rollback)
    if wanted.dump is not None:
        return _intend_dump(premises, wanted, wanted.dump)
    listing = list_of(premises)
    if premises.without_history is not None and wanted.backup == LATEST:
        raise _which(listing)
    try:
        chosen = choose(listing, wanted.backup or "")
    except RefusedError as error:
        raise with_advice(premises, error, wanted.backup) from error
    if chosen.strategy == "clone" and (wanted.in_place or wanted.as_name):
        raise ConfigurationError(
            f"{chosen.name} is a clone: it comes back by changing places with the service's database",
            next_step="Leave `--in-place` and `--as` out, or choose a dump.",
        )
    if chosen.strategy == "clone":
        return _intend_clone(premises, wanted, chosen, listing)
    return _intend_backup(premises, wanted, chosen, listing)


def _intend_backup(premises: Premises, wanted: Wanted, chosen: Listed, listing: Listing) -> Intent:
    store = _store_with(premises, chosen)
    manifest = stored_manifest(store, chosen.name)
    if manifest.service != premises.service.name:
        raise ConfigurationError(
            f"{chosen.name} is a backup of {manifest.service}, not of {premises.service.name}",
            next_step=f"`backout backups {premises.service.name}` lists those there are.",
        )
    content = FromBackup(
        manifest=manifest, store=store, found=find_programs(premises.environ), folder=premises.home / "workshops",
        keys=keys_of(premises.rules.encryption_key, premises.environ), jobs=premises.rules.jobs or 2,
    )  # fmt: skip
    rows = {f"{table.schema_name}.{table.name}": table.rows for table in manifest.tables}
    loss, trouble = _loss(premises, wanted, Then(rows=rows, taken_at=manifest.taken_at, revisions=manifest.revisions))
    intent = _intent(premises, wanted, chosen, content)
    room = _room(premises, wanted, manifest.database_bytes)
    return replace(
        intent, taken_at=manifest.taken_at, loss=loss, no_loss_because=trouble,
        notes=(room.note,), warnings=(*_warnings(chosen, listing), *room.warnings),
        advice=_advice(premises, listing, chosen.name, loss),
    )  # fmt: skip


def _room(premises: Premises, wanted: Wanted, needed: int | None) -> RoomSaid:
    return ask_for_room(premises.admin_url, place_of(premises.url)[2], needed, in_place=wanted.in_place)


def _intend_clone(premises: Premises, wanted: Wanted, chosen: Listed, listing: Listing) -> Intent:
    place = next((place for place in chosen.places if place.there is There.KEPT), None)
    if place is None:
        raise RefusedError(f"The clone {chosen.name} is not on the server any more")
    revisions = tuple(chosen.revision.split(",")) if chosen.revision else ()
    loss, trouble = _loss(premises, wanted, Then(rows=None, taken_at=chosen.taken_at, revisions=revisions))
    return replace(
        _intent(premises, wanted, chosen, place.store), loss=loss, no_loss_because=trouble, is_clone=True,
        warnings=tuple(_warnings(chosen, listing)), advice=_advice(premises, listing, chosen.name, loss),
    )  # fmt: skip


def _intend_dump(premises: Premises, wanted: Wanted, path: Path) -> Intent:
    programs = programs_of(premises)
    dump = inspect(path, programs, Limits.lasting(premises.longest, wanted.should_stop), watch=wanted.watch)
    database = place_of(premises.url)[2]
    rows = {f"{table.schema_name}.{table.name}": table.rows for table in dump.tables if table.rows is not None}
    loss, trouble = _loss(premises, wanted, Then(rows=rows, taken_at=dump.taken_at, revisions=dump.revisions))
    facts = _live(premises)
    if isinstance(facts, LiveNow) and wanted.as_name is None:
        tables = [tuple(name.split(".", 1)) for name in facts.rows]
        other = of_another_service(dump, database=database, tables=[(each[0], each[1]) for each in tables])
        if other is not None:
            raise other
    if (newer := from_newer_server(dump, programs.major)) is not None:
        raise newer
    room = _room(premises, wanted, None)
    said = f"a {dump.kind}, {dump.packing}" if dump.packing != "not compressed" else f"a {dump.kind}"
    if dump.server_version:
        said += f", of PostgreSQL {dump.server_version[0]}"
    listing = list_of(premises)
    return Intent(
        service=premises.service.name, environment=str(premises.service.environment), database=database,
        as_name=wanted.as_name, source=str(path), taken_at=dump.taken_at, state=None,
        notes=(f"The file is {said}; read to its end, it is whole.", f"When it was taken: {dump.taken_at_from}.", room.note),
        loss=loss, no_loss_because=trouble, warnings=room.warnings, advice=_advice(premises, listing, None, loss),
        restore_seconds=None, is_clone=False, content=FromDump(dump=dump, programs=programs), in_place=wanted.in_place, proves_safety=not wanted.unproven_safety,
    )  # fmt: skip


def _intent(premises: Premises, wanted: Wanted, chosen: Listed, content: FromBackup | str) -> Intent:
    return Intent(
        service=premises.service.name, environment=str(premises.service.environment),
        database=place_of(premises.url)[2], as_name=wanted.as_name, source=chosen.name, taken_at=chosen.taken_at,
        state=chosen.state, notes=(), loss=None, no_loss_because=None, warnings=(), advice=(),
        restore_seconds=chosen.restore_seconds, is_clone=False, content=content, in_place=wanted.in_place, proves_safety=not wanted.unproven_safety,
    )  # fmt: skip


def _loss(premises: Premises, wanted: Wanted, then: Then) -> tuple[Loss | None, str | None]:
    """Nothing is lost beside the service's database."""
    if wanted.as_name is not None:
        return None, None
    facts = _live(premises)
    if isinstance(facts, str):
        return None, facts
    return compare(then, facts, now=premises.now(), max_age=premises.rules.max_age), None


def _live(premises: Premises) -> LiveNow | str:
    try:
        return look_at_live(premises.url, premises.version_table)
    except UnavailableError as error:
        return error.what


def _warnings(chosen: Listed, listing: Listing) -> list[str]:
    said = []
    if chosen.state is None:
        said.append(
            "Whether it was ever proven is not known here. What comes back is compared with what was backed up before "
            "anything is swapped."
        )
    elif chosen.strategy != "clone" and chosen.state is not BackupState.PROVEN:
        said.append(
            f"Nobody has restored it yet (`backout backups {listing.service} --check {chosen.name} --prove` does, "
            "without touching the service). What comes back is compared with what was backed up before anything is swapped."
        )
    if newer := newer_than(listing, chosen):
        latest = newer[0]
        unsure = "whether proven is not known" if latest.state is None else "not proven"
        state = "proven" if latest.state is BackupState.PROVEN else unsure
        there = "There is a newer one" if len(newer) == 1 else f"There are {len(newer)} newer ones, the newest"
        said.append(f"{there}: {latest.name}, {state}.")
    return said


def _advice(premises: Premises, listing: Listing, chosen: str | None, loss: Loss | None) -> tuple[str, ...]:
    if loss is None or not loss.too_old:
        return ()
    situation = Situation(
        service=premises.service.name, backups=listing.backups, rules=premises.rules, now=premises.now(), chosen=chosen
    )
    return advise(Trouble.TOO_OLD, situation)


def _store_with(premises: Premises, chosen: Listed) -> Store:
    """The first one that has it undamaged, and answers."""
    there = {place.store for place in chosen.places if place.there is There.KEPT}
    for store in premises.stores:
        if store.title in there:
            return store
    away = "; ".join(f"{place.store} is {place.there}" for place in chosen.places)
    raise UnavailableError(
        f"No store can give {chosen.name} now: {away or 'none has it'}",
        next_step="Bring a store back, or choose another backup.",
    )


def refuse_beside_a_rollback(premises: Premises, *, but: RollbackId | None = None) -> None:
    """Two that work on the same database at the same time would each undo the other."""
    if premises.without_history is not None:
        _refuse_beside_a_runner(premises)
    for rollback in live(premises.history):
        if rollback.service == premises.service.name and rollback.id != but:
            raise RefusedError(
                f"{rollback.id} of {rollback.service} is open ({rollback.status}); a restore now would work against it",
                next_step=f"End it first: `backout show {rollback.id}`, `backout stop {rollback.id}`. Or restore beside: "
                "`--as NAME`.",
            )


def _which(listing: Listing) -> ConfigurationError:
    newest = next((each.name for each in listing.backups if each.restorable), None)
    return ConfigurationError(
        "`latest` is the newest proven one, and without the history nobody knows which are proven",
        next_step=f"Name one: `backout backups {listing.service}` lists them"
        + (f"; the newest is {newest}. Was it taken before things went wrong?" if newest else "."),
    )


def _refuse_beside_a_runner(premises: Premises) -> None:
    """Without the history nobody knows of open rollbacks; but whoever changes the database has its lock."""
    for url in {premises.url, premises.admin_url}:
        # A database that is not there is nobody's.
        with suppress(UnavailableError), target_lock(url, within=timedelta(0), should_stop=lambda: False):
            pass


def with_advice(premises: Premises, error: BackoutError, name: str | None) -> BackoutError:
    """The same, with the ways out for somebody whose backup is of no use."""
    lines = [f"{number}. {line}" for number, line in enumerate(advice_for(premises, name or ""), 1)]
    return type(error)(error.what, where=error.where, next_step="\n".join(["Nothing was changed. What to do:", *lines]))
