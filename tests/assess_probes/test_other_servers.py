"""Servers with other settings: commit timestamps, prepared transactions, logical replication, a standby."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from actions.assess.probes.counters import write_counters
from actions.assess.probes.prober import Prober
from actions.assess.probes.session import LiveSession
from actions.assess.probes.values import Written
from actions.assess.probes.written import Deploy
from actions.assess.schema.naming import Identity
from actions.embedded import EmbeddedPostgres
from actions.errors import RefusedError

SETTINGS = {
    "track_commit_timestamp": "on", "max_prepared_transactions": "5", "wal_level": "logical", "fsync": "off",
}  # fmt: skip
T = Identity(schema="public", name="t")


@pytest.fixture(scope="module")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("other") / "server", settings=SETTINGS) as server:
        yield server


def _now(live) -> datetime:
    row = live.owner.execute("SELECT clock_timestamp()").fetchone()
    return row[0]


def test_commit_timestamps_say_which_rows_were_written(live) -> None:
    live.run("CREATE TABLE t (id int, note text); INSERT INTO t SELECT n, 'x' FROM generate_series(1, 9) n")
    live.run("CHECKPOINT")
    deployed = _now(live)
    live.run("UPDATE t SET note = NULL WHERE id = 1")
    live.run("INSERT INTO t VALUES (10, 'y')")

    (table,) = live.losses("DROP TABLE t", deploy=Deploy(first_seen=deployed)).tables
    (column,) = live.losses("ALTER TABLE t DROP COLUMN note", deploy=Deploy(first_seen=deployed)).columns

    assert table.written == Written(rows=2, exact=True, source="commit timestamps")
    assert column.written == Written(rows=1, exact=True, source="commit timestamps")


def test_commit_timestamps_that_begin_too_late_are_not_used(live) -> None:
    live.run("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    long_ago = _now(live) - timedelta(days=365)
    with LiveSession.open(live.url) as session:
        sighted = write_counters(session)

    (nothing,) = live.losses("DROP TABLE t", deploy=Deploy(first_seen=long_ago)).tables
    (counted,) = live.losses("DROP TABLE t", deploy=Deploy(first_seen=long_ago, counters=sighted)).tables

    assert nothing.written is None
    assert counted.written is not None
    assert counted.written.source == "counters since the sighting"


def test_prepared_transactions_are_named(live) -> None:
    live.run("CREATE TABLE t (id int)")
    live.run("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'forgotten'")
    try:
        with Prober.open(live.url) as prober:
            found = prober.waiting([T])
    finally:
        live.run("ROLLBACK PREPARED 'forgotten'")

    assert [one.name for one in found.prepared] == ["forgotten"]
    assert found.prepared[0].open_for > timedelta(0)


def test_logical_slots_are_told_by_their_database(live) -> None:
    live.run("SELECT pg_create_logical_replication_slot('feed', 'pgoutput')")
    try:
        with Prober.open(live.url) as prober:
            (slot,) = prober.replication([T]).slots
    finally:
        live.run("SELECT pg_drop_replication_slot('feed')")

    assert (slot.name, slot.kind, slot.of_this_database) == ("feed", "logical", True)


def test_subscriptions_and_their_tables_are_named_without_their_connection(live) -> None:
    live.run("CREATE TABLE t (id int)")
    live.run(
        "CREATE SUBSCRIPTION feed CONNECTION 'host=nowhere password=very-secret' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE)"
    )
    try:
        with Prober.open(live.url) as prober:
            found = prober.replication([T])
    finally:
        live.run("DROP SUBSCRIPTION feed")

    assert found.subscriptions == (("feed", False),)
    assert "very-secret" not in repr(found)


@pytest.fixture
def standby(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that follows a primary which is not there: enough to be one."""
    with EmbeddedPostgres(tmp_path / "server") as server, psycopg.connect(server.url()) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    (Path(row[0]) / "standby.signal").touch()
    with EmbeddedPostgres(tmp_path / "server") as server:
        yield server


def test_a_standby_is_refused(standby: EmbeddedPostgres) -> None:
    with pytest.raises(RefusedError, match="standby"):
        LiveSession.open(standby.url())
