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
from actions.run.steps.quiet import ProveQuiet
from actions.verify.checking import Looking


def prove(url: str, query: str) -> Any:
    service = SimpleNamespace(name="shop", database=Database(url=EnvRef("SHOP_URL")))
    house: Any = SimpleNamespace(service=service, environ={"SHOP_URL": url})
    step: Any = SimpleNamespace(name="prove-quiet", action="prove-quiet", position=1, status=StepStatus.RUNNING)
    nothing: Any = lambda *_: None  # noqa: E731
    at = Moment(
        rollback=None, step=step, others={}, should_stop=lambda: False, leaving=lambda: False,  # type: ignore[arg-type]
        capture=nothing, note=nothing, progress=nothing,
    )  # fmt: skip
    proof = ProveQuiet(
        url=url, roles=lambda: ("shop_app",), window=timedelta(0), checks=[SqlCheck(sql=query, like_before=True)],
        looking=Looking(house=house, live_revisions=lambda: ()),
    )  # fmt: skip
    return proof.do(at)["checks"]


def test_they_are_written_down(database_url: str) -> None:
    assert list(prove(database_url, "SELECT 41 + 1").values()) == [42]


def test_a_database_that_goes_away_meanwhile_is_no_value_to_compare_with(database_url: str) -> None:
    with pytest.raises(UnavailableError, match="cannot be seen"):
        prove(database_url, "SELECT pg_terminate_backend(pg_backend_pid())")
