"""The assessment at the size that we promise: 200 tables, 500 revisions, and a big table that grows a hundredfold.

The project is a real one, which Alembic itself brings up; the head's downgrade drops a column of the big table and a
whole table of the same size. What is measured is `assess` without data, as every verb calls it: the service's own
interpreter reads the scripts, and goes down and up again on a copy of the schema. Beside it the whole command,
`backout assess bench --json`, from the start of its process to its end, with an embedded history that it starts and stops.
"""

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psycopg

from actions.assess.assessment import Question, Surroundings, assess
from actions.assess.result import Assessment
from actions.catalog import Service, load_catalog
from actions.embedded import EmbeddedPostgres

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "8GB",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "512MB",
}
PROJECT = Path(__file__).parent.parent
TABLES = 200
REVISIONS = 500
SIZES = (100_000, 1_000_000, 10_000_000)
QUICK_SIZES = (10_000, 100_000, 1_000_000)
LOOKS = 3
SECONDS_BAR = 5.0
RATIO_BAR = 1.3
#: What an assessment spends its time in: function and file, and what that is called here.
PARTS: Mapping[tuple[str, str], str] = {
    ("scripts.py", "read_path"): "reader",
    ("scratch.py", "database"): "scratch database",
    ("scratch.py", "_create"): "scratch: create",
    ("scratch.py", "_drop"): "scratch: drop",
    ("copying.py", "copy_schema"): "schema copy",
    ("filling.py", "fill_at_once"): "schema copy: fill",
    ("rehearsal.py", "run"): "down and up",
    ("rehearsal.py", "read"): "snapshots",
    ("rehearsal.py", "_conclude"): "compare",
    ("compare.py", "compare_by_id"): "compare: by id",
    ("compare.py", "compare_by_name"): "compare: by name",
    ("effects.py", "effects_of"): "effects",
    ("live.py", "find_live"): "find live",
    ("live.py", "ask_live"): "probes",
    ("assessment.py", "_conclude"): "findings and decision",
}

CATALOG = """
services:
  bench:
    environment: staging
    platform: {{kind: local, folder: .}}
    database: ${{BENCH_URL}}
    migrations:
      config: alembic.ini
      run: {{python: {python}}}
"""
ENV = """
import os
from alembic import context
from sqlalchemy import create_engine

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
with create_engine(url).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
SCRIPT = '''"""{message}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision:012x}"
down_revision = {down}


def upgrade():
{up}


def downgrade():
{back}
'''
FILL = """
INSERT INTO postings (id, account_id, amount, note)
SELECT n, 1 + n %% 1000, n %% 977, CASE WHEN n %% 3 = 0 THEN 'note ' || n END FROM generate_series(%(first)s::bigint, %(last)s::bigint) n;
INSERT INTO receipts (id, posting_id, printed)
SELECT n, n, 'receipt ' || n FROM generate_series(%(first)s::bigint, %(last)s::bigint) n;
"""


def run(arguments: Sequence[str]) -> dict[str, float]:
    """Makes the service, fills it again and again, and measures each; 10^8 rows, as in `--rows 100000 100000000`, take 20 GB."""
    parser = argparse.ArgumentParser(prog="python -m bench assess")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_const", dest="rows", const=QUICK_SIZES, help="a tenth of the rows")
    sizes.add_argument("--rows", type=int, nargs="+", default=SIZES, help="how many rows, in rising order")
    parser.add_argument("--parts", action="store_true", help="also say where the time goes")
    wanted = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="backout-bench-") as home,
        EmbeddedPostgres(Path(home) / "server", settings=SETTINGS) as server,
    ):
        world = _make_world(Path(home) / "service", server.url("postgres"))
        results = _measure(world, wanted.rows)
        parts = _where_the_time_goes(world) if wanted.parts else {}
    _print(results, parts)
    return results


@dataclass(frozen=True, kw_only=True, slots=True)
class _World:
    service: Service
    folder: Path
    url: str

    def assess(self) -> Assessment:
        around = Surroundings(environ={**os.environ, "BENCH_URL": self.url}, now=datetime.now(UTC), home=self.folder)
        return assess(Question(service=self.service), around)

    def assess_as_process(self) -> float:
        """The seconds that somebody at a terminal waits."""
        environment = {
            **os.environ, "BENCH_URL": self.url, "BACKOUT_CATALOG": str(self.folder / "backout.yml"),
            "BACKOUT_HOME": str(self.folder.parent / "home"), "BACKOUT_DATABASE_URL": "",
        }  # fmt: skip
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "bot", "assess", "bench", "--json"],
            env=environment, cwd=PROJECT, check=True, capture_output=True,
        )  # fmt: skip
        seconds = time.monotonic() - started
        assert json.loads(done.stdout)["rehearsal"]["succeeds"]
        return seconds


def _make_world(folder: Path, url: str) -> _World:
    (folder / "versions").mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s\n")
    (folder / "env.py").write_text(ENV)
    for number, script in enumerate(_scripts(), start=1):
        (folder / "versions" / f"{number:04}.py").write_text(script)
    (folder / "backout.yml").write_text(CATALOG.format(python=sys.executable))
    subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=folder, env={**os.environ, "DATABASE_URL": url}, check=True, capture_output=True,
    )  # fmt: skip
    return _World(service=load_catalog(folder / "backout.yml", {}).services["bench"], folder=folder, url=url)


def _scripts() -> Iterator[str]:
    """A history as services have it: first many tables, then columns and indexes, and at the head what costs data."""
    for number in range(1, REVISIONS + 1):
        if number == REVISIONS:
            message, up, back = _head()
        elif number <= TABLES - 1:
            message, up, back = _a_table(number)
        else:
            message, up, back = _a_change(number)
        down = f'"{number - 1:012x}"' if number > 1 else None
        yield SCRIPT.format(message=message, revision=number, down=down, up=_indented(up), back=_indented(back))


def _a_table(number: int) -> tuple[str, str, str]:
    name = "postings" if number == 1 else f"t{number}"
    parent = "postings" if number in (2, 3) else f"t{number // 2}"
    link = f'sa.ForeignKey("{parent}.id"), ' if number > 1 else ""
    up = f"""
op.create_table("{name}",
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("account_id", sa.BigInteger, {link}nullable=True),
    sa.Column("amount", sa.Numeric(12, 2), nullable=False, server_default="0"),
    sa.Column("state", sa.String(20), nullable=False, server_default="new"),
    sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    sa.CheckConstraint("amount >= 0", name="{name}_amount"))
op.create_index("{name}_account", "{name}", ["account_id"])
op.create_index("{name}_made", "{name}", ["made_at", "state"])"""
    return f"Add {name}", up, f'op.drop_table("{name}")'


def _a_change(number: int) -> tuple[str, str, str]:
    table = f"t{2 + number % (TABLES - 2)}"
    if number % 3:
        up = f'op.add_column("{table}", sa.Column("c{number}", sa.Text))'
        return f"Add {table}.c{number}", up, f'op.drop_column("{table}", "c{number}")'
    up = f'op.create_index("{table}_i{number}", "{table}", ["state", "amount"])'
    return f"Index {table}", up, f'op.drop_index("{table}_i{number}", "{table}")'


def _head() -> tuple[str, str, str]:
    up = """
op.add_column("postings", sa.Column("note", sa.Text))
op.create_table("receipts",
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("posting_id", sa.BigInteger, sa.ForeignKey("postings.id"), index=True),
    sa.Column("printed", sa.Text))"""
    return "Keep notes and receipts", up, 'op.drop_table("receipts")\nop.drop_column("postings", "note")'


def _indented(code: str) -> str:
    return "\n".join("    " + line for line in code.strip().splitlines())


def _measure(world: _World, sizes: Sequence[int]) -> dict[str, float]:
    results: dict[str, float] = {"tables": TABLES, "revisions": REVISIONS}
    filled, times, whole = 0, [], []
    world.assess_as_process()  # sets up the history
    for rows in sizes:
        print(f"  filling: {rows:,} rows", flush=True)
        _fill(world.url, filled + 1, rows)
        filled = rows
        looks = [_look(world, rows) for _ in range(LOOKS)]
        times.append(median(looks))
        whole.append(median(world.assess_as_process() for _ in range(LOOKS)))
        size = f"{rows:.0e}".replace("+0", "")
        results |= {f"seconds_at_{size}_rows": times[-1], f"process_at_{size}_rows": whole[-1]}
    return results | {
        "seconds": max(times), "process": max(whole), "ratio": max(times) / times[0], "process_ratio": max(whole) / whole[0],
    }  # fmt: skip


def _fill(url: str, first: int, last: int) -> None:
    with psycopg.connect(url) as connection:
        # The keys are right by construction; checking each is not the question here.
        connection.execute("SET session_replication_role = replica")
        for statement in FILL.strip().split(";")[:-1]:
            connection.execute(statement.encode(), {"first": first, "last": last})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _look(world: _World, rows: int) -> float:
    """One assessment; that it saw what there is to lose is part of the promise."""
    started = time.monotonic()
    found = world.assess()
    seconds = time.monotonic() - started
    lost = {(entry.table, entry.column) for entry in found.ledger if entry.rows}
    assert lost == {("receipts", None), ("postings", "note")}, (rows, found.ledger)
    assert found.rehearsal is not None
    assert found.rehearsal.succeeds, found.failure
    return seconds


def _where_the_time_goes(world: _World) -> dict[str, float]:
    """One assessment more, profiled: it takes a little longer than those that were measured."""
    profile = cProfile.Profile()
    profile.runcall(world.assess)
    parts = {}
    functions = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # because typeshed leaves it out
    for (file, _, function), (_, _, _, cumulative, _) in functions.items():
        part = PARTS.get((Path(file).name, function))
        if part and "actions" in Path(file).parts:
            parts[part] = cumulative
    return dict(sorted(parts.items(), key=lambda part: -part[1]))


def _print(results: Mapping[str, float], parts: Mapping[str, float]) -> None:
    print(f"{'assess':28} (server with fsync off; median of {LOOKS})")
    for name, value in results.items():
        print(f"  {name:28} {value:14,.2f}")
    for name, value in parts.items():
        print(f"    of it {name:22} {value:14,.2f}")
    for name, bar in (
        ("seconds", SECONDS_BAR),
        ("process", SECONDS_BAR),
        ("ratio", RATIO_BAR),
        ("process_ratio", RATIO_BAR),
    ):
        print(f"  {name:28} bar {bar:10,.2f}  {'kept' if results[name] <= bar else 'MISSED'}")
