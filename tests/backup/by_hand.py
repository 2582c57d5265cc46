"""A stored backup brought back without our own way of coming back: pg_restore, and psql's COPY for the rows."""

import os
import secrets
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from actions.backup.connecting import libpq_environment, with_database
from actions.backup.encryption import Keys
from actions.backup.folder_store import FolderStore
from actions.backup.manifest import Manifest
from actions.backup.pipes import read_file, unpacked
from actions.backup.programs import ClientPrograms, find_programs, programs_for
from actions.backup.rows import TableRows, copy_in
from actions.backup.store import Kept
from actions.backup.streams import ending
from actions.backup.taking import Taken, TakeOrder, take

NAME = "shop_20260101_000000_aaaa"


def major_of(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.info.server_version // 10000


def programs_of(url: str) -> ClientPrograms:
    return programs_for(major_of(url), find_programs(os.environ))


def order(url: str, folder: Path, **more: Any) -> TakeOrder:
    programs = more.pop("programs", None) or programs_of(url)
    given: dict[str, Any] = {"service_name": "shop", "name": NAME, "store": FolderStore(path=folder), **more}
    return TakeOrder(url=url, programs=programs, **given)


def backed_up(url: str, folder: Path, **more: Any) -> Taken:
    return take(order(url, folder, **more))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def bring_back(manifest: Manifest, folder: Path, url: str, *, keys: Keys | None = None) -> None:
    """Into an empty database."""
    store = FolderStore(path=folder)
    programs, environment = programs_of(url), {**libpq_environment(url), "PGOPTIONS": "-c lc_monetary=C"}
    if manifest.form == "plain":
        _psql(url, b"".join(_gunzipped(read_file(store, manifest.files[0], keys))))
        return
    archive = b"".join(unpacked(store, manifest.files[0], keys))
    for section in ("pre-data", "data", "post-data"):
        if section == "data":
            for table in manifest.tables:
                if table.file is not None:
                    rows = TableRows(schema_name=table.schema_name, name=table.name, columns=table.columns)
                    statement = copy_in(rows, encoding=manifest.database.encoding)
                    _psql(url, f"{statement};\n".encode() + b"".join(unpacked(store, table.file, keys)) + b"\\.\n")
        command = [programs.folder / "pg_restore", "--exit-on-error", f"--section={section}", "--dbname="]
        done = subprocess.run(command, env=environment, input=archive, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    done = subprocess.run(["gzip", "-d"], input=b"".join(chunks), capture_output=True, check=True)
    yield done.stdout


def _psql(url: str, script: bytes) -> None:
    command = [programs_of(url).folder / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    environment = {**libpq_environment(url), "PGCLIENTENCODING": "UTF8", "PGOPTIONS": "-c lc_monetary=C"}
    done = subprocess.run(command, env=environment, input=script, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[:2000]


def whole_dump(url: str, *more: str) -> list[str]:
    """All that pg_dump sees of a database, rows included, as lines; what differs from dump to dump is left out."""
    command = [programs_of(url).folder / "pg_dump", "--no-subscriptions", *more]
    done = subprocess.run(command, env=libpq_environment(url), capture_output=True, check=True)
    text = done.stdout.decode(errors="surrogateescape")
    return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict", "-- "))]


@contextmanager
def another(url: str, options: str = "", *, name: str | None = None) -> Iterator[str]:
    """An empty database beside the one of this URL."""
    name = name or f"test_{secrets.token_hex(6)}"
    with psycopg.connect(with_database(url, "postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}").format(sql.Identifier(name), sql.SQL(options))  # type: ignore[arg-type]
        )
        try:
            yield with_database(url, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Meddling(FolderStore):
    """A folder; while rows are being written to it, something happens, once."""

    happens: Callable[[], None]
    done: list[str] = field(default_factory=list)

    def write(self, key: str, chunks: Iterable[bytes]) -> Kept:
        if "/rows/" not in key or self.done:
            return FolderStore.write(self, key, chunks)
        self.done.append(key)
        return FolderStore.write(self, key, self._meddled(chunks))

    def _meddled(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        with ending(chunks):
            for number, chunk in enumerate(chunks):
                if number == 0:
                    self.happens()
                yield chunk


def fill_large(url: str, *, rows: int = 300_000) -> None:
    """Two tables that take a moment to read, of text that does not get much smaller."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("large", "larger"):
            connection.execute(
                f"CREATE TABLE {name} AS SELECT n, sha256(n::text::bytea)::text AS t FROM generate_series(1, {rows}) n".encode()
            )
