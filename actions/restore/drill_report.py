"""The drill's report: as facts, and where it is kept."""

import json
from collections.abc import Mapping, Sequence

from actions.backup.store import Store
from actions.errors import BackoutError
from actions.restore.drill import Drill, Outcome, Point

FOLDER = "drills"
REPORT = "rollback-test-report.json"
PAGE = "restore.md"

CRITERIA: Mapping[str, tuple[int, ...]] = {
    "A backup is created before a migration": (1, 2, 3, 4),
    "A rollback restores the database to the state before the migration": (5, 6, 7),
    "The documentation includes the steps of the rollback": (8,),
}


def report_of(drill: Drill, files: Mapping[str, object]) -> dict[str, object]:
    """As JSON facts: summary, acceptance criteria, details, times and places."""
    count = {outcome: sum(point.outcome is outcome for point in drill.points) for outcome in Outcome}
    by_number = {point.number: point for point in drill.points}
    return {
        "service": drill.service,
        "environment": drill.environment,
        "kind": "backup",
        "dry_run": drill.dry_run,
        "passed": drill.passed,
        "started_at": drill.started_at.isoformat(timespec="seconds"),
        "seconds": round(drill.seconds, 3),
        "summary": {
            "points": len(drill.points),
            **{str(outcome).replace(" ", "_"): count[outcome] for outcome in Outcome},
        },
        "acceptance_criteria": [
            {
                "criterion": criterion,
                "met": _met([by_number[number].outcome for number in numbers]),
                "points": list(numbers),
            }
            for criterion, numbers in CRITERIA.items()
        ],
        "points": [_point_facts(point) for point in drill.points],
        "files": dict(files),
    }


def _met(outcomes: Sequence[Outcome]) -> bool | None:
    """None: a dry run did not try it."""
    if any(outcome in (Outcome.FAILED, Outcome.SKIPPED) for outcome in outcomes):
        return False
    return None if Outcome.NOT_RUN in outcomes else True


def _point_facts(point: Point) -> dict[str, object]:
    return {
        "number": point.number, "name": point.name, "title": point.title, "outcome": str(point.outcome),
        "said": point.said, "next_step": point.next_step, "details": dict(point.details),
        "started_at": point.started_at.isoformat(timespec="milliseconds"), "seconds": point.seconds,
    }  # fmt: skip


def keep_report(drill: Drill, stores: Sequence[Store]) -> tuple[dict[str, object], dict[str, str]]:
    """Writes report and page beside the backups, in the place of the last ones; the report, and where it could not be
    written."""
    folder = f"{FOLDER}/{drill.service}"
    trouble: dict[str, str] = {}
    report: dict[str, object] = {}
    for store in stores:
        files = {
            "backup": drill.backup, "store": store.title, "report": f"{store.title}/{folder}/{REPORT}",
            "page": f"{store.title}/{folder}/{PAGE}" if drill.page else None,
        }  # fmt: skip
        written = report_of(drill, files)
        report = report or written
        try:
            store.delete(folder)
            store.write(f"{folder}/{REPORT}", [json.dumps(written, indent=2, ensure_ascii=False).encode() + b"\n"])
            if drill.page:
                store.write(f"{folder}/{PAGE}", [drill.page.encode()])
        except BackoutError as error:
            trouble[store.title] = error.what
            if report is written:
                report = {}
    return report or report_of(drill, {"backup": drill.backup}), trouble
