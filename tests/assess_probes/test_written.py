"""What was written since the deploy, and from which source that is known."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from actions.assess.probes.counters import Counters, WriteCounters, rows_written, write_counters
from actions.assess.probes.session import LiveSession
from actions.assess.probes.values import Written
from actions.assess.probes.written import Deploy

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
DOWN = "DROP TABLE gone; ALTER TABLE stays DROP COLUMN note"


def counters_of(live) -> WriteCounters:
    live.owner.execute("SELECT pg_stat_force_next_flush()")
    with LiveSession.open(live.url) as session:
        return write_counters(session)


@pytest.fixture
def tables(live) -> None:
    live.run(
        """CREATE TABLE gone (id int, created_at timestamptz); CREATE TABLE stays (id int, note text, at timestamptz);
           INSERT INTO gone SELECT n, '2024-01-01' FROM generate_series(1, 10) n;
           INSERT INTO stays SELECT n, 'x', '2024-01-01' FROM generate_series(1, 10) n"""
    )


def written(live, deploy: Deploy) -> tuple[Written | None, Written | None]:
    live.owner.execute("SELECT pg_stat_force_next_flush()")
    losses = live.losses(DOWN, deploy=deploy)
    return losses.tables[0].written, losses.columns[0].written


def test_a_named_column_says_when_rows_were_written(live, tables) -> None:
    live.run(
        """INSERT INTO gone VALUES (11, '2024-05-01 12:00+00'), (12, '2024-05-01 11:59:59+00'), (13, NULL);
           INSERT INTO stays VALUES (11, 'y', '2024-05-02'), (12, NULL, '2024-05-02')"""
    )

    table, column = written(live, Deploy(first_seen=NOW, written_at={"gone": "created_at", "public.stays": "at"}))

    assert table == Written(rows=1, exact=True, source="column created_at")
    assert column == Written(rows=1, exact=True, source="column at")


def test_counters_since_the_sighting_say_how_many_at_most(live, tables) -> None:
    sighted = counters_of(live)
    live.run("INSERT INTO gone VALUES (11), (12); UPDATE gone SET id = id WHERE id = 1; DELETE FROM gone WHERE id = 2")

    table, column = written(live, Deploy(first_seen=NOW, counters=sighted))

    assert table == Written(rows=3, exact=False, source="counters since the sighting")
    assert column == Written(rows=0, exact=False, source="counters since the sighting")


def test_counters_never_say_more_than_there_is(live, tables) -> None:
    sighted = counters_of(live)
    for _ in range(5):
        live.run("UPDATE gone SET id = id")

    table, _ = written(live, Deploy(first_seen=NOW, counters=sighted))

    assert table is not None
    assert table.rows == 10


def test_writes_to_partitions_count_for_their_parent(live) -> None:
    live.run(
        """CREATE TABLE gone (id int) PARTITION BY LIST (id); CREATE TABLE gone_1 PARTITION OF gone FOR VALUES IN (1);
           INSERT INTO gone VALUES (1)"""
    )
    sighted = counters_of(live)
    live.run("CREATE TABLE gone_2 PARTITION OF gone FOR VALUES IN (2); INSERT INTO gone VALUES (1), (2), (2)")
    live.owner.execute("SELECT pg_stat_force_next_flush()")

    (table,) = live.losses("DROP TABLE gone", deploy=Deploy(first_seen=NOW, counters=sighted)).tables

    assert table.written == Written(rows=3, exact=False, source="counters since the sighting")


def test_without_any_source_nobody_knows(live, tables) -> None:
    assert written(live, Deploy(first_seen=NOW)) == (None, None)


def test_a_column_that_is_not_there_gives_way_to_the_counters(live, tables) -> None:
    sighted = counters_of(live)

    table, _ = written(live, Deploy(first_seen=NOW, counters=sighted, written_at={"gone": "no_such_column"}))

    assert table is not None
    assert table.source == "counters since the sighting"


def test_reset_counters_say_nothing(live, tables) -> None:
    sighted = counters_of(live)
    live.owner.execute("SELECT pg_stat_reset()")

    assert written(live, Deploy(first_seen=NOW, counters=sighted)) == (None, None)


def _counters(**changes: object) -> WriteCounters:
    known: dict[str, object] = {
        "taken_at": NOW, "server_started": NOW - timedelta(days=9), "reset_at": None, "transactions": 50,
        "tables": {7: Counters(schema="public", table="t", inserted=5, updated=1, deleted=2)},
    }  # fmt: skip
    return WriteCounters(**(known | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"server_started": NOW}, id="the server was started anew"),
        pytest.param({"reset_at": NOW}, id="somebody reset them"),
        pytest.param({"transactions": 3}, id="lost in a crash of one process"),
        pytest.param(
            {"tables": {7: Counters(schema="public", table="t", inserted=1, updated=0, deleted=0)}},
            id="less than before",
        ),
    ],
)
def test_counters_that_do_not_belong_together_are_not_compared(later) -> None:
    assert rows_written(_counters(), _counters(), [7]) == 0
    assert rows_written(_counters(), _counters(**later), [7]) is None


def test_a_table_made_anew_under_its_name_counts_from_its_own_beginning() -> None:
    other = {8: Counters(schema="public", table="t", inserted=4, updated=0, deleted=0)}

    assert rows_written(_counters(), _counters(tables=other), [8]) == 4


def test_counters_survive_being_stored(live, tables) -> None:
    counters = counters_of(live)

    assert WriteCounters.from_json(json.loads(json.dumps(counters.as_json()))) == counters
    assert any(one.table == "gone" and one.inserted == 10 for one in counters.tables.values())


@pytest.mark.parametrize("stored", [{}, {"taken_at": "x"}, {"tables": 3}, {**_counters().as_json(), "tables": [[1]]}])
def test_a_sighting_without_counters_has_none(stored) -> None:
    assert WriteCounters.from_json(stored) is None
