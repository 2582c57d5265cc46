"""What happens if we go back? The whole answer: read, rehearse, ask, find, decide. Nothing live is changed."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Event

from actions.assess.data_rehearsal import BackupCopies, DataRehearsal, rehearse_data, rehearse_on_backup
from actions.assess.decide.decision import decide
from actions.assess.decide.digest import Script, Shown, seal
from actions.assess.decide.facts import Facts, StrategyName
from actions.assess.failures import failure_of
from actions.assess.findings.all import find
from actions.assess.findings.evidence import Evidence, Rules
from actions.assess.findings.surroundings import PASSING
from actions.assess.head_start import head_start
from actions.assess.known import Background, Known, facts_from
from actions.assess.ledger import ledger_from
from actions.assess.live import LiveAnswers, LiveDatabase, Since, ask_live, find_live
from actions.assess.place import migrations_place
from actions.assess.rehearsal import SchemaRehearsal, Stage, copied_schema, go_down, go_up_again
from actions.assess.result import Assessment
from actions.assess.scripts import read_path
from actions.assess.seen import ScriptPath
from actions.assess.stopping import StoppableCommands
from actions.assess.unchanged import begin, check_unchanged
from actions.assess.values import Failure
from actions.backup.programs import find_programs, programs_for
from actions.backup.scratch import ScratchServer
from actions.catalog.envref import EnvRef
from actions.catalog.service import Service
from actions.downgrade.ahead import Ahead
from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError, ConfigurationError
from actions.platforms.houses import house_of
from actions.platforms.port import Commands
from actions.writers.keepers import pauses_keepers, would_undo


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """What the scripts say and what they did to a copy of the schema. Rows change nothing of it."""

    #: The rows of the version table that it began with.
    live: tuple[str, ...]
    path: ScriptPath
    schema: SchemaRehearsal


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an assessment needs besides the service, and what others know about it."""

    environ: Mapping[str, str]
    now: datetime
    #: Where an embedded scratch server may live.
    home: Path
    #: What earlier times tell. Asked for as late as possible, so that somebody can look it up meanwhile.
    known: Callable[[], Known] = Known
    #: How a backup becomes a copy to rehearse on; None where there are none to be had.
    backup_copies: BackupCopies | None = None
    #: The service's Alembic, if somebody has started it already.
    ahead: Ahead | None = None
    #: Of an earlier assessment of the same question, where whoever knows it has seen that it would come out the same.
    rehearsed: Rehearsed | None = None
    should_stop: Callable[[], bool] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    service: Service
    #: As Alembic takes it: `-1`, `base`, an id or the beginning of one, a label.
    target: str = "-1"
    with_data: bool = False
    #: The data of this backup (`latest`, or its name) instead of a fresh copy.
    backup: str | None = None


def assess(question: Question, around: Surroundings) -> Assessment:
    started = time.monotonic()
    service = question.service
    if service.database is None or service.migrations is None:
        raise ConfigurationError(
            f"{service.name} has no database with migrations in the catalog",
            next_step="Add `database` and `migrations`.",
        )
    url = service.database.url.resolve(around.environ)
    migrations = service.migrations
    live = find_live(url, version_table=migrations.version_table, version_schema=migrations.version_schema)
    house = house_of(service, around.environ)
    place = migrations_place(service, around.environ)
    beginning = begin(house, url, live.revisions, place)
    rehearsed = around.rehearsed
    if rehearsed is not None and not question.with_data and rehearsed.live == live.revisions:
        path, tried = rehearsed.path, _as_before(question, around, live, rehearsed)
    else:
        with _beside() as (threads, is_over), _started_ahead(service, around) as ahead:
            commands = StoppableCommands(house.commands, is_over, around.should_stop)
            readers = replace(commands, commands=ahead) if ahead is not None else commands
            reading = threads.submit(read_path, readers, place, live.revisions, question.target)
            tried = _rehearse(question, replace(around, ahead=ahead), live, commands, reading, threads)
            path = reading.result()
    check_unchanged(house, beginning, path)
    answers, known = tried.answers, around.known()
    evidence = Evidence(
        path=path, schema=tried.schema, data=tried.data, failure=tried.failure(path),
        version_table=migrations.version_table, losses=answers.losses, dependents=answers.dependents,
        waiting=answers.waiting, surroundings=answers.surroundings, replication=answers.replication,
        backups=known.backups, application_known=bool(service.application),
        rules=Rules(policy=service.policy, approvers_named=service.approvers is not None),
        keepers=would_undo(house), keepers_paused=pauses_keepers(service),
    )  # fmt: skip
    background = Background(live=live.revisions, now=around.now, known=known)
    return _conclude(question, around, evidence, background, gaps=tried.gaps, started=started)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tried:
    schema: SchemaRehearsal | None = None
    data: DataRehearsal | None = None
    answers: LiveAnswers = field(default_factory=LiveAnswers)
    gaps: tuple[str, ...] = ()

    def failure(self, path: ScriptPath) -> Failure | None:
        if self.data is not None:
            return failure_of(self.data.down, path)
        return failure_of(self.schema.down, path) if self.schema else None


@contextmanager
def _beside() -> Iterator[tuple[ThreadPoolExecutor, Event]]:
    """Threads for what can go on at the same time; when we fail or are stopped, the commands in them end too."""
    is_over = Event()
    with ThreadPoolExecutor(thread_name_prefix="assess") as threads:
        try:
            yield threads, is_over
        finally:
            is_over.set()


@contextmanager
def _started_ahead(service: Service, around: Surroundings) -> Iterator[Ahead | None]:
    if around.ahead is not None:
        yield around.ahead
    else:
        with head_start(service, around.environ) as ahead:
            yield ahead


def _rehearse(
    question: Question, around: Surroundings, live: LiveDatabase, commands: Commands,
    reading: "Future[ScriptPath]", threads: ThreadPoolExecutor,
) -> _Tried:  # fmt: skip
    """Where no copy can be made, the assessment goes on without: what is not known counts as bad.

    The schema is copied while the scripts are read, and the live database is asked while the copy goes up again.
    """
    try:
        programs = programs_for(live.facts.major, find_programs(around.environ))
        with _scratch_server(question.service, around, live.url) as (server, beside):
            stage = Stage(
                service=question.service, environ=around.environ, live_url=live.url, live_revisions=live.revisions,
                target=question.target, server=server, beside=beside, programs=programs, commands=commands,
                ahead=around.ahead,
                should_stop=lambda: _is_in_vain(reading) or bool(around.should_stop and around.should_stop()),
            )  # fmt: skip
            with copied_schema(stage) as copy:
                path = reading.result()
                if not path.revisions:
                    return _Tried()
                way = go_down(stage, copy)
                asking = threads.submit(ask_live, live.url, way, path, _since(question.service, around))
                schema = go_up_again(stage, copy, way)
            data = _with_data(question, around, stage)
            return _Tried(schema=schema, data=data, answers=asking.result())
    except BackoutError as error:
        # Whatever is wrong with the question or the scripts is said first.
        path = reading.result()
        if not path.revisions:
            return _Tried()
        if question.with_data or not isinstance(error, ConfigurationError):
            raise
        return _Tried(gaps=(f"{error.what}. {error.next_step or ''}".strip(),))


def _as_before(question: Question, around: Surroundings, live: LiveDatabase, rehearsed: Rehearsed) -> _Tried:
    answers = ask_live(live.url, rehearsed.schema, rehearsed.path, _since(question.service, around))
    return _Tried(schema=rehearsed.schema, answers=answers)


def _with_data(question: Question, around: Surroundings, stage: Stage) -> DataRehearsal | None:
    if not question.with_data:
        return None
    if question.backup is None:
        return rehearse_data(stage)
    if around.backup_copies is None:
        raise ConfigurationError("Backups cannot be rehearsed on here", next_step="Leave the backup out.")
    return rehearse_on_backup(stage, question.backup, around.backup_copies)


def _is_in_vain(reading: "Future[ScriptPath]") -> bool:
    """The scripts cannot be read, or there is no such target: nobody needs the copy any more."""
    return reading.done() and reading.exception() is not None


def _since(service: Service, around: Surroundings) -> Since:
    written_at, known = service.database.written_at if service.database else {}, around.known()
    return Since(first_seen=known.arrival.first_seen, counters=known.counters, written_at=written_at)


@contextmanager
def _scratch_server(service: Service, around: Surroundings, url: str) -> Iterator[tuple[ScratchServer, bool]]:
    """The server for copies, and whether it is the service's own."""
    database = service.database
    if database is None:
        raise ValueError("asked only for services with a database")
    if isinstance(database.scratch, EnvRef):
        with ScratchServer(database.scratch.resolve(around.environ)) as server:
            yield server, False
    elif database.scratch == "embedded":
        with EmbeddedPostgres(around.home / "scratch") as embedded, ScratchServer(embedded.url()) as server:
            yield server, False
    else:
        admin = database.admin_url.resolve(around.environ) if database.admin_url else url
        with ScratchServer(admin) as server:
            yield server, True


def _conclude(
    question: Question, around: Surroundings, evidence: Evidence, background: Background, *,
    gaps: tuple[str, ...], started: float,
) -> Assessment:  # fmt: skip
    findings = find(evidence)
    ledger = ledger_from(evidence)
    facts = facts_from(question.service, evidence, findings, ledger, background)
    return Assessment(
        service=question.service.name, environment=question.service.environment.value, asked=question.target,
        facts=facts, evidence=evidence, findings=findings, ledger=ledger or (), decision=decide(question.service.policy, facts),
        seal=seal(shown_of(question.service, evidence, facts), passing=PASSING), made_at=around.now, seconds=time.monotonic() - started,
        gaps=gaps,
    )  # fmt: skip


def shown_of(service: Service, evidence: Evidence, facts: Facts) -> Shown:
    """What an approval of the downgrade is bound to; a run adds its plan, and another strategy if it has one."""
    hashes = {revision.id: revision.sha256 for revision in evidence.path.graph.revisions}
    return Shown(
        service=service.name, live=facts.live or (), target=facts.target,
        scripts=tuple(Script(revision=step.id, sha256=hashes.get(step.id)) for step in evidence.path.revisions),
        strategy=StrategyName.DOWNGRADE, plan=None, backup=None, findings=facts.findings,
        ledger=facts.losses.ledger, beyond_ledger=facts.losses.beyond_ledger,
        comes_back_empty=facts.losses.comes_back_empty, policy=service.policy, rehearsals=facts.rehearsals,
    )  # fmt: skip
