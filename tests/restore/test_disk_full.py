"""The server's disk fills up in the middle of a restore: the service keeps the database it had, whole."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from tests.assess.service import People
from tests.restore.databases import ask
from tests.restore.disks import small_disk

pytestmark = pytest.mark.slow

#: About 60 MB that nothing compresses, so that a restore takes a while.
BULK = """
INSERT INTO people SELECT n, (SELECT string_agg(md5(n::text || m), '') FROM generate_series(1, 60) m), NULL
FROM generate_series(1001, 30000) n
"""


@contextmanager
def filled_up_when_something_comes(disk: Path, url: str) -> Iterator[None]:
    """As soon as there is one database more on the server, nothing fits on its disk any more."""
    over = threading.Event()
    before = ask(url, "SELECT count(*) FROM pg_database")

    def fill() -> None:
        while not over.wait(0.01):
            if ask(url, "SELECT count(*) FROM pg_database") != before:
                with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
                    while True:
                        ballast.write(bytes(1 << 20))
                return

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        (disk / "ballast").unlink(missing_ok=True)


def test_a_disk_that_fills_up_in_a_restore_leaves_the_service_its_database(database_url: str, tmp_path: Path) -> None:
    with small_disk(700) as disk, EmbeddedPostgres(disk / "server", settings={"fsync": "off"}) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE people")
        url = server.url("people")
        people = People(folder=tmp_path / "people", url=url, history=database_url, home=tmp_path / "home")
        people.fill().fill(BULK).project()
        taken = people.backout("backup", "people")
        assert taken.returncode == 0, taken.stderr
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE people SET name = 'changed' WHERE id = 1")
        with filled_up_when_something_comes(disk, server.url()):
            done = people.backout("restore", "people", "--backup", "latest", "--yes")
        assert done.returncode == 1, done.stdout + done.stderr
        assert "No space left" in done.stderr
        assert "Traceback" not in done.stderr
        assert ask(url, "SELECT name FROM people WHERE id = 1") == "changed"
        assert ask(url, "SELECT count(*) FROM people") == 29500
        left = ask(server.url(), "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database")
        assert left == "people postgres template0 template1"
        again = people.backout("restore", "people", "--backup", "latest", "--yes")
        assert again.returncode == 0, again.stderr
        assert ask(url, "SELECT name FROM people WHERE id = 1") == "person 1"
