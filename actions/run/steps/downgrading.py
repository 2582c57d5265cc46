"""The downgrade itself: once, one revision at a time, by the service's own Alembic."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import psycopg

from actions.assess.place import Leg, alembic_order
from actions.downgrade.order import Order, carry_out
from actions.downgrade.target_lock import TargetLock, target_lock
from actions.downgrade.told import Told
from actions.errors import BackoutError, HaltedError, RefusedError, UnavailableError
from actions.history.canonical import JsonObject
from actions.redaction import redact
from actions.run.action import Answer, Done, Moment, Partly, Unsure, Untouched
from actions.run.steps.backups import schema_digest
from actions.run.steps.explaining import explained
from actions.run.steps.quiet import refuse_disturbance
from actions.run.steps.site import Site
from actions.writers.quiet import nobody_writes

STEP = "downgrade"
#: Between two tries for a lock; each is written down.
LOCK_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
LOCK_STATES = ("55P03", "40P01")
#: How long a runner that lost its turn gets to let go of the database. It noticed before its lease ran out, and ending
#: its child takes seconds.
LET_GO_WITHIN = timedelta(seconds=20)
_ORPHANS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
_HOLDERS = """
SELECT coalesce(nullif(application_name, ''), 'an unnamed application') || ' (user ' || coalesce(usename, '?') || ', from '
       || coalesce(client_addr::text, 'this machine') || ', process ' || pid || ', ' || coalesce(state, 'busy') || ' for '
       || coalesce(round(extract(epoch FROM clock_timestamp() - xact_start))::text, '?') || ' s)'
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
  AND coalesce(application_name, '') !~ '^backout($|[ :])'
  AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_stat_activity.pid AND l.locktype = 'relation' AND l.granted)
ORDER BY xact_start LIMIT 5"""
_WHICH = """
SELECT oid::bigint, extract(epoch FROM pg_postmaster_start_time())::text FROM pg_database WHERE datname = current_database()"""
_TICK_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class Downgrade:
    """Between two revisions the version table says how far it came, whatever happens to us."""

    site: Site
    #: Looks once more whether what was approved still holds; raises RefusedError when it does not.
    recheck: Callable[[Moment], None]

    def ask(self, at: Moment) -> Answer:
        live, route = self.site.live_revisions(), _Route(at)
        if live == route.target:
            return Done(result={"revision": list(live)})
        if live == route.start:
            # What a migration commits by itself (CONCURRENTLY, an autocommit block) stays when the rest is undone.
            before = (at.step.captured or {}).get("schema")
            if before is not None and before != schema_digest(self.site.url, self.site):
                return Partly(what=f"it is at {_named(live)}, and its schema is not as it was")
            return Untouched()
        if live in route.between:
            return Partly(what=f"it is at {_named(live)}")
        return Unsure(why=f"The database is at {_named(live)}, which is not on the way of this plan")

    def do(self, at: Moment) -> JsonObject:
        route = _Route(at)
        with self._only_we(at) as lock:
            self._hear_out(at, route)
            self._end_sessions(at, _application(at))
            if self.site.live_revisions() == route.start:
                self.recheck(at)
                self._refuse_disturbance(at)
                # The last word before anything is changed: it fails when we are not the runner any more.
                at.capture({"revision": list(route.start), "schema": schema_digest(self.site.url, self.site)})
            else:
                nobody_writes(self.site.url, roles=self.site.application_roles)
            done: list[JsonObject] = []
            while (live := self.site.live_revisions()) != route.target:
                if live != route.start and live not in route.between:
                    raise HaltedError(f"The database is at {_named(live)}, which is not on the way of this plan")
                if at.should_stop():
                    raise BackoutError(f"It was stopped at {_named(live)}")
                lock.check()
                done.append(self._one(at, route, lock))
        return {"revision": list(route.target), "revisions": [dict(each) for each in done]}

    def undo(self, at: Moment) -> None:
        """Only reached when nothing was done; a downgrade is not taken back by an upgrade, for that brings no data back."""
        live = self.site.live_revisions()
        if live != _Route(at).start:
            raise HaltedError(f"The database is at {_named(live)}; only a backup brings back what was there")

    def _hear_out(self, at: Moment, route: "_Route") -> None:
        """One that a runner before us started, and that outlived it, is never started a second time: it is heard to its
        end. What it did shows in the database."""
        order = self._order(at, route)
        if order.inside is None or not self.site.house.under_way(order.inside):
            return
        at.note("found_again", {"name": order.inside.name})
        told = carry_out(order, self.site.house.commands, should_stop=at.should_stop)
        if not told.succeeded and (told.trouble is None or told.trouble.sqlstate not in LOCK_STATES):
            raise explained(told.trouble, "The downgrade failed")

    def _one(self, at: Moment, route: "_Route", lock: TargetLock) -> JsonObject:
        """The next revision, with patience for locks."""
        before = self.site.live_revisions()
        for pause in (*LOCK_PAUSES_SECONDS, None):
            try:
                told = carry_out(self._order(at, route), self.site.house.commands, should_stop=at.should_stop)
            except BackoutError:
                if at.should_stop():
                    self._end_what_goes_on(at)
                raise
            if told.succeeded:
                return self._reached(at, before, told)
            self._end_what_goes_on(at)
            if told.trouble is None or told.trouble.sqlstate not in LOCK_STATES:
                # Where the server went away under it, the world is asked how far it came, and it is tried again.
                lock.check()
                raise explained(told.trouble, "The downgrade failed")
            holders = self._holders()
            if pause is None:
                raise BackoutError(
                    f"The lock that the downgrade needs was not to be had in {len(LOCK_PAUSES_SECONDS) + 1} tries: "
                    f"{told.trouble.message} ({told.trouble.sqlstate})",
                    where=f"revision {told.trouble.revision}" if told.trouble.revision else None,
                    next_step=f"Sessions that hold something: {'; '.join(holders) or 'none any more'}. End them, then ask again.",
                )
            waiting: JsonObject = {
                "revision": told.trouble.revision, "again_in": pause, "because": told.trouble.message,
                "held_by": list(holders),
            }  # fmt: skip
            at.note("waits_for_lock", waiting)
            at.progress(None, f"waits for a lock held by {'; '.join(holders)}" if holders else "waits for a lock")
            _rest(pause, at)
        raise AssertionError("the last try returns or raises")

    def _reached(self, at: Moment, before: tuple[str, ...], told: Told) -> JsonObject:
        live = self.site.live_revisions()
        if live == before:
            raise HaltedError(f"Alembic says that it is done, and the database is still at {_named(live)}")
        facts: JsonObject = {
            "undone": [revision for revision, _ in told.steps], "now": list(live), "seconds": round(told.seconds, 3),
            "rows": sum(each.inserted + each.updated + each.deleted for commit in told.commits for each in commit.activity),
            "locks": sorted({f"{lock.mode} on {lock.relation}" for commit in told.commits for lock in commit.locks}),
        }  # fmt: skip
        at.note("revision_reached", facts)
        return facts

    def _order(self, at: Moment, route: "_Route") -> Order:
        leg = Leg(direction="downgrade", target=route.target or "base", watch_locks=True)
        order = alembic_order(self.site.service, self.site.environ, leg=leg, url=self.site.url, fence=None)
        database, started = self._database()
        inside = order.inside and replace(order.inside, name=_name(at))
        return replace(
            order, most=1, database=database, server_started=started, inside=inside, leaves=at.leaving,
            env={**order.env, "PGAPPNAME": _application(at)},
        )  # fmt: skip

    def _database(self) -> tuple[int, str]:
        """Which one is meant, on whatever way it is reached: its number, and when its server was started."""
        with self._connected() as connection:
            row = connection.execute(_WHICH).fetchone()
        if row is None:
            raise UnavailableError("The database does not say which one it is")
        return int(row[0]), str(row[1])

    def _refuse_disturbance(self, at: Moment) -> None:
        refuse_disturbance(at, self.site.url, self.site.application_roles)

    @contextmanager
    def _only_we(self, at: Moment) -> Iterator[TargetLock]:
        """A runner that lost its turn lets go by itself; one that is frozen cannot, and is made to."""
        holder = f"{_application(at)} lock"
        with ExitStack() as stack:
            try:
                held = stack.enter_context(self._lock(at, holder))
            except RefusedError:
                # Written under our lease: it is we who carry it out now, and whoever holds the lock does not.
                at.note("lock_taken_over", {"after_seconds": LET_GO_WITHIN.total_seconds()})
                self._end_sessions(at, holder)
                held = stack.enter_context(self._lock(at, holder))
            yield held

    def _lock(self, at: Moment, application: str) -> AbstractContextManager[TargetLock]:
        return target_lock(self.site.url, within=LET_GO_WITHIN, should_stop=at.should_stop, application=application)

    def _end_sessions(self, at: Moment, application: str) -> None:
        """Those that a runner before us left behind: whatever they had not committed is undone."""
        until = time.monotonic() + LET_GO_WITHIN.total_seconds()
        with self._connected() as connection:
            while connection.execute(_ORPHANS, [application]).fetchall():
                if time.monotonic() > until:
                    raise HaltedError("A session of an earlier try does not end", next_step="Look at pg_stat_activity.")
                _rest(_TICK_SECONDS, at)

    def _end_what_goes_on(self, at: Moment) -> None:
        """Whoever sent it is gone; on the server a long statement would go on to its end, and no restore could begin. Where the
        server cannot be asked, the proof of quiet finds it. When we go away it is not ours: another runner hears it to its end."""
        if at.leaving():
            return
        until = time.monotonic() + LET_GO_WITHIN.total_seconds()
        with suppress(BackoutError, psycopg.Error), self._connected() as connection:
            while connection.execute(_ORPHANS, [_application(at)]).fetchall() and time.monotonic() < until:
                time.sleep(_TICK_SECONDS)

    def _holders(self) -> tuple[str, ...]:
        """Who is in a transaction with a lock that others would have to wait for; no text of a query."""
        with self._connected() as connection:
            rows = connection.execute(_HOLDERS).fetchall()
        return tuple(redact(str(row[0])) for row in rows)

    def _connected(self) -> "psycopg.Connection[tuple[Any, ...]]":
        try:
            return psycopg.connect(
                self.site.url, autocommit=True, connect_timeout=5, application_name="backout downgrade"
            )
        except psycopg.Error as error:
            raise UnavailableError("The service's database does not answer") from error


class _Route:
    """Where the plan goes, as its step has it."""

    def __init__(self, at: Moment) -> None:
        parameters = at.step.parameters
        self.start = _names(parameters.get("live"))
        self.target = _names(parameters.get("target"))
        hops = parameters.get("hops")
        listed = hops if isinstance(hops, list | tuple) else ()
        self.between = {_names(hop.get("after")) for hop in listed if isinstance(hop, dict)} - {self.target}


def _names(value: object) -> tuple[str, ...]:
    return tuple(sorted(str(each) for each in value)) if isinstance(value, list | tuple) else ()


def _named(revisions: tuple[str, ...]) -> str:
    return "revision " + ", ".join(revisions) if revisions else "base"


def _name(at: Moment) -> str:
    """Of this rollback and step: what a runner before us left running is found again, or ended, by it. The request's key
    is in it, because another installation of ours has an RB-1, too, and may drive the same service."""
    key = hashlib.sha256(at.rollback.request_key.encode()).hexdigest()[:8]
    return f"{at.rollback.service}-{at.rollback.id}-{at.step.name}-{key}"


def _application(at: Moment) -> str:
    return f"backout {at.rollback.id} downgrade"


def _rest(seconds: float, at: Moment) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if at.should_stop():
            raise BackoutError("It was stopped while it waited")
        time.sleep(_TICK_SECONDS)
