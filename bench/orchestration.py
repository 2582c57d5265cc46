"""A whole rollback, from its approval to its end, beside the same work typed by hand in a script; one database, one run.

Two scripts, because "the same" can be meant in two ways. The runbooks' own: stop the writers, `pg_dump | gzip`, downgrade,
count, start again. And one that makes the backup as Backout makes it, restored and compared, and then does the rest by hand.
Neither script rehearses the downgrade on the copy, watches that nobody writes, or compares every table afterwards; Backout
does, and its steps are listed with their times, so that it shows what that costs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import backup

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "rollback"))

import psycopg  # noqa: E402 because the shop is in the tests
from psycopg import sql  # noqa: E402
from world import FIRST, PYTHON, SECOND, Shop, free_port, wait_for  # noqa: E402

from actions.backup.connecting import libpq_environment  # noqa: E402
from actions.backup.programs import ClientPrograms, find_programs, programs_for  # noqa: E402
from actions.embedded import EmbeddedPostgres  # noqa: E402
from actions.embedded.binaries import MAJOR  # noqa: E402
from actions.history.database import open_history  # noqa: E402
from actions.history.lifecycle import FINAL, Status  # noqa: E402
from actions.history.queries import recent, show  # noqa: E402

BAR = 1.1
SIZE, QUICK_SIZE = "500MB", "60MB"
ROUNDS = 3
LONGEST_SECONDS = 1800.0
RUNBOOK, LIKE_OURS, OURS = "runbook", "backup as ours", "backout"
#: What goes back: a column of the largest table, and its index.
THIRD = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0003", "0002"
def upgrade():
    op.add_column("postings", sa.Column("reviewed", sa.Boolean))
    op.create_index("postings_reviewed", "postings", ["reviewed"])
def downgrade():
    op.drop_index("postings_reviewed")
    op.drop_column("postings", "reviewed")
"""
#: The part that both scripts share stands around `backup`; `$1` is an empty folder.
SCRIPT = """
set -e -o pipefail
stop() { kill -TERM "$(cat "$1.pid")"; while kill -0 "$(cat "$1.pid")" 2>/dev/null; do sleep 0.05; done; }
start() { "$PYTHON" "$1.py" "${@:2}" "$PWD/$1.pid" </dev/null >/dev/null 2>&1 & }
stop writer; stop web
%s
"$PYTHON" -m alembic current > /dev/null
"$PYTHON" -m alembic downgrade -1 2> /dev/null
"$PYTHON" -m alembic current > /dev/null
for table in articles events postings files orders customers; do "$PSQL" -q -c "SELECT count(*) FROM $table" > /dev/null; done
touch older-release
start web "$PORT"; start writer
until (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && "$PYTHON" -c "$HEALTH"; do sleep 0.1; done
"""
GZIP = '"$PG_DUMP" | gzip > "$1/dump.sql.gz"'
AS_OURS = f'"$PYTHON" -m bench._backup "$1" bench {MAJOR} "$JOBS" prove > /dev/null'
HEALTH = """
import json, os, urllib.request
said = urllib.request.urlopen("http://127.0.0.1:" + os.environ["PORT"] + "/health", timeout=5).read()
assert json.loads(said)["status"] == "ok"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rollback:
    seconds: float
    steps: Mapping[str, float]
    #: Of the history's clock, between the approval and the first step: what is looked at again before anything begins.
    before_first_step: float


def run(arguments: Sequence[str]) -> dict[str, float]:
    """Each way once a round, in turns, and the newer release again after each; the medians count."""
    parser = argparse.ArgumentParser(prog="python -m bench orchestration")
    parser.add_argument("--size", type=backup.size_of, help=f"of the database (default {SIZE})")
    parser.add_argument("--rounds", type=int, help=f"default {ROUNDS}")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SIZE}, once")
    wanted = parser.parse_args(list(arguments))
    size = wanted.size or backup.size_of(QUICK_SIZE if wanted.quick else SIZE)
    programs = programs_for(MAJOR, find_programs(os.environ))
    with tempfile.TemporaryDirectory(prefix="backout-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _a_shop(folder, size) as shop, shop.worker():
            by_hand: dict[str, list[float]] = {RUNBOOK: [], LIKE_OURS: []}
            rollbacks: list[_Rollback] = []
            for _ in range(wanted.rounds or (1 if wanted.quick else ROUNDS)):
                for way, words in ((RUNBOOK, GZIP), (LIKE_OURS, AS_OURS)):
                    by_hand[way].append(_by_hand(shop, programs, SCRIPT % words))
                    print(f"  {way:16} {by_hand[way][-1]:8.1f} s", flush=True)
                    _again(shop)
                rollbacks.append(_by_backout(shop))
                print(f"  {OURS:16} {rollbacks[-1].seconds:8.1f} s", flush=True)
                _again(shop)
            megabytes = shop.ask("SELECT pg_database_size(current_database())") / 1e6
    return _told(by_hand, rollbacks, megabytes)


@contextmanager
def _a_shop(folder: Path, size: int) -> Iterator[Shop]:
    """With its writer and its page, on a durable server of its own; the history has another, with its usual settings."""
    with (
        EmbeddedPostgres(folder / "service", settings=backup.SETTINGS) as services,
        EmbeddedPostgres(folder / "history") as history,
    ):
        with psycopg.connect(services.url(), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE shop"))
        backup.build(services.url("shop"), size)
        (folder / "shop").mkdir()
        (folder / "home").mkdir()
        shop = Shop(
            folder=folder / "shop", home=folder / "home", url=services.url("shop"), history_url=history.url(),
            port=free_port(), scripts=(FIRST, SECOND, THIRD), quiet_for="5s", more=_as_by_default(folder / "shop"),
        )  # fmt: skip
        shop.make()
        try:
            shop.start()
            yield shop
        finally:
            shop.stop()


def _as_by_default(folder: Path) -> dict[str, object]:
    """What a catalog does not have to say is left as it is; checks are those that the scripts make, too."""
    return {"backups": {"stores": [{"folder": str(folder.parent / "backups")}], "keep": {"last": 1}}}


def _by_hand(shop: Shop, programs: ClientPrograms, script: str) -> float:
    with tempfile.TemporaryDirectory(prefix="backout-bench-", dir=shop.folder.parent) as target:
        environment = {
            **shop.environ, "PYTHON": PYTHON, "PG_DUMP": str(programs.folder / "pg_dump"), "PORT": str(shop.port),
            "PSQL": str(programs.folder / "psql"), "BENCH_URL": shop.url, "HEALTH": HEALTH, "JOBS": _jobs(),
            **libpq_environment(shop.url),
        }  # fmt: skip
        began = time.monotonic()
        subprocess.run(["bash", "-c", script, "by hand", target], cwd=shop.folder, env=environment, check=True)
        seconds = time.monotonic() - began
    assert shop.revision() == "0002"
    return seconds


def _by_backout(shop: Shop) -> _Rollback:
    """Its worker runs already, as it does in a company; nobody has to approve, so that nobody's typing is timed."""
    shop.backout("request", shop.name)
    with open_history(shop.history_url) as history:
        (newest,) = recent(history, limit=1)
        wait_for(lambda: show(history, newest.id).rollback.status in FINAL, "it has no end", LONGEST_SECONDS)
        story = show(history, newest.id)
    assert story.rollback.status is Status.SUCCEEDED, story.rollback.outcome
    assert shop.revision() == "0002"
    times = {event.kind: event.at for event in story.events if event.kind.startswith("rollback.")}
    first = min(step.started_at for step in story.steps if step.started_at)
    approved = times["rollback.approved"]
    return _Rollback(
        seconds=(times["rollback.succeeded"] - approved).total_seconds(),
        steps={
            step.name: (step.finished_at - step.started_at).total_seconds()
            for step in story.steps
            if step.started_at and step.finished_at
        },
        before_first_step=(first - approved).total_seconds(),
    )


def _again(shop: Shop) -> None:
    """The newer release; every way finds the same."""
    (shop.folder / "older-release").unlink(missing_ok=True)
    words = [PYTHON, "-m", "alembic", "upgrade", "head"]
    subprocess.run(words, cwd=shop.folder, env=shop.environ, check=True, capture_output=True)
    with psycopg.connect(shop.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    wait_for(lambda: shop.writes() and shop.answers(), "the shop does not run")


def _jobs() -> str:
    return str(len(os.sched_getaffinity(0)))


def _told(by_hand: Mapping[str, Sequence[float]], rollbacks: Sequence[_Rollback], megabytes: float) -> dict[str, float]:
    ours = median(each.seconds for each in rollbacks)
    results = {
        "database_mb": megabytes, "seconds_backout": ours,
        **{f"seconds_{way.replace(' ', '_')}": median(seconds) for way, seconds in by_hand.items()},
        "ratio_to_runbook": ours / median(by_hand[RUNBOOK]), "ratio_to_same_backup": ours / median(by_hand[LIKE_OURS]),
    }  # fmt: skip
    typical = min(rollbacks, key=lambda each: abs(each.seconds - ours))
    print(f"orchestration ({megabytes:,.0f} MB of database)")
    for way, seconds in (*by_hand.items(), (OURS, [each.seconds for each in rollbacks])):
        print(f"  {way:16} {median(seconds):8.1f} s   ({', '.join(f'{each:.1f}' for each in seconds)})")
    print(f"    {'before the first step':24} {typical.before_first_step:8.2f} s")
    for name, length in typical.steps.items():
        print(f"    {name:24} {length:8.2f} s")
    between = typical.seconds - typical.before_first_step - sum(typical.steps.values())
    print(f"    {'between the steps':24} {between:8.2f} s")
    for name in ("ratio_to_runbook", "ratio_to_same_backup"):
        print(f"  {name:24} {results[name]:6.2f}  bar {BAR:4.2f}  {'kept' if results[name] <= BAR else 'MISSED'}")
    return results | {f"step_{name}": length for name, length in typical.steps.items()}
