"""Who is in the way, and what the server says about itself, the role and its replicas."""

import threading
import time
from datetime import timedelta

import psycopg

from actions.assess.probes.prober import Prober
from actions.assess.schema.naming import Identity

T = Identity(schema="public", name="t")
OTHER = Identity(schema="public", name="other")


def test_an_open_transaction_that_has_read_the_table_is_named_without_its_values(live) -> None:
    live.run("CREATE TABLE t (a int, c text); CREATE TABLE other (a int)")

    with psycopg.connect(live.url, application_name="nightly report") as reader, Prober.open(live.url) as prober:
        reader.execute("SELECT * FROM t WHERE c = 'joe@example.com' AND a = 42 -- for joe")
        found, pid = prober.waiting([T, OTHER]), reader.info.backend_pid

    (one,) = found.holding
    assert (one.application, one.state, one.tables, one.modes) == (
        "nightly report", "idle in transaction", (T,), ("AccessShareLock",)
    )  # fmt: skip
    assert one.query == "SELECT * FROM t WHERE c = ? AND a = ?"
    assert one.pid == pid
    assert one.open_for is not None
    assert not one.waits


def test_a_lock_on_a_partition_counts_for_its_parent(live) -> None:
    live.run("CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)")

    with psycopg.connect(live.url) as writer, Prober.open(live.url) as prober:
        writer.execute("INSERT INTO t1 VALUES (1)")
        found = prober.waiting([T])

    assert [one.tables for one in found.holding] == [(T,)]


def test_long_transactions_are_named_even_if_they_hold_nothing_of_ours(live) -> None:
    with psycopg.connect(live.url) as idle, Prober.open(live.url) as prober:
        idle.execute("SELECT 1")
        time.sleep(0.05)
        long = prober.waiting([T], long=timedelta(milliseconds=20))
        short = prober.waiting([T], long=timedelta(minutes=5))
        pid = idle.info.backend_pid

    assert [one.pid for one in long.transactions] == [pid]
    assert short.transactions == ()


def test_one_who_waits_is_told_from_one_who_holds(live) -> None:
    live.run("CREATE TABLE t (a int)")
    with (
        psycopg.connect(live.url) as holder,
        psycopg.connect(live.url) as waiter,
        Prober.open(live.url) as prober,
    ):
        expected = {holder.info.backend_pid: False, waiter.info.backend_pid: True}
        holder.execute("LOCK TABLE t")
        blocked = threading.Thread(target=lambda: waiter.execute("SELECT * FROM t"))
        blocked.start()
        for _ in range(500):
            found = prober.waiting([T])
            if len(found.holding) == 2:
                break
            time.sleep(0.01)
        holder.rollback()
        blocked.join()

    assert {one.pid: one.waits for one in found.holding} == expected


def test_what_other_roles_do_is_not_ours_to_see_but_that_they_do_is(live, role_url) -> None:
    live.run("CREATE TABLE t (a int)")

    with psycopg.connect(live.url) as reader, Prober.open(role_url) as prober:
        reader.execute("SELECT * FROM t")
        (one,) = prober.waiting([T]).holding
        pid = reader.info.backend_pid

    assert (one.pid, one.query) == (pid, None)


def test_the_role_and_its_rights_are_told(live, role_url, role) -> None:
    live.run(f"CREATE TABLE t (a int); CREATE TABLE other (a int); ALTER TABLE other OWNER TO {role}")

    with Prober.open(live.url) as prober:
        admin = prober.surroundings([T, OTHER])
    with Prober.open(role_url) as prober:
        somebody = prober.surroundings([T, OTHER, Identity(schema="public", name="nowhere")])

    assert (admin.role.superuser, admin.role.creates_databases, admin.role.bypasses_row_security) == (True, True, True)
    assert admin.not_ours == ()
    assert (somebody.role.name, somebody.role.superuser, somebody.role.creates_databases) == (role, False, False)
    assert (somebody.role.bypasses_row_security, somebody.role.reads_all_statistics) == (False, False)
    assert somebody.not_ours == (T,)
    assert {one.table.name: one.readable for one in somebody.tables} == {"t": False, "other": True}


def test_the_server_and_its_sizes_are_told(live) -> None:
    live.run("CREATE TABLE t (a text); INSERT INTO t SELECT repeat('x', 100) FROM generate_series(1, 1000)")

    with Prober.open(live.url) as prober:
        found = prober.surroundings([T])

    assert found.major == live.owner.info.server_version // 10000
    assert found.version.startswith(f"{found.major}.")
    assert found.database_bytes > 1_000_000
    assert found.tables[0].bytes is not None
    assert found.tables[0].bytes > 100_000
    assert int(found.settings["max_locks_per_transaction"]) > 0
    assert found.settings["wal_level"] in {"minimal", "replica", "logical"}
    assert found.free_bytes is None


def test_the_size_of_a_table_that_is_being_altered_is_not_waited_for(live) -> None:
    live.run("CREATE TABLE t (a text); CREATE TABLE other (a text)")

    with psycopg.connect(live.url) as holder, Prober.open(live.url) as prober:
        holder.execute("LOCK TABLE t")
        found = prober.surroundings([T, OTHER])

    assert [one.bytes is None for one in found.tables] == [True, False]


def test_partitions_count_for_the_size_of_their_parent(live) -> None:
    live.run(
        """CREATE TABLE t (a int, b text) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
           INSERT INTO t SELECT 1, repeat('x', 100) FROM generate_series(1, 1000)"""
    )

    with Prober.open(live.url) as prober:
        (table,) = prober.surroundings([T]).tables

    assert table.bytes is not None
    assert table.bytes > 100_000


def test_publications_of_the_tables_are_named(live) -> None:
    live.run("CREATE TABLE t (a int); CREATE TABLE other (a int)")
    live.run("CREATE PUBLICATION feed FOR TABLE t")

    with Prober.open(live.url) as prober:
        found = prober.replication([T, OTHER])
        none = prober.replication([OTHER])

    assert found.publications == (("feed", (T,)),)
    assert (none.publications, none.replicas, none.subscriptions, none.subscribed, none.unknown) == ((), (), (), (), ())


def test_replication_slots_and_what_they_keep_are_named(live) -> None:
    live.owner.execute("SELECT pg_create_physical_replication_slot('old_standby', true)")
    try:
        with Prober.open(live.url) as prober:
            (slot,) = prober.replication([T]).slots
    finally:
        live.owner.execute("SELECT pg_drop_replication_slot('old_standby')")

    assert (slot.name, slot.kind, slot.active, slot.of_this_database) == ("old_standby", "physical", False, True)
    assert slot.bytes_kept is not None


def test_what_depends_on_what_goes_is_named(live) -> None:
    live.run(
        """CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT b FROM t; CREATE TABLE other (a int PRIMARY KEY);
           CREATE TABLE third (a int REFERENCES other)"""
    )
    found = live.rehearse("DROP TABLE other CASCADE; ALTER TABLE t DROP COLUMN b CASCADE")

    with Prober.open(live.url) as prober:
        names = {(one.kind, one.name) for one in prober.dependents(found.effects)}

    assert ("view", "v") in names
    assert any(kind == "foreign key" for kind, _ in names)
