"""Backups taken for tests of the proof, and what is done to them."""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from actions.backup.connecting import with_database
from actions.backup.encryption import Keys
from actions.backup.folder_store import FolderStore
from actions.backup.manifest import FILE, Form, Manifest, StoredFile, TableContent, read_manifest
from actions.backup.pipes import packed, stored_file, unpacked
from actions.backup.programs import find_programs, programs_for
from actions.backup.scratch import PREFIX, place_sum
from actions.backup.taking import TakeOrder, take
from actions.restore.proving import ProofOrder
from actions.restore.proving_places import ProofPlaces

FOUND = find_programs(os.environ)


@contextmanager
def fresh_database(url: str, *, options: str = "") -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}".encode())
        try:
            yield with_database(url, name)
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def scratch_of(url: str) -> list[str]:
    """Scratch databases that were made from the database of this URL. The same server may hold those of other tests, which
    killed their makers and leave them to the next one who comes from there.
    """
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert row
        ours = f"{PREFIX}{place_sum(connection.info.dbname, row[0])}"
        found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [ours])
        return [name for (name,) in found.fetchall()]


@contextmanager
def roles(url: str, *words: str) -> Iterator[dict[str, str]]:
    """Real ones, with names that want quotes; gone afterwards."""
    made = {word: f'{word} "of" {secrets.token_hex(4)}' for word in words}
    with psycopg.connect(url, autocommit=True) as connection:
        for role in made.values():
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        try:
            yield made
        finally:
            for role in made.values():
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """One that lies in a folder."""

    manifest: Manifest
    store: FolderStore
    #: A superuser's, of the server from which it is.
    admin_url: str
    work: Path
    keys: Keys | None = None

    def proof(self, **changes: Any) -> ProofOrder:
        places = ProofPlaces(admin_url=self.admin_url, folder=self.work, found=FOUND, use=changes.pop("use", "beside"))
        given = {"manifest": self.manifest, "store": self.store, "keys": self.keys, "jobs": 2, "places": places}
        return ProofOrder(deadline=timedelta(minutes=5), **{**given, **changes})

    def copied(self, folder: Path) -> "Backup":
        """Another one, for being damaged."""
        shutil.copytree(self.store.path, folder)
        return Backup(
            manifest=self.manifest,
            store=FolderStore(path=folder),
            admin_url=self.admin_url,
            work=self.work,
            keys=self.keys,
        )

    def file(self, of: StoredFile) -> Path:
        return self.store.path / of.key

    def table(self, name: str) -> TableContent:
        return next(table for table in self.manifest.tables if table.name == name)

    def tampered(self, name: str, change: Callable[[list[bytes]], list[bytes]]) -> "Backup":
        """Its stored rows changed, with every checksum made right again: only their own hash can tell."""
        table = self.table(name)
        assert table.file
        lines = b"".join(unpacked(self.store, table.file, self.keys)).splitlines(keepends=True)
        self.file(table.file).unlink()
        kept = self.store.write(table.file.key, packed(iter([b"".join(change(lines))]), recipient=None))
        changed = table.model_copy(update={"file": stored_file(kept)})
        tables = tuple(changed if each is table else each for each in self.manifest.tables)
        return self.with_manifest(tables=tables)

    def with_manifest(self, **changes: object) -> "Backup":
        manifest = self.manifest.model_copy(update=changes)
        return Backup(manifest=manifest, store=self.store, admin_url=self.admin_url, work=self.work, keys=self.keys)


def back_up(
    url: str, admin_url: str, folder: Path, *, form: Form = "parallel", keys: Keys | None = None, major: int = 18
) -> Backup:
    store = FolderStore(path=folder / "store")
    name = f"shop_20260102_030405_{secrets.token_hex(2)}"
    order = TakeOrder(
        service_name="shop", name=name, url=url, programs=programs_for(major, FOUND), store=store, form=form, jobs=2,
        recipient=keys.recipient if keys else None,
    )  # fmt: skip
    take(order)
    manifest = read_manifest(b"".join(store.read(f"{name}/{FILE}")), where=name)
    return Backup(manifest=manifest, store=store, admin_url=admin_url, work=folder / "work", keys=keys)


def rows_of_all_tables(url: str) -> dict[str, tuple[int, str]]:
    """Counted and summed by the server itself, in a way that has nothing to do with COPY."""
    with psycopg.connect(url) as connection:
        connection.execute("SET row_security = off")
        tables = connection.execute(
            "SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind IN ('r', 'm') AND relispopulated AND nspname !~ '^pg_' AND nspname <> 'information_schema'"
        ).fetchall()
        found = {}
        for (table,) in tables:
            statement = (
                f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 1)::numeric), 0)::text FROM ONLY {table} t"
            )
            row = connection.execute(statement.encode()).fetchone()
            assert row
            found[table] = (row[0], row[1])
        return found


def as_json(facts: object) -> str:
    return json.dumps(facts)
