"""How long a backup takes, beside the usual ways, in one run on one database.

The database has what services have: wide text, JSON, many small rows, bytes that no compression makes smaller, indexes,
and fifty little tables. Everything has been read once before the clock runs. Nothing is timed while it is built.
"""

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

import psutil
import psycopg

from actions.backup.cloning import CloneOrder, make_clone
from actions.backup.connecting import libpq_environment
from actions.backup.programs import ClientPrograms, find_programs, programs_for
from actions.embedded import EmbeddedPostgres
from actions.embedded.binaries import MAJOR
from actions.restore.swapping import SwapOrder, swap

#: Durable, as a service's server is; roomy, so that checkpoints do not decide.
SETTINGS = {
    "max_wal_size": "8GB",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "512MB",
}
UNITS = {"MB": 10**6, "GB": 10**9}
RATIO_BAR = 0.35
SIZE_BAR = 1.0
MEMORY_BAR = 200.0
PROVEN_BAR = 0.5
SWAP_BAR = 2.0
TRUST_BARS = (("proven_ratio", PROVEN_BAR), ("swap_seconds", SWAP_BAR))
LITTLE_TABLES = 50
SCHEMA = """
CREATE TABLE articles (id bigserial PRIMARY KEY, slug text NOT NULL UNIQUE, title text, body text, made_at timestamptz);
CREATE TABLE events (id bigserial PRIMARY KEY, kind text, told jsonb NOT NULL);
CREATE TABLE postings (id bigserial PRIMARY KEY, account_id int, amount numeric(12, 2), state text, made_at timestamptz);
CREATE TABLE files (id bigserial PRIMARY KEY, name text, content bytea);
CREATE INDEX ON articles (made_at);
CREATE INDEX ON events USING gin (told jsonb_path_ops);
CREATE INDEX ON postings (account_id, made_at);
CREATE INDEX ON postings (state) WHERE state <> 'done';
"""
POSTINGS = """
INSERT INTO postings (account_id, amount, state, made_at)
SELECT (random() * 100000)::int, (random() * 10000)::numeric(12, 2), (ARRAY['new', 'sent', 'done'])[1 + (random() * 2)::int],
  timestamptz '2026-01-01' + random() * interval '200 days' FROM generate_series(1, 100000)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Way:
    """One way of making a backup, as it came out."""

    seconds: float
    #: Of the processor, in all programs and the server's sessions: what tells more on a machine that is not idle.
    work: float
    bytes: int
    #: Of all its processes together, at the worst moment.
    memory: float


def run(arguments: Sequence[str]) -> dict[str, float]:
    """Builds the database and measures; `--size 200MB` for a quick look."""
    parser = argparse.ArgumentParser(prog="python -m bench backup")
    parser.add_argument(
        "--size", type=size_of, default=size_of("2GB"), help="of the database, such as 200MB (default 2GB)"
    )
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="default: as many as cores")
    wanted = parser.parse_args(arguments)
    programs = programs_for(MAJOR, find_programs(os.environ))
    with (
        tempfile.TemporaryDirectory(prefix="backout-bench-") as home,
        EmbeddedPostgres(Path(home) / "server", settings=SETTINGS) as server,
    ):
        url = server.url("postgres")
        size = build(url, wanted.size)
        target = Path(home) / "backups"
        worked = _Work(server.data)
        ways = _measure(url, programs, target, worked, wanted.jobs)
        ways |= _measure_trust(server, programs, target, worked, wanted.jobs)
        swap_seconds = _measure_swap(server)
    results = _results(ways, size) | {"swap_seconds": swap_seconds}
    _print(ways, results)
    return results


def size_of(text: str) -> int:
    number, unit = text[:-2], text[-2:].upper()
    return int(float(number) * UNITS[unit])


def build(url: str, size: int) -> int:
    """Grows by rounds of the same mixture until the database has its size; that size, as the server counts it."""
    words = _Words()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA)
        for number in range(LITTLE_TABLES):
            connection.execute(
                f"CREATE TABLE little_{number} AS SELECT n, 'row ' || n AS said FROM generate_series(1, 40) n"
            )
        rounds = 0
        while (now := _database_size(connection)) < size:
            print(f"\r  building: {now / 1e6:,.0f} MB", end="", flush=True)
            _add_round(connection, words, rounds)
            rounds += 1
        connection.execute("VACUUM ANALYZE")
        print(f"\r  built: {_database_size(connection) / 1e6:,.0f} MB in {rounds} rounds", flush=True)
        return _database_size(connection)


def _database_size(connection: psycopg.Connection) -> int:
    return int((connection.execute("SELECT pg_database_size(current_database())").fetchone() or (0,))[0])


def _add_round(connection: psycopg.Connection, words: "_Words", number: int) -> None:
    cursor = connection.cursor()
    with cursor.copy("COPY articles (slug, title, body, made_at) FROM STDIN") as copy:
        for each in range(4000):
            copy.write_row((f"{number}-{each}", words.some(8), words.some(400), "2026-01-01 10:00+00"))
    with cursor.copy("COPY events (kind, told) FROM STDIN") as copy:
        for each in range(10000):
            copy.write_row((words.some(1), words.json(number * 10000 + each)))
    with cursor.copy("COPY files (name, content) FROM STDIN") as copy:
        for _ in range(200):
            copy.write_row((words.some(2), words.dice.randbytes(20_000)))
    connection.execute(POSTINGS)


class _Words:
    """Text of words that are as unevenly frequent as those of a language; no two texts share a long passage."""

    def __init__(self) -> None:
        self.dice = dice = random.Random(4)  # noqa: S311  the same database every time
        self._words = ["".join(dice.choices("etaoinshrdlucmfwyp", k=dice.randint(2, 11))) for _ in range(20_000)]
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def some(self, number: int) -> str:
        return " ".join(self.dice.choices(self._words, cum_weights=self._weights, k=number))

    def json(self, number: int) -> str:
        return (
            f'{{"id": {number}, "user": {{"id": {self.dice.randrange(10**6)}, "name": "{self.some(2)}"}}, '
            f'"at": "2026-03-0{self.dice.randint(1, 9)}T10:{self.dice.randint(10, 59)}:00Z", "amount": {self.dice.random():.6f}, '
            f'"tags": ["{self.some(1)}", "{self.some(1)}"], "note": "{self.some(25)}", "seen": true}}'
        )


class _Work:
    """Processor seconds so far: of programs of ours that have ended, and of the server with its sessions."""

    def __init__(self, data: Path) -> None:
        self._postmaster = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))

    def so_far(self) -> float:
        ours = resource.getrusage(resource.RUSAGE_CHILDREN)
        server = self._postmaster.cpu_times()
        # Of sessions that have ended; the server's own few processes do nothing of weight meanwhile.
        return ours.ru_utime + ours.ru_stime + server.children_user + server.children_system


def _measure(url: str, programs: ClientPrograms, target: Path, work: _Work, jobs: int) -> dict[str, _Way]:
    dump = str(programs.folder / "pg_dump")
    environment = {**os.environ, **libpq_environment(url), "BENCH_URL": url}
    script = f'"$0" | gzip > {target}/dump.sql.gz'
    commands: Mapping[str, Callable[[], list[str]]] = {
        "pg_dump | gzip": lambda: ["bash", "-o", "pipefail", "-c", script, dump],
        "pg_dump -Fc": lambda: [dump, "-Fc", "-f", f"{target}/dump.custom"],
        f"pg_dump -Fd -j {jobs}": lambda: [dump, "-Fd", "-j", str(jobs), "-f", f"{target}/dump.folder"],
        "backout": lambda: [sys.executable, "-m", "bench._backup", str(target), "bench", str(MAJOR), str(jobs)],
    }
    # Once without being timed, so that nobody is the first to read it.
    subprocess.run([dump, "-f", os.devnull], env=environment, check=True)
    ways = {}
    for name, command in commands.items():
        target.mkdir(mode=0o700)
        ways[name] = _timed(command(), environment, target, work)
        shutil.rmtree(target)
        print(f"  {name:20} {ways[name].seconds:8.1f} s {ways[name].bytes / 1e6:10,.0f} MB", flush=True)
    return ways


SEEDS_WAY = """
set -e -o pipefail
"$0" | gzip > "$1/dump.sql.gz"
"$2" -q -d postgres -c 'CREATE DATABASE restored'
gunzip -c "$1/dump.sql.gz" | "$2" -q -v ON_ERROR_STOP=1 -d restored > /dev/null
for table in articles events postings files; do "$2" -q -d restored -c "SELECT count(*) FROM $table" > /dev/null; done
"""


def _measure_trust(
    server: EmbeddedPostgres, programs: ClientPrograms, target: Path, work: _Work, jobs: int
) -> dict[str, _Way]:
    """A backup that is known to be good: the seeds' way (dump, restore, count), and ours (dump, restore, compare all)."""
    environment = {**os.environ, **libpq_environment(server.url()), "BENCH_URL": server.url()}
    seeds = ["bash", "-c", SEEDS_WAY, str(programs.folder / "pg_dump"), str(target), str(programs.folder / "psql")]
    ours = [sys.executable, "-m", "bench._backup", str(target), "bench", str(MAJOR), str(jobs), "prove"]
    ways = {}
    for name, command in {"dump, restore, count": seeds, "backout, proven": ours}.items():
        target.mkdir(mode=0o700)
        ways[name] = _timed(command, environment, target, work)
        shutil.rmtree(target)
        print(f"  {name:20} {ways[name].seconds:8.1f} s", flush=True)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS restored")
            connection.execute("CHECKPOINT")
    return ways


def _measure_swap(server: EmbeddedPostgres) -> float:
    """A copy of the database by template takes the place of the database: from the order to the last word."""
    with psycopg.connect(server.url("template1"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE orders TEMPLATE postgres STRATEGY file_copy")
    admin, now = server.url("postgres"), datetime.now(UTC)
    clone = make_clone(CloneOrder(admin_url=admin, database="orders", backup="bench", now=now))
    started = time.monotonic()
    swap(SwapOrder(admin_url=admin, live="orders", other=clone.name, because="bench", now=now))
    return time.monotonic() - started


def _timed(command: Sequence[str], environment: Mapping[str, str], target: Path, work: _Work) -> _Way:
    started, worked = time.monotonic(), work.so_far()
    memory = 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            memory = max(memory, sum(_memory(process.pid)))
            time.sleep(0.05)
    seconds = time.monotonic() - started
    assert process.returncode == 0, command
    time.sleep(0.5)  # until the server has buried its sessions
    return _Way(
        seconds=seconds,
        work=work.so_far() - worked,
        bytes=sum(file.stat().st_size for file in target.rglob("*") if file.is_file()),
        memory=memory / 1e6,
    )


def _memory(pid: int) -> Iterator[int]:
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            yield each.memory_info().rss
    except psutil.NoSuchProcess:
        return


def _results(ways: Mapping[str, _Way], size: int) -> dict[str, float]:
    ours, gzip = ways["backout"], ways["pg_dump | gzip"]
    results = {f"seconds_{name}": way.seconds for name, way in ways.items()}
    proven, seeds = ways["backout, proven"], ways["dump, restore, count"]
    return results | {
        "proven_ratio": proven.seconds / seeds.seconds,
        "proven_to_gzip": proven.seconds / gzip.seconds,
        "proven_memory_mb": proven.memory,
        "database_mb": size / 1e6,
        "work_ratio": ours.work / gzip.work,
        "time_ratio": ours.seconds / gzip.seconds,
        "size_ratio": ours.bytes / gzip.bytes,
        "memory_mb": ours.memory,
    }


def _print(ways: Mapping[str, _Way], results: Mapping[str, float]) -> None:
    gzip = ways["pg_dump | gzip"]
    print(f"  proven, against pg_dump | gzip alone: {results['proven_to_gzip']:.2f}")
    print(f"{'backup':20} ({results['database_mb']:,.0f} MB of database, indexes included)")
    for name, way in ways.items():
        print(
            f"  {name:20} {way.seconds:8.1f} s ({way.seconds / gzip.seconds:4.2f}) {way.work:8.1f} s of work"
            f" ({way.work / gzip.work:4.2f}) {way.bytes / 1e6:8,.0f} MB ({way.bytes / gzip.bytes:4.2f}) {way.memory:6,.0f} MB of memory"
        )
    for name, bar in (("time_ratio", RATIO_BAR), ("size_ratio", SIZE_BAR), ("memory_mb", MEMORY_BAR), *TRUST_BARS):
        print(f"  {name:20} {results[name]:8.2f}  bar {bar:6.2f}  {'kept' if results[name] <= bar else 'MISSED'}")
