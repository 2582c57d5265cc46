"""The smallest Alembic project that goes up and down, with parts to replace."""

from pathlib import Path

import psycopg

from actions.assess.place import fence_of
from actions.backup.scratch import ScratchDatabase
from actions.downgrade.order import Order, UrlHandover, carry_out
from actions.downgrade.told import Told
from actions.platforms.local import LocalCommands, ordinary_surroundings
from tests.warm import warm_python

ENV = """
import os
from alembic import context
from sqlalchemy import create_engine

{before}
url = {url}
with create_engine(url.replace("postgresql://", "postgresql+psycopg://")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
FROM_ENV = 'os.environ["DATABASE_URL"]'
REVISION = """
from alembic import op
import sqlalchemy as sa

revision = "{id}"
down_revision = {down}

def upgrade():
{up}

def downgrade():
{back}
"""


def write_project(folder: Path, *, downgrade: str, url: str = FROM_ENV, before: str = "") -> Path:
    """Two revisions: `a1` makes a table, `b2` adds a column and goes back as told."""
    (folder / "versions").mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s\n")
    (folder / "env.py").write_text(ENV.format(url=url, before=before))
    first = '    op.execute("CREATE TABLE people (id int PRIMARY KEY, name text)")'
    (folder / "versions" / "a1.py").write_text(
        REVISION.format(id="a1", down=None, up=first, back='    op.drop_table("people")')
    )
    second = '    op.add_column("people", sa.Column("mail", sa.Text))'
    back = "\n".join("    " + line for line in downgrade.splitlines())
    (folder / "versions" / "b2.py").write_text(REVISION.format(id="b2", down="'a1'", up=second, back=back))
    return folder


def at_head(url: str) -> None:
    """The database as an upgrade of that project would leave it, without the second that Alembic takes to be loaded."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE people (id int PRIMARY KEY, name text, mail text)")
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('b2')")


def order(folder: Path, url: str, direction: str, target: str, **more: object) -> Order:
    given = {"handover": UrlHandover(), **more}
    return Order(
        direction=direction, target=target, url=url, python=warm_python(), config="alembic.ini", folder=folder, **given,
    )  # type: ignore[arg-type]  # because the keywords are as the test wants them  # fmt: skip


def drive(folder: Path, url: str, direction: str, target: str, **more: object) -> Told:
    import os

    commands = LocalCommands(surroundings=ordinary_surroundings(os.environ))
    return carry_out(order(folder, url, direction, target, **more), commands)


def fenced(folder: Path, scratch: ScratchDatabase, direction: str, target: str, **more: object) -> Told:
    return drive(folder, scratch.url, direction, target, fence=fence_of(scratch), **more)
