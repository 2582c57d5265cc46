"""One statement that a runbook needs, run once: its transaction is noted before it commits, and the server says later
whether it did."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from actions.downgrade.target_lock import target_lock
from actions.errors import BackoutError, UnavailableError
from actions.history.canonical import JsonObject
from actions.redaction import redact
from actions.run.action import Answer, Done, Moment, Partly, Unsure, Untouched
from actions.run.steps.declared.base import step_of
from actions.run.steps.site import Site

LET_GO_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class RunSql:
    site: Site

    def ask(self, at: Moment) -> Answer:
        transaction = (at.step.captured or {}).get("transaction")
        if transaction is None:
            return Untouched()
        try:
            with self._connected() as connection:
                row = connection.execute("SELECT pg_xact_status(%s::xid8)", [str(transaction)]).fetchone()
        except psycopg.Error as error:
            raise UnavailableError("The service's database does not answer") from error
        match row[0] if row else None:
            case "committed":
                return Done(result={"found_committed": True})
            case "aborted":
                return Untouched()
            case "in progress":
                return Partly(what="its transaction is still open")
            case _:
                return Unsure(why="The server does not remember whether the statement was committed")

    def do(self, at: Moment) -> JsonObject:
        statement = step_of(at).sql
        database = self.site.database
        with (
            target_lock(self.site.url, within=LET_GO_WITHIN, should_stop=at.should_stop),
            self._connected() as connection,
        ):
            try:
                with connection.transaction():
                    for name, limit in (("lock", database.lock_timeout), ("statement", database.statement_timeout)):
                        value = f"{int(limit.total_seconds() * 1000)}ms"
                        connection.execute("SELECT set_config(%s, %s, true)", [f"{name}_timeout", value])
                    row = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
                    at.capture({**(at.step.captured or {}), "transaction": row[0] if row else None})
                    done = connection.execute(statement.encode())
                    rows, said = done.rowcount, done.statusmessage
            except psycopg.OperationalError as error:
                if error.sqlstate is None:
                    raise UnavailableError("The service's database went away during the statement") from error
                raise self._failed(error) from error
            except psycopg.Error as error:
                raise self._failed(error) from error
        return {"rows": rows, "said": said}

    def undo(self, at: Moment) -> None:
        """Only its own `undo` could: a statement knows no way back."""

    def _connected(self) -> psycopg.Connection[Any]:
        try:
            return psycopg.connect(
                self.site.url, autocommit=True, connect_timeout=5, application_name="backout runbook"
            )
        except psycopg.Error as error:
            raise UnavailableError("The service's database does not answer") from error

    @staticmethod
    def _failed(error: psycopg.Error) -> BackoutError:
        lines = redact(str(error)).strip().splitlines() or [type(error).__name__]
        return BackoutError(
            f"The statement failed, and nothing of it stayed: {lines[0][:200]}",
            next_step="Correct the statement in the catalog, then ask again.",
        )
