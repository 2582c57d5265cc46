"""Counts that move again once the writers are back were compared while nobody wrote, and are not compared a second time."""

from types import SimpleNamespace
from typing import Any

import pytest

from actions.catalog.checks import HttpCheck, SqlCheck
from actions.errors import BackoutError
from actions.run.action import Moment
from actions.run.steps.application import CheckHealth, came_from_earlier_backup
from actions.verify.checking import Looking, without_before
from actions.verify.values import judge_json, judge_sql

MOVES = SqlCheck(sql="SELECT count(*) FROM papers", like_before=True)
LOOSE = SqlCheck(sql="SELECT count(*) FROM papers", like_before=True, tolerance="10%")  # type: ignore[arg-type]
QUIET = SimpleNamespace(action="prove-quiet", result={"counters": {}})
FAILED, VERIFIED = (
    SimpleNamespace(action="verify", result=None),
    SimpleNamespace(action="verify", result={"revision": []}),
)


def moment(**others: Any) -> Moment:
    nothing: Any = lambda *_: None  # noqa: E731
    return Moment(
        rollback=None, step=None, others={name.replace("_", "-"): each for name, each in others.items()},  # type: ignore[arg-type]
        should_stop=lambda: False, leaving=lambda: False, capture=nothing, note=nothing, progress=nothing,
    )  # fmt: skip


def health(check: SqlCheck, at: Moment) -> Any:
    house: Any = SimpleNamespace(service=SimpleNamespace(database=None, name="radar"), environ={})
    return CheckHealth(checks=[check], looking=Looking(house=house, live_revisions=lambda: ())).do(at)


@pytest.mark.parametrize("at", [
    pytest.param(moment(prove_quiet=QUIET, verify=VERIFIED), id="verified before"),
    pytest.param(moment(prove_quiet=QUIET, verify=FAILED, verify_2=VERIFIED), id="verified after a restore that was chosen"),
    pytest.param(moment(), id="the release alone went back, and nobody was stopped"),
])  # fmt: skip
def test_it_is_not_compared_again(at: Moment) -> None:
    assert health(MOVES, at) == {"checks": []}


@pytest.mark.parametrize(("check", "at"), [
    pytest.param(MOVES, moment(prove_quiet=QUIET, verify=FAILED), id="never verified"),
    pytest.param(LOOSE, moment(), id="a tolerance allows for what moves"),
])  # fmt: skip
def test_otherwise_it_is(check: SqlCheck, at: Moment) -> None:
    with pytest.raises(BackoutError):
        health(check, at)


RESTORED, DOWN = SimpleNamespace(action="restore", result={}), SimpleNamespace(action="downgrade", result=None)
COUNTED = HttpCheck.model_validate(
    {"http": "http://radar/count", "json": {"path": "n", "like_before": True, "at_least": 1}}
)


def test_of_a_database_of_another_day_nothing_is_compared_with_the_moment_before() -> None:
    """The corrupted one had 5498 rows, and its backup has 1970: that is what it was restored for."""
    earlier = moment(prove_quiet=QUIET, restore=RESTORED)
    assert came_from_earlier_backup(earlier)
    assert not came_from_earlier_backup(moment(prove_quiet=QUIET, downgrade=DOWN, restore_2=RESTORED)), (
        "it is of this run"
    )
    assert judge_sql(without_before(MOVES), 1970, before=5498).passed
    expected = without_before(COUNTED).json_
    assert judge_json(expected, 1970, before=5498, queried=None).passed
    assert not judge_json(expected, 0, before=5498, queried=None).passed, "what else it expects holds"
