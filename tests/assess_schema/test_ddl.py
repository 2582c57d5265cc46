"""Every statement of `ddl.txt` is seen as exactly what it is, and its undoing leads back to the same digest."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from actions.assess.schema.compare import compare_by_id, compare_by_name
from actions.assess.schema.describing import describe
from actions.assess.schema.digest import digest
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema
from tests.assess_schema.servers import TESTED, Server, marks


@dataclass(kw_only=True)
class Case:
    name: str
    since: int = 13
    do: str = ""
    sees: list[str] = field(default_factory=list)
    same_digest: bool = False
    undo: str = "SELECT 1"


def _cases() -> list[Case]:
    cases: list[Case] = []
    for line in (Path(__file__).parent / "ddl.txt").read_text().splitlines():
        word, _, rest = line.partition(": ")
        match word:
            case "since":
                cases[-1].since = int(rest)
            case "do":
                cases[-1].do = rest
            case "sees":
                cases[-1].sees.append(rest)
            case "same digest":
                cases[-1].same_digest = True
            case "undo":
                cases[-1].undo = rest
            case _ if line.startswith("## "):
                cases.append(Case(name=line[3:]))
            case _:
                assert not line or line.startswith("# "), line
    return cases


CASES = _cases()
*OLDER, NEWEST = TESTED


def _runs_on(version: int, number: int, case: Case) -> bool:
    """On the newest everything; before it whatever differs between versions, and of the rest each on one of them."""
    if version < case.since:
        return False
    everywhere = version == NEWEST or case.since > 13 or case.name == "collation"
    return everywhere or OLDER[number % len(OLDER)] == version


PAIRS = [
    pytest.param(version, case, marks=marks(version), id=f"pg{version}-{case.name.replace(' ', '-')}")
    for version in TESTED
    for number, case in enumerate(CASES)
    if _runs_on(version, number, case)
]


@pytest.mark.parametrize(("server", "case"), PAIRS, indirect=["server"], scope="session")
def test_a_change_is_seen_as_what_it_is(case: Case, shop: psycopg.Connection, shop_schema: Schema) -> None:
    before = shop_schema

    shop.execute(case.do)  # type: ignore[call-overload]
    after = read_schema(shop)

    assert [describe(change) for change in compare_by_id(before, after)] == case.sees
    assert (digest(after) == digest(before)) is case.same_digest
    assert bool(compare_by_name(before, after)) is not case.same_digest


def test_every_change_is_undone_without_a_trace(server: Server, shop: psycopg.Connection, shop_schema: Schema) -> None:
    """All of them one after the other and one look at the end; the looks are what takes time."""
    cases = [param.values[1] for param in PAIRS if param.values[0] == server.version]
    with shop.transaction(force_rollback=True):
        for case in cases:
            shop.execute(case.do)
            shop.execute(case.undo)
        left = _left_behind(shop, shop_schema)
    if left:
        pytest.fail(f"{left} is left behind by: {', '.join(_guilty(shop, shop_schema, cases))}")


def _left_behind(shop: psycopg.Connection, before: Schema) -> list[str]:
    undone = read_schema(shop)
    changes = [describe(change) for change in compare_by_name(before, undone)]
    return changes if changes or digest(undone) == digest(before) else ["something that only the digest sees"]


def _guilty(shop: psycopg.Connection, before: Schema, cases: list[Case]) -> Iterator[str]:
    for case in cases:
        with shop.transaction(force_rollback=True):
            shop.execute(case.do)  # type: ignore[call-overload]
            shop.execute(case.undo)  # type: ignore[call-overload]
            if _left_behind(shop, before):
                yield case.name


def test_there_are_cases_enough_and_none_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 120
    assert all(case.do for case in CASES)
