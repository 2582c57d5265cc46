"""The same fence where the server is reached over TCP, and where its rehearsal must reach no other port."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from actions.assess.place import fence_of
from actions.backup.connecting import place_of
from actions.backup.scratch import ScratchDatabase, ScratchServer
from actions.downgrade.order import Fence
from actions.downgrade.told import Told
from tests.downgrade.project import drive, write_project

WALLS = pytest.mark.parametrize("wall", [True, False], ids=["walled", "not walled"])
RAW = """
import socket, struct
s = socket.create_connection(("127.0.0.1", {port}), 3)
b = b"".join(w + b"\\0" for w in (b"user", b"backout", b"database", {name!r}.encode())) + b"\\0"
s.sendall(struct.pack("!ii", len(b) + 8, 196608) + b); s.recv(100)
"""


@contextmanager
def over_tcp(url: str) -> Iterator[tuple[int, list[bytes]]]:
    """The server of this URL at a port of this machine, and the first words of everybody who came there."""
    host, port, _ = place_of(url)
    heard: list[bytes] = []
    threads: list[threading.Thread] = []

    def start(work: Callable[..., None], *given: socket.socket) -> threading.Thread:
        threads.append(threading.Thread(target=work, args=given, daemon=True))
        threads[-1].start()
        return threads[-1]

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)

    def talk(client: socket.socket) -> None:
        with client, suppress(OSError), socket.socket(socket.AF_UNIX) as server:
            first = client.recv(4096)
            heard.append(first)
            server.connect(f"{host}/.s.PGSQL.{port}")
            server.sendall(first)
            back = start(pump, server, client)
            pump(client, server)
            back.join(30)

    def serve(door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                start(talk, door.accept()[0])

    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        start(serve, door)
        yield door.getsockname()[1], heard
        door.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(30)


@pytest.fixture
def scratch(postgres_url: str) -> Iterator[ScratchDatabase]:
    with ScratchServer(postgres_url) as server, server.database() as database:
        yield database


def fenced_over_tcp(folder: Path, scratch: ScratchDatabase, port: int, *, wall: bool) -> Told:
    user = scratch.url.partition("://")[2].partition("@")[0]
    url = f"postgresql://{user}@127.0.0.1:{port}/{scratch.name}?sslmode=prefer"
    fence: Fence = replace(fence_of(scratch), host="127.0.0.1", port=port)
    return drive(folder, url, "upgrade", "head", fence=fence, wall=wall)


@WALLS
def test_a_rehearsal_works_over_tcp(tmp_path: Path, scratch: ScratchDatabase, *, wall: bool) -> None:
    project = write_project(tmp_path / "project", downgrade="pass")
    with over_tcp(scratch.url) as (port, _):
        told = fenced_over_tcp(project, scratch, port, wall=wall)
    assert told.succeeded, told.trouble
    with psycopg.connect(scratch.url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("b2",)


@WALLS
@pytest.mark.parametrize("by", ["a socket of its own", "psycopg"])
def test_over_tcp_no_client_reaches_the_live_database(
    tmp_path: Path, scratch: ScratchDatabase, database_url: str, by: str, *, wall: bool
) -> None:
    name = place_of(database_url)[2]
    with over_tcp(scratch.url) as (port, heard):
        text = RAW.format(port=port, name=name)
        if by == "psycopg":
            text = f"import psycopg; psycopg.connect('postgresql://backout@127.0.0.1:{port}/{name}')"
        project = write_project(tmp_path / "project", downgrade="pass", before=text)
        told = fenced_over_tcp(project, scratch, port, wall=wall)
    assert told.trouble is not None
    assert told.trouble.wrong_database or told.trouble.outside
    assert not any(name.encode() in words for words in heard)
