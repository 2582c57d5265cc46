"""Before anything is touched: is everything as it was approved, and what is there now?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from actions.backup.programs import find_programs, programs_for
from actions.catalog.checks import Check
from actions.errors import RefusedError, UnavailableError
from actions.history.canonical import Json, JsonObject
from actions.release.port import Release
from actions.run.action import Answer, Moment, Untouched
from actions.run.names import RELEASE
from actions.run.steps.application import came_from_earlier_backup
from actions.run.steps.site import Site
from actions.verify.checking import Looking, values_now
from actions.writers.port import Writer
from actions.writers.quiet import counters_now

PREFLIGHT, CAPTURE = "preflight", "capture"


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """Everything that can be seen to fail before the service is disturbed."""

    site: Site
    writers: Callable[[], Sequence[Writer]]
    #: None: what the plan takes back may not be there yet.
    releases: Callable[[], Sequence[Release]] | None
    #: Whether the plan touches the database.
    with_database: bool

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because it is about this very moment
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        for writer in self.writers():
            writer.look()
        self._look_at_releases(at)
        if self.site.service.database is None or not self.with_database:
            return {}
        facts = self.site.look()
        live = tuple(sorted(facts.revisions or ()))
        self._refuse_other_revision(at, live)
        programs = programs_for(facts.major, find_programs(self.site.environ))
        stores = [store.probe() for store in self.site.premises(str(at.rollback.id)).stores]
        return {
            "revision": list(live), "server": facts.version, "size": facts.size_bytes, "programs": programs.version,
            "stores": stores, "counters": self._counters(),
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""

    def _look_at_releases(self, at: Moment) -> None:
        """Those that the plan takes back: an older release that is not to be had is no news for when the schema is the older one."""
        numbers = [int(str(each.parameters["number"])) for each in at.others.values() if each.action == RELEASE]
        if numbers and self.releases is not None:
            releases = self.releases()
            for number in numbers:
                releases[number].look()

    def _refuse_other_revision(self, at: Moment, live: tuple[str, ...]) -> None:
        planned = at.others["downgrade"].parameters.get("live") if "downgrade" in at.others else None
        if isinstance(planned, list | tuple) and live != tuple(sorted(str(each) for each in planned)):
            raise RefusedError(
                f"The live revision is {', '.join(live) or 'base'}, and what was approved starts at {', '.join(map(str, planned)) or 'base'}",
                next_step="Ask again: it is assessed anew.",
            )

    def _counters(self) -> JsonObject:
        """What was written until now; compared with the moment of quiet, it says whether the ledger is still true."""
        try:
            with psycopg.connect(
                self.site.url, autocommit=True, connect_timeout=5, application_name="backout"
            ) as connection:
                counters = counters_now(connection)
        except psycopg.Error as error:
            raise UnavailableError("The service's database does not answer") from error
        return counters


@dataclass(frozen=True, kw_only=True)
class Capture:
    """What the checks that compare with before see now."""

    checks: Sequence[Check]
    looking: Looking

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because it is about this very moment
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        values: dict[str, Json] = dict(values_now(self.checks, self.looking))
        unknown = sorted(name for name, value in values.items() if value is None)
        # A restore is compared with its backup; a table that is gone is perhaps why it was asked for.
        if unknown and not came_from_earlier_backup(at):
            # Perhaps only at the moment: nothing is touched yet, so there is time for another look.
            raise UnavailableError(
                f"What is there before cannot be seen: {', '.join(unknown[:5])}",
                next_step="Those checks compare with it afterwards; mend them, or leave out `like_before`.",
            )
        return {"checks": values}

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""
