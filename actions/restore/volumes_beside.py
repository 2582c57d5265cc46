"""The volumes that are archived with a database, under the name of its backup. Nothing is frozen for it.

A process that dies while containers stand still would leave them so. Here they go on, and an archive counts only if the
volume is the same after it was read; one that is written to all the time is told, and is for a runbook's `save_volumes`.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from actions.backup.store import Store
from actions.backup.volume_archives import ChangedMeanwhileError, VolumeArchive, VolumeArchives
from actions.errors import BackoutError
from actions.platforms.compose_house import compose_of
from actions.platforms.houses import house_of
from actions.platforms.volumes import Volumes
from actions.redaction import redact
from actions.restore.premises import Premises

log = logging.getLogger(__name__)

TRIES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeBeside:
    """One of the catalog's, and what became of it."""

    volume: str
    #: None where there is no archive.
    archive: VolumeArchive | None
    #: Why there is none, or no copy in some store.
    trouble: str | None = None


def archive_volumes(
    premises: Premises, name: str, stores: Sequence[Store], *, purpose: str
) -> tuple[VolumeBeside, ...]:
    """Into the stores that have the backup. The database's backup stands, whatever becomes of these."""
    found = tuple(_one(premises, volume, name, stores, purpose) for volume in premises.rules.volumes)
    for each in found:
        if each.trouble is not None:
            log.warning(
                "Volume %s beside %s: %s", each.volume, name, each.trouble,
                extra={"event": "volume_not_archived", "backup": name, "service": premises.service.name},
            )  # fmt: skip
    return found


def let_volumes_go(premises: Premises, name: str) -> None:
    """With the backup under whose name they are."""
    with suppress(BackoutError):
        _archives(premises, premises.stores).let_go(name)


def _one(premises: Premises, volume: str, name: str, stores: Sequence[Store], purpose: str) -> VolumeBeside:
    first, *others = stores
    try:
        house = compose_of(house_of(premises.service, premises.environ), "`volumes`")
        archive = _tried(_archives(premises, [first]), Volumes(cli=house.cli), volume, name, purpose)
    except BackoutError as error:
        return VolumeBeside(volume=volume, archive=None, trouble=f"not archived: {_said(error)}")
    troubles = []
    for store in others:
        try:
            _archives(premises, [store]).copy(archive, first, store)
        except BackoutError as error:
            troubles.append(f"no copy in {store.title}: {_said(error)}")
    return VolumeBeside(volume=volume, archive=archive, trouble="; ".join(troubles) or None)


def _tried(archives: VolumeArchives, volumes: Volumes, volume: str, name: str, purpose: str) -> VolumeArchive:
    if not volumes.exists(volume):
        raise BackoutError(f"there is no volume {volume}", next_step="`docker volume ls` names those there are.")
    for attempt in range(1, TRIES + 1):
        try:
            return archives.save(volumes, volume, purpose=purpose, name=name, freeze=False)
        except ChangedMeanwhileError:
            if attempt == TRIES:
                raise
    raise AssertionError("unreachable")


def _archives(premises: Premises, stores: Sequence[Store]) -> VolumeArchives:
    return VolumeArchives(service=premises.service, environ=premises.environ, stores=tuple(stores))


def _said(error: BackoutError) -> str:
    return redact(f"{error.what}. {error.next_step}" if error.next_step else error.what)
