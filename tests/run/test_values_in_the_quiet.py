"""What the checks compare with after the run is seen while nobody writes, or the run does not go on."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from actions.catalog.checks import SqlCheck
from actions.catalog.database import Database
from actions.catalog.envref import EnvRef
from actions.errors import UnavailableError
from actions.history.values import StepStatus
from actions.run.action import Moment
from actions.run.steps.opening import Capture
from actions.run.steps.quiet import ProveQuiet
from actions.verify.checking import Looking


def looking_at(url: str) -> Looking:
    service = SimpleNamespace(name="shop", database=Database(url=EnvRef("SHOP_URL")))
    house: Any = SimpleNamespace(service=service, environ={"SHOP_URL": url})
    return Looking(house=house, live_revisions=lambda: ())


def moment(**others: str) -> Moment:
    """In a plan with these other steps and their actions."""
    step: Any = SimpleNamespace(name="prove-quiet", action="prove-quiet", position=1, status=StepStatus.RUNNING)
    nothing: Any = lambda *_: None  # noqa: E731
    plan: Any = {name: SimpleNamespace(name=name, action=action) for name, action in others.items()}
    return Moment(
        rollback=None, step=step, others=plan, should_stop=lambda: False, leaving=lambda: False,  # type: ignore[arg-type]
        capture=nothing, note=nothing, progress=nothing,
    )  # fmt: skip


def prove(url: str, query: str) -> Any:
    proof = ProveQuiet(
        url=url, roles=lambda: ("shop_app",), window=timedelta(0), checks=[SqlCheck(sql=query, like_before=True)],
        looking=looking_at(url),
    )  # fmt: skip
    return proof.do(moment())["checks"]


def test_they_are_written_down(database_url: str) -> None:
    assert list(prove(database_url, "SELECT 41 + 1").values()) == [42]


def test_a_database_that_goes_away_meanwhile_is_no_value_to_compare_with(database_url: str) -> None:
    with pytest.raises(UnavailableError, match="cannot be seen"):
        prove(database_url, "SELECT pg_terminate_backend(pg_backend_pid())")


def test_a_table_that_is_gone_is_no_reason_to_wait_for_it(database_url: str) -> None:
    """It is gone because of what went wrong; the restore that brings it back proves first that nobody writes."""
    assert list(prove(database_url, "SELECT count(*) FROM gone").values()) == [None]


def test_a_restore_may_begin_though_a_table_is_gone_and_nothing_else_may(database_url: str) -> None:
    capture = Capture(
        checks=[SqlCheck(sql="SELECT count(*) FROM gone", like_before=True)], looking=looking_at(database_url)
    )
    assert capture.do(moment(restore="restore")) == {"checks": {"SELECT count(*) FROM gone": None}}
    with pytest.raises(UnavailableError, match="cannot be seen"):
        capture.do(moment(downgrade="downgrade"))
