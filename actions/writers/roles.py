"""Writers that are kept out by the database itself: a role that may not connect, or only read."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import psycopg
from psycopg import sql

from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.history.canonical import JsonObject
from actions.redaction import learn_secret, redact
from actions.writers.patience import wait_until
from actions.writers.port import ShouldStop

SETTING = "default_transaction_read_only"
_LIMIT = "SELECT rolconnlimit FROM pg_roles WHERE rolname = %s"
_SETTINGS = """
SELECT s.setconfig FROM pg_db_role_setting s
WHERE s.setrole = (SELECT oid FROM pg_roles WHERE rolname = %s)
  AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_OF_ROLE = "FROM pg_stat_activity WHERE usename = %s AND datname = current_database() AND pid <> pg_backend_pid()"
_SESSIONS = f"SELECT pid {_OF_ROLE}"
_END_SESSIONS = f"SELECT pg_terminate_backend(pid) {_OF_ROLE}"


@dataclass(frozen=True, kw_only=True)
class RoleWriter:
    name: str
    role: str
    how: Literal["connection-limit", "read-only"]
    #: Of a role that may change the other one.
    url: str = field(repr=False)
    stop_within: timedelta

    def look(self) -> JsonObject:
        with self._connected() as connection:
            if self.how == "connection-limit":
                limit = self._limit(connection)
                return {"running": limit != 0, "connection_limit": limit}
            value = self._setting(connection)
            return {"running": value != "on", "setting": value}

    def is_stopped(self) -> bool:
        with self._connected() as connection:
            return self._is_kept_out(connection) and not connection.execute(_SESSIONS, [self.role]).fetchall()

    def stop(self, should_stop: ShouldStop) -> None:
        with self._connected() as connection:
            if connection.info.user == self.role:
                raise ConfigurationError(
                    f"Writer {self.name} is the role that Backout itself connects with",
                    next_step="Name an `admin_url` with another role, or stop the processes instead.",
                )
            if self.how == "connection-limit":
                self._alter(connection, sql.SQL("CONNECTION LIMIT 0"))
            else:
                self._alter(connection, sql.SQL("IN DATABASE {database} SET {setting} = on"))
            self._end_sessions(connection, should_stop)

    def start(self, was: JsonObject, should_stop: ShouldStop) -> None:
        if not was.get("running"):
            return
        with self._connected() as connection:
            if self.how == "connection-limit":
                limit = was.get("connection_limit")
                self._alter(
                    connection,
                    sql.SQL("CONNECTION LIMIT {}").format(sql.Literal(limit if isinstance(limit, int) else -1)),
                )
                return
            value = was.get("setting")
            what = (
                sql.SQL("IN DATABASE {database} RESET {setting}")
                if value is None
                else sql.SQL("IN DATABASE {database} SET {setting} = ") + sql.Literal(str(value))
            )
            self._alter(connection, what)
            # Those that came while it was read-only would stay so.
            self._end_sessions(connection, should_stop)

    def _alter(self, connection: psycopg.Connection[Any], what: sql.Composed | sql.SQL) -> None:
        said = what if isinstance(what, sql.Composed) else sql.Composed([what])
        text = said.as_string(connection).format(
            database=sql.Identifier(connection.info.dbname).as_string(connection), setting=SETTING
        )
        statement = sql.SQL("ALTER ROLE {} ").format(sql.Identifier(self.role)).as_string(connection) + text
        try:
            connection.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                f"Writer {self.name}: role {connection.info.user} may not change role {self.role}",
                next_step="Name an `admin_url` whose role may (CREATEROLE with ADMIN on it, or a superuser).",
            ) from error

    def _end_sessions(self, connection: psycopg.Connection[Any], should_stop: ShouldStop) -> None:
        def none_left() -> bool:
            try:
                left = connection.execute(_END_SESSIONS, [self.role]).fetchall()
            except psycopg.errors.InsufficientPrivilege as error:
                raise ConfigurationError(
                    f"Writer {self.name}: role {connection.info.user} may not end sessions of {self.role}",
                    next_step=f"Grant it pg_signal_backend, or membership in {self.role}.",
                ) from error
            return not left

        still = BackoutError(f"Sessions of role {self.role} do not end", next_step="Look at pg_stat_activity.")
        wait_until(none_left, within=self.stop_within, should_stop=should_stop, otherwise=still)

    def _is_kept_out(self, connection: psycopg.Connection[Any]) -> bool:
        if self.how == "connection-limit":
            return self._limit(connection) == 0
        return self._setting(connection) == "on"

    def _limit(self, connection: psycopg.Connection[Any]) -> int:
        row = connection.execute(_LIMIT, [self.role]).fetchone()
        if row is None:
            raise ConfigurationError(f"Writer {self.name}: there is no role {self.role}", next_step="Correct `role`.")
        return int(row[0])

    def _setting(self, connection: psycopg.Connection[Any]) -> str | None:
        self._limit(connection)  # it must be there
        row = connection.execute(_SETTINGS, [self.role]).fetchone()
        for entry in row[0] if row else ():
            name, _, value = str(entry).partition("=")
            if name == SETTING:
                return value
        return None

    def _connected(self) -> psycopg.Connection[Any]:
        learn_secret(self.url)
        try:
            return psycopg.connect(self.url, autocommit=True, connect_timeout=5, application_name="backout writers")
        except psycopg.Error as error:
            lines = redact(str(error)).strip().splitlines() or [type(error).__name__]
            raise UnavailableError(f"The database does not answer: {lines[0][:200]}") from error
