"""The stored truth is what really happens: situations go down and up again here; one in eight, or all with `slow`."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.situations.database import Database, measuring_database
from tests.situations.measuring import measure
from tests.situations.situation import load, names
from tests.situations.truths import Truth, stored


@pytest.fixture(scope="session")
def database(postgres_url: str) -> Iterator[Database]:
    with measuring_database(postgres_url) as made:
        yield made


#: All of them take minutes, and what PostgreSQL and Alembic do changes seldom.
EVERY = 8


def _sampled() -> Iterator[object]:
    for number, name in enumerate(names()):
        yield name if number % EVERY == 0 else pytest.param(name, marks=pytest.mark.slow)


@pytest.mark.parametrize("name", tuple(_sampled()))
def test_the_stored_truth_is_what_is_measured(name: str, database: Database) -> None:
    situation = load(name)
    missing = [module for module in situation.needs if find_spec(module) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}, which is not installed")
    truth = stored(name)
    assert truth is not None, f"run: python -m tests.situations.measure {name} --write"
    assert _readable(measure(situation, database)) == _readable(truth)


def _readable(truth: Truth) -> dict[str, object]:
    # Dictionaries let pytest show the one field that differs.
    return truth.model_dump(mode="json")
