"""What a stranger may write in `situation.yml`, and the project that comes out of it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from tests.situations.situation import Situation, lay_out, load

LEAST: dict[str, Any] = {"name": "example", "what": "An example for this test.", "at_least": "none"}


def test_from_the_head_by_one_revision_is_what_is_meant_without_a_word() -> None:
    situation = Situation.model_validate(LEAST)
    assert (situation.from_revision, situation.to, situation.url.env) == ("head", "-1", "DATABASE_URL")


def test_a_relative_revision_may_be_written_as_a_number() -> None:
    assert Situation.model_validate({**LEAST, "to": -3}).to == "-3"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"at_lest": "high"}, id="an unknown word"),
        pytest.param({"at_least": "severe"}, id="an unknown risk"),
        pytest.param({"at_least": "high", "at_most": "low"}, id="at most below at least"),
        pytest.param({"seed002": "kind 7"}, id="a kind that seed 002 does not know"),
        pytest.param({"url": {"env": "A", "option": "b"}}, id="two ways to hand over the URL"),
        pytest.param({"url": {"scheme": "postgresql"}}, id="no way to hand over the URL"),
    ],
)
def test_a_mistake_in_a_situation_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Situation.model_validate({**LEAST, **wrong})


def test_a_laid_out_project_works_with_plain_alembic(tmp_path: Path, database_url: str) -> None:
    folder = lay_out(load("added_column_with_values"), tmp_path / "project")
    environment = {**os.environ, "DATABASE_URL": database_url}
    for command in (["upgrade", "head"], ["downgrade", "-1"]):
        subprocess.run([sys.executable, "-m", "alembic", *command], cwd=folder, env=environment, check=True, timeout=60)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    assert not (folder / "data.sql").exists()
