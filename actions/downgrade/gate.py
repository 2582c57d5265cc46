"""The only door of a rehearsal: a small process that lets connections through to the scratch database, and to no other.

Run by the service's interpreter (Python 3.8 or newer, nothing of ours), forked before anything else is imported.
The application is handed a URL that leads here. What a client names when it says hello is compared with the scratch
database before the server hears of it, whatever client that is. Every statement is heard on its way: those with effect
beyond the database are refused, and those that were not told otherwise (a driver's own cursor, a connection of the
migration's own) are told from here.
"""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: FBT003, PTH111, PTH113, PTH116, PTH118, PTH123, PTH207, UP006, UP032, UP035, UP045

from __future__ import annotations

import contextlib
import glob
import json
import mmap
import os
import re
import selectors
import shutil
import signal
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

Json = Dict[str, Any]

PREFIX = "backout-gate-"
TLS_WANTED, GSS_WANTED, CANCEL = 80877103, 80877104, 80877102
CONNECT_SECONDS = 10
CHUNK = 1 << 16
#: A direction that is this far behind is not read from until it has caught up.
BEHIND = 1 << 20
LONGEST_HELLO = 1 << 16
#: One more than are told on.
MOST_TOLD = 5_001
#: Of a URL, what is between the application and the server and now the gate's business.
OURS_TO_DO = frozenset({
    "host", "hostaddr", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir",
    "sslcompression", "sslsni", "sslnegotiation", "sslcertmode", "ssl_min_protocol_version", "ssl_max_protocol_version",
    "ssl", "requiressl", "channel_binding", "gssencmode", "dbname", "load_balance_hosts",
})  # fmt: skip
SETTINGS = (
    "PGHOSTADDR", "PGSSLMODE", "PGREQUIRESSL", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGCHANNELBINDING",
    "PGSSLNEGOTIATION", "PGSSLCERTMODE",
)  # fmt: skip
#: Of no interest by themselves.
QUIET = re.compile(
    r"\s*(?:begin|start\s+transaction|commit|end|rollback|savepoint|release|deallocate|discard|close)\b[^;]*;?\s*\Z",
    re.IGNORECASE,
)


class Ledge:
    """What the driven process lays out for the gate: which revision runs, and whether a statement is told already."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 512)

    def lay(self, *, revision: Optional[str], within: bool, hushed: bool) -> None:
        name = (revision or "").encode()[:250]
        self._memory[0:2] = bytes((len(name), (1 if within else 0) | (2 if hushed else 0)))
        self._memory[2 : 2 + len(name)] = name

    def read(self) -> Tuple[Optional[str], bool, bool]:
        length, flags = self._memory[0], self._memory[1]
        return self._memory[2 : 2 + length].decode(errors="replace") or None, bool(flags & 1), bool(flags & 2)


class Gate:
    """The driven process' end: where the gate is, and what it says."""

    def __init__(self, given: Json, url: str, is_beyond: Callable[[str], bool]) -> None:
        self.given, self._url = given, url
        self.ledge = Ledge()
        self.folder = ""
        self._listening: Optional[socket.socket] = None
        self._flushed = threading.Event()
        if given["host"].startswith("/"):
            self.folder = place_for_sockets()
            self.address: Any = self._socket_file(self.folder)
            self._listening = listening(socket.AF_UNIX, self.address)
        self._control, theirs = socket.socketpair()
        if os.fork() == 0:
            self._control.close()
            keep(theirs, self, target_of(url, given), is_beyond)
        theirs.close()

    @property
    def stands_for(self) -> str:
        """The server's own socket file."""
        return self._socket_file(self.given["host"]) if self.folder else ""

    @property
    def socket_file(self) -> str:
        return str(self.address) if self.folder else ""

    @property
    def host(self) -> str:
        return self.folder or "127.0.0.1"

    @property
    def port(self) -> int:
        return int(self.given["port"]) if self.folder else int(self.address[1])

    def open(self, hear: Callable[[Json], None]) -> str:
        """From now on connections are let through; the URL that leads here. In the network that this process has now."""
        if self._listening is None:
            self._listening = listening(socket.AF_INET, ("127.0.0.1", 0))
            self.address = self._listening.getsockname()
        descriptor = struct.pack("i", self._listening.fileno())
        self._control.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor)])
        self._listening.close()
        threading.Thread(target=self._hear, args=(hear,), daemon=True).start()
        for name in SETTINGS:
            os.environ.pop(name, None)
        os.environ["PGGSSENCMODE"] = "disable"
        return leading_to(self._url, self.host, self.port, self.given)

    def flush(self) -> None:
        """Everything that it has heard until now is said."""
        with contextlib.suppress(OSError):
            self._control.sendall(b"?")
            self._flushed.wait(CONNECT_SECONDS)

    def _hear(self, hear: Callable[[Json], None]) -> None:
        with self._control.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                said = json.loads(line)
                if said["event"] == "flushed":
                    self._flushed.set()
                else:
                    hear(said)

    def _socket_file(self, folder: str) -> str:
        return "{}/.s.PGSQL.{}".format(folder.rstrip("/"), self.given["port"])


def listening(family: int, address: Any) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.bind(address)
    opened.listen(64)
    return opened


def place_for_sockets() -> str:
    """A folder of our own with a short name; those of gates that were killed are cleared away."""
    base = tempfile.gettempdir()
    if len(base) > 60:
        base = "/tmp"  # noqa: S108  the path of a socket has hardly more than a hundred letters
    for left in glob.glob(os.path.join(base, PREFIX + "*")):
        with contextlib.suppress(OSError):
            if os.stat(left).st_uid == os.geteuid() and time.time() - os.stat(left).st_mtime > 60:
                clear_away_if_dead(left)
    return tempfile.mkdtemp(prefix=PREFIX, dir=base)


def clear_away_if_dead(folder: str) -> None:
    for path in glob.glob(os.path.join(folder, ".s.PGSQL.*")):
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
            probe.settimeout(1)
            if probe.connect_ex(path) == 0:
                return
    shutil.rmtree(folder, ignore_errors=True)


def target_of(url: str, given: Json) -> Json:
    """Where the server is and how one talks to it, from the URL as it was given."""
    asked = dict(parse_qsl(urlsplit(url).query))
    variables = {name: os.environ.get("PG" + name.upper()) for name in ("sslmode", "sslrootcert", "sslcert", "sslkey")}
    return {**{name: value for name, value in variables.items() if value}, **asked, **given}


def leading_to(url: str, host: str, port: int, given: Json) -> str:
    """The same role and database by way of the gate."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    asked = [(key, value) for key, value in parse_qsl(parts.query) if key not in OURS_TO_DO]
    secret = kept_password(user, given) if ":" not in user and not dict(asked).get("password") else ""
    if secret:
        user = "{}:{}".format(user, quote(secret, safe=""))
    if host.startswith("/"):
        asked.append(("host", host))
        if port != 5432:
            asked.append(("port", str(port)))
        place = ""
    else:
        place = "{}:{}".format(host, port)
    query = urlencode(asked, safe="/", quote_via=quote)
    database = quote(given["database"], safe="")
    return "{}://{}{}{}/{}{}".format(parts.scheme, user, at, place, database, "?" + query if query else "")


def kept_password(user: str, given: Json) -> str:
    """From the password file, where the server stands under its own name and not under the gate's."""
    path = os.environ.get("PGPASSFILE") or os.path.expanduser("~/.pgpass")
    if os.environ.get("PGPASSWORD") or not user or not os.path.isfile(path):
        return ""
    host = "localhost" if given["host"].startswith("/") else given["host"]
    wanted = ({host, given["host"]}, {str(given["port"])}, {given["database"]}, {unquote(user)})
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            fields = [
                re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"((?:[^:\\]|\\.)*)(?::|$)", line.rstrip("\n"))
            ]
            if len(fields) > 4 and all(field in names | {"*"} for field, names in zip(fields, wanted)):  # noqa: B905
                return fields[4]
    return ""


def keep(control: socket.socket, gate: Gate, target: Json, is_beyond: Callable[[str], bool]) -> None:
    """The gate's own process; it ends with the one that started it, and leaves nothing behind."""
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(4))
        if ancillary:
            (descriptor,) = struct.unpack("i", ancillary[0][2][:4])
            Keeper(control, socket.socket(fileno=descriptor), gate.ledge, target, is_beyond).work()
    finally:
        if gate.folder:
            shutil.rmtree(gate.folder, ignore_errors=True)
        os._exit(0)


class Keeper:
    """Waits at the door until the driven process is gone."""

    def __init__(
        self, control: socket.socket, door: socket.socket, ledge: Ledge, target: Json, is_beyond: Callable[[str], bool]
    ) -> None:  # fmt: skip
        self.control, self.door, self.ledge, self.target, self.is_beyond = control, door, ledge, target, is_beyond
        self._speaking = threading.Lock()
        self._told = 0

    def work(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.control, selectors.EVENT_READ)
            selector.register(self.door, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self.door:
                        client, _ = self.door.accept()
                        threading.Thread(target=self.let_in, args=(client,), daemon=True).start()
                    elif not self.control.recv(1):
                        return
                    else:
                        self.say("flushed")

    def say(self, event: str, **facts: Any) -> None:
        with self._speaking, contextlib.suppress(OSError):
            self.control.sendall(json.dumps({"event": event, **facts}).encode() + b"\n")

    def tell(self, entry: Json) -> None:
        """One statement that ended well. Too many are not told, only that there were more."""
        self._told += 1
        if self._told <= MOST_TOLD:
            facts = {key: entry[key] for key in ("sql", "revision", "within", "rows")}
            self.say("heard", seconds=time.monotonic() - entry["since"], **facts)

    def let_in(self, client: socket.socket) -> None:
        """One connection, from its hello to its end."""
        with contextlib.closing(client), contextlib.suppress(OSError, ValueError):
            hello = self.hello_of(client)
            if hello is None:
                return
            try:
                server = reach(self.target)
            except OSError:
                refuse(client, "08006", "The server of the scratch database does not answer")
                return
            with contextlib.closing(server):
                server.sendall(hello)
                Passage(client, server, self).carry_on()

    def hello_of(self, client: socket.socket) -> Optional[bytes]:
        """What the client opens with; None when it may not come in."""
        client.settimeout(CONNECT_SECONDS)
        while True:
            length = struct.unpack("!i", receive(client, 4))[0]
            if not 8 <= length <= LONGEST_HELLO:
                return None
            rest = receive(client, length - 4)
            code = struct.unpack("!i", rest[:4])[0]
            if code in (TLS_WANTED, GSS_WANTED):
                client.sendall(b"N")
                continue
            if code == CANCEL or code >> 16 != 3:
                return None
            words = rest[4:].split(b"\0")
            said = dict(zip(words[::2], words[1::2]))  # noqa: B905
            name = said.get(b"database") or said.get(b"user", b"")
            if name.decode(errors="replace") != self.target["database"] or b"replication" in said:
                self.say("wrong_database")
                refuse(client, "28000", "A rehearsal may not reach beyond its scratch database")
                return None
            return struct.pack("!i", length) + rest


def receive(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        chunk = connection.recv(count - len(found))
        if not chunk:
            raise ConnectionResetError
        found += chunk
    return found


def refuse(client: socket.socket, code: str, why: str) -> None:
    fields = (b"SFATAL", b"VFATAL", b"C" + code.encode(), b"MBackout: " + why.encode())
    body = b"".join(field + b"\0" for field in fields) + b"\0"
    client.setblocking(True)
    client.sendall(b"E" + struct.pack("!i", len(body) + 4) + body)


def reach(target: Json) -> socket.socket:
    """A connection to the server; with TLS where the URL or the server wants it."""
    if target["host"].startswith("/"):
        plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        plain.connect("{}/.s.PGSQL.{}".format(target["host"].rstrip("/"), target["port"]))
        return plain
    plain = socket.create_connection((target.get("hostaddr") or target["host"], target["port"]), CONNECT_SECONDS)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    mode = target.get("sslmode") or target.get("ssl") or "prefer"
    if mode in ("disable", "allow"):
        return plain
    plain.sendall(struct.pack("!ii", 8, TLS_WANTED))
    if receive(plain, 1) == b"S":
        return trusted(target, mode).wrap_socket(plain, server_hostname=target["host"])
    if mode != "prefer":
        raise ConnectionRefusedError
    return plain


def trusted(target: Json, mode: str) -> ssl.SSLContext:
    """As libpq understands `sslmode`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    root = target.get("sslrootcert") or os.path.expanduser("~/.postgresql/root.crt")
    verifies = mode in ("verify-ca", "verify-full") or (mode in ("require", "true") and os.path.isfile(root))
    context.check_hostname = mode == "verify-full" or root == "system"
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    if verifies:
        context.load_default_certs() if root == "system" else context.load_verify_locations(root)
    if target.get("sslcert"):
        context.load_cert_chain(target["sslcert"], target.get("sslkey"), target.get("sslpassword"))
    return context


class BeyondError(Exception):
    """A statement that would have effect beyond the scratch database."""


class Passage:
    """Both directions of one connection, neither waiting for the other."""

    def __init__(self, client: socket.socket, server: socket.socket, keeper: Keeper) -> None:
        self.client, self.server = client, server
        self.hearing = Hearing(keeper)
        self.to: Dict[socket.socket, bytearray] = {client: bytearray(), server: bytearray()}

    def carry_on(self) -> None:
        self.client.setblocking(False)
        self.server.setblocking(False)
        try:
            while self.step():
                pass
        except BeyondError:
            self.client.setblocking(True)
            self.client.sendall(self.to[self.client])
            refuse(self.client, "42501", "A rehearsal may not reach beyond its scratch database")

    def step(self) -> bool:
        """False when a side has gone, and has got everything that the other one said."""
        with selectors.PollSelector() as selector:
            for side, other in ((self.client, self.server), (self.server, self.client)):
                wanted = selectors.EVENT_WRITE if self.to[side] else 0
                if len(self.to[other]) < BEHIND:
                    wanted |= selectors.EVENT_READ
                if wanted:
                    selector.register(side, wanted)
            ready = {key.fileobj: events for key, events in selector.select()}
        for side in self.to:
            if ready.get(side, 0) & selectors.EVENT_WRITE:
                self.send(side)
        for side, other in ((self.client, self.server), (self.server, self.client)):
            if ready.get(side, 0) & selectors.EVENT_READ and not self.read(side):
                other.setblocking(True)
                with contextlib.suppress(OSError):
                    other.sendall(self.to[other])
                return False
        return True

    def send(self, side: socket.socket) -> None:
        try:
            sent = side.send(self.to[side][:CHUNK])
            del self.to[side][:sent]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            # It has gone; what it said last is still to be read.
            self.to[side].clear()

    def read(self, side: socket.socket) -> bool:
        other = self.server if side is self.client else self.client
        heard = self.hearing.from_client if side is self.client else self.hearing.from_server
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while True:
                chunk = side.recv(CHUNK)
                if not chunk:
                    return False
                self.to[other] += heard(chunk)
                self.send(other)
                # What TLS has unpacked already makes no socket ready.
                if not (isinstance(side, ssl.SSLSocket) and side.pending()):
                    break
        return True


class Frames:
    """Cuts a stream into PostgreSQL's messages; whole ones only where somebody wants to read them."""

    def __init__(self, wanted: bytes, hear: Callable[[str, bytes], None]) -> None:
        self._wanted, self._hear = wanted, hear
        self._kept = bytearray()
        self._skip = 0

    def through(self, chunk: bytes) -> bytes:
        """What may be passed on by now."""
        self._kept += chunk
        at = 0
        while True:
            step = min(self._skip, len(self._kept) - at)
            self._skip -= step
            at += step
            if self._skip or len(self._kept) - at < 5:
                break
            length = 1 + int.from_bytes(self._kept[at + 1 : at + 5], "big", signed=True)
            if length < 5:
                raise ValueError
            if self._kept[at] in self._wanted:
                if len(self._kept) - at < length:
                    break
                self._hear(chr(self._kept[at]), bytes(self._kept[at + 5 : at + length]))
                at += length
            else:
                self._skip = length
        passed = bytes(self._kept[:at])
        del self._kept[:at]
        return passed


#: Among the statements that wait for their end: here the server will say that it is ready again.
READY: Json = {}


class Hearing:
    """Follows the statements of one connection, and how they end."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._client = Frames(b"QPBSF", self._asked)
        self._server = Frames(b"CEZ", self._answered)
        self._prepared: Dict[bytes, str] = {}
        self._waiting: Deque[Json] = deque()
        self._ended: List[Json] = []
        self._failed = False
        self.from_client, self.from_server = self._client.through, self._server.through

    def _asked(self, kind: str, body: bytes) -> None:
        if kind in "SF":
            self._waiting.append(READY)
            return
        if kind == "B":
            name = body.split(b"\0", 2)[1]
            self._note(self._prepared.get(name, ""), simple=False)
            return
        name, text = (b"", body) if kind == "Q" else body.split(b"\0", 2)[:2]
        sql = text.split(b"\0", 1)[0].decode(errors="replace")
        if self._keeper.is_beyond(sql):
            self._keeper.say("beyond")
            raise BeyondError
        if kind == "Q":
            self._note(sql, simple=True)
            self._waiting.append(READY)
        else:
            self._prepared[name] = sql

    def _note(self, sql: str, *, simple: bool) -> None:
        revision, within, hushed = self._keeper.ledge.read()
        self._waiting.append({
            "sql": sql, "revision": revision, "within": within, "hushed": hushed or not sql or bool(QUIET.match(sql)),
            "rows": None, "since": time.monotonic(), "simple": simple,
        })  # fmt: skip

    def _answered(self, kind: str, body: bytes) -> None:
        if kind == "E":
            self._failed = True
        elif kind == "C":
            entry = self._waiting[0] if self._waiting else READY
            if entry is not READY:
                count = body.rstrip(b"\0").split()[-1]
                entry["rows"] = int(count) if count.isdigit() else entry["rows"]
                # A text with several statements has several endings.
                if not entry["simple"]:
                    self._ended.append(self._waiting.popleft())
        else:
            self._tell()

    def _tell(self) -> None:
        """The server is ready again: whatever was sent before has ended."""
        while self._waiting:
            entry = self._waiting.popleft()
            if entry is READY:
                break
            if entry["simple"] and not self._failed:
                self._ended.append(entry)
        for entry in self._ended:
            if not entry["hushed"]:
                self._keeper.tell(entry)
        self._ended.clear()
        self._failed = False
