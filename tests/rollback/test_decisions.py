"""Who may decide on the command line, on what, and until when. Nothing runs here: no worker is there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from scenes import a_shop, as_person, kinds, newest, several_people, status
from world import Shop

from actions.embedded import EmbeddedPostgres

pytestmark = several_people
TEAM = {"terminal": ["alice", "bob", "carol"]}
#: Nothing is lost by these downgrades, so this alone decides how many must approve.
TWO = {"quorum": 2}
STRICT = {
    "environment": "production",
    "policy": {
        "window": "1s", "quorum": 1,
        "override": {"by": {"terminal": ["olga"]}, "approvals": 1, "reason_length": 20},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(postgres_server: EmbeddedPostgres) -> Iterator[Shop]:
    with a_shop(postgres_server) as made:
        yield made


@pytest.fixture
def asks(shop: Shop) -> Iterator[Any]:
    """Asks as `rita` under a policy; what is still open at the end is stopped."""

    def ask(*words: str, check: int = 0, **entry: Any) -> str:
        shop.more = {"approvers": TEAM, **entry}
        shop.write_catalog()
        as_person(shop, "rita", "request", "shop", "--because", "checkout fails", *words, check=check)
        return newest(shop)

    yield ask
    if status(shop) not in {"none", "stopped", "refused", "rejected", "expired"}:
        as_person(shop, "rita", "stop", newest(shop))


def digest_of(shop: Shop, rollback: str) -> str:
    return str(shop.json("status", rollback)["rollback"]["digest"])


def says(shop: Shop, person: str, *words: str, check: int = 3) -> str:
    done = as_person(shop, person, *words, check=check)
    return done.stderr + done.stdout


def test_two_others_approve_exactly_what_is_shown(shop: Shop, asks: Any) -> None:
    rollback = asks(policy=TWO)
    approve = ("approve", rollback, "--yes", "--digest", digest_of(shop, rollback)[:16])
    assert "Your approval counts: 1 of 2" in says(shop, "alice", *approve, check=0)
    assert "your own approval does not count" in says(shop, "rita", *approve)
    assert "You may not approve here" in says(shop, "mallory", *approve)
    assert "alice, bob, carol" in says(shop, "mallory", *approve)
    assert "one voice per person" in says(shop, "alice", *approve)
    stale = ("approve", rollback, "--yes", "--digest", "0123456789abcdef")
    assert "not what would be done now" in says(shop, "bob", *stale)
    assert status(shop) == "waiting"
    assert "is approved" in says(shop, "bob", *approve, check=0)
    assert "approved already" in says(shop, "carol", *approve)
    as_person(shop, "rita", "stop", rollback)
    assert "It is over: stopped" in says(shop, "carol", *approve)
    assert kinds(shop).count("voice.turned_away") == 7
    assert kinds(shop)[-2:] == ["rollback.stopped", "voice.turned_away"]


@pytest.mark.slow
def test_one_no_with_its_reason_ends_it(shop: Shop, asks: Any) -> None:
    rollback = asks(policy=TWO)
    assert "You may not reject here" in says(shop, "mallory", "reject", rollback, "--because", "I am bored")
    as_person(shop, "bob", "reject", rollback, "--because", "fix it forward")
    shown = shop.backout("show", rollback).stdout
    assert "Rejected by bob (terminal): fix it forward" in shown
    assert re.search(r"bob \(terminal\)\s+reject\s+fix it forward", shown)


@pytest.mark.slow
def test_whoever_lost_the_role_a_moment_ago_is_turned_away(shop: Shop, asks: Any) -> None:
    rollback = asks(policy=TWO)
    shop.more["approvers"] = {"terminal": ["bob", "carol"]}
    shop.write_catalog()
    approve = ("approve", rollback, "--yes", "--digest", digest_of(shop, rollback))
    assert "You may not approve here" in says(shop, "alice", *approve)


def test_a_policy_that_says_no_is_a_refusal_with_its_reasons(shop: Shop, asks: Any) -> None:
    policy = {key: value for key, value in STRICT["policy"].items() if key != "override"}
    rollback = asks(check=3, environment="production", policy=policy)
    shown = shop.backout("status", rollback).stdout
    assert status(shop) == "refused"
    assert "The policy refuses it" in shown
    assert "Nobody may override this policy" in shown


@pytest.mark.slow
def test_an_override_needs_its_role_and_its_reason_and_stays_to_be_seen(shop: Shop, asks: Any) -> None:
    rollback = asks(**STRICT)
    approve = ("approve", rollback, "--yes", "--digest", digest_of(shop, rollback))
    assert "only an override lets it go ahead" in says(shop, "alice", *approve)
    assert "You may not override the policy" in says(shop, "alice", *approve, "--override", "--because", "x" * 30)
    assert "reason of at least 20" in says(shop, "olga", *approve, "--override", "--because", "short")
    as_person(shop, "olga", *approve, "--override", "--because", "payments are down, nobody can wait")
    assert status(shop) == "approved"
    assert re.search(r"olga \(terminal\)\s+approve.*OVERRIDE", shop.backout("show", rollback).stdout)


@pytest.mark.slow
def test_the_glass_is_broken_only_after_its_time_and_alone_is_enough_then(shop: Shop, asks: Any) -> None:
    glass = {"by": {"terminal": ["gina"]}, "after": "1h", "up_to": "high"}
    rollback = asks(policy={**TWO, "break_glass": glass})
    approve = (
        "approve",
        rollback,
        "--yes",
        "--digest",
        digest_of(shop, rollback),
        "--break-glass",
        "--because",
        "nobody answers",
    )
    assert "they get 3600 s" in says(shop, "gina", *approve)
    shop.more["policy"] = {**TWO, "break_glass": {**glass, "after": "1s"}}
    shop.write_catalog()
    assert "You may not break the glass" in says(shop, "alice", *approve)
    as_person(shop, "gina", *approve)
    assert status(shop) == "approved"
    assert "BREAK-GLASS" in shop.backout("show", rollback).stdout


@pytest.mark.slow
def test_a_second_request_is_answered_with_the_number_of_the_first(shop: Shop, asks: Any) -> None:
    rollback = asks("--key", "page-4711", policy=TWO)
    assert f"{rollback} of shop is open already (waiting)" in says(shop, "sam", "request", "shop")
    assert f"backout show {rollback}" in says(shop, "sam", "request", "shop")
    same = shop.json("request", "shop", "--key", "page-4711")
    assert same["rollback"]["id"] == rollback
    assert same["assessment"]["digest"] == digest_of(shop, rollback)
    assert newest(shop) == rollback
