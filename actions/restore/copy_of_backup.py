"""A stored backup as a copy to try things on: restored into a scratch database, and gone afterwards."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from actions.backup.encryption import keys_of
from actions.backup.manifest import Manifest
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.backup.store import Store
from actions.backup.store_copy import stored_manifest
from actions.errors import BackoutError, RefusedError
from actions.restore.choosing import choose
from actions.restore.cloning_one import list_of
from actions.restore.limits import Limits
from actions.restore.making import places_of
from actions.restore.premises import Premises
from actions.restore.proving import ProofOrder, restored_somewhere


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyOfBackup:
    name: str
    taken_at: datetime
    server: ScratchServer
    database: ScratchDatabase
    #: Whether the server is the service's own, with its roles.
    beside: bool


@contextmanager
def copy_of_backup(
    premises: Premises, wanted: str, live: tuple[str, ...], should_stop: Callable[[], bool] | None = None
) -> Iterator[CopyOfBackup]:
    """`wanted` is a name or `latest`. RefusedError when it holds another revision than the one that is live: what a
    downgrade does to it would say nothing about today's database.
    """
    chosen = choose(list_of(premises), wanted)
    manifest, store = _stored(premises, chosen.name)
    if frozenset(manifest.revisions) != frozenset(live):
        raise RefusedError(
            f"Backup {manifest.name} holds revision {_said(manifest.revisions)}; the database is at {_said(live)}",
            next_step="Name a backup that was taken since the last deploy, or leave --backup out for a fresh copy.",
        )
    stopped = should_stop or (lambda: False)
    order = ProofOrder(
        manifest=manifest, store=store, places=places_of(premises), jobs=premises.rules.jobs,
        keys=keys_of(premises.rules.encryption_key, premises.environ), deadline=premises.longest, should_stop=stopped,
    )  # fmt: skip
    with ExitStack() as stack:
        restored = restored_somewhere(order, Limits.lasting(premises.longest, stopped), stack)
        yield CopyOfBackup(
            name=manifest.name, taken_at=manifest.taken_at, server=restored.server, database=restored.copy,
            beside=not restored.is_throw_away,
        )  # fmt: skip


def _stored(premises: Premises, name: str) -> tuple[Manifest, Store]:
    trouble: BackoutError | None = None
    for store in premises.stores:
        try:
            return stored_manifest(store, name), store
        except BackoutError as error:
            trouble = trouble or error
    raise trouble or RefusedError(
        f"Backup {name} is in no store", next_step=f"`backout backups {premises.service.name}` shows what there is."
    )


def _said(revisions: tuple[str, ...]) -> str:
    return ", ".join(revisions) or "none"
