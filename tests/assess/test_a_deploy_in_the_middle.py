"""An answer is about one revision and one set of scripts; a deploy in its middle makes it an answer to nothing."""

import os
from datetime import UTC, datetime

import pytest

from actions.assess.assessment import Question, Surroundings, assess
from actions.catalog import load_catalog
from actions.errors import RefusedError
from tests.assess.service import DROPS, People

REWRITES_ITSELF = 'with open(__file__, "a") as file:\n    file.write("# another release")'


def test_scripts_that_change_meanwhile_are_named_and_nothing_is_said_about_the_rest(people: People) -> None:
    people.project(downgrade=f"{REWRITES_ITSELF}\n{DROPS}")
    done = people.assess("people", "--json")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Migration files changed during the assessment" in done.stderr
    assert "b2.py" in done.stderr
    assert "Assess again" in done.stderr


def test_so_is_another_revision_of_the_database(people: People) -> None:
    people.project()
    looks = []

    def somebody_deploys() -> bool:
        if not looks:
            people.fill("UPDATE alembic_version SET version_num = 'c3'")
        looks.append(True)
        return False

    service = load_catalog(people.folder / "backout.yml", {}).services["people"]
    around = Surroundings(
        environ={**os.environ, "PEOPLE_URL": people.url}, now=datetime.now(UTC), home=people.home,
        should_stop=somebody_deploys,
    )  # fmt: skip
    with pytest.raises(RefusedError, match=r"it was `b2`, now it is `c3`"):
        assess(Question(service=service), around)
