"""The database that a restore replaced gets its place again: in a second, and whole."""

from dataclasses import dataclass

from actions.downgrade.target_lock import target_lock
from actions.history.canonical import JsonObject
from actions.restore.kept_ones import put_back
from actions.run.action import Answer, Done, Moment, Untouched
from actions.run.steps.restoring import LET_GO_WITHIN, database_number, kept_with
from actions.run.steps.site import Site
from actions.writers.quiet import nobody_writes


@dataclass(frozen=True, kw_only=True)
class SwapBack:
    """Which database has the service's name says whether it happened."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        before = (at.step.captured or {}).get("database")
        if before is None or before == database_number(self.site):
            return Untouched()
        kept_as = kept_with(self.site.premises(str(at.rollback.id)), before)
        return Done(result={"kept_as": kept_as, "found_swapped": True})

    def do(self, at: Moment) -> JsonObject:
        premises = self.site.premises(str(at.rollback.id))
        with target_lock(premises.admin_url, within=LET_GO_WITHIN, should_stop=at.should_stop):
            nobody_writes(self.site.url, roles=self.site.application_roles)
            at.capture({"database": database_number(self.site)})
            swapped = put_back(premises, str(at.step.parameters["kept"]))
        return {
            "kept_as": swapped.kept_as, "outage_seconds": round(swapped.outage_seconds, 3),
            "warnings": list(swapped.warnings),
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        """Never reached: it comes behind the point of no return."""
