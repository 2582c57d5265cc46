"""Every question is understood by every version that is promised."""

import os
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from actions.assess.probes.prober import Prober
from actions.assess.probes.session import LiveSession, Refusal
from actions.assess.probes.values import Tally
from actions.assess.probes.written import Deploy
from tests.assess_schema.servers import INSTALLED, TESTED_PARAMS, Server, running

SETUP = """
CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN small AS int;
CREATE TABLE gone (id int); INSERT INTO gone VALUES (1), (2);
CREATE TABLE r (id int PRIMARY KEY);
CREATE TABLE t (a int, b text DEFAULT 'x', c text, d bigint, m mood, s small, n text);
INSERT INTO t VALUES (1, 'y', 'no uuid', 3000000000, 'sad', 7, NULL), (1, 'x', NULL, 5, 'ok', 1, 'n')"""
DOWN = """
DROP TABLE gone; ALTER TABLE t DROP COLUMN b; ALTER TABLE t ALTER c TYPE uuid USING c::uuid;
ALTER TABLE t ALTER d TYPE integer; ALTER TABLE t ALTER n SET NOT NULL; ALTER TABLE t ADD CONSTRAINT k CHECK (a > 1);
CREATE UNIQUE INDEX u ON t (a); ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r;
ALTER DOMAIN small ADD CHECK (VALUE < 5); ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('ok');
ALTER TABLE t ALTER m TYPE mood USING m::text::mood; DROP TYPE old; ALTER TABLE t ADD COLUMN back text"""


@pytest.fixture(scope="module", params=TESTED_PARAMS)
def postgres_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    version: int = request.param
    programs = INSTALLED[version]
    if programs is None:
        reason = f"PostgreSQL {version} is not installed here"
        if "postgresql" in os.environ.get("BACKOUT_TEST_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    with running(version, programs) as server:
        yield server


@pytest.mark.by_day(2)
def test_all_kinds_of_losses_are_counted(live) -> None:
    live.run(SETUP)

    found = live.losses(DOWN)

    assert found.tables[0].rows == Tally.exactly(2)
    assert (found.columns[0].values, found.columns[0].beyond_default) == (Tally.exactly(2), Tally.exactly(1))
    assert {one.column: one.misfits.some for one in found.retypes} == {"c": True, "d": True}
    assert found.nulls[0].rows == Tally.exactly(1)
    assert {one.name: one.rows for one in found.rules} == {
        "k": Tally.exactly(2), "u": Tally.exactly(1), "f": Tally.exactly(2)
    }  # fmt: skip
    assert found.labels[0].rows == Tally.exactly(1)
    assert found.domains[0].rows == Tally.exactly(1)
    assert found.comes_back_in[0].rows == Tally.exactly(2)


def test_each_question_has_its_own_time_and_writes_nothing(live) -> None:
    with LiveSession.open(live.url) as session:
        slow = session.ask(sql.SQL("SELECT pg_sleep(20)"), within=timedelta(milliseconds=30))
        writing = session.ask(sql.SQL("CREATE TABLE public.x (a int)"))

    assert isinstance(slow, Refusal)
    assert slow.timed_out
    assert isinstance(writing, Refusal)
    assert writing.sqlstate == "25006"


def test_the_surroundings_are_told(live) -> None:
    live.run(SETUP)
    found = live.rehearse(DOWN)
    tables = [table.identity for table in found.before.tables]

    with psycopg.connect(live.url) as reader, Prober.open(live.url) as prober:
        reader.execute("SELECT * FROM t")
        waiting, about = prober.waiting(tables), prober.surroundings(tables)
        replication, counters = prober.replication(tables), prober.write_counters()

    assert (waiting.unknown, about.unknown, replication.unknown) == ((), (), ())
    assert [one.tables[0].name for one in waiting.holding] == ["t"]
    assert {one.table.name for one in about.tables} == {"gone", "r", "t"}
    assert {one.table for one in counters.tables.values()} == {"gone", "r", "t"}


def test_what_was_written_since_the_deploy_is_asked(live) -> None:
    live.run("CREATE TABLE gone (id int, at timestamptz DEFAULT now()); INSERT INTO gone VALUES (1)")
    with Prober.open(live.url) as prober:
        sighted = prober.write_counters()

    (table,) = live.losses(
        "DROP TABLE gone", deploy=Deploy(first_seen=sighted.taken_at, written_at={"gone": "at"})
    ).tables
    (nobody_knows,) = live.losses("DROP TABLE gone", deploy=Deploy(first_seen=sighted.taken_at)).tables

    assert table.written is not None
    assert (table.written.rows, table.written.exact) == (0, True)
    assert nobody_knows.written is None
