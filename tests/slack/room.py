"""One service, one `backout serve` and its people, for all tests of a module that decide and look in Slack."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from bot.sandbox.sandbox import Sandbox
from tests.slack.serving import FIRST, MANIFEST, PLANTED, SLOW, THIRD, Served, a_shop, served

#: More to lose than a dialog shows on a page.
MANY = 45
SECOND = f"""
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0002", "0001"
NAMES = ["note"] + [f"extra_{{number:02}}" for number in range({MANY})]
def upgrade():
    for name in NAMES:
        op.add_column("orders", sa.Column(name, sa.Text))
def downgrade():
    for name in NAMES:
        op.drop_column("orders", name)
"""
ONE = {"quorum": 1}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(manifest=MANIFEST) as running:
        running.turn(limits_factor=5)
        yield running


@pytest.fixture(scope="module")
def running(postgres_server: EmbeddedPostgres, sandbox: Sandbox) -> Iterator[Served]:
    with a_shop(postgres_server, scripts=(FIRST, SECOND, THIRD), patience="60s") as shop:
        with psycopg.connect(shop.url) as connection:
            connection.execute("INSERT INTO customers VALUES (900, %s)", [PLANTED])
            every = ", ".join(f"extra_{number:02} = 'x'" for number in range(MANY))
            connection.execute(f"UPDATE orders SET note = %s, {every} WHERE id <= 100".encode(), [PLANTED])
        shop.start()
        with served(shop, sandbox) as made:
            yield made


@pytest.fixture
def bot(running: Served) -> Iterator[Served]:
    """At the newest revision, and with nobody's dialog open."""
    if running.shop.revision() != "0003":
        running.at_head()
    yield running
    for name in ("ana", "lena", "marco", "omar"):
        running.sandbox.person(name).closes(everything=True)


@pytest.fixture
def ana(sandbox: Sandbox) -> Any:
    return sandbox.person("ana")


@pytest.fixture
def lena(sandbox: Sandbox) -> Any:
    return sandbox.person("lena")


@pytest.fixture
def marco(sandbox: Sandbox) -> Any:
    return sandbox.person("marco")


@pytest.fixture
def omar(sandbox: Sandbox) -> Any:
    return sandbox.person("omar")


def refused(who: Any, words: str) -> None:
    """Only they hear it, and it is taken away before the next one."""
    who.waits_for(saying=words, ephemeral=True, seconds=SLOW)
    who.acts("reload")
