"""The proof of a backup: what was stored is restored, and what came back is compared with the manifest.

`proven` is said at one place only, after everything was restored, read again and found the same. A full disk, a
server that went away, an order to stop: these are errors, for they say nothing about the backup. What does speak
against it (damage, a file that is missing, a difference) makes the proof a `failed` one.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from actions.backup.encryption import Keys
from actions.backup.manifest import Manifest
from actions.backup.pipes import DamagedError, WrongKeyError
from actions.backup.progress import Watcher, unwatched
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.backup.store import Store
from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.history.values import BackupState
from actions.redaction import redact
from actions.restore.comparing import Comparison, compare
from actions.restore.differences import Difference
from actions.restore.limits import Limits
from actions.restore.proving_places import ProofPlaces, Site, sites
from actions.restore.restored_copy import Restored, RestoreOrder, restore_into

log = logging.getLogger(__name__)

WITHIN = timedelta(hours=24)
#: More differences are counted, not told.
MOST_TOLD = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ProofOrder:
    """Which backup, from where, and where it may be restored."""

    manifest: Manifest
    store: Store
    places: ProofPlaces
    keys: Keys | None = field(default=None, repr=False)
    #: How many tables at once; None for what the machine can bear.
    jobs: int | None = None
    deadline: timedelta = WITHIN
    should_stop: Callable[[], bool] = lambda: False
    watch: Watcher = unwatched
    #: Called with the URL of the restored copy before it is compared. A drill damages the copy here, to see that the
    #: proof sees it.
    before_comparing: Callable[[str], None] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What became of it."""

    state: Literal[BackupState.PROVEN, BackupState.FAILED]
    #: In one sentence.
    why: str
    differences: tuple[Difference, ...]
    #: Where it was restored: `a throw-away server`, `beside the database`.
    where: str
    server_version: int | None
    #: What a restore takes in an emergency, as far as this place is like that one.
    restore_seconds: float
    compare_seconds: float
    seconds: float
    tables: int
    rows: int
    #: What else is worth knowing, in sentences.
    remarks: tuple[str, ...] = ()

    @property
    def is_proven(self) -> bool:
        return self.state is BackupState.PROVEN

    @property
    def faults(self) -> tuple[str, ...]:
        """Empty when it is proven."""
        if self.is_proven:
            return ()
        return tuple(str(difference) for difference in self.differences) or (self.why,)

    @property
    def facts(self) -> Mapping[str, object]:
        """For a record, as JSON has it."""
        return {
            "state": self.state.value, "why": self.why, "where": self.where, "server_version": self.server_version,
            "restore_seconds": round(self.restore_seconds, 3), "compare_seconds": round(self.compare_seconds, 3),
            "seconds": round(self.seconds, 3), "tables": self.tables, "rows": self.rows,
            "remarks": list(self.remarks), "differences": [_fact(difference) for difference in self.differences],
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class ProofWithCopy:
    """A proof, and the restored copy while it is kept; None where nothing could be restored."""

    proof: Proof
    server: ScratchServer | None
    copy: ScratchDatabase | None


def prove(order: ProofOrder) -> Proof:
    """UnavailableError, ConfigurationError or WrongKeyError when it could not be carried out: then the backup is what it was before.
    Nothing is left of the restored copy.
    """
    with proving(order) as proved:
        return proved.proof


@contextmanager
def proving(order: ProofOrder) -> Iterator[ProofWithCopy]:
    """The same, and the restored copy lives as long as the context: for a rehearsal with data, without a second restore.
    Whoever changes it there changes nothing about the proof.
    """
    started = time.monotonic()
    limits = Limits.lasting(order.deadline, order.should_stop)
    with ExitStack() as stack:
        try:
            restored = restored_somewhere(order, limits, stack)
        except (UnavailableError, ConfigurationError, WrongKeyError):
            raise
        except BackoutError as error:
            yield ProofWithCopy(proof=_failed(order, error, started), server=None, copy=None)
            return
        proof = _compared(order, restored, limits, started)
        log.info(
            "Backup %s: %s",
            order.manifest.name,
            proof.state,
            extra={"event": "backup_proof", "backup": order.manifest.name},
        )
        yield ProofWithCopy(proof=proof, server=restored.server, copy=restored.copy)


def restored_somewhere(order: ProofOrder, limits: Limits, stack: ExitStack) -> Restored:
    """In the first place that is fit for it. What goes wrong on a throw-away server may be the server's own fault, so
    then the place beside the database has the last word.
    """
    remarks: list[str] = []
    found = sites(order.manifest, order.places, jobs=order.jobs)
    for number, site in enumerate(found):
        is_last = number == len(found) - 1
        with ExitStack() as attempt:
            try:
                restored = restore_into(_restore_order(order, site, limits, tuple(remarks)), attempt)
            except (DamagedError, WrongKeyError):
                raise
            except BackoutError as error:
                limits.check()
                speaks_of_the_place = isinstance(error, UnavailableError | ConfigurationError)
                if is_last or not (site.is_throw_away or speaks_of_the_place):
                    raise
                log.info("The proof goes on at another place: %s", redact(error.what), extra={"event": "proof_moved"})
                remarks.append(f"{site.title} could not do it: {redact(error.what)}")
                continue
            stack.push(attempt.pop_all())
            return restored
    raise ConfigurationError(
        "There is no place where this backup could be restored",
        where=order.manifest.name,
        next_step=f"Install PostgreSQL {order.manifest.server_version // 10000} on this machine, or name a `scratch` "
        "in the catalog.",
    )


def _restore_order(order: ProofOrder, site: Site, limits: Limits, remarks: tuple[str, ...]) -> RestoreOrder:
    return RestoreOrder(
        manifest=order.manifest, store=order.store, keys=order.keys, site=site, limits=limits, watch=order.watch,
        remarks=remarks,
    )  # fmt: skip


def _compared(order: ProofOrder, restored: Restored, limits: Limits, started: float) -> Proof:
    if order.before_comparing is not None:
        order.before_comparing(restored.copy.url)
    began = time.monotonic()
    differences = compare(
        Comparison(
            url=restored.copy.url, manifest=order.manifest, programs=restored.programs, codec=restored.codec,
            stored=restored.stored, filled=restored.filled.rows, schema=restored.schema, limits=limits,
            jobs=restored.jobs, watch=order.watch,
        )
    )  # fmt: skip
    limits.check()
    return Proof(
        state=BackupState.FAILED if differences else BackupState.PROVEN,
        why=_why(differences), differences=differences, where=restored.where,
        server_version=restored.server_version, restore_seconds=restored.filled.seconds,
        compare_seconds=time.monotonic() - began, seconds=time.monotonic() - started,
        tables=len(order.manifest.tables), rows=order.manifest.rows, remarks=restored.remarks,
    )  # fmt: skip


def _failed(order: ProofOrder, error: BackoutError, started: float) -> Proof:
    """It could not be restored, and that is the backup's own doing."""
    return Proof(
        state=BackupState.FAILED, why=redact(f"{error.where}: {error.what}" if error.where else error.what),
        differences=(), where="nowhere", server_version=None, restore_seconds=0.0, compare_seconds=0.0,
        seconds=time.monotonic() - started, tables=len(order.manifest.tables), rows=order.manifest.rows,
    )  # fmt: skip


def _why(differences: tuple[Difference, ...]) -> str:
    if not differences:
        return "It was restored, and everything in it is as it was backed up"
    told = "; ".join(str(difference) for difference in differences[:MOST_TOLD])
    more = len(differences) - MOST_TOLD
    return redact(f"{told}; and {more} more" if more > 0 else told)


def _fact(difference: Difference) -> dict[str, object]:
    return {
        "part": difference.part.value, "name": difference.name, "what": difference.what,
        "columns": list(difference.columns), "expected": difference.expected, "found": difference.found,
    }  # fmt: skip
