"""S3-compatible storage on this machine, and a way to it that fails as it is told."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from socket import create_connection, create_server
from urllib.request import Request, urlopen

from actions.backup.bucket_store import S3Store

#: The smallest that is allowed, where more than one is written.
PART = 5 << 20
SECRET = "s3cr3t-key-value"
TOKEN = "s3ss10n-token-value"


@contextmanager
def storage() -> Iterator[int]:
    """Its port. There is one bucket, `backups`."""
    with create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urlopen(Request(f"http://127.0.0.1:{port}/backups", method="PUT"), timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield port
    finally:
        server.kill()
        server.wait()


def bucket(port: int, prefix: str = "kept/here", *, name: str = "backups", seconds: float = 30) -> S3Store:
    return S3Store(
        bucket=name, prefix=prefix, endpoint=f"http://127.0.0.1:{port}", access_key="AKIAEXAMPLE", secret_key=SECRET,
        session_token=TOKEN, patience=timedelta(seconds=seconds), answer_within=timedelta(seconds=seconds), part_bytes=PART,
    )  # fmt: skip


def unfinished(port: int) -> list[str]:
    """The keys of uploads that are neither completed nor aborted, as the storage itself lists them."""
    with urlopen(f"http://127.0.0.1:{port}/backups?uploads", timeout=10) as answer:
        return re.findall(r"<Upload>.*?<Key>(.*?)</Key>", answer.read().decode(), re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request on its way."""

    #: `PUT /backups/kept/here/a?partNumber=2&..`
    line: str
    headers: str
    body: bytes
    #: How many went before, of all kinds.
    before: int


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What becomes of one request or its answer."""

    #: Answered by us: status and body. 0 is: hung up on, without an answer.
    status: int | None = None
    text: str = ""
    #: The body that goes on to the storage instead.
    body: bytes | None = None
    #: The answer ends after so many bytes.
    answer_bytes: int | None = None
    #: The answer is changed on its way.
    changed: Callable[[bytes], bytes] | None = None
    #: Before anything is answered.
    delay: float = 0


@dataclass
class Way:
    """A proxy in front of the storage."""

    port: int
    requests: list[Asked] = field(default_factory=list)


@contextmanager
def way_to(port: int, fault: Callable[[Asked], Fault | None]) -> Iterator[Way]:
    listener = create_server(("127.0.0.1", 0))
    way = Way(port=listener.getsockname()[1])
    lock = threading.Lock()

    def serve(client: socket.socket) -> None:
        with closing(client), suppress(OSError):
            with lock:
                before = len(way.requests)
                request, raw = _received(client, before)
                way.requests.append(request)
            _answer(client, port, request, raw, fault(request) or Fault())

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.settimeout(20)
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield way
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _received(client: socket.socket, before: int) -> tuple[Asked, bytes]:
    with client.makefile("rb") as stream:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                raise OSError("hung up")
            head += line
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        body = stream.read(int(length[1])) if length else b""
    text = head.decode()
    return Asked(line=text.splitlines()[0].rpartition(" ")[0], headers=text, body=body, before=before), head


def _answer(client: socket.socket, port: int, request: Asked, head: bytes, fault: Fault) -> None:
    time.sleep(fault.delay)
    if fault.status == 0:
        return
    if fault.status is not None:
        text = fault.text.encode()
        client.sendall(
            b"HTTP/1.1 %d Fault\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (fault.status, len(text)) + text
        )
        return
    body = request.body if fault.body is None else fault.body
    head = re.sub(rb"\r\nconnection:[^\r]*", b"", head, flags=re.IGNORECASE)
    head = re.sub(rb"\r\ncontent-length:[^\r]*", b"\r\nContent-Length: %d" % len(body), head, flags=re.IGNORECASE)
    with create_connection(("127.0.0.1", port), timeout=20) as storage_side:
        storage_side.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + body)
        answer = b""
        while piece := storage_side.recv(1 << 16):
            answer += piece
    if fault.changed:
        answer = fault.changed(answer)
    client.sendall(answer[: fault.answer_bytes])
