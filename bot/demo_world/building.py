"""Makes the demo's databases, in a process of its own: what it loads (Alembic, SQLAlchemy, our history) would hold up the
page, and it is only needed at the beginning. An order is a line of JSON, its answer is the word "done"; it ends when its
input does.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from bot.demo_world.services import SERVICES, DemoService
from bot.loading import loading

if TYPE_CHECKING:
    from bot.wiring import Wiring

DONE = "done"
NEEDED = (
    "alembic.command",
    "sqlalchemy.dialects.postgresql.psycopg",
    "actions.assess.seen_before",
    "actions.catalog.watched",
    "actions.history.schema",
    "bot.wiring",
)


def make_databases(server: str) -> None:
    """Empty ones, where there are none yet."""
    with psycopg.connect(server, autocommit=True) as connection:
        there = {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}
        for service in SERVICES:
            if service.name not in there:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(service.name)))


def fill(folder: Path, urls: Mapping[str, str], wiring: "Wiring") -> None:
    """Rows as they were, the deploy, and rows that came after it; what is there already stays. The history is told which
    revision is live before the deploy and right after it.
    """
    new = [service for service in SERVICES if not _is_filled(urls[service.name])]
    if not new:
        return
    with ThreadPoolExecutor(len(new)) as threads:
        _upgrade(folder, {service.name: service.before for service in new}, urls)
        rows = [threads.submit(_write_what_was, folder, service, urls) for service in new]
        with _history_told_by(wiring) as look:
            for each in rows:
                each.result()
            look(new)
            _upgrade(folder, {service.name: service.after for service in new}, urls)
            look(new)
        list(threads.map(lambda service: _run(folder / service.name / "after.sql", urls[service.name]), new))


@contextmanager
def _history_told_by(wiring: "Wiring") -> Iterator[Any]:
    """It is made here, while rows are written: whoever serves finds it as it must be."""
    from actions.assess.seen_before import note_live_revision

    catalog = wiring.catalog
    with wiring.history() as history:

        def look(services: Sequence[DemoService]) -> None:
            for service in services:
                note_live_revision(history, catalog.service(service.name), wiring.environ, source="check")

        yield look


def _is_filled(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    return row is not None and row[0] is not None


def _upgrade(folder: Path, revisions: Mapping[str, str], urls: Mapping[str, str]) -> None:
    from alembic import command
    from alembic.config import Config

    for name, revision in revisions.items():
        os.environ["DATABASE_URL"] = urls[name]
        command.upgrade(Config(folder / name / "alembic.ini"), revision)


def _write_what_was(folder: Path, service: DemoService, urls: Mapping[str, str]) -> None:
    """These rows are right as they are: looking up what each refers to would take longer than writing them."""
    _run(folder / service.name / "before.sql", urls[service.name], before="SET session_replication_role = replica")


def _run(script: Path, url: str, *, before: str | None = None) -> None:
    if script.exists():
        with psycopg.connect(url) as connection:
            if before:
                connection.execute(before.encode())
            connection.execute(script.read_bytes())


def _carry_out(order: Mapping[str, Any]) -> None:
    from bot.wiring import Wiring

    match order:
        case {"databases_on": server}:
            make_databases(server)
        case {"fill": folder, "urls": urls, "environ": environ}:
            fill(Path(folder), urls, Wiring(environ=environ))


def _listen(orders: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        orders.put(line)
    os._exit(0)


def main() -> None:
    orders = SimpleQueue[str]()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    _load()
    while True:
        _carry_out(json.loads(orders.get()))
        sys.stdout.write(f"{DONE}\n")
        sys.stdout.flush()


def _load() -> None:
    """What takes long to load is there when it is asked for."""
    with loading():
        for name in NEEDED:
            import_module(name)


if __name__ == "__main__":
    main()
