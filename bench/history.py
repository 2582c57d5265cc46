"""The history at the size that we promise: a million rollbacks, ten million chained entries.

Everything that is filled in is what the product would have written (real entries, real hashes, real seals);
only the way in is COPY, and the server that holds it does not wait for its disk. What is measured is the
product's own code: for `recent` and `show`, the execution time that the database reports for each of the
statements that they really send; for `audit`, the whole of it.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import event

from actions.embedded import EmbeddedPostgres
from actions.history.audit import audit
from actions.history.canonical import JsonObject
from actions.history.chain import GENESIS, link
from actions.history.database import History, open_history
from actions.history.lifecycle import Status
from actions.history.queries import live, recent, show
from actions.history.record import Entry, RowChange, body_of
from actions.history.rows import SEALED_PLAIN, SEALED_RECORDS, moment, seal
from actions.history.values import RollbackId

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "8GB",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "512MB",
}
SERVICES = 200
WAYS = (
    (Status.WAITING, Status.APPROVED, Status.RUNNING, Status.SUCCEEDED),
    (Status.WAITING, Status.APPROVED, Status.RUNNING, Status.UNDOING, Status.FAILED),
    (Status.WAITING, Status.REJECTED),
)
WEIGHTS = (90, 6, 4)
STEPS = ("stop-writers", "back-up", "prove", "rehearse", "downgrade", "verify", "resume-writers")
STEP_COLUMNS = "rollback_id, position, name, title, action, parameters, destructive, status, attempts"
Row = Mapping[str, Any]
COLUMNS = SEALED_PLAIN + SEALED_RECORDS


def run(arguments: Sequence[str]) -> dict[str, float]:
    """Fills a history and measures it; `--scale 0.01` for a quick look."""
    parser = argparse.ArgumentParser(prog="python -m bench history")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is a million rollbacks")
    parser.add_argument("--looks", type=int, default=500, help="how often each question is asked")
    wanted = parser.parse_args(arguments)
    rollbacks = max(1000, int(1_000_000 * wanted.scale))
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres(Path(folder) / "server", settings=SETTINGS) as server,
        open_history(server.url("postgres")) as history,
    ):
        results = _fill(history, rollbacks) | _questions(history, rollbacks, wanted.looks) | _audit(history)
    _print(results)
    return results


def _fill(history: History, rollbacks: int) -> dict[str, float]:
    """Makes the history in slices, one COPY per table each, and one connection for each COPY that is open."""
    started = time.monotonic()
    writer = _Writer(rollbacks)
    with psycopg.connect(history.conninfo) as connection:
        # The keys are right by construction; checking ten million of them one by one is not the question here.
        connection.execute("SET session_replication_role = replica")
        for first in range(1, rollbacks + 1, 10_000):
            writer.write(range(first, min(first + 10_000, rollbacks + 1)))
            _copy(connection, f"rollbacks ({', '.join(COLUMNS)})", writer.rows)
            _copy(connection, f"steps ({STEP_COLUMNS})", writer.steps)
            _copy(connection, "events (seq, body, hash)", writer.entries)
            connection.commit()
            if first % 100_000 == 1:
                print(f"  filling: {first - 1:,} of {rollbacks:,}", flush=True)
    with psycopg.connect(history.conninfo, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return {
        "rollbacks": rollbacks,
        "entries": writer.seq,
        "fill_seconds": time.monotonic() - started,
        "database_gb": (size or (0,))[0] / 1e9,
    }


def _copy(connection: psycopg.Connection, target: str, rows: list[Sequence[Any]]) -> None:
    with connection.cursor().copy(f"COPY {target} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)
    rows.clear()


class _Writer:
    """Writes down rollbacks as the product would have, one after the other."""

    def __init__(self, rollbacks: int) -> None:
        self.rows: list[Sequence[Any]] = []
        self.steps: list[Sequence[Any]] = []
        self.entries: list[Sequence[Any]] = []
        self.seq = 0
        self._hash = GENESIS
        self._sealed: str | None = None
        self._now = datetime(2020, 1, 1, tzinfo=UTC)
        self._chance = random.Random(142)  # noqa: S311 (the same history each time, nothing secret)
        #: The last few are open, each of a service of its own.
        self._open_from = rollbacks - SERVICES // 4

    def write(self, numbers: range) -> None:
        for number in numbers:
            self._rollback(number)

    def _rollback(self, number: int) -> None:
        row = self._asked(number)
        self._change("rollback.requested", row, {"service": row["service"], "target": row["target"]})
        way = WAYS[0][:3] if number > self._open_from else self._chance.choices(WAYS, WEIGHTS)[0]
        for to in way:
            left = row["status"]
            self._learn(row, to)
            self._change(f"rollback.{to}", row, {"from": left, "to": to})
            if to is Status.RUNNING:
                self._run_steps(row)
        self._sealed = None
        self.rows.append([Jsonb(v) if isinstance(v, dict) else v for v in (row[name] for name in COLUMNS)])

    def _asked(self, number: int) -> dict[str, Any]:
        service = f"service-{number % SERVICES}"
        return dict.fromkeys(COLUMNS) | {
            "id": number, "request_key": f"slack-{number}", "service": service, "environment": "production",
            "requester": f"U{number % 97}", "reason": "error rate over 5 % since the deploy", "target": "previous",
            "runbook": "downgrade", "status": Status.ASSESSING, "requested_at": self._now, "updated_at": self._now,
        }  # fmt: skip

    def _learn(self, row: dict[str, Any], to: Status) -> None:
        row |= {"status": to, "updated_at": self._now}
        if to is Status.WAITING:
            row |= {
                "from_revision": f"{row['id']:012x}", "to_revision": f"{row['id'] - 1:012x}", "strategy": "downgrade",
                "digest": f"{row['id']:064x}", "risk": "medium", "approvals_needed": 2,
                "expires_at": self._now + timedelta(hours=4), "predicted": {"seconds": 41.5, "locks": 2},
                "ledger_summary": {"tables": 1, "rows": 120, "values": 3400, "exact": True},
            }  # fmt: skip
        elif to is Status.RUNNING:
            row |= {"started_at": self._now}
        elif to in {Status.SUCCEEDED, Status.FAILED}:
            row |= {"finished_at": self._now, "actual": {"seconds": 39.25}, "outcome": "Back at the revision before"}
        else:
            row |= {"decided_at": self._now}

    def _run_steps(self, row: Row) -> None:
        for position, name in enumerate(STEPS, start=1):
            self.steps.append((row["id"], position, name, name, name, "{}", name == "downgrade", "done", 1))
        for name in STEPS[1:]:
            self._entry("step.done", row, {"step": name, "seconds": 5.5}, None)

    def _change(self, kind: str, row: Row, details: JsonObject) -> None:
        # Nobody else changes the row, so what it was before is what it was sealed as last.
        before, self._sealed = self._sealed, seal(row)
        self._entry(kind, row, details, RowChange(before=before, after=self._sealed, status=row["status"]))

    def _entry(self, kind: str, row: Row, details: JsonObject, change: RowChange | None) -> None:
        self._now += timedelta(seconds=1.000_001)
        self.seq += 1
        number = RollbackId(row["id"])
        entry = Entry(kind=kind, actor=row["requester"], rollback=number, details=details, change=change)
        body = body_of(entry, self.seq, moment(self._now))
        self._hash = link(self._hash, body.encode())
        self.entries.append((self.seq, body, self._hash))


def _questions(history: History, rollbacks: int, looks: int) -> dict[str, float]:
    """The time in the database of every statement that the product sends for a question."""
    chance = random.Random(7)  # noqa: S311 (which rollbacks are looked at is no secret)
    finals = [Status.SUCCEEDED, Status.FAILED, Status.REJECTED]

    def any_id() -> RollbackId:
        return RollbackId(chance.randrange(1, rollbacks + 1))

    def any_service() -> str:
        return f"service-{chance.randrange(SERVICES)}"

    asked: dict[str, Callable[[], object]] = {
        "recent": lambda: recent(history),
        "recent_page": lambda: recent(history, before=any_id()),
        "recent_service": lambda: recent(history, service=any_service(), before=any_id()),
        "recent_status": lambda: recent(history, status=chance.choice(finals), before=any_id()),
        "recent_both": lambda: recent(history, service=any_service(), status=chance.choice(finals)),
        "recent_none": lambda: recent(history, service=any_service(), status=Status.EXPIRED),
        "live": lambda: live(history),
        "show": lambda: show(history, any_id()),
    }
    results: dict[str, float] = {}
    for name, ask in asked.items():
        times = [sum(_explained(history, ask)) for _ in range(looks)]
        results |= {f"{name}_p50_ms": median(times), f"{name}_p99_ms": quantiles(times, n=100)[98]}
    return results


def _explained(history: History, ask: Callable[[], object]) -> Iterator[float]:
    """Asks, and lets the database explain each statement that went out: planning and execution in ms."""
    sent: list[tuple[str, Any]] = []

    def note(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    engine = history.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    with history.reading() as connection:
        for statement, parameters in sent:
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            yield plan[0]["Planning Time"] + plan[0]["Execution Time"]


def _audit(history: History) -> dict[str, float]:
    started, worked = time.monotonic(), time.process_time()
    report = audit(history)
    seconds, busy = time.monotonic() - started, time.process_time() - worked
    assert report.whole, report.findings
    assert audit(history, str(report.head)).whole
    return {
        "audit_seconds": seconds,
        "audit_entries_per_second": report.entries / seconds,
        # What one core does when nobody else wants it; on a busy machine the line above says less.
        "audit_entries_per_cpu_second": report.entries / busy,
    }


def _print(results: Mapping[str, float]) -> None:
    print(f"{'history':28} (server with fsync off; times are planning and execution in the database)")
    for name, value in results.items():
        print(f"  {name:28} {value:14,.2f}")
