"""The way back itself, as it was intended (see `intending`); what was done is on the record, also when it failed."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from actions.backup.pipes import DamagedError
from actions.errors import BackoutError, ConfigurationError, RefusedError, UnavailableError
from actions.history.backups import Learnt, move_backup
from actions.history.in_use import in_use
from actions.history.record import Entry, append
from actions.history.values import BackupState
from actions.redaction import redact
from actions.restore.backing_up import BackedUp, BackupOrder, StoppedError, back_up
from actions.restore.in_place import InPlace, restore_in_place
from actions.restore.intending import Intent, Wanted, with_advice
from actions.restore.limits import Limits
from actions.restore.making import server_major
from actions.restore.premises import Premises
from actions.restore.restoring import CameBack, CannotBackUp, ComingBack, FromDump, restore, restore_clone
from actions.restore.restoring_content import FromBackup

log = logging.getLogger(__name__)


def bring_back(premises: Premises, intent: Intent, wanted: Wanted) -> CameBack:
    """After an error the service's database is what it was, unless the error says otherwise."""
    _record(premises, "restore.started", intent, {"as": wanted.as_name})
    try:
        # Whatever retention does meanwhile, this one stays.
        with in_use(premises.history, intent.source):
            came = _go(premises, intent, wanted)
    except DamagedError as error:
        _record(premises, "restore.failed", intent, {"because": redact(error.what)})
        raise with_advice(premises, error, intent.source) from error
    except BaseException as error:
        said = redact(error.what) if isinstance(error, BackoutError) else type(error).__name__
        _record(premises, "restore.failed", intent, {"because": said})
        raise
    safety = came.safety if isinstance(came.safety, str) else None
    _record(premises, "restore.done", intent, {
        "database": came.database, "kept_as": came.kept_as, "safety": safety, "seconds": round(came.seconds, 1),
    })  # fmt: skip
    return came


def _go(premises: Premises, intent: Intent, wanted: Wanted) -> CameBack:
    if wanted.in_place and not isinstance(intent.content, str):
        return _go_in_place(premises, intent, wanted, intent.content)

    def safety() -> str | CannotBackUp:
        found = _safety(premises, intent, wanted)
        return found if isinstance(found, CannotBackUp) else found.name

    order = ComingBack(
        admin_url=premises.admin_url, live=intent.database, because=f"backup {Path(intent.source).name}", now=premises.now(),
        safety=safety, limits=Limits.lasting(premises.longest, wanted.should_stop),
        as_name=wanted.as_name, slots_may_stay=wanted.slots_may_stay, watch=wanted.watch,
    )  # fmt: skip
    if isinstance(intent.content, str):
        return _swap_in(premises, order, intent, intent.content)
    return restore(order, intent.content)


def _go_in_place(premises: Premises, intent: Intent, wanted: Wanted, content: FromBackup | FromDump) -> CameBack:
    def safety() -> str:
        found = _safety(premises, intent, wanted, prove=not wanted.unproven_safety)
        if isinstance(found, CannotBackUp):
            raise RefusedError(
                f"There is no safety backup ({found.why}), and in place nothing else would be left to go back to",
                next_step="Restore beside instead: leave `--in-place` out. Nothing was changed.",
            )
        if not wanted.unproven_safety and found.state is not BackupState.PROVEN:
            raise RefusedError(
                f"The safety backup {found.name} is not proven ({found.because}), and in place nothing else would be left "
                "to go back to",
                next_step="Restore beside instead: leave `--in-place` out. Or, if what is there now may be lost for good: "
                "`--unproven-safety`. Nothing was changed.",
            )
        return found.name

    order = InPlace(
        url=premises.url, admin_url=premises.admin_url, safety=safety,
        limits=Limits.lasting(premises.longest, wanted.should_stop), watch=wanted.watch,
    )  # fmt: skip
    came = restore_in_place(order, content)
    return CameBack(
        database=intent.database, kept_as=None, safety=came.safety, seconds=came.seconds,
        outage_seconds=came.outage_seconds,
    )  # fmt: skip


def _swap_in(premises: Premises, order: ComingBack, intent: Intent, clone: str) -> CameBack:
    came = restore_clone(order, clone)
    with suppress(RefusedError, UnavailableError), premises.history.writing() as connection:
        # The listing would find it missing anyway; this says where it went.
        gone = Learnt(because="it took the place of the service's database")
        move_backup(connection, intent.source, BackupState.DELETED, gone, actor=premises.actor)
    return came


def _safety(premises: Premises, intent: Intent, wanted: Wanted, *, prove: bool = False) -> BackedUp | CannotBackUp:
    """Of the present state, always, unless the server cannot: then what is replaced is kept, and that is all there is."""
    source = Path(intent.source).name if wanted.dump else intent.source
    order = BackupOrder(
        purpose=f"before a restore of {source}", prove=prove, keep=False, watch=wanted.watch,
        should_stop=wanted.should_stop,
    )  # fmt: skip
    try:
        return back_up(premises, order)
    except (StoppedError, RefusedError, ConfigurationError):
        raise
    except UnavailableError as error:
        if _answers(premises):
            raise  # a store is away, or the history: that can be mended
        return CannotBackUp(why=redact(error.what))
    except BackoutError as error:
        return CannotBackUp(why=redact(error.what))


def _answers(premises: Premises) -> bool:
    """The server, with this database: not a look into its tables, which somebody may have locked."""
    try:
        server_major(premises.url)
    except UnavailableError:
        return False
    return True


def _record(premises: Premises, kind: str, intent: Intent, more: Mapping[str, str | float | None]) -> None:
    """A restore is on the record like everything else. Its end is told even when the history is away by then."""
    details = {"service": intent.service, "source": Path(intent.source).name, **more}
    try:
        with premises.history.writing() as connection:
            append(connection, Entry(kind=kind, actor=premises.actor, details=details))
    except UnavailableError as error:
        if kind == "restore.started":
            raise
        log.warning("%s could not be written down: %s", kind, error.what, extra={"event": "restore_not_recorded"})
