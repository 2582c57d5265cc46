"""The inner fence of a rehearsal: in the process itself, around the drivers, sockets and programs.

Run by the service's interpreter (Python 3.8 or newer, nothing of ours). Wherever the outer wall cannot stand, this is
what there is: Python's own sockets reach nothing but the gate; drivers that bring their own sockets (libpq's) are asked
for their target first; those that cannot be asked are refused.
"""

# It stands between strangers' code and their drivers, on old interpreters: old spellings are meant.
# mypy: disable-error-code="import-untyped, import-not-found, arg-type"
# ruff: noqa: PTH119, SLF001, UP006, UP035

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from types import ModuleType
from typing import Any, Callable, Dict

from .doorkeeper import Doorkeeper

Json = Dict[str, Any]

#: What libraries ask while they are imported. Anything else might be a way to another database.
HARMLESS = frozenset({"git", "uname", "ldconfig", "gcc", "cc", "ld", "objdump", "file", "lsb_release", "hostname"})
PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn")
#: Clients of PostgreSQL, or of anything, whose connections nobody could ask for their target.
UNASKED = frozenset({
    "_pg", "psycopg2cffi", "psqlpy", "adbc_driver_postgresql", "pyodbc", "turbodbc", "_jpype", "connectorx", "duckdb",
    "pgx", "ogr", "osgeo",
})  # fmt: skip
#: Arguments of `connect` that are the driver's own and no part of a connection string.
NOT_FOR_LIBPQ = frozenset({
    "autocommit", "prepare_threshold", "context", "row_factory", "cursor_factory", "connection_factory", "async_",
    "async", "dsn",
})  # fmt: skip


class OutsideError(ConnectionRefusedError):
    """Refused by the rehearsal's fence."""


class Fence:
    """Keeps a rehearsal on its scratch database. `drive` is asked where it is, and told what was refused."""

    #: The scratch database carries its token as its comment; any role may read it.
    QUESTION = (
        "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database"
        " WHERE datname = pg_catalog.current_database()"
    )

    def __init__(self, gate: Any, drive: Any, *, walled: bool) -> None:
        self.gate, self.drive, self.walled = gate, drive, walled
        self.given: Json = gate.given
        host, port = self.given["host"], int(self.given["port"])
        self.allowed = {gate.address} if gate.folder else {("127.0.0.1", gate.port)}
        #: Where the server itself is: going there past the gate is going to another database.
        self.servers = {"{}/.s.PGSQL.{}".format(host.rstrip("/"), port)} if gate.folder else {(host, port)}
        self.refused = False

    def raise_around(self) -> None:
        sys.addaudithook(self.on_audit_event)
        doors = {
            "psycopg2.extensions": self.watch_psycopg2, "psycopg2": self.watch_psycopg2, "psycopg": self.watch_psycopg,
            "asyncpg": self.watch_asyncpg, "uvloop": self.watch_uvloop, "cffi.api": self.watch_cffi,
        }  # fmt: skip
        for name, watch in doors.items():
            if name in sys.modules:
                watch(sys.modules[name])
        sys.meta_path.insert(0, Doorkeeper(doors))

    def on_audit_event(self, event: str, arguments: Any) -> None:
        if event == "socket.connect":
            self.check_address(arguments[1])
        elif event == "import":
            if not self.walled and str(arguments[0]).partition(".")[0] in UNASKED:
                self.refuse("uses a database client whose connections cannot be watched")
        elif event == "ctypes.dlopen":
            name = os.path.basename(os.fsdecode(arguments[0])) if arguments and arguments[0] else ""
            if not self.walled and name.startswith("libpq") and not called_by_psycopg():
                self.refuse("uses libpq by itself")
        elif event in PROGRAMS and (self.drive.watching or not self.is_harmless(arguments)):
            self.refuse("starts a program")

    def check_address(self, address: Any) -> None:
        if isinstance(address, bytes):
            address = address.decode("utf-8", "replace")
        where = address if isinstance(address, str) else tuple(address[:2])
        if where in self.allowed:
            return
        if where in self.servers or is_a_servers(where):
            self.drive.wrong_database()
        self.refuse("connects to another machine or service")

    def is_harmless(self, arguments: Any) -> bool:
        """Judged by the program's name; a command line for a shell is none."""
        program = arguments[0] if arguments else ""
        if isinstance(program, bytes):
            program = program.decode("utf-8", "replace")
        return str(program).rpartition(os.sep)[2] in HARMLESS

    def refuse(self, what: str) -> None:
        self.note(what)
        raise OutsideError("Backout: a rehearsal may not reach outside its scratch database")

    def note(self, what: str) -> None:
        self.refused = True
        self.drive.voice.say("outside", what=what, revision=self.drive.revision, within=self.drive.watching)

    def watch_psycopg2(self, module: ModuleType) -> None:
        """Its two ways to a connection, and the class of connections itself."""
        extensions = sys.modules.get("psycopg2.extensions")
        if extensions is None:
            return
        make: Any = extensions.make_dsn
        parse: Any = extensions.parse_dsn
        check = self.check
        if module is extensions:
            original_class = module.connection

            class AsBefore(type):
                def __instancecheck__(cls, instance: Any) -> bool:
                    return isinstance(instance, original_class)

            class Watched(original_class, metaclass=AsBefore):  # type: ignore[misc, valid-type]  # because only this interpreter knows it
                def __init__(self, dsn: Any, *arguments: Any, **keywords: Any) -> None:
                    check(parse(dsn))
                    original_class.__init__(self, dsn, *arguments, **keywords)

            module.connection = Watched  # type: ignore[attr-defined]
            return
        for name in ("connect", "_connect"):
            self.watch_function(module, name, make, parse)

    def watch_function(self, owner: Any, name: str, make: Callable[..., str], parse: Callable[[str], Json]) -> None:
        original, check = getattr(owner, name), self.check

        def connect(dsn: Any = None, *arguments: Any, **keywords: Any) -> Any:
            plain = {key: value for key, value in keywords.items() if key not in NOT_FOR_LIBPQ}
            check(parse(make(dsn, **plain)))
            return original(dsn, *arguments, **keywords)

        setattr(owner, name, connect)

    def watch_psycopg(self, psycopg: Any) -> None:
        from psycopg import conninfo, generators

        for owner in (psycopg.Connection, psycopg.AsyncConnection):
            self.watch_method(owner, conninfo)
        psycopg.connect = psycopg.Connection.connect
        original, check = generators.connect, self.check

        def connect(info: str, **keywords: Any) -> Any:
            check(conninfo.conninfo_to_dict(info))
            return original(info, **keywords)

        generators.connect = connect
        self.watch_libpq(psycopg.pq, conninfo)

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

        module: Any
        for module in (pq, sys.modules.get("psycopg_binary.pq"), sys.modules.get("psycopg_c.pq")):
            if module is not None:
                module.PGconn = Watched

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

    def watch_uvloop(self, uvloop: Any) -> None:
        """Its sockets are libuv's, which Python does not see."""
        check = self.check_address
        tcp, file = uvloop.Loop.create_connection, uvloop.Loop.create_unix_connection

        async def create_connection(
            loop: Any, factory: Any, host: Any = None, port: Any = None, **keywords: Any
        ) -> Any:
            if host is not None:
                check((host, port))
            return await tcp(loop, factory, host, port, **keywords)

        async def create_unix_connection(loop: Any, factory: Any, path: Any = None, **keywords: Any) -> Any:
            if path is not None:
                check(os.fsdecode(path))
            return await file(loop, factory, path, **keywords)

        uvloop.Loop.create_connection = create_connection
        uvloop.Loop.create_unix_connection = create_unix_connection

    def watch_cffi(self, api: Any) -> None:
        original, refuse = api.FFI.dlopen, self.refuse

        def dlopen(ffi: Any, name: Any, flags: int = 0) -> Any:
            if not self.walled and isinstance(name, str) and os.path.basename(name).startswith("libpq"):
                refuse("uses libpq by itself")
            return original(ffi, name, flags)

        api.FFI.dlopen = dlopen

    def check(self, wanted: Json) -> None:
        """It must lead to the gate and name the scratch database, before anything is sent."""
        host = str(wanted.get("hostaddr") or wanted.get("host") or os.environ.get("PGHOST") or "")
        port = str(wanted.get("port") or os.environ.get("PGPORT") or 5432)
        user = wanted.get("user") or os.environ.get("PGUSER") or ""
        name = str(wanted.get("dbname") or wanted.get("database") or os.environ.get("PGDATABASE") or user)
        places = {(self.gate.host, str(self.gate.port))}
        if self.walled and self.gate.folder:
            # Behind the wall the server's own socket file is the gate's as well.
            places.add((self.given["host"].rstrip("/"), str(self.given["port"])))
        if (host.rstrip("/"), port) not in places or name != self.given["database"]:
            self.drive.wrong_database()


def is_a_servers(where: Any) -> bool:
    """Where PostgreSQL servers and their poolers usually are."""
    if isinstance(where, str):
        return "/.s.PGSQL." in where
    return len(where) > 1 and where[1] in (5432, 6432)


def called_by_psycopg() -> bool:
    """psycopg without its C part loads libpq by ctypes, and is watched above that."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("psycopg.pq"):
            return True
        if name.partition(".")[0] not in ("ctypes", __name__.partition(".")[0]):
            return False
        frame = frame.f_back
    return False
