"""What was written since the deploy, from the best source that there is, and never without naming it.

A column that says when a row was written, if the catalog names one. Else the commit timestamps, if the server keeps
them and kept them all the time. Else the server's counters, which give a number that is not exceeded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import sql

from actions.assess.probes.answering import Answering
from actions.assess.probes.counters import WriteCounters, rows_written
from actions.assess.probes.limits import Purse
from actions.assess.probes.questions import ROW, Question, column, not_null
from actions.assess.probes.session import LiveSession, Refusal
from actions.assess.probes.sizes import TableSize
from actions.assess.probes.values import Tally, Written
from actions.assess.schema.naming import Identity

COMMIT_TIMESTAMPS = "commit timestamps"
SIGHTING = "counters since the sighting"

# Kept from before the deploy on: one of the oldest that are still there is older. Not each transaction has one, some
# were rolled back; so a few are asked. The server tells where they begin as of its last checkpoint.
_KEPT_SINCE = """
SELECT current_setting('track_commit_timestamp')::bool AND coalesce(
    (SELECT min(pg_xact_commit_timestamp(((c.oldest_commit_ts_xid::text::int8 + ahead) % 4294967296)::text::xid))
     FROM pg_control_checkpoint() c, generate_series(0, 99) ahead
     WHERE c.oldest_commit_ts_xid::text::int8 > 2 AND (c.oldest_commit_ts_xid::text::int8 + ahead) % 4294967296 > 2)
    <= {}, false)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deploy:
    """When the live revision began to be used, and what was kept of that moment."""

    first_seen: datetime
    counters: WriteCounters | None = None
    #: Table (plainly, or as `schema.table`) -> the column that says when a row was written.
    written_at: Mapping[str, str] = field(default_factory=dict)

    def column_of(self, table: Identity) -> str | None:
        return self.written_at.get(f"{table.schema}.{table.name}") or self.written_at.get(table.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """Something that is lost, as far as it is known."""

    table: Identity
    #: None: whole rows.
    column: str | None
    tally: Tally


class WrittenSince:
    """Answers for many things at once."""

    def __init__(
        self, session: LiveSession, deploy: Deploy, sizes: Mapping[Identity, TableSize], now: WriteCounters | None
    ) -> None:
        self._session = session
        self._deploy = deploy
        self._sizes = sizes
        self._now = now

    def of(self, losses: Sequence[Lost], answering: Answering, purse: Purse) -> tuple[Written | None, ...]:
        """One answer each; None where nothing is lost, or nobody knows."""
        stamps = self._commit_timestamps_kept() if losses else False
        asked = {
            place: (question, source)
            for place, lost in enumerate(losses)
            if lost.tally.possible
            for question, source in self._question(lost, stamps=stamps)
        }
        tallies = answering.answers([question for question, _ in asked.values()], purse)
        answers = {
            place: self._from_tally(tally, source)
            for (place, (_, source)), tally in zip(asked.items(), tallies, strict=True)
        }
        return tuple(
            (answers.get(place) or self._from_counters(lost)) if lost.tally.possible else None
            for place, lost in enumerate(losses)
        )

    def _commit_timestamps_kept(self) -> bool:
        answer = self._session.ask(sql.SQL(_KEPT_SINCE).format(sql.Literal(self._deploy.first_seen)))
        return not isinstance(answer, Refusal) and bool(answer[0][0])

    def _question(self, lost: Lost, *, stamps: bool) -> list[tuple[Question, str]]:
        since = sql.Literal(self._deploy.first_seen)
        named = self._deploy.column_of(lost.table)
        if named is not None:
            moment, source = column(named), f"column {named}"
        elif stamps:
            moment = sql.SQL("pg_xact_commit_timestamp({})").format(sql.Identifier(ROW, "xmin"))
            source = COMMIT_TIMESTAMPS
        else:
            return []
        where = sql.SQL("{} >= {}").format(moment, since)
        if lost.column is not None:
            where = sql.SQL("{} AND {}").format(not_null(lost.column), where)
        return [(Question(table=lost.table, where=where, estimable=named is not None), source)]

    @staticmethod
    def _from_tally(tally: Tally, source: str) -> Written | None:
        return None if tally.rows is None else Written(rows=tally.rows, exact=tally.exact, source=source)

    def _from_counters(self, lost: Lost) -> Written | None:
        then, size = self._deploy.counters, self._sizes.get(lost.table)
        if then is None or self._now is None or size is None:
            return None
        rows = rows_written(then, self._now, size.oids)
        if rows is None:
            return None
        # One row may have been written often, and not each write touched the column.
        at_most = rows if lost.tally.rows is None else min(rows, lost.tally.rows)
        return Written(rows=at_most, exact=False, source=SIGHTING)
