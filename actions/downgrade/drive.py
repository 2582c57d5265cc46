"""Runs somebody's real Alembic where their application lives, and tells what it did while it does it.

This file is run by the *service's* interpreter: Python 3.8 or newer, Alembic 1.7 or newer, SQLAlchemy 1.4 or 2.
It needs nothing of ours but its neighbours, which it knows as the package `backout_drive`; `order.py` gives it its
orders and reads what it says.

    python drive.py < order.json
    python drive.py ahead            one order or program a line, each carried out by a fork of it

Standard output carries one JSON object a line, each behind a marker that only this order knows, so that nothing the
application prints can imitate one; what the application prints goes to standard error.

`env.py` and the scripts run as under `alembic downgrade`, in the same transactions. Around them:

- every statement is told (without string literals: they may be row data), with its rows and time;
- before each commit, the locks held and the rows written by that transaction are told;
- lock and statement timeouts are set on every connection;
- in a rehearsal, the handed-over URL leads to a **gate** (`gate.py`), which lets connections through to the marked
  scratch database alone and hears every statement; a **wall** (`wall.py`) takes every other way from the process where
  the system allows it; and a **fence** (`fence.py`) watches drivers, sockets and programs in the process itself.
  Whoever asks for another database ends this process before a statement is sent.
"""

# It runs what strangers wrote, and on old interpreters: broad excepts and old spellings are meant.
# mypy: disable-error-code="import-untyped, import-not-found, arg-type"
# ruff: noqa: ARG001, ARG002, BLE001, PTH100, PTH110, PTH118, PTH120, SLF001, UP006, UP032, UP035, UP045

from __future__ import annotations

import argparse
import base64
import contextlib
import gc
import importlib
import io
import itertools
import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from types import ModuleType
from typing import Any, Dict, Iterator, List, Optional

LONGEST_SQL = 8_000
MOST_STATEMENTS = 5_000
#: From then on locks are looked at before commits only: a loop over rows must not pay for it.
MOST_LOCK_LOOKS = 300
WRONG_DATABASE_EXIT = 70
PACKAGE = "backout_drive"
STARTED = time.monotonic()
#: Of the drivers the one that takes long; whoever has another does not miss it.
LIBRARIES = (
    "alembic.config", "alembic.script", "alembic.runtime.environment", "alembic.op", "sqlalchemy.pool",
    "sqlalchemy.dialects.postgresql", "psycopg",
)  # fmt: skip

Json = Dict[str, Any]


def neighbour(name: str) -> ModuleType:
    """A file beside this one, without making its folder a place that the application imports from."""
    if PACKAGE not in sys.modules:
        package = ModuleType(PACKAGE)
        package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
        sys.modules[PACKAGE] = package
    return importlib.import_module(PACKAGE + "." + name)


# Loading libraries and hundreds of scripts makes little garbage; looking for it every few hundred objects takes a fifth of it.
gc.set_threshold(50_000)
fences, statements, errors = neighbour("fence"), neighbour("beyond"), neighbour("explained")


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
        self.fence: Any = None
        self.gate: Any = None

    def go_behind(self, gate: Any) -> None:
        """From here on there is no way to any database but through the gate."""
        wall = neighbour("wall")
        walled = bool(self.order.get("wall")) and wall.raise_wall(gate.socket_file, gate.stands_for)
        # Somebody else may have taken the network away; then a server's socket file would be the only other way.
        walled = walled or (bool(self.order.get("cut_off")) and not wall.listening_doors())
        self.gate = gate
        self.order["url"] = gate.open(self.on_gates_word)
        self.fence = fences.Fence(gate, self, walled=walled)
        self.voice.say("fenced", network=walled)

    def wait_for_the_word(self) -> None:
        """With the libraries loaded that `alembic` loads by itself, and nothing of the project."""
        ready_after = load_libraries()
        if sys.stdin.readline().strip() != "go":
            os._exit(0)
        self.voice.say("begun", ready_after=ready_after)

    def on_gates_word(self, said: Json) -> None:
        if said["event"] == "heard":
            self.tell(said)
        elif said["event"] == "beyond":
            self.fence.note("changes something beyond its database")
        else:
            self.wrong_database()

    def hear_all(self) -> None:
        if self.gate is not None:
            self.gate.flush()

    def lay(self, *, hushed: bool) -> None:
        """What is sent from now on: by which revision, and whether somebody else tells it."""
        if self.gate is not None:
            self.gate.ledge.lay(revision=self.revision, within=self.watching, hushed=hushed)

    def run(self) -> None:
        config = self.configure()
        if self.fence is not None:
            self.fence.raise_around()
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
            # One revision at a time is the first of the very steps that all of it would be.
            return [self.followed(step) for step in itertools.islice(found, self.order.get("most"))]

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
            self.lay(hushed=False)
            started = time.monotonic()
            self.voice.say("step_started", revision=revision)
            try:
                return run(**arguments)
            finally:
                self.watching = False
                self.lay(hushed=False)
                self.voice.say("step_ended", revision=revision, seconds=time.monotonic() - started)

        step.migration_fn = told
        return step

    def listen(self) -> None:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        event.listen(Engine, "do_connect", lambda *_: self.lay(hushed=True))
        event.listen(Pool, "connect", self.on_connect)
        event.listen(Pool, "checkout", lambda *_: self.lay(hushed=False))
        event.listen(Engine, "handle_error", lambda *_: self.lay(hushed=False))
        event.listen(Engine, "before_cursor_execute", self.before_statement)
        event.listen(Engine, "after_cursor_execute", self.after_statement)
        event.listen(Engine, "commit", self.before_commit)

    def on_connect(self, connection: Any, record: Any) -> None:
        """On every new connection: the fence's question first, then the timeouts."""
        cursor = connection.cursor()
        try:
            if self.order.get("database"):
                cursor.execute(WHICH_DATABASE)
                row = cursor.fetchone()
                started = self.order.get("server_started")
                if not row or int(row[0]) != self.order["database"] or (started and str(row[1]) != started):
                    self.wrong_database()
            if self.order.get("fence"):
                cursor.execute(fences.Fence.QUESTION)
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
        if self.fence is not None and statements.is_beyond(str(statement)):
            self.fence.refuse("changes something beyond its database")
        # Told when it has ended, with what SQLAlchemy knows of it.
        self.lay(hushed=True)
        connection.info["backout_started"] = time.monotonic()

    def after_statement(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.lay(hushed=False)
        started = connection.info.get("backout_started", time.monotonic())
        self.tell({
            "sql": str(statement), "revision": self.revision, "within": self.watching,
            "rows": getattr(cursor, "rowcount", None), "seconds": time.monotonic() - started,
        })  # fmt: skip
        if self.order.get("watch_locks") and self.lock_looks < MOST_LOCK_LOOKS:
            self.lock_looks += 1
            self.look_at_locks(connection)

    def tell(self, sent: Json) -> None:
        """One statement that has ended well, however it was sent."""
        self.statements += 1
        if self.statements > MOST_STATEMENTS:
            if self.statements == MOST_STATEMENTS + 1:
                self.voice.say("untold")
            return
        sql = sent["sql"]
        facts = {key: sent[key] for key in ("revision", "within", "rows", "seconds")}
        self.voice.say(
            "statement", sql=statements.without_literals(sql)[:LONGEST_SQL], cut=len(sql) > LONGEST_SQL, **facts
        )

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
        self.lay(hushed=True)
        try:
            cursor.execute(question)
            return list(cursor.fetchall())
        except Exception:
            return []
        finally:
            self.lay(hushed=False)
            cursor.close()


WHICH_DATABASE = """
SELECT oid::bigint, extract(epoch FROM pg_postmaster_start_time())::text FROM pg_database WHERE datname = current_database()
"""
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


def split_paths(text: Optional[str]) -> Iterator[str]:
    for part in re.split(r"[:;,\s]+" if os.pathsep == ":" else r"[;,\s]+", text or ""):
        if part:
            yield os.path.abspath(part)


def load_libraries() -> float:
    """When that was done."""
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    return time.monotonic() - STARTED


def die_with_parent(parent: Optional[int] = None) -> None:
    """A runner that was killed must not leave a downgrade running behind it."""
    if not sys.platform.startswith("linux"):
        return
    parent = parent or os.getppid()
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    # The folder of this file is no place to import from.
    sys.path[:1] = []
    if sys.argv[1:] == ["ahead"]:
        carry_out_one_after_the_other()
    order = json.loads(sys.stdin.readline())
    die_with_parent()
    carry_out(order)


def carry_out_one_after_the_other() -> None:
    """Ends the process with the last of them."""
    die_with_parent()
    sys.argv[1:] = []
    ready_after, us = load_libraries(), os.getpid()
    gc.freeze()
    with os.fdopen(os.dup(0), "rb") as orders:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        for line in iter(orders.readline, b""):
            order = json.loads(line)
            child = os.fork()
            if child == 0:
                try:
                    die_with_parent(us)
                    os.close(orders.fileno())
                    if "program" in order:
                        run_program(order)
                    os.environ.update(order["env"])
                    carry_out(order, ready_after)
                except BaseException:
                    traceback.print_exc()
                    sys.stderr.flush()
                finally:
                    os._exit(1)  # never back to where it came from
            status = os.waitpid(child, 0)[1]
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
            # A line of its own, also where the last one was not finished.
            os.write(1, "\n{}{}\n".format(order["marker"], json.dumps({"event": "over", "exit_code": code})).encode())
    os._exit(0)


def run_program(given: Json) -> None:
    """What `python -c` would do with it. Ends the process."""
    for name in given["without"]:
        os.environ.pop(name, None)
    os.environ.update(given["env"])
    sys.argv = ["-c"] + given["arguments"]
    sys.stdin = io.TextIOWrapper(io.BytesIO(base64.b64decode(given["stdin"])), encoding="utf-8")
    code = 0
    try:
        exec(compile(given["program"], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def carry_out(order: Json, ready_after: Optional[float] = None) -> None:
    """Ends the process."""
    gate = neighbour("gate").Gate(order["fence"], order["url"], statements.is_beyond) if order.get("fence") else None
    voice = Voice(order["marker"])
    drive = Drive(order, voice)
    if gate is not None:
        drive.go_behind(gate)
    if order.get("hides_databases"):
        hide_databases()
    hand_over(order)
    if order.get("waits"):
        drive.wait_for_the_word()
    elif ready_after is not None:
        voice.say("begun", ready_after=ready_after)
    try:
        drive.run()
    except BaseException as error:
        facts = errors.as_json(error)
        drive.hear_all()
        facts["outside"] = facts["outside"] or (drive.fence is not None and drive.fence.refused)
        voice.say("failed", revision=drive.revision, within=drive.watching or facts["class"] != "CommandFailedError",
                  kind="command" if isinstance(error, CommandFailedError) else "error", **facts)  # fmt: skip
        sys.stderr.flush()
        os._exit(1)
    drive.hear_all()
    voice.say("done", statements=drive.statements)
    sys.stderr.flush()
    # Threads and pools of the application may never end by themselves.
    os._exit(0)


def hide_databases() -> None:
    """A rehearsal in a container or pod: whatever variable of that place leads to a database leads nowhere."""
    for name, value in list(os.environ.items()):
        scheme, separator, _ = value.strip().partition("://")
        if separator and scheme.partition("+")[0] in ("postgresql", "postgres"):
            os.environ[name] = scheme + "://nobody:nothing@127.0.0.1:9/nowhere"


def hand_over(order: Json) -> None:
    """The database's URL, as the catalog says that `env.py` wants it."""
    handover = order["handover"]
    url, how, name = order["url"], handover["how"], handover["name"]
    if handover.get("scheme"):
        url = "{}://{}".format(handover["scheme"], url.partition("://")[2])
    if how == "env":
        os.environ[name] = url
    elif how == "argument":
        order["x"] = ["{}={}".format(name, url)]
    else:
        order["options"] = {name: url}


if __name__ == "__main__":
    main()
