"""What the live database says, gathered in one read-only visit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from actions.assess.live_database import DatabaseFacts, look_at
from actions.assess.probes.counters import WriteCounters
from actions.assess.probes.prober import Prober
from actions.assess.probes.replication import Replication
from actions.assess.probes.surroundings import Surroundings
from actions.assess.probes.values import Losses
from actions.assess.probes.waiting import Waiting
from actions.assess.probes.written import Deploy
from actions.assess.rehearsal import WayDown
from actions.assess.schema.dependents import Dependent, Dropped
from actions.assess.schema.naming import Identity
from actions.assess.seen import ScriptPath
from actions.assess.statements.reading import statements_in
from actions.assess.statements.values import Retyping
from actions.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveDatabase:
    url: str = field(repr=False)
    facts: DatabaseFacts
    revisions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """When the live revision was first seen, and what was kept of that moment."""

    first_seen: datetime | None
    counters: Mapping[str, object] | None
    #: Table to the column that says when a row was written.
    written_at: Mapping[str, str]

    def deploy(self) -> Deploy | None:
        if self.first_seen is None:
            return None
        counters = WriteCounters.from_json(self.counters) if self.counters else None
        return Deploy(first_seen=self.first_seen, counters=counters, written_at=self.written_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveAnswers:
    #: None: nothing to ask about, or the rehearsal did not show what would go.
    losses: Losses | None = None
    dependents: tuple[Dependent, ...] = ()
    waiting: Waiting | None = None
    surroundings: Surroundings | None = None
    replication: Replication | None = None


def find_live(url: str, *, version_table: str, version_schema: str | None) -> LiveDatabase:
    """Where the database is; ConfigurationError when Alembic never was there."""
    facts = look_at(url, version_table=version_table, version_schema=version_schema)
    if facts.revisions is None:
        raise ConfigurationError(
            f"The database has no table `{version_table}`: Alembic never ran on it",
            next_step="Look at `migrations.version_table` and `version_schema` in the catalog, or at the URL.",
        )
    return LiveDatabase(url=url, facts=facts, revisions=facts.revisions)


def ask_live(url: str, rehearsal: WayDown, path: ScriptPath, since: Since) -> LiveAnswers:
    if rehearsal.effects is None or rehearsal.after is None:
        return LiveAnswers(dependents=_in_the_way(url, path))
    tables = tuple(_locked(rehearsal))
    with Prober.open(url) as prober:
        return LiveAnswers(
            losses=prober.losses(
                rehearsal.effects, rehearsal.before, rehearsal.after,
                retypings=tuple(_retypings(rehearsal)), deploy=since.deploy(),
            ),
            dependents=prober.dependents(rehearsal.effects),
            waiting=prober.waiting(tables),
            surroundings=prober.surroundings(tables),
            replication=prober.replication(tables),
        )  # fmt: skip


def _locked(rehearsal: WayDown) -> Iterator[Identity]:
    """The tables that the downgrade locked, by their names of before."""
    oids = {lock.oid for commit in rehearsal.down.commits for lock in commit.locks}
    return (table.identity for table in rehearsal.before.tables if table.oid in oids)


def _retypings(rehearsal: WayDown) -> Iterator[Retyping]:
    for statement in rehearsal.down.statements:
        for meaning in statements_in(statement.sql):
            yield from meaning.retypings


def _in_the_way(url: str, path: ScriptPath) -> tuple[Dependent, ...]:
    """What depends on what the scripts say they drop; asked for when the rehearsal could not get past it."""
    dropped = []
    for step in path.revisions:
        for operation in step.downgrade.operations:
            table = Identity(schema=operation.db_schema or "public", name=operation.table or "")
            if operation.op == "drop_table" and operation.table:
                dropped.append(Dropped(table=table))
            elif operation.op == "drop_column" and operation.table and operation.column:
                dropped.append(Dropped(table=table, column=operation.column))
    if not dropped:
        return ()
    with Prober.open(url) as prober:
        return prober.dependents_of(dropped)
