"""The first thing of ours that runs in a container or pod: it brings `drive.py` along, and a line to us that may not break.

Sent over standard input with everything it needs; standard library and Python 3.8 or newer only, nothing is installed.
`abroad.py` is its other end. It stays as the parent of the driven Alembic and carries three things:

- the orders to it, and what it says, line by line;
- in a rehearsal, its only way to a database: connections to a door in here are carried to our machine over standard
  input and output, so that this container needs no network at all, and the scratch database may be anywhere;
- its life: when standard input ends, because we have died or the line broke, the driven process is killed at once.
"""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: ARG002, FBT003, PTH110, PTH123, SIM105, UP006, UP032, UP035, UP045

from __future__ import annotations

import base64
import importlib.machinery
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
import types
from typing import Any, Dict, Optional

Json = Dict[str, Any]

PACKAGE = "backout_drive"
CHUNK = 1 << 15


class Shipped:
    """Our own files, which came with the order: importable, and nowhere on a disk."""

    def __init__(self, files: Dict[str, str]) -> None:
        self.files = files
        package = types.ModuleType(PACKAGE)
        package.__path__ = []
        sys.modules[PACKAGE] = package
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        if not name.startswith(PACKAGE + "."):
            return None
        return importlib.util.spec_from_loader(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        name = module.__name__.rpartition(".")[2]
        exec(compile(self.files[name + ".py"], "backout/" + name + ".py", "exec"), module.__dict__)  # noqa: S102


def has_network() -> bool:
    """Anything but the loopback; or, where we cannot see that, yes."""
    try:
        with open("/proc/net/dev", encoding="ascii") as listing:
            names = [line.partition(":")[0].strip() for line in listing if ":" in line]
    except OSError:
        return True
    return any(name != "lo" for name in names) or os.path.exists("/var/run/docker.sock")


class Carrier:
    """Between standard input and output, the driven process, and its connections."""

    def __init__(self, given: Json) -> None:
        self.marker = given["marker"].encode()
        self.order: Json = given["order"]
        self.given = given
        self.selector = selectors.DefaultSelector()
        self.heard = bytearray()
        self.lines = bytearray()
        self.connections: Dict[int, socket.socket] = {}
        self.towards: Dict[int, bytearray] = {}
        self.door: Optional[socket.socket] = None
        self.child = 0
        self.child_in = -1
        self.child_out = -1
        self.unsaid = bytearray()
        self.number = 0

    def carry(self) -> int:
        if self.given["tunnel"]:
            self.say(b"~R")
            self.door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.door.bind(("127.0.0.1", 0))
            self.door.listen(64)
            self.wait_until_cut_off()
            port = self.door.getsockname()[1]
            self.order["fence"].update(host="127.0.0.1", port=port)
            self.order["url"] = self.order["url"].replace("@127.0.0.1:0/", "@127.0.0.1:{}/".format(port), 1)
            self.order["cut_off"] = not has_network()
        self.start()
        os.set_blocking(0, False)
        self.selector.register(0, selectors.EVENT_READ, self.on_input)
        self.selector.register(self.child_out, selectors.EVENT_READ, self.on_child)
        if self.door is not None:
            self.door.setblocking(False)
            self.selector.register(self.door, selectors.EVENT_READ, self.on_door)
        while True:
            for key, events in self.selector.select():
                ended = key.data(key.fileobj, events)
                if ended is not None:
                    return int(ended)

    def wait_until_cut_off(self) -> None:
        """The word comes when the network is gone, or stays. Until then nothing of the application has run, and whatever
        else is said is kept for it."""
        line = b""
        while line != b"go\n":
            self.heard += line
            line = b""
            while not line.endswith(b"\n"):
                byte = os.read(0, 1)
                if not byte:
                    os._exit(1)
                line += byte

    def start(self) -> None:
        orders_out, orders_in = os.pipe()
        said_out, said_in = os.pipe()
        self.child = os.fork()
        if not self.child:
            os.dup2(orders_out, 0)
            os.dup2(said_in, 1)
            for descriptor in (orders_out, orders_in, said_out, said_in):
                os.close(descriptor)
            if self.door is not None:
                self.door.close()
            become_the_driver(self.given)
            os._exit(0)
        os.close(orders_out)
        os.close(said_in)
        self.child_in, self.child_out = orders_in, said_out
        os.set_blocking(self.child_in, False)
        self.tell_child(json.dumps(self.order).encode() + b"\n")
        self.hear(b"")

    # Standard input: from us.

    def on_input(self, source: Any, events: int) -> Optional[int]:
        try:
            chunk = os.read(0, CHUNK)
        except BlockingIOError:
            return None
        if not chunk:
            self.kill()
            return 1
        self.hear(chunk)
        return None

    def hear(self, chunk: bytes) -> None:
        self.heard += chunk
        *whole, rest = bytes(self.heard).split(b"\n")
        self.heard = bytearray(rest)
        for line in whole:
            self.obey(line)

    def obey(self, line: bytes) -> None:
        what, _, rest = line.partition(b" ")
        if what == b"I":
            self.tell_child(base64.b64decode(rest))
        elif what == b"D":
            number, _, text = rest.partition(b" ")
            if int(number) in self.connections:
                self.towards[int(number)] += base64.b64decode(text)
                self.on_connection(self.connections[int(number)], selectors.EVENT_WRITE)
        elif what == b"C" and int(rest) in self.connections:
            self.close(int(rest))

    def tell_child(self, words: bytes) -> None:
        self.unsaid += words
        self.on_child_in(self.child_in, 0)

    def on_child_in(self, source: Any, events: int) -> None:
        try:
            del self.unsaid[: os.write(self.child_in, self.unsaid)]
        except BlockingIOError:
            pass
        except OSError:
            self.unsaid.clear()
        registered = self.child_in in self.selector.get_map()
        if self.unsaid and not registered:
            self.selector.register(self.child_in, selectors.EVENT_WRITE, self.on_child_in)
        elif not self.unsaid and registered:
            self.selector.unregister(self.child_in)

    # What the driven process says: on, in whole lines.

    def on_child(self, source: Any, events: int) -> Optional[int]:
        chunk = os.read(self.child_out, CHUNK)
        if chunk:
            self.lines += chunk
            end = self.lines.rfind(b"\n") + 1
            write_all(bytes(self.lines[:end]))
            del self.lines[:end]
            return None
        write_all(bytes(self.lines))
        _, status = os.waitpid(self.child, 0)
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)

    def kill(self) -> None:
        try:
            os.kill(self.child, signal.SIGKILL)
        except OSError:
            pass

    # Its connections: to us.

    def on_door(self, door: Any, events: int) -> None:
        client, _ = door.accept()
        client.setblocking(False)
        self.number += 1
        self.connections[self.number] = client
        self.towards[self.number] = bytearray()
        self.selector.register(client, selectors.EVENT_READ, self.on_connection)
        self.say("~O {}".format(self.number).encode())

    def on_connection(self, client: Any, events: int) -> None:
        number = next((each for each, known in self.connections.items() if known is client), 0)
        if not number:
            return
        if events & selectors.EVENT_READ:
            try:
                chunk = client.recv(CHUNK)
            except BlockingIOError:
                chunk = None
            except OSError:
                chunk = b""
            if chunk == b"":
                self.say("~C {}".format(number).encode())
                self.close(number)
                return
            if chunk:
                self.say("~D {} ".format(number).encode() + base64.b64encode(chunk))
        waiting = self.towards[number]
        try:
            if waiting:
                del waiting[: client.send(waiting)]
        except BlockingIOError:
            pass
        except OSError:
            waiting.clear()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting else 0)
        self.selector.modify(client, wanted, self.on_connection)

    def close(self, number: int) -> None:
        client = self.connections.pop(number)
        self.selector.unregister(client)
        waiting = self.towards.pop(number)
        try:
            client.setblocking(True)
            client.sendall(waiting)
        except OSError:
            pass
        client.close()

    def say(self, words: bytes) -> None:
        write_all(self.marker + words + b"\n")


def write_all(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def become_the_driver(given: Json) -> None:
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.path.insert(0, "")  # the driver takes the first one away
    code = compile(given["files"]["drive.py"], "backout/drive.py", "exec")
    exec(code, {"__name__": "__main__", "__file__": "backout/drive.py"})  # noqa: S102


def main(header: bytes) -> None:
    given = json.loads(header)
    Shipped(given["files"])
    sys.stdout.flush()
    os._exit(Carrier(given).carry())
