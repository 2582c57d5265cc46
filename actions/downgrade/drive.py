"""Runs somebody's real Alembic where their application lives, and tells what it did while it does it.

This one file is run by the *service's* interpreter: Python 3.8 or newer, Alembic 1.7 or newer, SQLAlchemy 1.4 or 2.
It needs nothing of ours; `order.py` gives it its orders and reads what it says.

    python drive.py < order.json

Standard output carries one JSON object a line, each behind a marker that only this order knows, so that nothing the
application prints can imitate one; what the application prints goes to standard error.

`env.py` and the scripts run as under `alembic downgrade`, in the same transactions. Around them:

- every statement is told (without string literals: they may be row data), with its rows and time;
- before each commit, the locks held and the rows written by that transaction are told;
- lock and statement timeouts are set on every connection;
- in a rehearsal, a **fence**: a connection to any database other than the marked scratch one ends this process before
  a statement is sent, whoever opens it: SQLAlchemy, psycopg, psycopg2, asyncpg, or a socket of Python's own. Sockets to
  anything else are refused, and so is starting programs while a migration runs.
"""

# It runs what strangers wrote, and on old interpreters: broad excepts and old spellings are meant.
# mypy: disable-error-code="import-untyped, import-not-found, arg-type"
# ruff: noqa: ARG001, ARG002, BLE001, PTH100, PTH110, PTH118, PTH120, UP006, UP035, UP045, SLF001

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Optional

LONGEST_SQL = 8_000
MOST_STATEMENTS = 5_000
#: From then on locks are looked at before commits only: a loop over rows must not pay for it.
MOST_LOCK_LOOKS = 300
WRONG_DATABASE_EXIT = 70

#: What may hold apostrophes without being a literal stays as it is; of literals only the quotes stay.
_PARTS = re.compile(
    r"""(?P<keep>--[^\n]*|/\*.*?\*/|\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$|"(?:[^"]|"")*")"""
    r"""|\b[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'""",
    re.DOTALL,
)

Json = Dict[str, Any]


class OutsideError(ConnectionRefusedError):
    """Refused by the rehearsal's fence."""


class Voice:
    """Says one JSON object a line on the real standard output, whatever happens to `print`."""

    def __init__(self, marker: str) -> None:
        self._marker = marker
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        os.dup2(2, 1)

    def say(self, event: str, **facts: Any) -> None:
        line = self._marker + json.dumps({"event": event, **facts}, default=str) + "\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()


class Drive:
    """One order, from reading it to having said how it ended."""

    def __init__(self, order: Json, voice: Voice) -> None:
        self.order = order
        self.voice = voice
        self.revision: Optional[str] = None
        self.statements = 0
        self.lock_looks = 0
        self.watching = False
        self.first_seen: Dict[Any, float] = {}
        self.fence: Optional[Fence] = None

    def run(self) -> None:
        config = self.configure()
        if self.order.get("fence"):
            self.fence = Fence(self.order["fence"], self)
            self.fence.raise_around_drivers()
            sys.addaudithook(self.fence.on_audit_event)
        self.listen()
        from alembic import util
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory

        script = ScriptDirectory.from_config(config)
        down = self.order["direction"] == "downgrade"
        target = self.order["target"]
        if isinstance(target, list):
            target = target[0] if len(target) == 1 else tuple(target)

        def steps(revision: Any, context: Any) -> Any:
            found = script._downgrade_revs(target, revision) if down else script._upgrade_revs(target, revision)
            return [self.followed(step) for step in found]

        with contextlib.ExitStack() as stack:
            stack.enter_context(
                EnvironmentContext(config, script, fn=steps, as_sql=False, starting_rev=None, destination_rev=target)
            )
            try:
                script.run_env()
            except util.CommandError as error:
                raise CommandFailedError(str(error)) from error

    def configure(self) -> Any:
        from alembic.config import Config

        order = self.order
        os.chdir(order.get("folder") or ".")
        for entry in reversed(order.get("sys_path", ["."])):
            sys.path.insert(0, os.path.abspath(entry))
        options = argparse.Namespace(x=list(order.get("x", [])), name=order["section"], config=order["config"])
        arguments: Json = {"ini_section": order["section"], "cmd_opts": options, "stdout": sys.stderr}
        if str(order["config"]).endswith(".toml"):
            arguments["toml_file"] = order["config"]
            ini = os.path.join(os.path.dirname(os.path.abspath(order["config"])), "alembic.ini")
            arguments["file_"] = ini if os.path.exists(ini) else None
        else:
            arguments["file_"] = order["config"]
        config = Config(**arguments)
        for name, value in order.get("options", {}).items():
            # Alembic reads options through ConfigParser, which takes a % for the start of a name.
            config.set_main_option(name, value.replace("%", "%%"))
        for entry in split_paths(config.get_main_option("prepend_sys_path")):
            sys.path.insert(0, entry)
        return config

    def followed(self, step: Any) -> Any:
        """The same step, telling when it begins and ends."""
        run = step.migration_fn
        revision = getattr(getattr(step, "revision", None), "revision", None)

        def told(**arguments: Any) -> Any:
            self.revision, self.watching = revision, True
            started = time.monotonic()
            self.voice.say("step_started", revision=revision)
            try:
                return run(**arguments)
            finally:
                self.watching = False
                self.voice.say("step_ended", revision=revision, seconds=time.monotonic() - started)

        step.migration_fn = told
        return step

    def listen(self) -> None:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        event.listen(Pool, "connect", self.on_connect)
        event.listen(Engine, "before_cursor_execute", self.before_statement)
        event.listen(Engine, "after_cursor_execute", self.after_statement)
        event.listen(Engine, "commit", self.before_commit)

    def on_connect(self, connection: Any, record: Any) -> None:
        """On every new connection: the fence's question first, then the timeouts."""
        cursor = connection.cursor()
        try:
            if self.order.get("fence"):
                cursor.execute(Fence.QUESTION)
                row = cursor.fetchone()
                if not row or self.order["fence"]["token"] not in str(row[0] or ""):
                    self.wrong_database()
            for name in ("lock_timeout", "statement_timeout"):
                if self.order.get(name):
                    cursor.execute(f"SET {name} = {int(self.order[name])}")
        finally:
            cursor.close()
        # A SET inside a transaction is undone with it.
        connection.commit()

    def wrong_database(self) -> None:
        """Ends everything at once: nothing after this line may be sent to that database."""
        self.voice.say("wrong_database")
        os._exit(WRONG_DATABASE_EXIT)

    def before_statement(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if self.fence is not None and Fence.BEYOND.search(without_literals(without_comments(str(statement)))):
            self.fence.refuse("changes something beyond its database")
        connection.info["backout_started"] = time.monotonic()

    def after_statement(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.statements += 1
        if self.statements > MOST_STATEMENTS:
            if self.statements == MOST_STATEMENTS + 1:
                self.voice.say("untold")
            return
        started = connection.info.get("backout_started", time.monotonic())
        self.voice.say(
            "statement",
            revision=self.revision,
            within=self.watching,
            sql=without_literals(str(statement))[:LONGEST_SQL],
            cut=len(str(statement)) > LONGEST_SQL,
            rows=getattr(cursor, "rowcount", None),
            seconds=time.monotonic() - started,
        )
        if self.order.get("watch_locks") and self.lock_looks < MOST_LOCK_LOOKS:
            self.lock_looks += 1
            self.look_at_locks(connection)

    def look_at_locks(self, connection: Any) -> List[Any]:
        rows = self.ask(connection, LOCKS)
        now = time.monotonic()
        for row in rows:
            self.first_seen.setdefault((row[0], row[2]), now)
        return rows

    def before_commit(self, connection: Any) -> None:
        if not self.order.get("watch"):
            return
        locks, now = self.look_at_locks(connection), time.monotonic()
        self.voice.say(
            "commit",
            revision=self.revision,
            locks=[[row[0], row[1], row[2], now - self.first_seen[(row[0], row[2])]] for row in locks],
            activity=[list(row) for row in self.ask(connection, ACTIVITY)],
        )
        self.first_seen.clear()

    def ask(self, connection: Any, question: str) -> List[Any]:
        """Past SQLAlchemy's events; a transaction that has failed has no answers."""
        cursor = connection.connection.cursor()
        try:
            cursor.execute(question)
            return list(cursor.fetchall())
        except Exception:
            return []
        finally:
            cursor.close()


LOCKS = """
SELECT l.relation::bigint, l.relation::regclass::text, l.mode
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.relation >= 16384
  AND c.relkind IN ('r', 'p', 'm', 'f') AND l.mode <> 'AccessShareLock'
"""
ACTIVITY = """
SELECT relid::bigint, schemaname || '.' || relname, n_tup_ins, n_tup_upd, n_tup_del
FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
"""


class CommandFailedError(Exception):
    """Alembic itself says no."""


class Fence:
    """Keeps a rehearsal on its scratch database."""

    #: The scratch database carries its token as its comment; any role may read it.
    QUESTION = (
        "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database"
        " WHERE datname = pg_catalog.current_database()"
    )
    #: Roles, databases and settings are the server's, not the copy's; these would really happen. Words within a DO block
    #: or a function count as well: better to refuse a harmless one than to lock a real role out.
    BEYOND = re.compile(
        r"\b(?:(?:create|alter|drop)\s+(?:role|user(?!\s+mapping)|group|database|tablespace|subscription|server)"
        r"|alter\s+system|(?:drop|reassign)\s+owned|(?:grant|revoke)\s+(?!.*\bon\b)[^;]*\b(?:to|from)\b"
        r"|dblink\w*|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|copy\b[^;]*\bprogram\b)",
        re.IGNORECASE | re.DOTALL,
    )
    #: What libraries ask while they are imported. Anything else might be a way to another database.
    HARMLESS = frozenset({"git", "uname", "ldconfig", "gcc", "cc", "ld", "objdump", "file", "lsb_release", "hostname"})
    PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")

    def __init__(self, given: Json, drive: Drive) -> None:
        self.given = given
        self.drive = drive
        self.addresses = self.addresses_of(given["host"], given["port"])

    @staticmethod
    def addresses_of(host: str, port: int) -> set[Any]:
        import socket

        if host.startswith("/"):
            return {"{}/.s.PGSQL.{}".format(host.rstrip("/"), port)}
        with contextlib.suppress(OSError):
            return {found[4][:2] for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        return {(host, port)}

    def on_audit_event(self, event: str, arguments: Any) -> None:
        if event == "socket.connect":
            address = arguments[1]
            if isinstance(address, bytes):
                address = address.decode("utf-8", "replace")
            allowed = address in self.addresses if isinstance(address, str) else tuple(address[:2]) in self.addresses
            if not allowed:
                self.refuse("connects to another machine or service")
        elif event in self.PROGRAMS and (self.drive.watching or not self.is_harmless(arguments)):
            self.refuse("starts a program")

    def is_harmless(self, arguments: Any) -> bool:
        """Judged by the program's name; a command line for a shell is none."""
        program = arguments[0] if arguments else ""
        if isinstance(program, bytes):
            program = program.decode("utf-8", "replace")
        return str(program).rpartition(os.sep)[2] in self.HARMLESS

    def refuse(self, what: str) -> None:
        self.drive.voice.say("outside", what=what, revision=self.drive.revision, within=self.drive.watching)
        raise OutsideError("Backout: a rehearsal may not reach outside its scratch database")

    def raise_around_drivers(self) -> None:
        """libpq's sockets are C's own, invisible to Python: so its two doors are watched themselves."""
        with contextlib.suppress(ImportError):
            import psycopg2
            import psycopg2.extensions

            for owner, name in ((psycopg2, "connect"), (psycopg2, "_connect")):
                self.watch(owner, name, psycopg2.extensions.make_dsn, psycopg2.extensions.parse_dsn)
        with contextlib.suppress(ImportError):
            import psycopg
            from psycopg import conninfo

            for owner in (psycopg.Connection, psycopg.AsyncConnection):
                self.watch_method(owner, conninfo)
            psycopg.connect = psycopg.Connection.connect
            self.watch_libpq(psycopg.pq, conninfo)
        with contextlib.suppress(ImportError):
            import asyncpg

            self.watch_asyncpg(asyncpg)

    def watch_libpq(self, pq: Any, conninfo: Any) -> None:
        """psycopg's own way down to libpq, for those who go past its front door."""
        original, check = pq.PGconn, self.check

        def checked(info: Any) -> None:
            check(conninfo.conninfo_to_dict(bytes(info).decode("utf-8", "replace")))

        class Watched(original):  # type: ignore[misc, valid-type]  # because which class it is, only this interpreter knows
            @classmethod
            def connect(cls, info: Any) -> Any:
                checked(info)
                return original.connect(info)

            @classmethod
            def connect_start(cls, info: Any) -> Any:
                checked(info)
                return original.connect_start(info)

        pq.PGconn = Watched

    def watch(self, owner: Any, name: str, make: Callable[..., str], parse: Callable[[str], Json]) -> None:
        original = getattr(owner, name)

        def connect(dsn: Any = None, *arguments: Any, **keywords: Any) -> Any:
            plain = {key: value for key, value in keywords.items() if key not in NOT_FOR_LIBPQ}
            self.check(parse(make(dsn, **plain)))
            return original(dsn, *arguments, **keywords)

        setattr(owner, name, connect)

    def watch_method(self, owner: Any, conninfo: Any) -> None:
        original = owner.connect.__func__

        def check(dsn: str, keywords: Json) -> None:
            plain = {key: value for key, value in keywords.items() if key not in NOT_FOR_LIBPQ}
            self.check(conninfo.conninfo_to_dict(dsn, **plain))

        def connect(cls: Any, conninfo: str = "", **keywords: Any) -> Any:
            check(conninfo, keywords)
            return original(cls, conninfo, **keywords)

        async def connect_async(cls: Any, conninfo: str = "", **keywords: Any) -> Any:
            check(conninfo, keywords)
            return await original(cls, conninfo, **keywords)

        owner.connect = classmethod(connect_async if asyncio.iscoroutinefunction(original) else connect)

    def watch_asyncpg(self, asyncpg: Any) -> None:
        original = asyncpg.connect

        async def connect(*arguments: Any, **keywords: Any) -> Any:
            connection = await original(*arguments, **keywords)
            found = await connection.fetchval(self.QUESTION)
            if self.given["token"] not in str(found or ""):
                self.drive.wrong_database()
            return connection

        asyncpg.connect = connect
        with contextlib.suppress(AttributeError):
            asyncpg.connection.connect = connect  # what its pools call

    def check(self, wanted: Json) -> None:
        """Host, port and name must be the scratch database's, before anything is sent."""
        host = str(wanted.get("hostaddr") or wanted.get("host") or os.environ.get("PGHOST") or "")
        port = str(wanted.get("port") or os.environ.get("PGPORT") or 5432)
        user = wanted.get("user") or os.environ.get("PGUSER") or ""
        name = str(wanted.get("dbname") or wanted.get("database") or os.environ.get("PGDATABASE") or user)
        same_host = host.rstrip("/") == self.given["host"].rstrip("/") or {(host, self.given["port"])} & self.addresses
        if not same_host or port != str(self.given["port"]) or name != self.given["database"]:
            self.drive.wrong_database()


#: Arguments of `connect` that are the driver's own and no part of a connection string.
NOT_FOR_LIBPQ = frozenset({
    "autocommit", "prepare_threshold", "context", "row_factory", "cursor_factory", "connection_factory", "async_",
    "async", "dsn",
})  # fmt: skip


def split_paths(text: Optional[str]) -> Iterator[str]:
    for part in re.split(r"[:;,\s]+" if os.pathsep == ":" else r"[;,\s]+", text or ""):
        if part:
            yield os.path.abspath(part)


def error_as_json(error: BaseException) -> Json:
    """Class, code and first line; the driver's own error below SQLAlchemy's."""
    said: Json = {"class": type(error).__name__, "outside": False}
    seen = 0
    inner: Optional[BaseException] = error
    while inner is not None and seen < 20:
        if isinstance(inner, OutsideError):
            said["outside"] = True
        driver = getattr(inner, "orig", None)
        for candidate in (driver, inner):
            code = getattr(candidate, "sqlstate", None) or getattr(candidate, "pgcode", None)
            if code and "sqlstate" not in said:
                diag = getattr(candidate, "diag", candidate)
                said.update(
                    sqlstate=str(code),
                    message=first_line(getattr(diag, "message_primary", None) or candidate),
                    objects=[
                        str(value)
                        for name in ("schema_name", "table_name", "column_name", "constraint_name", "datatype_name")
                        for value in [getattr(diag, name, None)]
                        if value
                    ],
                )
        inner, seen = inner.__cause__ or inner.__context__, seen + 1
    # What cannot be imported is a name, not a row's value, and without it nobody knows what to do.
    said.setdefault("message", str(error)[:300] if isinstance(error, ImportError) else first_line(error))
    return said


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)


def without_literals(sql: str) -> str:
    return _PARTS.sub(lambda found: found.group("keep") or "'?'", sql)


def first_line(text: Any) -> str:
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    return without_literals(lines[0])[:300] if lines else ""


def die_with_parent() -> None:
    """A runner that was killed must not leave a downgrade running behind it."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def leave_the_network(host: str) -> bool:
    """Where the scratch database is behind a socket file and the kernel lets us, no other machine can be reached at all."""
    if not host.startswith("/") or not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(Exception):
        import ctypes

        return bool(ctypes.CDLL(None, use_errno=True).unshare(0x40000000) == 0)  # CLONE_NEWNET
    return False


def main() -> None:
    order = json.load(sys.stdin)
    voice = Voice(order["marker"])
    die_with_parent()
    if order.get("fence"):
        voice.say("fenced", network=leave_the_network(order["fence"]["host"]))
    drive = Drive(order, voice)
    try:
        drive.run()
    except BaseException as error:
        facts = error_as_json(error)
        voice.say("failed", revision=drive.revision, within=drive.watching or facts["class"] != "CommandFailedError",
                  kind="command" if isinstance(error, CommandFailedError) else "error", **facts)  # fmt: skip
        sys.stderr.flush()
        os._exit(1)
    voice.say("done", statements=drive.statements)
    sys.stderr.flush()
    # Threads and pools of the application may never end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main()
