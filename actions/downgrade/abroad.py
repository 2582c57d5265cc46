"""Our end of the line to a driven Alembic in a container or pod, see `there.py`.

In a rehearsal its connections end here. What a client names when it says hello is compared once more with the scratch
database, on our side, whatever happened over there; only then is the server spoken to.
"""

import base64
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from actions.downgrade.baggage import FILES
from actions.downgrade.handed_url import OURS_TO_DO
from actions.downgrade.upstream import reach
from actions.platforms.port import Line, Stream

FOLDER = Path(__file__).parent
#: Without the project's folder on the path until the standard library is loaded: projects have folders called `types`.
LAUNCH = """\
import sys
sys.path[:] = [part for part in sys.path if part]
given = open(0, 'rb', buffering=0, closefd=False)
def read(count):
    found = b''
    while len(found) < count:
        chunk = given.read(count - len(found))
        if not chunk:
            raise SystemExit('the order was cut off')
        found += chunk
    return found
code, header = (int(number) for number in given.readline().split())
name = {'__name__': 'backout_there'}
exec(compile(read(code), 'backout/there.py', 'exec'), name)
name['main'](read(header))
"""
CHUNK = 1 << 15
CONNECT_SECONDS = 10


@cache
def _files() -> Mapping[str, str]:
    return {f"{name}.py": (FOLDER / f"{name}.py").read_text(encoding="utf-8") for name in FILES}


def first_words(order: Mapping[str, Any], *, rehearsal: bool) -> bytes:
    """What is sent ahead: `there.py`, our files, the order."""
    given = {
        "files": _files(), "order": dict(order), "marker": order["marker"], "tunnel": rehearsal,
    }  # fmt: skip
    code, header = (FOLDER / "there.py").read_bytes(), json.dumps(given).encode()
    return f"{len(code)} {len(header)}\n".encode() + code + header


def handed_on(word: bytes) -> bytes:
    """As a line to `there.py`: words for the driven process."""
    return b"I " + base64.b64encode(word) + b"\n"


def through_the_tunnel(url: str, database: str) -> str:
    """The same role and database by way of the door over there; how one gets from here to the server is our business."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")
    asked = [(key, value) for key, value in parse_qsl(parts.query) if key not in OURS_TO_DO and key != "host"]
    query = urlencode([*asked, ("sslmode", "disable")], quote_via=quote)
    return f"{parts.scheme}://{user or 'postgres'}@127.0.0.1:0/{quote(database, safe='')}?{query}"


class Abroad:
    """Use as a context: `feed` is for `Command.feed`; while it is open the line holds."""

    def __init__(self, marker: str, *, target: Mapping[str, Any] | None, cut_off: Callable[[], object]) -> None:
        """`target`: the scratch database and how one talks to its server, in a rehearsal (`upstream.target_of`); None
        where the driven process finds its database itself."""
        self._marker, self._cut_off, self._target = marker, cut_off, target
        self.feed, self._pen = os.pipe()
        self._writing = threading.Lock()
        self._towards: dict[str, SimpleQueue[bytes | None]] = {}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for queue in self._towards.values():
            queue.put(None)
        os.close(self.feed)
        with self._writing:
            self._closed = True
            os.close(self._pen)

    def hear(self, line: Line) -> bool:
        """Whether it was for us. Never waits for anybody but the engine, at the beginning."""
        if line.stream is not Stream.OUT or not line.text.startswith(self._marker + "~"):
            return False
        what, _, rest = line.text[len(self._marker) + 1 :].partition(" ")
        number, _, text = rest.partition(" ")
        if what == "R":
            self._cut_off()
            self._write(b"go\n")
        elif what == "O":
            queue: SimpleQueue[bytes | None] = SimpleQueue()
            self._towards[number] = queue
            threading.Thread(target=self._serve, args=(number, queue), name=f"tunnel-{number}", daemon=True).start()
        elif number in self._towards:
            self._towards[number].put(base64.b64decode(text) if what == "D" else None)
        return True

    def _serve(self, number: str, queue: "SimpleQueue[bytes | None]") -> None:
        """One connection, from its hello to its end."""
        with suppress(OSError, ValueError, Empty):
            hello = _hello(queue)
            if hello is None or self._target is None or not names(hello, self._target["database"]):
                self._write(f"C {number}\n".encode())
                return
            with closing(reach(dict(self._target))) as server:
                server.settimeout(None)
                server.sendall(hello)
                threading.Thread(
                    target=self._listen, args=(number, server), name=f"heard-{number}", daemon=True
                ).start()
                while (chunk := queue.get()) is not None:
                    server.sendall(chunk)
                with suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)
            return
        self._write(f"C {number}\n".encode())

    def _listen(self, number: str, server: socket.socket) -> None:
        with suppress(OSError):
            while chunk := server.recv(CHUNK):
                self._write(f"D {number} ".encode() + base64.b64encode(chunk) + b"\n")
        self._write(f"C {number}\n".encode())

    def _write(self, words: bytes) -> None:
        with self._writing, suppress(OSError):
            while words and not self._closed:
                words = words[os.write(self._pen, words) :]


def _hello(queue: "SimpleQueue[bytes | None]") -> bytes | None:
    """The whole first message; None when there is none."""
    found = b""
    while len(found) < 4 or len(found) < struct.unpack("!i", found[:4])[0]:
        chunk = queue.get(timeout=CONNECT_SECONDS)
        if chunk is None or len(found) > 1 << 16:
            return None
        found += chunk
    return found


def names(hello: bytes, database: str) -> bool:
    """Whether it asks for this very database, as an ordinary session."""
    length, code = struct.unpack("!ii", hello[:8])
    if code >> 16 != 3 or length > len(hello):
        return False
    words = hello[8:length].split(b"\0")
    said = dict(zip(words[::2], words[1::2], strict=False))
    return said.get(b"database", b"").decode(errors="replace") == database and b"replication" not in said
