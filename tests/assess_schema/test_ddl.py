"""Every statement of `ddl.txt` is seen as exactly what it is, and its undoing leads back to the same digest."""

from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from actions.assess.schema.compare import compare_by_id, compare_by_name
from actions.assess.schema.describing import describe
from actions.assess.schema.digest import digest
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema
from tests.assess_schema.servers import TESTED


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
#: Whatever differs between versions, and a third of the rest: enough for servers between the oldest and the newest.
SAMPLE = [case for number, case in enumerate(CASES) if case.since > 13 or number % 3 == 0 or case.name == "collation"]
PAIRS = [
    pytest.param(version, case, id=f"pg{version}-{case.name.replace(' ', '-')}")
    for version in TESTED
    for case in (CASES if version in (TESTED[0], TESTED[-1]) else SAMPLE)
    if version >= case.since
]


@pytest.mark.parametrize(("server", "case"), PAIRS, indirect=["server"], scope="session")
def test_a_change_is_seen_as_what_it_is_and_undone_without_a_trace(
    case: Case, shop: psycopg.Connection, shop_schema: Schema
) -> None:
    before = shop_schema

    shop.execute(case.do)  # type: ignore[call-overload]
    after = read_schema(shop)

    assert [describe(change) for change in compare_by_id(before, after)] == case.sees
    assert (digest(after) == digest(before)) is case.same_digest
    assert bool(compare_by_name(before, after)) is not case.same_digest

    shop.execute(case.undo)  # type: ignore[call-overload]
    undone = read_schema(shop)

    assert compare_by_name(before, undone) == ()
    assert digest(undone) == digest(before)


def test_there_are_cases_enough_and_none_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 120
    assert all(case.do for case in CASES)
