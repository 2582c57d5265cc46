"""A pooler that passes no settings on is no reason to give up, nor to look without limits."""

import pytest

from actions.assess.live_database import look_at
from actions.assess.probes.prober import Prober
from actions.assess.schema.dependents import Dropped
from actions.assess.schema.naming import Identity
from actions.errors import UnavailableError
from tests.assess_probes.pooler import pooler

REFUSALS = [
    "unsupported startup parameter: options",
    "unsupported startup parameter in options: default_transaction_read_only",
    "Feature not supported: RDS Proxy currently doesn't support command-line options.",
]


@pytest.mark.parametrize("words", REFUSALS)
def test_the_live_revision_is_found_through_a_pooler(live, words: str) -> None:
    live.run("CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('b2')")
    with pooler(live.url, words) as url:
        assert look_at(url, version_table="alembic_version", version_schema=None).revisions == ("b2",)


def test_what_depends_on_a_table_is_found_through_a_pooler(live) -> None:
    live.run("CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM t")
    with pooler(live.url, REFUSALS[0]) as url, Prober.open(url) as prober:
        (found,) = prober.dependents_of([Dropped(table=Identity(schema="public", name="t"))])
    assert found.name == "v"


def test_nothing_is_written_through_a_pooler_either(live) -> None:
    live.run(
        "CREATE TABLE seen (id int);"
        "CREATE FUNCTION note() RETURNS text LANGUAGE sql AS 'INSERT INTO seen VALUES (1) RETURNING id::text';"
        "CREATE VIEW alembic_version AS SELECT note() AS version_num"
    )
    with pooler(live.url, REFUSALS[0]) as url, pytest.raises(UnavailableError, match="read-only transaction"):
        look_at(url, version_table="alembic_version", version_schema=None)
    assert live.owner.execute("SELECT count(*) FROM seen").fetchone() == (0,)


def test_any_other_refusal_is_told(live) -> None:
    with pooler(live.url, "no more connections allowed") as url, pytest.raises(UnavailableError, match="no more"):
        look_at(url, version_table="alembic_version", version_schema=None)
