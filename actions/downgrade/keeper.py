"""The gate's own process: it stands at the door until the driven process is gone. Standard library only."""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: FBT003, UP006, UP035, UP045

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import ssl
import struct
import threading
import time
from typing import Any, Callable, Dict, Optional

from .hearing import BeyondError, Hearing
from .ledge import Ledge
from .upstream import CONNECT_SECONDS, TLS_WANTED, reach, receive, why_not

Json = Dict[str, Any]

GSS_WANTED, CANCEL = 80877104, 80877102
CHUNK = 1 << 16
#: A direction that is this far behind is not read from until it has caught up.
BEHIND = 1 << 20
LONGEST_HELLO = 1 << 16
#: One more than are told on.
MOST_TOLD = 5_001


def keep(control: socket.socket, ledge: Ledge, target: Json, is_beyond: Callable[[str], bool]) -> None:
    """What the gate's process does, until the one that started it has ended."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(4))
    if ancillary:
        (descriptor,) = struct.unpack("i", ancillary[0][2][:4])
        Keeper(control, socket.socket(fileno=descriptor), ledge, target, is_beyond).work()


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
            except OSError as error:
                refuse(client, "08006", "The server of the scratch database cannot be reached: " + why_not(error))
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


def refuse(client: socket.socket, code: str, why: str) -> None:
    fields = (b"SFATAL", b"VFATAL", b"C" + code.encode(), b"MBackout: " + why.encode())
    body = b"".join(field + b"\0" for field in fields) + b"\0"
    client.setblocking(True)
    client.sendall(b"E" + struct.pack("!i", len(body) + 4) + body)


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
