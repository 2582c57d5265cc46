"""Bringing a backup back as a step of a run: beside, compared, then swapped."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from actions.downgrade.target_lock import target_lock
from actions.errors import UnavailableError
from actions.history.canonical import JsonObject
from actions.restore.bringing_back import bring_back
from actions.restore.intending import Wanted, intend
from actions.restore.kept_ones import kept_of
from actions.restore.premises import Premises
from actions.restore.restoring import CannotBackUp
from actions.run.action import Answer, Done, Moment, Untouched
from actions.run.steps.quiet import refuse_disturbance
from actions.run.steps.site import Site
from actions.writers.quiet import nobody_writes

STEP = "restore"
LET_GO_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Restore:
    """The swap is one transaction that gives the service's name to another database: whether it happened shows."""

    site: Site
    #: Looks once more whether what was approved still holds; raises RefusedError when it does not.
    recheck: Callable[[Moment], None]

    def ask(self, at: Moment) -> Answer:
        before = (at.step.captured or {}).get("database")
        if before is None or before == database_number(self.site):
            return Untouched()
        kept_as = kept_with(self.site.premises(str(at.rollback.id)), before)
        return Done(result={"backup": str(at.step.parameters["backup"]), "kept_as": kept_as, "found_swapped": True})

    def do(self, at: Moment) -> JsonObject:
        wanted = Wanted(
            backup=str(at.step.parameters["backup"]), rollback=at.rollback.id, should_stop=at.should_stop,
            watch=lambda progress: at.progress(progress.fraction, progress.stage.value),
        )  # fmt: skip
        premises = self.site.premises(str(at.rollback.id))
        # On the maintenance database: the service's own is renamed, and sessions in it are ended.
        with target_lock(premises.admin_url, within=LET_GO_WITHIN, should_stop=at.should_stop):
            intent = intend(premises, wanted)
            self._refuse_other_world(at)
            at.capture({"database": database_number(self.site)})
            came = bring_back(premises, intent, wanted)
        safety = came.safety.why if isinstance(came.safety, CannotBackUp) else came.safety
        return {
            "backup": intent.source, "kept_as": came.kept_as, "safety": safety, "seconds": round(came.seconds, 3),
            "outage_seconds": round(came.outage_seconds, 3), "warnings": list(came.warnings),
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        """Only reached when nothing was swapped: then the service has what it had."""

    def _refuse_other_world(self, at: Moment) -> None:
        """A backup of this very run, chosen after a failure, belongs to what was approved; its world has changed already."""
        if "downgrade" in at.others:
            nobody_writes(self.site.url, roles=self.site.application_roles)
            return
        self.recheck(at)
        refuse_disturbance(at, self.site.url, self.site.application_roles)


def database_number(site: Site) -> int:
    """Of the one that has the service's name now."""
    try:
        with psycopg.connect(site.url, connect_timeout=5, application_name="backout restore") as connection:
            row = connection.execute(
                "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"
            ).fetchone()
    except psycopg.Error as error:
        raise UnavailableError("The service's database does not answer") from error
    return int(row[0]) if row else 0


def kept_with(premises: Premises, number: object) -> str | None:
    """The name under which the database of this number is kept; None when it is not."""
    return next((each.name for each in kept_of(premises) if each.number == number), None)
