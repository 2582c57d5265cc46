"""The door to everything that the live database is asked."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Self

from actions.assess.probes import fitting, labels, rules, vanishing
from actions.assess.probes.answering import Answering
from actions.assess.probes.counters import WriteCounters, write_counters
from actions.assess.probes.inquiries import Inquiry, concluded
from actions.assess.probes.limits import Limits, Purse
from actions.assess.probes.replication import Replication, replication
from actions.assess.probes.session import LiveSession
from actions.assess.probes.sizes import sizes
from actions.assess.probes.surroundings import Surroundings, surroundings
from actions.assess.probes.values import Losses
from actions.assess.probes.waiting import LONG, Waiting, waiting
from actions.assess.probes.written import Deploy, Lost, WrittenSince
from actions.assess.schema.bonds import Dependent, Dropped
from actions.assess.schema.dependents import dependents
from actions.assess.schema.effects import Effects
from actions.assess.schema.naming import Identity
from actions.assess.schema.values import Schema
from actions.assess.statements.values import Retyping


class Prober:
    """One read-only session on the live database. Use as a context; `stop` from any thread ends what it does.

    Whatever cannot be found out is said so in the answer; only a lost connection (UnavailableError) and a stop
    (StoppedError) end the whole.
    """

    def __init__(self, session: LiveSession, limits: Limits) -> None:
        self._session = session
        self._limits = limits

    @classmethod
    def open(cls, url: str, limits: Limits | None = None) -> Self:
        """Connects; RefusedError if it is a standby."""
        limits = limits or Limits()
        return cls(LiveSession.open(url, limits), limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.__exit__(kind, error, trace)

    def stop(self) -> None:
        self._session.stop()

    def losses(
        self,
        effects: Effects,
        before: Schema,
        after: Schema,
        *,
        retypings: Iterable[Retyping] = (),
        deploy: Deploy | None = None,
    ) -> Losses:
        """What a downgrade with these effects, known from a copy, meets in the rows of the live database.

        `retypings` are all ALTER COLUMN TYPE on the way; a change of type that is not among them is opaque.
        """
        known = sizes(self._session, _tables(effects))
        answering = Answering(self._session, self._limits, known)
        tables = tuple(vanishing.tables_gone(effects, known))
        columns = tuple(vanishing.columns_gone(effects))
        retypes = tuple(fitting.retypes(effects, before, after, retypings, self._session.version))
        nulls = tuple(vanishing.nulls(effects))
        rules_back = tuple(rules.rules_back(effects, before, after))
        labels_used = tuple(labels.labels_in_use(effects, before))
        domains = tuple(labels.domains_changed(effects, before))
        coming_back = tuple(vanishing.columns_coming_back(effects))
        asked: Sequence[Sequence[Inquiry[object]]] = (
            tables, columns, retypes, nulls, rules_back, labels_used, domains, coming_back
        )  # fmt: skip
        questions = [question for group in asked for inquiry in group for question in inquiry.questions]
        tallies = iter(answering.answers(questions, Purse(self._limits.total)))
        found = Losses(
            tables=concluded(tables, tallies),
            columns=concluded(columns, tallies),
            retypes=concluded(retypes, tallies),
            nulls=concluded(nulls, tallies),
            rules=concluded(rules_back, tallies),
            labels=concluded(labels_used, tallies),
            domains=concluded(domains, tallies),
            comes_back_in=concluded(coming_back, tallies),
        )
        return found if deploy is None else self._with_written(found, deploy, answering)

    def _with_written(self, found: Losses, deploy: Deploy, answering: Answering) -> Losses:
        now = write_counters(self._session) if deploy.counters is not None else None
        lost = [
            *(Lost(table=one.table, column=None, tally=one.rows) for one in found.tables),
            *(Lost(table=one.table, column=one.column, tally=one.values) for one in found.columns),
        ]
        since = WrittenSince(self._session, deploy, answering.sizes, now)
        written = iter(since.of(lost, answering, Purse(self._limits.total)))
        return replace(
            found,
            tables=tuple(replace(one, written=next(written)) for one in found.tables),
            columns=tuple(replace(one, written=next(written)) for one in found.columns),
        )

    def write_counters(self) -> WriteCounters:
        """For a sighting."""
        return write_counters(self._session)

    def dependents(self, effects: Effects) -> tuple[Dependent, ...]:
        """What depends on the tables and columns that go; user objects only."""
        dropped = [
            *(Dropped(table=table.identity) for table in effects.tables_gone),
            *(Dropped(table=one.table, column=one.column.identity.name) for one in effects.columns_gone),
        ]
        return self.dependents_of(dropped)

    def dependents_of(self, dropped: Sequence[Dropped]) -> tuple[Dependent, ...]:
        """The same for tables and columns that are named; what does not exist has none."""
        if not dropped:
            return ()
        with self._session.borrowed() as connection:
            return dependents(connection, dropped)

    def waiting(self, tables: Collection[Identity], *, long: timedelta = LONG) -> Waiting:
        """Who holds locks on these tables, and whose transactions have been open for long."""
        return waiting(self._session, tables, long=long)

    def surroundings(self, tables: Collection[Identity]) -> Surroundings:
        """The server, the role, the sizes."""
        return surroundings(self._session, tables)

    def replication(self, tables: Collection[Identity]) -> Replication:
        """Standbys, slots, publications and subscriptions."""
        return replication(self._session, tables)


def _tables(effects: Effects) -> Iterator[Identity]:
    """Every table whose rows are asked about."""
    yield from (table.identity for table in effects.tables_gone)
    yield from (one.table for one in (*effects.columns_gone, *effects.columns_new, *effects.columns_generated))
    yield from (one.table for one in effects.columns_not_null)
    yield from (one.table for one in effects.columns_retyped)
    yield from (one.table for one in effects.rules_back)
    yield from (column.table for one in effects.labels_gone for column in one.columns)
    yield from (column.table for one in effects.domains_changed for column in one.columns)
