"""The very downgrade, on a copy of the schema: what it sends, what it changes, and whether the way up still works."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import psycopg
from psycopg import sql

from actions.assess.cut_off import cut_off
from actions.assess.likeness import give_settings
from actions.assess.place import Leg, alembic_order, fence_of
from actions.assess.same_keys import keep_keys
from actions.assess.schema.changes import Change
from actions.assess.schema.compare import compare_by_id, compare_by_name
from actions.assess.schema.effects import Effects, effects_of
from actions.assess.schema.remade import Replaced, put_in_place
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema
from actions.assess.unanswered import Unanswered, new_troubles, queries_of, troubles
from actions.backup.copying import copy_schema
from actions.backup.programs import ClientPrograms
from actions.backup.scratch import CONNECT_SECONDS, ScratchDatabase, ScratchServer
from actions.catalog.service import Service
from actions.downgrade.ahead import Ahead, ReadyAhead
from actions.downgrade.order import Order, carry_out
from actions.downgrade.standby import Standby
from actions.downgrade.told import Told
from actions.errors import UnavailableError
from actions.platforms.port import Commands
from actions.redaction import redact


class Ready(Protocol):
    """One way, which can be started ahead of its time."""

    def get_ready(self) -> None: ...

    def go(self) -> Told: ...


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What every rehearsal of one service needs."""

    service: Service
    environ: Mapping[str, str]
    live_url: str
    #: The rows of the version table.
    live_revisions: tuple[str, ...]
    target: str
    server: ScratchServer
    #: Whether it is the service's own server, with its roles.
    beside: bool
    programs: ClientPrograms
    commands: Commands
    should_stop: Callable[[], bool] | None = None
    #: On this machine: an Alembic that has been started already.
    ahead: Ahead | None = None
    #: How long the scripts may take to build the older release's schema from nothing.
    older_within: timedelta = timedelta(minutes=5)

    @property
    def version_table(self) -> tuple[str | None, str]:
        migrations = self.service.migrations
        return (migrations.version_schema, migrations.version_table) if migrations else (None, "alembic_version")

    def run(self, leg: Leg, database: ScratchDatabase) -> Told:
        order, ahead = self._order(leg, database), self.ahead
        if ahead is not None:
            return heard(lambda: ahead.carry_out(order, should_stop=self.should_stop), database)
        return heard(lambda: carry_out(order, self.commands, should_stop=self.should_stop), database)

    @contextmanager
    def ready(self, leg: Leg, database: ScratchDatabase) -> Iterator[Ready]:
        """The same, as something that can be started ahead of its time."""
        order = self._order(leg, database)
        if self.ahead is not None:
            yield ReadyAhead(order, self.ahead, self.should_stop)
        else:
            with Standby(order, self.commands, should_stop=self.should_stop) as standby:
                yield standby

    def _order(self, leg: Leg, database: ScratchDatabase) -> Order:
        return alembic_order(self.service, self.environ, leg=leg, url=database.url, fence=fence_of(database))

    def read(self, database: ScratchDatabase) -> Schema:
        with connected(database.url) as connection:
            return read_schema(connection, ignore_tables=(self.version_table[1],))

    def back_up(self) -> Leg:
        """To where it was before."""
        return Leg(direction="upgrade", target=self.live_revisions)


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaCopy:
    """An empty copy of the live schema, as it was before anything ran on it."""

    database: ScratchDatabase
    before: Schema
    started: float
    #: Both ways, getting ready.
    down: Ready
    up: Ready


@dataclass(frozen=True, kw_only=True, slots=True)
class WayDown:
    """What the downgrade did to the copy."""

    before: Schema
    #: None when the downgrade did not succeed.
    after: Schema | None
    changes: tuple[Change, ...]
    effects: Effects | None
    down: Told
    #: Checks of the catalog that the older schema cannot answer.
    unanswered: tuple[Unanswered, ...]

    @property
    def succeeds(self) -> bool:
        return self.down.succeeded


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaRehearsal(WayDown):
    #: The upgrade after it; None when there was nothing to go up from.
    up: Told | None
    #: Where the round trip ended differently from where it began.
    round_trip: tuple[Change, ...]
    #: What the upgrade makes anew in the place of something that the downgrade leaves in its place.
    put_in_place: tuple[Replaced, ...]
    seconds: float


@contextmanager
def copied_schema(stage: Stage) -> Iterator[SchemaCopy]:
    """Gone when it is left. The live database is only read, by pg_dump."""
    started = time.monotonic()
    with (
        stage.server.database() as scratch,
        stage.ready(Leg(direction="downgrade", target=stage.target), scratch) as down,
        stage.ready(stage.back_up(), scratch) as up,
    ):
        down.get_ready()
        copy_schema(stage.live_url, scratch.url, stage.programs, privileges=stage.beside, should_stop=stage.should_stop)
        cut_off_copy(scratch)
        keep_keys(stage.live_url, scratch)
        give_settings(stage.live_url, scratch)
        write_versions(scratch.url, stage.version_table, stage.live_revisions)
        yield SchemaCopy(database=scratch, before=stage.read(scratch), started=started, down=down, up=up)


def go_down(stage: Stage, copy: SchemaCopy) -> WayDown:
    copy.up.get_ready()
    queries = queries_of(stage.service)
    answered_before = _troubles(copy.database, queries)
    down = heard(copy.down.go, copy.database)
    after = stage.read(copy.database) if down.succeeded else None
    changes = compare_by_id(copy.before, after) if after else ()
    return WayDown(
        before=copy.before, after=after, changes=changes,
        effects=effects_of(copy.before, after, changes) if after else None, down=down,
        unanswered=new_troubles(answered_before, _troubles(copy.database, queries)) if after else (),
    )  # fmt: skip


def _troubles(database: ScratchDatabase, queries: Mapping[str, str]) -> Mapping[str, Unanswered]:
    if not queries:
        return {}
    with connected(database.url) as connection:
        return troubles(connection, queries)


def go_up_again(stage: Stage, copy: SchemaCopy, way: WayDown) -> SchemaRehearsal:
    up = heard(copy.up.go, copy.database) if way.after else None
    again = stage.read(copy.database) if up and up.succeeded else None
    return SchemaRehearsal(
        before=way.before, after=way.after, changes=way.changes, effects=way.effects, down=way.down,
        unanswered=way.unanswered, up=up, round_trip=compare_by_name(copy.before, again) if again else (),
        put_in_place=put_in_place(way.before, way.after, again) if way.after and again else (), seconds=time.monotonic() - copy.started,
    )  # fmt: skip


def heard(go: Callable[[], Told], database: ScratchDatabase) -> Told:
    """A server that went away says nothing about the migration, however soon it was back: a session that was there all the
    time knows. One that is going away does not let anybody in."""
    with connected(database.url) as connection:
        connection.autocommit = True
        told = go()
        if not told.succeeded:
            connection.execute("SELECT 1")
            with connected(database.url):
                pass
    return told


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    """To a copy; that its server is gone is told as such, whenever it happens, and nothing else is taken for it."""
    try:
        connection = psycopg.connect(url, connect_timeout=CONNECT_SECONDS, application_name="backout rehearsal")
    except psycopg.OperationalError as error:
        if NO_ROOM.search(str(error)):
            raise _could_not_look(error) from error
        raise _went_away() from error
    try:
        with connection:
            yield connection
    except psycopg.OperationalError as error:
        if connection.broken or (error.sqlstate or "").startswith("57P0"):
            raise _went_away() from error
        raise _could_not_look(error) from error


#: A server that is there, but has no connection left for us.
NO_ROOM = re.compile(r"too many (?:connections|clients)|remaining connection slots")


def _went_away() -> UnavailableError:
    return UnavailableError(
        "The server that holds the copy went away in the middle of the rehearsal",
        next_step="See that it is up, then assess again. Nothing was changed; forgotten copies go at the next start.",
    )


def _could_not_look(error: psycopg.OperationalError) -> UnavailableError:
    """A time limit of the role or the server, no more room for connections: it is there, and does not answer this."""
    lines = redact(error.diag.message_primary or str(error)).strip().splitlines() or [type(error).__name__]
    return UnavailableError(
        f"The copy could not be looked at: {lines[-1].strip()[:200]}",
        next_step="Look at the limits that the role or the server sets. Nothing was changed.",
    )


def cut_off_copy(database: ScratchDatabase) -> None:
    """Before anything runs on it."""
    with connected(database.url) as connection:
        cut_off(connection)


def write_versions(url: str, table: tuple[str | None, str], revisions: Sequence[str]) -> None:
    """The only rows that a schema-only copy needs: where it is."""
    schema, name = table
    identifier = sql.Identifier(schema, name) if schema else sql.Identifier(name)
    with connected(url) as connection:
        connection.execute(sql.SQL("DELETE FROM {}").format(identifier))
        for revision in revisions:
            connection.execute(sql.SQL("INSERT INTO {} (version_num) VALUES (%s)").format(identifier), [revision])
