"""Is the database what the rehearsal said that it would be? Success is only said when all of it was seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from actions.backup.manifest import Manifest
from actions.backup.store_copy import stored_manifest
from actions.catalog.checks import Check, Validation
from actions.errors import BackoutError
from actions.history.canonical import Json, JsonObject
from actions.restore.limits import Limits
from actions.restore.making import programs_of
from actions.run.action import Answer, Moment, Untouched
from actions.run.steps.application import before_of, came_from_earlier_backup
from actions.run.steps.backups import PROVE, schema_digest
from actions.run.steps.contents import TableNow, contents, from_record, unlike
from actions.run.steps.site import Site
from actions.verify.checking import Looking, needs_application, require_answers, run_checks, without_before

STEP = "verify"


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Revision, schema, rows of every table, and the catalog's checks that need no application."""

    site: Site
    checks: Sequence[Check]
    looking: Looking

    def ask(self, at: Moment) -> Answer:  # noqa: ARG002 because it is about this very moment
        return Untouched()

    def do(self, at: Moment) -> JsonObject:
        wrong = [*self._revision(at), *self._against_rehearsal(at)]
        looking = replace(self.looking, before=before_of(at), should_stop=at.should_stop)
        checks: list[Validation] = [check for check in self.checks if not needs_application(check)]
        if came_from_earlier_backup(at):
            checks = [without_before(check) for check in checks]
        results = run_checks(checks, looking)
        require_answers(results)
        wrong += [f"{each.title}: {each.said}" for each in results if not each.passed]
        seen: list[Json] = [{"title": each.title, "passed": each.passed, "said": each.said} for each in results]
        if wrong:
            at.note("verification", {"wrong": list(wrong[:50]), "checks": seen})
            more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            raise BackoutError(
                f"The database is not as it should be: {'; '.join(wrong[:5])}{more}",
                next_step="Look at it before the writers come back: retry, restore the proven backup, or keep it.",
            )
        return {"revision": list(self.site.live_revisions()), "checks": seen}

    def undo(self, at: Moment) -> None:
        """Looking leaves nothing behind."""

    def _revision(self, at: Moment) -> list[str]:
        wanted: object = at.step.parameters.get("target")
        if (backup := at.step.parameters.get("backup")) is not None:
            wanted = self._manifest(at, str(backup)).revisions
        if not isinstance(wanted, list | tuple):
            return []
        live, target = self.site.live_revisions(), tuple(sorted(str(each) for each in wanted))
        return [] if live == target else [f"it is at {', '.join(live) or 'base'}, not {', '.join(target) or 'base'}"]

    def _against_rehearsal(self, at: Moment) -> list[str]:
        proved = at.result_of(PROVE)
        rehearsal = proved.get("rehearsal")
        if not isinstance(rehearsal, dict) or not rehearsal or "target" not in at.step.parameters:
            return []
        wrong = []
        if schema_digest(self.site.url, self.site) != rehearsal.get("schema"):
            wrong.append("its schema is another one than the rehearsal ended with")
        expected = from_record(rehearsal.get("untouched"))
        counted = rehearsal.get("counted")
        for name, rows in (counted if isinstance(counted, dict) else {}).items():
            if isinstance(rows, int):
                expected[str(name)] = TableNow(rows=rows, hash=None)
        premises = self.site.premises(str(at.rollback.id))
        manifest = self._manifest(at, str(proved.get("backup")))
        found = contents(
            self.site.url, programs_of(premises), manifest.tables, encoding=manifest.database.encoding,
            limits=Limits.lasting(premises.longest, at.should_stop), jobs=premises.rules.jobs,
        )  # fmt: skip
        return wrong + unlike(expected, found)

    def _manifest(self, at: Moment, name: str) -> Manifest:
        trouble: BackoutError | None = None
        for store in self.site.premises(str(at.rollback.id)).stores:
            try:
                return stored_manifest(store, name)
            except BackoutError as error:
                trouble = trouble or error
        raise trouble or BackoutError(f"Backup {name} is in no store")
