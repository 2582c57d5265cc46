"""A live database, and what a downgrade would do to it: rehearsed in a transaction that is undone, then probed."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import conninfo, sql

from actions.assess.probes.limits import Limits
from actions.assess.probes.prober import Prober
from actions.assess.probes.values import Losses
from actions.assess.probes.written import Deploy
from actions.assess.schema.compare import compare_by_id
from actions.assess.schema.effects import Effects, effects_of
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema
from actions.assess.statements.reading import statements_in
from actions.embedded import EmbeddedPostgres


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What the schema says about a downgrade."""

    before: Schema
    after: Schema
    effects: Effects


@dataclass(frozen=True, kw_only=True)
class Live:
    """The live database; `owner` is a session of its application."""

    url: str
    owner: psycopg.Connection

    def run(self, script: str) -> None:
        self.owner.execute(script.encode())

    def rehearse(self, downgrade: str) -> Rehearsed:
        before = read_schema(self.owner)
        with self.owner.transaction(force_rollback=True):
            self.run("SET LOCAL client_min_messages = error")
            # What refuses rows would end the rehearsal; the schema is all that is wanted here.
            for table in before.tables:
                if table.form == "ordinary":
                    name = sql.Identifier(table.identity.schema or "", table.identity.name)
                    self.owner.execute(sql.SQL("TRUNCATE {} CASCADE").format(name))
            self.run(downgrade)
            after = read_schema(self.owner)
        return Rehearsed(before=before, after=after, effects=effects_of(before, after, compare_by_id(before, after)))

    def losses(
        self, downgrade: str, *, limits: Limits | None = None, deploy: Deploy | None = None, url: str | None = None
    ) -> Losses:
        found = self.rehearse(downgrade)
        retypings = [each for statement in statements_in(downgrade) for each in statement.retypings]
        with Prober.open(url or self.url, limits) as prober:
            return prober.losses(found.effects, found.before, found.after, retypings=retypings, deploy=deploy)


_CLEAR = """
DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT format('SCHEMA %I', nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'
        UNION ALL SELECT format('FOREIGN DATA WRAPPER %I', fdwname) FROM pg_foreign_data_wrapper
        UNION ALL SELECT format('PUBLICATION %I', pubname) FROM pg_publication
    LOOP EXECUTE 'DROP ' || each || ' CASCADE'; END LOOP;
    CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC;
END $$"""


@pytest.fixture(scope="module")
def shared_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """One database for all tests of a module: making one takes longer than most of them."""
    name = f"probed_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_server.url(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def live(shared_url: str) -> Iterator[Live]:
    with psycopg.connect(shared_url, autocommit=True) as owner:
        owner.execute("SET client_min_messages = error")
        owner.execute(_CLEAR)
        yield Live(url=shared_url, owner=owner)


@pytest.fixture
def role(postgres_url: str) -> Iterator[str]:
    """Somebody who may connect and nothing else."""
    name = f"somebody_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'not-a-secret'").format(sql.Identifier(name)))
    yield name
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.fixture
def role_url(live: Live, role: str) -> Iterator[str]:
    yield conninfo.make_conninfo(live.url, user=role, password="not-a-secret")
    live.owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
