"""A runbook of a team's own that takes the database back among other things, from the question to its last tick, as people
type it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import pytest
from scenes import a_shop, again_at_head, as_person, newest, rests, several_people, steps
from world import Shop, wait_for

from actions.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.timeout(400), several_people]
RUNBOOK: dict[str, Any] = {
    "title": "Take the index and its switch back", "risk": "low", "expected_time": "5m",
    "triggers": ["checkout fails"],
    "steps": [
        {"setting": "SEARCH", "to": "scan"}, {"do": "stop-writers"}, {"do": "prove-quiet"}, {"do": "backup"},
        {"do": "rehearse"}, {"do": "downgrade"}, {"do": "verify"}, {"do": "release"}, {"do": "resume-writers"},
    ],
    "checks": [{"sql": "SELECT count(*) FROM customers", "equals": 500}, "Checkout works"],
}  # fmt: skip


def declared(**other: Any) -> dict[str, Any]:
    return {
        "approvers": {"terminal": ["lead"]}, "runbooks": {"search": {**RUNBOOK, **other}},
        "matrix": [{"failure": "search is wrong", "runbook": "search", "risk": "low", "duration": "5m"}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop(postgres_server: EmbeddedPostgres) -> Iterator[Shop]:
    with a_shop(postgres_server, more=declared(), quiet_for="300ms") as made:
        (made.folder / ".env").write_text("SEARCH=index\n")
        made.start()
        with made.worker():
            yield made


def comes_to(shop: Shop, step: str) -> None:
    wait_for(lambda: steps(shop).get(step) == "done", f"it does not come to {step}", seconds=200)


def setting(shop: Shop) -> str:
    return (shop.folder / ".env").read_text()


def test_from_what_people_see_to_the_last_tick(shop: Shop) -> None:
    best = shop.json("advise", shop.name, "the checkout fails")["answers"][0]
    assert (best["runbook"], best["risk"], best["command"]) == (
        "search",
        "low",
        "backout request shop --runbook search",
    )
    before = shop.revision(), setting(shop), shop.backout("history").stdout
    dry = shop.backout("drill", shop.name, "--runbook", "search", "--dry-run").stdout
    for said in (".env", "SEARCH", "alembic downgrade 0002   (undoes 0003)", "Checkout works", "pg_dump"):
        assert said in dry, dry
    assert (shop.revision(), setting(shop), shop.backout("history").stdout) == before, "nothing was touched"

    shop.backout("request", shop.name, "--runbook", "search", "--because", "the checkout fails")
    assert "1 left to tick" in shop.backout("tick", newest(shop)).stdout
    comes_to(shop, "resume-web")
    assert shop.revision() == "0002"
    as_person(shop, "somebody", "tick", newest(shop), "--all", check=3)
    as_person(shop, "lead", "tick", newest(shop), "--all", "--said", "bought something")
    assert rests(shop, seconds=200) == "succeeded", (steps(shop), shop.backout("show", newest(shop)).stdout)
    assert setting(shop) == "SEARCH=scan\n"
    assert (shop.folder / "older-release").exists()
    assert shop.writes()
    assert "bought something" in str(shop.json("show", newest(shop)))


@pytest.mark.slow
def test_what_does_not_hold_after_the_downgrade_asks_a_person_and_restoring_says_what_stays(shop: Shop) -> None:
    (shop.folder / ".env").write_text("SEARCH=index\n")
    (shop.folder / "older-release").unlink(missing_ok=True)
    again_at_head(shop)
    customers = shop.ask("SELECT count(*) FROM customers")
    shop.backout("request", shop.name, "--runbook", "search")
    comes_to(shop, "resume-web")
    as_person(shop, "lead", "tick", newest(shop), "--all", "--fails", "nobody can pay")
    assert rests(shop, seconds=200) == "choosing", (steps(shop), shop.backout("show", newest(shop)).stdout)
    as_person(shop, "lead", "resume", newest(shop), "--restore")
    assert rests(shop, seconds=200) == "failed", (steps(shop), shop.backout("show", newest(shop)).stdout)
    assert shop.revision() == "0003"
    assert shop.ask("SELECT count(*) FROM customers") == customers
    story = shop.backout("show", newest(shop)).stdout
    assert setting(shop) == "SEARCH=scan\n"
    assert "these steps stay done: Set SEARCH to scan in .env" in " ".join(story.split()), story
    assert not (shop.folder / "older-release").exists()
    assert shop.writes()
