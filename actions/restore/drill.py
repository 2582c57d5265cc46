"""The rollback test: can this service's database really be brought back, from here, tonight?

Eight points, against the real server and the real stores; what is restored goes into a scratch database that is
dropped afterwards. The service itself is only read. A point that a failed one makes impossible is skipped, and counts as
not passed: who reads the report must not have to think.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from actions.backup.progress import Watcher, unwatched
from actions.backup.store import Store
from actions.errors import BackoutError
from actions.history.canonical import JsonObject
from actions.redaction import redact
from actions.restore.backing_up import BackedUp, BackupOrder, back_up
from actions.restore.checking import Condition, check_copies
from actions.restore.limits import Limits
from actions.restore.making import facts_of, programs_of, prove_it, would_run
from actions.restore.premises import Premises
from actions.restore.reading_content import read_content
from actions.restore.runbook_page import page
from actions.restore.server_facts import ServerFacts, look_at_server
from actions.restore.some import some
from actions.restore.verdict import write_down_proof


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    #: A point before it failed, so it could not be tried.
    SKIPPED = "skipped"
    #: A dry run: what would have been done is shown.
    NOT_RUN = "not run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    number: int
    name: str
    title: str
    outcome: Outcome
    #: What was seen, or what went wrong, in a sentence.
    said: str
    #: What to do about it.
    next_step: str | None = None
    details: JsonObject = field(default_factory=dict)
    started_at: datetime
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Drill:
    """The report."""

    service: str
    environment: str
    dry_run: bool
    started_at: datetime
    seconds: float
    points: tuple[Point, ...]
    #: Name of the backup that was made; it stays, like any other.
    backup: str | None
    #: The page with the steps back, as Markdown.
    page: str

    @property
    def passed(self) -> bool:
        return all(point.outcome in (Outcome.PASSED, Outcome.NOT_RUN) for point in self.points)


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillOrder:
    dry_run: bool = False
    watch: Watcher = unwatched
    should_stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What one point found."""

    said: str
    details: JsonObject = field(default_factory=dict)
    outcome: Outcome = Outcome.PASSED


class _SkippedError(Exception):
    """What this point needs is not there."""


def run_drill(premises: Premises, order: DrillOrder) -> Drill:
    """Never raises for what it is there to find; only when it is stopped."""
    started, began = premises.now(), time.monotonic()
    rehearsal = _Rehearsal(premises, order)
    points = tuple(rehearsal.points())
    return Drill(
        service=premises.service.name, environment=str(premises.service.environment), dry_run=order.dry_run,
        started_at=started, seconds=time.monotonic() - began, points=points,
        backup=rehearsal.made.name if rehearsal.made else None, page=rehearsal.page_text,
    )  # fmt: skip


class _Rehearsal:
    """The points in their order, and what the earlier ones leave for the later ones."""

    def __init__(self, premises: Premises, order: DrillOrder) -> None:
        self._premises, self._order = premises, order
        self._limits = Limits.lasting(premises.longest, order.should_stop)
        self._server: ServerFacts | None = None
        self._writable = False
        self._programs = False
        self._valid = False
        self.made: BackedUp | None = None
        self.page_text = ""

    def points(self) -> Iterator[Point]:
        for number, (name, title, look) in enumerate(self._plan(), 1):
            started, began = datetime.now(UTC), time.monotonic()
            next_step = None
            try:
                seen = look()
            except _SkippedError as error:
                seen = Seen(said=str(error), outcome=Outcome.SKIPPED)
            except BackoutError as error:
                self._limits.check()  # stopped: there is no report of half a drill
                where = f"{error.where}: " if error.where else ""
                seen = Seen(said=redact(f"{where}{error.what}"), outcome=Outcome.FAILED)
                next_step = redact(error.next_step) if error.next_step else None
            yield Point(
                number=number, name=name, title=title, outcome=seen.outcome, said=seen.said, next_step=next_step,
                details=seen.details, started_at=started, seconds=round(time.monotonic() - began, 3),
            )  # fmt: skip

    def _plan(self) -> tuple[tuple[str, str, Callable[[], Seen]], ...]:
        return (
            ("server", "PostgreSQL answers", self._ask_server),
            ("store", "The stores are there and writable", self._probe_stores),
            ("tools", "The tools are there and executable", self._find_tools),
            ("create", "A backup can be created", self._create),
            ("file", "The backup's files are valid", self._check_files),
            ("content", "The backup contains valid data", self._read_content),
            ("restore", "The restore works", self._restore),
            ("documentation", "The way back is documented", self._document),
        )

    def _ask_server(self) -> Seen:
        self._server = found = look_at_server(self._premises.url)
        details: JsonObject = {"version": found.version, "database_bytes": found.database_bytes, "tables": found.tables}
        return Seen(said=f"PostgreSQL {found.version}, {found.tables} tables, as {found.user}", details=details)

    def _probe_stores(self) -> Seen:
        """Every one of them: a drill is when to learn that the second one is away."""
        answers = {store.title: store.probe() for store in self._premises.stores}
        self._writable = True
        return Seen(said="; ".join(answers.values()), details={"stores": list(answers)})

    def _find_tools(self) -> Seen:
        self._need(self._server, 1)
        found = programs_of(self._premises)
        self._programs = True
        details = {"folder": str(found.folder), "version": found.version}
        return Seen(said=f"pg_dump, pg_restore and psql {found.version} in {found.folder}", details=details)

    def _create(self) -> Seen:
        self._need(self._server, 1)
        self._need(self._writable, 2)
        self._need(self._programs, 3)
        made = back_up(
            self._premises,
            BackupOrder(purpose="drill", prove=False, watch=self._order.watch, should_stop=self._order.should_stop),
        )
        self.made = made
        manifest = made.manifest
        details: JsonObject = {
            "backup": made.name, "bytes": manifest.stored_bytes, "rows": manifest.rows,
            "tables": len(manifest.tables), "seconds": manifest.seconds,
            "stores": {place.store: str(place.there) for place in made.places},
        }  # fmt: skip
        return Seen(said=f"{made.name}: {manifest.rows:,} rows of {len(manifest.tables)} tables", details=details)

    def _check_files(self) -> Seen:
        made = self._made()
        where = {place.store for place in made.places}
        stores = [store for store in self._premises.stores if store.title in where]
        copies = check_copies(made.name, stores, self._limits, watch=self._order.watch)
        bad = [copy for copy in copies if copy.condition is not Condition.WHOLE]
        if bad:
            faults = [f"{copy.store}: {copy.condition}: {some(copy.faults)}" for copy in bad]
            raise BackoutError("; ".join(faults), next_step="Look at the disks of that store; take another backup.")
        self._valid = True
        files = len(made.manifest.every_file)
        return Seen(said=f"{files} files, every byte as it was written, in {len(copies)} of {len(copies)} stores")

    def _read_content(self) -> Seen:
        made = self._made()
        self._need(self._valid, 5)
        found = read_content(self._premises, made.manifest, self._first(made), self._limits, watch=self._order.watch)
        if found.faults:
            raise BackoutError(
                some(found.faults), next_step="Take another backup, and report this: it is a fault of ours."
            )
        return Seen(
            said=f"{found.tables} tables unpacked and counted, {found.rows:,} rows, hashes equal; {found.archive}",
            details={"rows": found.rows, "tables": found.tables},
        )

    def _restore(self) -> Seen:
        made = self._made()
        self._need(self._valid, 5)
        if self._order.dry_run:
            steps = would_run(self._premises, made.manifest)
            said = "dry run: this would be run, into a scratch database"
            return Seen(said=said, details={"would_run": list(steps)}, outcome=Outcome.NOT_RUN)
        proved = prove_it(
            self._premises, made.manifest, self._first(made), watch=self._order.watch,
            should_stop=self._order.should_stop,
        )  # fmt: skip
        write_down_proof(self._premises, made.name, proved)
        if proved.faults:
            raise BackoutError(
                f"what came back differs: {some(proved.faults)}", next_step="Do not rely on this backup."
            )
        said = f"restored into a scratch database in {proved.restore_seconds:.1f} s, compared, all equal, dropped again"
        return Seen(said=said, details=facts_of(proved))

    def _document(self) -> Seen:
        premises = self._premises
        titles = [store.title for store in premises.stores]
        example = self.made.name if self.made else None
        self.page_text = page(premises.service, titles, now=premises.now(), example=example)
        contacts = self._premises.service.escalation.contacts
        details: JsonObject = {"contacts": [contact.title for contact in contacts]}
        if not contacts:
            return Seen(said="the page with the steps is written; the catalog names nobody to call (`escalation`)",
                        details=details)  # fmt: skip
        return Seen(said=f"the page with the steps is written, with {len(contacts)} contacts", details=details)

    def _made(self) -> BackedUp:
        if self.made is None:
            raise _SkippedError("there is no backup to look at: see point 4")
        return self.made

    def _first(self, made: BackedUp) -> Store:
        return next(store for store in self._premises.stores if store.title == made.places[0].store)

    @staticmethod
    def _need(found: object, point: int) -> None:
        if not found:
            raise _SkippedError(f"cannot be tried: see point {point}")
