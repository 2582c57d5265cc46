"""One shop and its people: what the tests of a single rollback have in common."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from world import Shop, free_port, wait_for

from actions.embedded import EmbeddedPostgres
from tests.conftest import server_folder
from tests.warm import Ran, run_alembic

#: Somebody else sits at the terminal: root may say who is behind it, as sudo does.
several_people = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several people (SUDO_USER)")
MOVES = frozenset({"assessing", "approved", "running", "undoing"})


@contextmanager
def a_shop(server: EmbeddedPostgres, **how: Any) -> Iterator[Shop]:
    """Made, not started. At the end nothing of it runs any more, and its record is whole."""
    tag = secrets.token_hex(4)
    names = [f"shop_{tag}", f"history_{tag}"]
    with server_folder() as folder, psycopg.connect(server.url(), autocommit=True) as admin:
        folder.chmod(0o755)
        for name in names:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        (folder / "shop").mkdir()
        (folder / "home").mkdir()
        shop = Shop(
            folder=folder / "shop", home=folder / "home", url=server.url(names[0]), history_url=server.url(names[1]),
            port=free_port(), **how,
        )  # fmt: skip
        shop.make()
        try:
            yield shop
            shop.backout("audit")
        finally:
            shop.stop()
            for name in names:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            for (kept,) in admin.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"%{tag}%"]
            ).fetchall():
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(kept)))


def as_person(shop: Shop, person: str, *words: str, check: int | None = 0) -> Ran:
    """What `sudo -u root backout ...` is for somebody who logged in as that person."""
    return shop.backout(*words, check=check, SUDO_USER=person)


def query(shop: Shop, text: str, *values: object) -> list[tuple[Any, ...]]:
    """Of the history."""
    with psycopg.connect(shop.history_url, application_name="the test") as connection:
        return connection.execute(text.encode(), list(values)).fetchall()


def status(shop: Shop) -> str:
    """Of the newest rollback; cheaper than a process for each look."""
    found = query(shop, "SELECT status FROM rollbacks ORDER BY id DESC LIMIT 1")
    return str(found[0][0]) if found else "none"


def steps(shop: Shop) -> dict[str, str]:
    found = query(
        shop,
        "SELECT name, status FROM steps WHERE rollback_id = (SELECT max(id) FROM rollbacks) ORDER BY position",
    )
    return {str(name): str(word) for name, word in found}


def kinds(shop: Shop) -> list[str]:
    """Of every entry about the newest rollback, in order."""
    found = query(
        shop, "SELECT body::jsonb->>'kind' FROM events WHERE rollback_id = (SELECT max(id) FROM rollbacks) ORDER BY seq"
    )
    return [str(kind) for (kind,) in found]


def told(shop: Shop, kind: str) -> list[dict[str, Any]]:
    """The details of every entry of that kind about the newest rollback."""
    found = query(
        shop, "SELECT body::jsonb->'details' FROM events WHERE rollback_id = (SELECT max(id) FROM rollbacks)"
        " AND body::jsonb->>'kind' = %s ORDER BY seq", kind,
    )  # fmt: skip
    return [dict(details) for (details,) in found]


def seconds_between(shop: Shop, first: str, then: str) -> float:
    """Two entries about the newest rollback, by the database's clock."""
    times = dict(
        query(
            shop,
            "SELECT body::jsonb->>'kind', max((body::jsonb->>'at')::timestamptz) FROM events"
            " WHERE rollback_id = (SELECT max(id) FROM rollbacks) GROUP BY 1",
        )
    )
    return float((times[then] - times[first]).total_seconds())


def rests(shop: Shop, *, seconds: float = 110) -> str:
    """Where it stands when nothing moves any more."""
    wait_for(lambda: status(shop) not in MOVES, f"it does not rest: {status(shop)} {steps(shop)}", seconds=seconds)
    return status(shop)


def runs(shop: Shop, step: str, *, seconds: float = 100) -> None:
    """Waits until that step is under way."""
    wait_for(lambda: steps(shop).get(step) == "running", f"{step} does not begin: {steps(shop)}", seconds=seconds)


def newest(shop: Shop) -> str:
    return f"RB-{query(shop, 'SELECT max(id) FROM rollbacks')[0][0]}"


def again_at_head(shop: Shop) -> None:
    """The newer release, deployed anew."""
    run_alembic("upgrade", "head", folder=shop.folder, env=shop.environ)


def is_as_it_was(shop: Shop) -> None:
    """The service runs as on any day."""
    assert shop.revision() == "0003"
    assert shop.writes()
    assert shop.answers()
    assert len(shop.processes("writer")) == 1
    assert len(shop.processes("web")) == 1
    assert not (shop.folder / "older-release").exists()


def within(seconds: float, began: float) -> bool:
    return time.monotonic() - began < seconds
