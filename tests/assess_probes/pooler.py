"""As much of a connection pooler as matters here: it refuses settings in the startup message and passes the rest on."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg import conninfo

_NO_ENCRYPTION = (80877103, 80877104)


@contextmanager
def pooler(url: str, words: str) -> Iterator[str]:
    """The URL of a pooler before this database; `words` are what it says about settings."""
    given = conninfo.conninfo_to_dict(url)
    behind = f"{given['host']}/.s.PGSQL.{given.get('port') or 5432}"
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=_serve, args=(door, behind, words), daemon=True)
        thread.start()
        port = door.getsockname()[1]
        yield conninfo.make_conninfo(url, host="127.0.0.1", port=port, gssencmode="disable")
        door.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(door: socket.socket, behind: str, words: str) -> None:
    with suppress(OSError):
        while True:
            caller, _ = door.accept()
            threading.Thread(target=_talk, args=(caller, behind, words), daemon=True).start()


def _talk(caller: socket.socket, behind: str, words: str) -> None:
    with caller, suppress(OSError):
        first = _startup(caller)
        if b"\0options\0" in first:
            fields = b"SFATAL\0C08P01\0M" + words.encode() + b"\0\0"
            caller.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)
            return
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(behind)
            server.sendall(first)
            back = threading.Thread(target=_pass_on, args=(server, caller), daemon=True)
            back.start()
            _pass_on(caller, server)
            back.join(10)


def _startup(caller: socket.socket) -> bytes:
    while True:
        length = _exactly(caller, 4)
        rest = _exactly(caller, struct.unpack("!I", length)[0] - 4)
        if struct.unpack("!I", rest[:4])[0] not in _NO_ENCRYPTION:
            return length + rest
        caller.sendall(b"N")


def _exactly(caller: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = caller.recv(count - len(found))
        if not part:
            raise ConnectionResetError
        found += part
    return found


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
