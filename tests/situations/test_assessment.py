"""The assessment against the truth, situation by situation: a downgrade that loses a value is never called less than high.

By day the six kinds of change that the runbooks rate; one in twenty of the others with the slow tests; `BACKOUT_TEST_ALL=1`
runs them all.
"""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.catalog import Risk
from tests.situations.database import Database, measuring_database
from tests.situations.judging import Judged, disagreements, judge
from tests.situations.measuring import bring_to_newer_state
from tests.situations.running import Project
from tests.situations.situation import Situation, lay_out, load, names
from tests.situations.truths import stored
from tests.warm import warm_python

#: Where even the data cannot tell, and the assessment keeps to the safe side.
SAFE_SIDE = {
    # The column comes back empty; that it had been empty before the upgrade, only an older backup knows.
    "dropped_column_that_was_empty",
    # It comes back in part; that the rest had been there, only an older backup knows.
    "column_comes_back_partly",
    # These come back whole, made by the script, which might have left something out just as well.
    "column_split_back_exactly",
    "renamed_column_by_copy",
    "column_copied_back_after_values_were_merged",
    "dropped_reference_table_refilled",
    # Older rows, or a column of theirs, went with an upgrade that copied only some: today's are all there.
    "table_rebuilt_after_rows_were_left_out",
    "table_copied_back_without_a_column",
    "table_rebuilt_after_duplicates_were_deleted",
    "table_moved_with_a_condition",
    "column_moved_with_a_condition",
    # A rehearsal starts no programs, so it fails where the real run would not.
    "program_started_in_downgrade",
    # Nor does it change roles: they are the server's, and would really be changed.
    "role_created_by_the_downgrade",
    "role_dropped",
    # The project does not use the URL that it is handed, so the rehearsal refuses to go on.
    "url_handed_over_is_ignored",
}


def _chosen() -> Iterator[object]:
    every, kinds = 1 if os.environ.get("BACKOUT_TEST_ALL") else 20, set()
    for number, name in enumerate(names()):
        kind = load(name).seed002
        if kind is not None and kind not in kinds:
            kinds.add(kind)
            yield name
        elif number % every == 0:
            yield pytest.param(name, marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[Database]:
    with measuring_database(postgres_url) as ours:
        yield ours


@pytest.mark.parametrize("name", tuple(_chosen()))
def test_the_assessment_agrees_with_the_truth(name: str, database: Database, tmp_path: Path) -> None:
    situation, truth = load(name), stored(name)
    assert truth is not None
    missing = [module for module in situation.needs if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    judged = _judged(situation, database, tmp_path)
    found = disagreements(situation, truth, judged)
    assert not found or name in SAFE_SIDE, [
        (finding.code, finding.severity.value, finding.message) for finding in judged.with_data.findings
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "high"),
    [
        ("column_copied_back_after_values_were_merged", {"RE105"}),
        ("renamed_column_by_copy", {"RE104"}),
        ("column_retyped_in_place_and_copied_back", set[str]()),
        ("table_rebuilt_after_rows_were_left_out", {"RE105"}),
        ("table_copied_back_without_a_column", {"RE103"}),
        ("table_rebuilt_after_duplicates_were_deleted", {"RE105"}),
        ("table_moved_with_a_condition", {"RE104"}),
        ("column_moved_with_a_condition", {"RE104"}),
        ("table_partitioned_and_back", set[str]()),
    ],
)
def test_what_is_copied_back_is_not_the_older_one_unless_the_upgrade_kept_all_of_it(
    name: str, high: set[str], database: Database, tmp_path: Path
) -> None:
    found = _judged(load(name), database, tmp_path).with_data.findings
    assert {finding.code for finding in found if finding.severity.rank >= Risk.HIGH.rank} == high


def _judged(situation: Situation, database: Database, place: Path) -> Judged:
    folder = lay_out(situation, place / "project").resolve()
    bring_to_newer_state(situation, Project(folder=folder, handover=situation.really or situation.url), database)
    return judge(situation, folder, database.url, warm_python())
