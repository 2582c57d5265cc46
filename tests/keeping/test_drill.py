"""The rollback test: eight points against the real server, and what each says when something is wrong."""

import json
from pathlib import Path

import pytest

from actions.errors import BackoutError
from actions.history.backups import find_backup
from actions.history.values import BackupState
from actions.restore.drill import DrillOrder, Outcome, run_drill
from actions.restore.drill_report import keep_report, report_of
from actions.restore.premises import Premises
from tests.keeping.conftest import MakePremises
from tests.restore.proofs import scratch_of

EIGHT = ["server", "store", "tools", "create", "file", "content", "restore", "documentation"]


def outcomes(premises: Premises, **order: bool) -> dict[str, Outcome]:
    return {point.name: point.outcome for point in run_drill(premises, DrillOrder(**order)).points}


def test_all_eight_points_pass_where_all_is_well_and_the_backup_is_proven_by_it(
    premises: Premises, stores: tuple[Path, Path]
) -> None:
    drill = run_drill(premises, DrillOrder())
    assert [(point.name, point.outcome) for point in drill.points] == [(name, Outcome.PASSED) for name in EIGHT]
    assert drill.passed
    assert drill.backup is not None
    record = find_backup(premises.history, drill.backup)
    assert record is not None
    assert (record.state, record.purpose) == (BackupState.PROVEN, "drill")


def test_the_report_has_summary_criteria_details_times_and_places(
    premises: Premises, stores: tuple[Path, Path]
) -> None:
    drill = run_drill(premises, DrillOrder())
    report, trouble = keep_report(drill, premises.stores)
    assert trouble == {}
    assert report["summary"] == {"points": 8, "passed": 8, "failed": 0, "skipped": 0, "not_run": 0}
    assert [each["met"] for each in report["acceptance_criteria"]] == [True, True, True]
    for folder in stores:
        written = json.loads((folder / "drills/orders/rollback-test-report.json").read_text())
        assert written["points"] == report["points"]
        assert written["files"]["report"] == f"{folder}/drills/orders/rollback-test-report.json"
        page = (folder / "drills/orders/restore.md").read_text()
        assert "backout restore orders --backup latest" in page
        assert str(folder) in page
        assert "`ORDERS_URL`" in page
    assert premises.url not in json.dumps(report)


@pytest.mark.slow
def test_the_next_report_takes_the_place_of_the_last(premises: Premises, stores: tuple[Path, Path]) -> None:
    for _ in range(2):
        drill = run_drill(premises, DrillOrder(dry_run=True))
        assert keep_report(drill, premises.stores)[1] == {}
    written = json.loads((stores[0] / "drills/orders/rollback-test-report.json").read_text())
    assert written["files"]["backup"] == drill.backup


def test_a_dry_run_restores_nothing_and_shows_what_it_would_run(premises: Premises) -> None:
    drill = run_drill(premises, DrillOrder(dry_run=True))
    restore = drill.points[6]
    assert restore.outcome is Outcome.NOT_RUN
    steps = restore.details["would_run"]
    assert isinstance(steps, list)
    assert any("pg_restore --exit-on-error --section=pre-data" in step for step in steps)
    assert drill.passed
    assert drill.backup is not None
    record = find_backup(premises.history, drill.backup)
    assert record is not None
    assert record.state is BackupState.MADE
    criteria = report_of(drill, {})["acceptance_criteria"]
    assert isinstance(criteria, list)
    assert [each["met"] for each in criteria] == [True, None, True]


def test_nothing_of_the_scratch_database_is_left(premises: Premises, postgres_url: str) -> None:
    run_drill(premises, DrillOrder())
    assert scratch_of(postgres_url) == []


def test_a_server_that_is_away_fails_its_point_and_the_rest_says_why_it_was_not_tried(premises: Premises) -> None:
    away = Premises(
        history=premises.history, service=premises.service, stores=premises.stores, home=premises.home,
        environ={**premises.environ, "ORDERS_URL": "postgresql://orders:tr0ub4dor@127.0.0.1:1/orders"}, actor="test",
    )  # fmt: skip
    drill = run_drill(away, DrillOrder())
    assert [point.outcome for point in drill.points] == [
        Outcome.FAILED, Outcome.PASSED, *[Outcome.SKIPPED] * 5, Outcome.PASSED,
    ]  # fmt: skip
    assert not drill.passed
    said = json.dumps(report_of(drill, {}))
    assert "see point 1" in said
    assert "tr0ub4dor" not in said


def test_a_second_store_that_cannot_be_written_fails_its_point(premises: Premises, stores: tuple[Path, Path]) -> None:
    stores[1].write_text("in the way")
    found = outcomes(premises)
    assert found["store"] is Outcome.FAILED
    assert found["create"] is Outcome.SKIPPED


def test_stopped_there_is_no_report_of_half_a_drill(premises: Premises) -> None:
    with pytest.raises(BackoutError, match="stopped"):
        run_drill(premises, DrillOrder(should_stop=lambda: True))


def test_an_encrypted_plain_backup_passes_too_and_its_page_says_how_it_is_opened(make_premises: MakePremises) -> None:
    from actions.backup.encryption import new_key

    premises = make_premises(format="plain", encryption_key='"${ORDERS_KEY}"')
    key = new_key()
    around = Premises(
        history=premises.history, service=premises.service, stores=premises.stores, home=premises.home,
        environ={**premises.environ, "ORDERS_KEY": key.secret}, actor="test",
    )  # fmt: skip
    drill = run_drill(around, DrillOrder())
    assert [point.said for point in drill.points if point.outcome is not Outcome.PASSED] == []
    assert "age --decrypt" in drill.page
    assert key.secret not in drill.page
