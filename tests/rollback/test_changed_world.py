"""Between the approval and the run the world changes: the approval is void, and people are asked again with what changed.

The worker comes only after the change, so that nothing is a matter of luck.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import psycopg
import pytest
from scenes import a_shop, again_at_head, as_person, kinds, newest, query, rests, several_people, status
from world import Shop, wait_for

from actions.embedded import EmbeddedPostgres
from tests.warm import run_alembic

pytestmark = [several_people, pytest.mark.slow]
ENTRY = {"approvers": {"terminal": ["alice", "bob"]}, "checks": [], "policy": {"quorum": 1}}


@pytest.fixture(scope="module")
def made(postgres_server: EmbeddedPostgres) -> Iterator[Shop]:
    with a_shop(postgres_server) as shop:
        yield shop


@pytest.fixture
def shop(made: Shop) -> Iterator[Shop]:
    made.more = dict(ENTRY)
    made.write_catalog()
    write_what_would_be_lost(made)
    yield made
    if status(made) in {"waiting", "approved"}:
        as_person(made, "alice", "stop", newest(made))
    again_at_head(made)


def approved(shop: Shop, *words: str) -> str:
    as_person(shop, "rita", "request", "shop", *words)
    rollback = newest(shop)
    digest = str(shop.json("status", rollback)["rollback"]["digest"])
    as_person(shop, "alice", "approve", rollback, "--yes", "--digest", digest)
    assert status(shop) == "approved"
    return digest


def edit_a_script(shop: Shop) -> None:
    script = shop.folder / "migrations" / "versions" / "0003.py"
    script.write_text(script.read_text() + "\n# edited\n")


def change_the_policy(shop: Shop) -> None:
    shop.more["policy"] = {"quorum": 1, "approval_expires": "50m"}
    shop.write_catalog()


def write_what_would_be_lost(shop: Shop) -> None:
    with psycopg.connect(shop.url, autocommit=True) as connection:
        connection.execute("INSERT INTO orders (item, note) VALUES ('a thing', 'a note')")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(edit_a_script, "The migrations on the path changed since they were approved", id="a script"),
        pytest.param(change_the_policy, "The policy changed since it was approved", id="the policy"),
        pytest.param(write_what_would_be_lost, "More would be lost than was approved", id="the losses"),
    ],
)
def test_an_approval_is_void_and_asked_for_again(shop: Shop, change: Callable[[Shop], None], said: str) -> None:
    before = approved(shop, "--to", "0001")
    change(shop)
    with shop.worker():
        wait_for(lambda: "voices.voided" in kinds(shop), "nothing is void", seconds=90)
        assert rests(shop) == "waiting"
        assert shop.revision() == "0003"
        shown = shop.backout("show", newest(shop)).stdout
        assert f"void: {said}" in shown
        after = str(shop.json("status", newest(shop))["rollback"]["digest"])
        assert after != before
        as_person(shop, "alice", "approve", newest(shop), "--yes", "--digest", before, check=3)
        as_person(shop, "alice", "approve", newest(shop), "--yes", "--digest", after)
        assert rests(shop) == "succeeded"
    assert shop.revision() == "0001"


def test_a_database_that_was_moved_by_hand_is_not_taken_one_further(shop: Shop) -> None:
    approved(shop, "-1")
    run_alembic("downgrade", "0002", folder=shop.folder, env=shop.environ)
    with shop.worker():
        wait_for(lambda: "voices.voided" in kinds(shop), "nothing is void", seconds=90)
        assert rests(shop) in {"waiting", "refused", "failed"}
    assert shop.revision() == "0002"
    assert shop.json("show", newest(shop))["rollback"]["to_revision"] == "0002"
    assert (
        "The live revision is another one than when it was approved (gone: `0003`; new: `0002`)"
        in shop.backout("show", newest(shop)).stdout
    )


def test_what_nobody_decides_in_time_expires_and_stays_so(shop: Shop) -> None:
    shop.more["policy"] = {"quorum": 1, "approval_expires": "2s"}
    shop.write_catalog()
    as_person(shop, "rita", "request", "shop")
    digest = str(shop.json("status", newest(shop))["rollback"]["digest"])
    over = "SELECT expires_at < clock_timestamp() FROM rollbacks ORDER BY id DESC LIMIT 1"
    wait_for(lambda: query(shop, over) == [(True,)], "its time is not over")
    late = as_person(shop, "alice", "approve", newest(shop), "--yes", "--digest", digest, check=3)
    assert "The time to decide is over" in late.stderr
    with shop.worker():
        wait_for(lambda: status(shop) == "expired", "it does not expire")
