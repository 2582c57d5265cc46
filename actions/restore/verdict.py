"""A backup is looked at again: its bytes, or in full. What comes out is written down as its state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actions.backup.progress import Watcher, unwatched
from actions.errors import BackoutError, ConfigurationError
from actions.history.backups import Learnt, NewBackup, adopt_backup, find_backup, move_backup, note_on_backup
from actions.history.canonical import Json
from actions.history.in_use import in_use
from actions.history.values import BackupRecord, BackupState
from actions.restore.advice import Situation, Trouble, advise
from actions.restore.checking import Condition, CopyChecked, check_copies
from actions.restore.choosing import choose
from actions.restore.cloning_one import list_of
from actions.restore.limits import Limits
from actions.restore.listing import Listed, There
from actions.restore.making import facts_of, prove_it
from actions.restore.premises import Premises
from actions.restore.proving import Proof
from actions.restore.some import some
from actions.restore.summary import summary


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What is true of it now."""

    name: str
    copies: tuple[CopyChecked, ...]
    #: In full, where that was asked for and possible.
    proved: Proof | None
    #: Why it could not be proven.
    not_proven: str | None
    state: BackupState | None
    advice: tuple[str, ...]

    @property
    def whole(self) -> tuple[CopyChecked, ...]:
        return tuple(copy for copy in self.copies if copy.condition is Condition.WHOLE)

    @property
    def fine(self) -> bool:
        """Every copy that should be there is whole, and the proof, if any, found nothing."""
        bad = any(copy.condition is not Condition.WHOLE for copy in self.copies)
        return not bad and self.not_proven is None and not (self.proved and self.proved.faults)


def check_backup(
    premises: Premises, name: str, *, prove: bool = False, watch: Watcher = unwatched,
    should_stop: Callable[[], bool] = lambda: False,
) -> Checked:  # fmt: skip
    """Reads every byte of every copy; with `prove`, restores the first whole one and compares. Raises when stopped."""
    listing = list_of(premises)
    chosen = choose(listing, name, whole_only=False)
    if chosen.strategy == "clone":
        raise ConfigurationError(
            f"{chosen.name} is a clone: there are no stored bytes to check",
            next_step="Its server guards it like every database.",
        )
    expected = [store for store in premises.stores if store.title in {place.store for place in chosen.places}]
    limits = Limits.lasting(premises.longest, should_stop)
    copies = check_copies(chosen.name, expected or premises.stores, limits, watch=watch)
    proved, trouble = None, None
    whole = next((copy for copy in copies if copy.condition is Condition.WHOLE), None)
    if prove and whole is not None and whole.manifest is not None:
        store = next(store for store in premises.stores if store.title == whole.store)
        try:
            with in_use(premises.history, chosen.name):
                proved = prove_it(premises, whole.manifest, store, watch=watch, should_stop=should_stop)
        except BackoutError as error:
            limits.check()
            trouble = error.what
    elif prove:
        trouble = "no copy is whole"
    record = _write_down(premises, chosen, copies, proved)
    damaged = whole is None and any(copy.condition is Condition.DAMAGED for copy in copies)
    return Checked(
        name=chosen.name, copies=copies, proved=proved, not_proven=trouble, state=record.state if record else None,
        advice=advice_for(premises, chosen.name) if damaged or (proved and proved.faults) else (),
    )  # fmt: skip


def advice_for(premises: Premises, name: str) -> tuple[str, ...]:
    """What to do when this one cannot be relied on, as things stand now."""
    situation = Situation(
        service=premises.service.name, backups=list_of(premises).backups, rules=premises.rules, now=premises.now(),
        chosen=name,
    )  # fmt: skip
    return advise(Trouble.CORRUPTED, situation)


def _write_down(
    premises: Premises, chosen: Listed, copies: Sequence[CopyChecked], proved: Proof | None
) -> BackupRecord | None:
    """A backup of which no copy is whole is failed. A store that is away says nothing, and changes nothing."""
    stores: dict[str, Json] = {}
    record = find_backup(premises.history, chosen.name)
    for copy in copies:
        if copy.condition is Condition.WHOLE:
            stores[copy.store] = {"state": There.KEPT}
        elif copy.condition is Condition.DAMAGED:
            stores[copy.store] = {"state": There.FAILED, "because": f"damaged: {some(copy.faults)}"}
    learnt = Learnt(stores={**(record.stores if record else {}), **stores})
    if record is None:
        return _adopt(premises, copies, proved, learnt)
    to, learnt = _ruling(record, copies, proved, learnt)
    with premises.history.writing() as connection:
        if to is None or to is record.state is BackupState.FAILED:
            note_on_backup(connection, chosen.name, learnt)
        else:
            return move_backup(connection, chosen.name, to, learnt, actor=premises.actor)
    return find_backup(premises.history, chosen.name)


def _ruling(
    record: BackupRecord, copies: Sequence[CopyChecked], proved: Proof | None, learnt: Learnt
) -> tuple[BackupState | None, Learnt]:
    whole = [copy for copy in copies if copy.condition is Condition.WHOLE]
    away = [copy for copy in copies if copy.condition is Condition.AWAY]
    if proved is not None and proved.faults:
        because = f"the proof found differences: {some(proved.faults)}"
        return BackupState.FAILED, {**learnt, "because": because, "proof": facts_of(proved)}
    if proved is not None:
        return BackupState.PROVEN, {**learnt, "because": None, "proof": facts_of(proved)}
    if not whole and not away and record.state in (BackupState.MADE, BackupState.PROVEN):
        faults = list(dict.fromkeys(fault for copy in copies for fault in copy.faults)) or [
            "it is in no store any more"
        ]
        return BackupState.FAILED, {**learnt, "because": f"damaged: {some(faults)}"}
    return None, learnt


def write_down_proof(premises: Premises, name: str, proved: Proof) -> BackupRecord:
    """What restoring and comparing found is the backup's state from now on."""
    because = f"the proof found differences: {some(proved.faults)}" if proved.faults else None
    to = BackupState.FAILED if proved.faults else BackupState.PROVEN
    with premises.history.writing() as connection:
        return move_backup(connection, name, to, Learnt(because=because, proof=facts_of(proved)), actor=premises.actor)


def _adopt(
    premises: Premises, copies: Sequence[CopyChecked], proved: Proof | None, learnt: Learnt
) -> BackupRecord | None:
    """One that the history did not know is known from now on, as far as it was seen to be good."""
    manifest = next((copy.manifest for copy in copies if copy.condition is Condition.WHOLE), None)
    if manifest is None:
        return None
    new = NewBackup(
        name=manifest.name, service=manifest.service, strategy="dump", purpose="found in a store",
        revision=",".join(manifest.revisions) or None,
    )  # fmt: skip
    state = BackupState.MADE if proved is None else BackupState.FAILED if proved.faults else BackupState.PROVEN
    more = Learnt(
        size_bytes=manifest.stored_bytes, manifest=summary(manifest), proof=facts_of(proved) if proved else None,
        because=f"the proof found differences: {some(proved.faults)}" if proved and proved.faults else None,
    )  # fmt: skip
    with premises.history.writing() as connection:
        return adopt_backup(
            connection, new, state, {**learnt, **more}, taken_at=manifest.taken_at, actor=premises.actor
        )
