"""Everything that findings are drawn from, gathered before and by others."""

from collections.abc import Iterator
from dataclasses import dataclass

from actions.assess.content.verdicts import certain
from actions.assess.data_rehearsal import DataRehearsal
from actions.assess.decide.facts import BackupCopy
from actions.assess.probes.replication import Replication
from actions.assess.probes.surroundings import Surroundings
from actions.assess.probes.values import Losses
from actions.assess.probes.waiting import Waiting
from actions.assess.rehearsal import SchemaRehearsal
from actions.assess.schema.dependents import Dependent
from actions.assess.schema.naming import Identity
from actions.assess.seen import ScriptPath, Side
from actions.assess.statements.reading import statements_in
from actions.assess.statements.values import Kind, Statement
from actions.assess.values import Failure
from actions.catalog.policy import Policy
from actions.downgrade.told import Told

#: Stands for a revision where `env.py` itself sent a statement, before or after the migrations.
AROUND = "env.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A statement that the rehearsed downgrade really sent, and what it means."""

    #: `AROUND` where no migration sent it.
    revision: str
    meaning: Statement
    rows: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the catalog demands of a rollback of this service."""

    policy: Policy
    approvers_named: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    path: ScriptPath
    #: None only where there was nothing to rehearse on; then everything is unknown.
    schema: SchemaRehearsal | None
    data: DataRehearsal | None
    #: Why the downgrade does not work, from the best rehearsal there was.
    failure: Failure | None
    version_table: str
    #: What the live database's rows say; None where it was not asked.
    losses: Losses | None = None
    #: What depends on what is dropped and would block it.
    dependents: tuple[Dependent, ...] = ()
    waiting: Waiting | None = None
    surroundings: Surroundings | None = None
    replication: Replication | None = None
    #: Every backup of the service that the history knows; None where it was not asked.
    backups: tuple[BackupCopy, ...] | None = None
    #: Whether the catalog says how the application is taken back.
    application_known: bool = False
    rules: Rules | None = None
    #: In words, who would put back what the rollback changes; and whether the catalog lets us pause them.
    keepers: tuple[str, ...] = ()
    keepers_paused: bool = False

    @property
    def settled_by_data(self) -> bool:
        """A rehearsal with today's data went through and everything it changed was compared: counts are not guesses."""
        data = self.data
        return (
            data is not None
            and data.backup is None
            and data.content is not None
            and certain(data.content, data.content_again)
        )

    @property
    def rehearsed_with_data(self) -> bool:
        """The downgrade went through on all of today's data; a backup's may be another."""
        return self.data is not None and self.data.succeeds and self.data.backup is None

    @property
    def told(self) -> Told | None:
        """What the better rehearsal told: with the data where there was one."""
        if self.data is not None:
            return self.data.down
        return self.schema.down if self.schema else None

    def sent(self) -> Iterator[Sent]:
        """Every statement that a migration sent on the way down; of `env.py` those that do more than DDL and looking."""
        for statement in self.told.statements if self.told else ():
            within = statement.revision if statement.within_migration else None
            for meaning in statements_in(statement.sql, version_table=self.version_table, whole=not statement.cut):
                if within or not meaning.plain:
                    yield Sent(revision=within or AROUND, meaning=meaning, rows=statement.rows)

    def unplain(self) -> Iterator[Sent]:
        """Those whose effect an empty copy does not show."""
        return (sent for sent in self.sent() if not sent.meaning.plain)


def has_effect(side: Side) -> bool:
    """Whether a function asks for anything, as far as could be seen; what could not be seen into counts."""
    if side.opaque or side.body == "unread":
        return True
    return any(not _is_only_a_look(operation.statements, operation.sql) for operation in side.operations)


def _is_only_a_look(statements: tuple[str, ...], sql: str | None) -> bool:
    texts = statements or ((sql,) if sql else ())
    harmless = {Kind.LOOK, Kind.SESSION}
    return bool(texts) and all(meaning.kinds <= harmless for text in texts for meaning in statements_in(text))


def whose(revision: str) -> str:
    """Who sent it, as the beginning of a sentence."""
    return "`env.py`, around the migrations," if revision == AROUND else f"The downgrade of {revision}"


def display(identity: Identity) -> str:
    """`users.email`; the schema only where it is not `public`."""
    parts = [identity.schema if identity.schema != "public" else None, identity.table, identity.name]
    return ".".join(part for part in parts if part)
