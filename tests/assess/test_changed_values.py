"""Values that a downgrade changes in columns that stay are told one by one, with their numbers."""

import json

import pytest

from tests.assess.service import People

pytestmark = pytest.mark.slow


def test_changed_values_of_columns_that_stay_are_told_per_column(people: People) -> None:
    people.project(downgrade='op.execute("UPDATE people SET mail = NULL, name = upper(name) WHERE id <= 10")')
    done = people.assess("people", "--data", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rehearsal"]["values_changed"] == [
        {"table": "people", "column": "name", "values": 500, "changed": 10, "became_null": 0, "restated": 0},
        {"table": "people", "column": "mail", "values": 250, "changed": 5, "became_null": 5, "restated": 0},
    ]


def test_without_the_data_it_is_not_known_which_values_change(people: People) -> None:
    done = people.project().assess("people", "--json")
    assert json.loads(done.stdout)["rehearsal"]["values_changed"] is None
