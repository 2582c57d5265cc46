"""After everything that was done to the workers: did each run end honestly, and is nothing left lying about?"""

import time
from pathlib import Path

import psycopg
from market import START, TARGET, Market, customers_of
from world import Shop, wait_for

from actions.history.audit import audit
from actions.history.backups import list_backups
from actions.history.database import History
from actions.history.lifecycle import FINAL, Status
from actions.history.queries import show
from actions.history.values import BackupState, RollbackId

#: The next look of `serve` comes within the minute; the first is at its start.
NEXT_LOOK_SECONDS = 75.0
#: What `serve` says when it can be asked to end.
READY = "Ready, with the"
_ADVISORY = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
_SCRATCH = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', 'shop_template')"
#: What was done for each revision that the database can be at.
_UNDONE = {START: [], "0002": ["0003"], TARGET: ["0003", "0002"]}


def dishonest(market: Market, history: History, rollback: RollbackId, shop: Shop) -> list[str]:
    """What its record says and the world does not; in words."""
    story = show(history, rollback)
    status, wrong = story.rollback.status, []
    if status not in FINAL | {Status.CHOOSING, Status.HALTED}:
        return [f"it has not ended: {status}"]
    revision = shop.revision()
    undone = [
        str(each) for each in shop.ask("SELECT coalesce(array_agg(revision ORDER BY revision DESC), '{}') FROM undone")
    ]
    if status is Status.SUCCEEDED and revision != TARGET:
        wrong.append(f"succeeded at revision {revision}")
    if status in {Status.FAILED, Status.STOPPED} and revision != START:
        wrong.append(f"{status} at revision {revision}")
    if undone != _UNDONE.get(revision):
        wrong.append(f"at {revision}, and these were undone: {undone}")
    if customers_of(shop) != market.customers:
        wrong.append("the customers are not what they were")
    if status in FINAL:
        wrong += [f"{count} of {name} run" for name in ("writer", "web") if (count := len(shop.processes(name))) != 1]
        if not (shop.writes() and shop.answers()):
            wrong.append("it does not write or answer")
    if status is Status.SUCCEEDED:
        proven = [each for each in list_backups(history, service=shop.name) if each.state is BackupState.PROVEN]
        if not any(each.rollback == rollback for each in proven):
            wrong.append("it has no proven backup")
        left_out = [step.name for step in story.steps if step.status != "done"]
        wrong += [f"{left_out} were not done"] if left_out else []
    return wrong


def left_behind(market: Market, history: History) -> list[str]:
    """What nobody needs any more, and a history that does not hold; when no worker runs."""
    known = {process.pid for shop in market.shops for name in ("writer", "web") for process in shop.processes(name)}
    left = [
        f"process {process.pid} {' '.join(process.cmdline())[:160]}"
        for process in market.processes()
        if process.pid not in known
    ]
    left += _in_folders(market.home, history)
    for server, ours in ((market.servers.services, len(market.shops)), (market.servers.history, 1)):
        with psycopg.connect(server.url(), autocommit=True) as connection:
            names = [name for (name,) in connection.execute(_SCRATCH).fetchall()]
            if len(names) != ours:
                left.append(f"databases {sorted(names)}")
            if (locks := connection.execute(_ADVISORY).fetchone()) != (0,):
                left.append(f"{locks} advisory locks")
    if not (report := audit(history)).whole:
        left.append(f"the record: {report.findings}")
    return left


def _in_folders(home: Path, history: History) -> list[str]:
    left = [f"folder {found.name}" for found in home.rglob("workshop-*/")]
    left += [f"half a file {found}" for found in home.rglob("*.part")]
    for record in list_backups(history, limit=1000, deleted=True):
        there = [found for found in (home / "backups").rglob(record.name) if found.is_dir()]
        whole = [found for found in there if (found / "manifest.json").exists()]
        if record.state is BackupState.MAKING:
            left.append(f"backup {record.name} is still being made")
        if record.state in {BackupState.MADE, BackupState.PROVEN} and not whole:
            left.append(f"backup {record.name} is {record.state} and not there")
        if record.state is BackupState.FAILED and there:
            left.append(f"half of backup {record.name}")
    return left


def after_the_next_look(market: Market, history: History) -> list[str]:
    """A worker comes, looks, and is ended in peace; what is still left then."""
    market.end_workers()
    log = market.folder / "serve.log"
    starts = log.read_text().count(READY)
    worker = market.start_worker()
    until = time.monotonic() + NEXT_LOOK_SECONDS
    wait_for(lambda: log.read_text().count(READY) > starts, "the worker did not start", 120)
    while _untidy(market, history) and time.monotonic() < until:
        time.sleep(0.5)
    codes = market.end_workers(60)
    return left_behind(market, history) + ([f"worker {worker.pid} ended with {codes}"] if codes != [0] else [])


def _untidy(market: Market, history: History) -> bool:
    with psycopg.connect(market.servers.services.url(), autocommit=True) as connection:
        scratch = len(connection.execute(_SCRATCH).fetchall()) != len(market.shops)
    return scratch or bool(_in_folders(market.home, history))
