"""The very downgrade, on a copy with the data: what it really did to the rows, how long it took, what it locked.

Two copies: one that nobody touches, and one made from it that goes down and up again. Both are on the scratch
server, so the live database is read once and then left alone.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from actions.assess.content.budget import Budget
from actions.assess.content.outcomes import Comparison
from actions.assess.content.reference import Reference
from actions.assess.content.standing import Standing, standing
from actions.assess.likeness import give_settings
from actions.assess.older_schema import built_beside, unlike
from actions.assess.place import Leg
from actions.assess.rehearsal import Stage, cut_off_copy
from actions.assess.same_keys import keep_keys
from actions.assess.schema.changes import Change
from actions.assess.schema.compare import compare_by_id, compare_by_name
from actions.assess.schema.naming import Identity
from actions.assess.schema.remade import made_anew, put_in_place, still_there
from actions.assess.schema.values import Schema
from actions.backup.connecting import place_of
from actions.backup.copying import copy_all
from actions.backup.scratch import ScratchDatabase
from actions.downgrade.told import Told
from actions.errors import BackoutError

if TYPE_CHECKING:  # with it comes the history, which takes long to load
    from actions.restore.copy_of_backup import CopyOfBackup

#: A backup by its name, restored for as long as the context lasts.
BackupCopies = Callable[[str, tuple[str, ...], Callable[[], bool] | None], AbstractContextManager["CopyOfBackup"]]

#: The comparison of what changed; what was not read by then is said to be unread.
COMPARE_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class FromBackup:
    """The data was a backup's: what was written since is not in it."""

    name: str
    taken_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DataRehearsal:
    before: Schema
    after: Schema | None
    changes: tuple[Change, ...]
    down: Told
    up: Told | None
    round_trip: tuple[Change, ...]
    #: None when the downgrade did not succeed.
    content: Comparison | None
    #: None when the upgrade after it did not succeed.
    content_again: Comparison | None
    #: Columns and tables of what the downgrade left that are still the same ones after the upgrade, whatever they are
    #: called then.
    kept_by_upgrade: frozenset[Identity]
    #: Older columns and tables that are not the ones from before the upgrade.
    replaced: tuple[Standing, ...]
    #: How the older release's schema, built by its own scripts, differs from what the downgrade leaves. None:
    #: there is no older release, or the scripts do not build its schema.
    unlike_older: tuple[Change, ...] | None
    #: Why they do not: what is to be said after "its own scripts".
    older_unknown: str | None
    copy_seconds: float
    seconds: float
    #: None: of the live database, copied just before.
    backup: FromBackup | None = None

    @property
    def succeeds(self) -> bool:
        return self.down.succeeded


def rehearse_data(stage: Stage) -> DataRehearsal:
    started = time.monotonic()
    with copy_of_live(stage) as kept:
        copied = time.monotonic() - started
        with stage.server.database(template=kept.name) as tried:
            return _try_it(stage, kept, tried, copied, started)


def rehearse_on_backup(stage: Stage, wanted: str, copies: BackupCopies) -> DataRehearsal:
    """The same on a backup that is there already, wherever it can be restored: the live database is left alone."""
    started = time.monotonic()
    with copies(wanted, stage.live_revisions, stage.should_stop) as kept:
        cut_off_copy(kept.database)
        keep_keys(stage.live_url, kept.database)
        copied = time.monotonic() - started
        there = replace(stage, server=kept.server, beside=kept.beside)
        with there.server.database(template=kept.database.name) as tried:
            tried_there = _try_it(there, kept.database, tried, copied, started)
            return replace(tried_there, backup=FromBackup(name=kept.name, taken_at=kept.taken_at))


@contextmanager
def copy_of_live(stage: Stage) -> Iterator[ScratchDatabase]:
    """Dumped and restored, which disturbs nobody. Rows that break their own foreign keys cannot be restored; then the
    server copies the files instead, which it does only while nobody else is connected.
    """
    with ExitStack() as stack:
        kept = stack.enter_context(stage.server.database())
        try:
            copy_all(stage.live_url, kept.url, stage.programs, privileges=stage.beside, should_stop=stage.should_stop)
        except BackoutError as error:
            if not stage.beside or (stage.should_stop is not None and stage.should_stop()):
                raise
            try:
                kept = stack.enter_context(stage.server.database(template=place_of(stage.live_url)[2]))
            except BackoutError:
                raise error from None
        # The server's own copy of the files takes along what a dump leaves out.
        cut_off_copy(kept)
        keep_keys(stage.live_url, kept)
        yield kept


def _try_it(
    stage: Stage, kept: ScratchDatabase, tried: ScratchDatabase, copied: float, started: float
) -> DataRehearsal:
    give_settings(stage.live_url, tried)
    before = stage.read(tried)
    down = stage.run(Leg(direction="downgrade", target=stage.target, watch_locks=True), tried)
    if not down.succeeded:
        return DataRehearsal(
            before=before, after=None, changes=(), down=down, up=None, round_trip=(), content=None, content_again=None,
            kept_by_upgrade=frozenset(), replaced=(), unlike_older=None, older_unknown=None,
            copy_seconds=copied, seconds=time.monotonic() - started,
        )  # fmt: skip
    reference = Reference(kept.url, ignore_tables=(stage.version_table[1],))
    after = stage.read(tried)
    anew = standing(tried.url, after, made_anew(before, after), today=False)
    # Only now: the downgrade's own time was to be measured undisturbed.
    with built_beside(stage, _revisions(tried.url, stage.version_table)) as older:
        content = reference.after_downgrade(tried.url, budget=_budget(stage))
        up = stage.run(stage.back_up(), tried)
        again = stage.read(tried) if up.succeeded else None
        content_again = reference.after_reupgrade(tried.url, budget=_budget(stage)) if again else None
        in_place = standing(kept.url, before, put_in_place(before, after, again), today=True) if again else ()
        built = older()
    kept_by_upgrade = still_there(after, again) if again else frozenset()
    return DataRehearsal(
        before=before, after=after, changes=compare_by_id(before, after), down=down, up=up,
        round_trip=compare_by_name(before, again) if again else (),
        content=content, content_again=content_again, kept_by_upgrade=kept_by_upgrade,
        replaced=(*(each for each in anew if each.replaced.older not in kept_by_upgrade), *in_place),
        unlike_older=unlike(built, after), older_unknown=built.unknown,
        copy_seconds=copied, seconds=time.monotonic() - started,
    )  # fmt: skip


def _budget(stage: Stage) -> Budget:
    return Budget.lasting(COMPARE_WITHIN, stopped=stage.should_stop or (lambda: False))


def _revisions(url: str, table: tuple[str | None, str]) -> tuple[str, ...]:
    schema, name = table
    identifier = sql.Identifier(schema, name) if schema else sql.Identifier(name)
    with psycopg.connect(url) as connection:
        try:
            return tuple(
                str(row[0]) for row in connection.execute(sql.SQL("SELECT version_num FROM {}").format(identifier))
            )
        except psycopg.Error as error:
            raise BackoutError("The copy lost its version table in the rehearsal") from error
