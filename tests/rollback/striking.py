"""What is done to the workers, and when: at a boundary that the record tells of, or some time after it."""

import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import psycopg
from market import RESTING, Market

from actions.history.lifecycle import Status
from tests.warm import Begun

#: The worker is killed or frozen; a database is restarted, or killed and recovers.
How = Literal["kill", "freeze", "history", "service", "crash-history", "crash-service"]
#: Every step of the plan, in order, as the record names them.
STEPS = (
    "preflight", "capture", "stop-writer", "stop-web", "prove-quiet", "back-up", "prove", "downgrade", "verify", "release",
    "resume-web", "resume-writer", "health", "close",
)  # fmt: skip
CAPTURING = ("stop-writer", "stop-web", "downgrade", "release")
#: (kind, step) of every entry after which something else begins; without a step it is about the rollback.
BOUNDARIES: tuple[tuple[str, str], ...] = (
    ("rollback.requested", ""), ("rollback.approved", ""), ("rollback.running", ""), ("backup.making", ""),
    ("backup.made", ""), ("backup.proven", ""), ("step.revision_reached", "downgrade"),
    *(("step.captured", step) for step in CAPTURING),
    *((f"step.{kind}", step) for step in STEPS for kind in ("running", "done")),
)  # fmt: skip
#: What is undone where the downgrade fails, the last that was begun first; all but the writers leave nothing to undo.
UNDONE = STEPS[STEPS.index("downgrade") :: -1]
BOUNDARIES_OF_UNDO: tuple[tuple[str, str], ...] = (
    ("step.failed", "downgrade"), ("rollback.undoing", ""),
    *((f"step.{kind}", step) for step in UNDONE for kind in ("undoing", "undone")),
)  # fmt: skip
#: How long a step takes on a machine that is not busy: how deep inside it a blow may fall.
LENGTHS = {"prove": 3.0, "downgrade": 3.0, "back-up": 1.0}
_TICK_SECONDS = 0.02
_LOOK_SECONDS = 0.5
_STATUSES = "SELECT status FROM rollbacks"
_NEW = """
SELECT seq, rollback_id, kind, coalesce(body::jsonb -> 'details' ->> 'step', ''), body::jsonb ->> 'actor'
FROM events WHERE seq > %s AND rollback_id IS NOT NULL ORDER BY seq"""
_OWNER = "SELECT owner FROM runs WHERE rollback_id = %s AND lease_until > clock_timestamp()"

_CARRIED = """
SELECT concat_ws(' ', b.status, s.name), u.owner
FROM rollbacks b JOIN runs u ON u.rollback_id = b.id LEFT JOIN steps s ON s.rollback_id = b.id AND s.status IN ('running', 'undoing')
WHERE u.lease_until > clock_timestamp() AND b.status IN ('assessing', 'approved', 'running', 'undoing')"""


@dataclass(frozen=True, kw_only=True)
class Blow:
    how: How = "kill"
    kind: str
    step: str = ""
    #: Seconds after the entry: 0 is the boundary itself.
    later: float = 0.0
    #: Of a freeze, or of how long a history is away that is shut down; 0 is some leases.
    lasting: float = 0.0

    def __str__(self) -> str:
        return f"{self.how} {self.later:.2f} s after {self.kind} {self.step}".rstrip()


def at_every_boundary() -> list[Blow]:
    return [Blow(kind=kind, step=step) for kind, step in BOUNDARIES]


def at_the_beginning_of_everything() -> list[Blow]:
    """The end of a step is the boundary before the next one begins; in the night both are hit."""
    return [blow for blow in at_every_boundary() if blow.kind != "step.done"]


def inside_every_step(chance: random.Random) -> list[Blow]:
    return [inside(step, chance) for step in STEPS]


def inside_undo(step: str, chance: random.Random, how: How = "kill") -> Blow:
    return Blow(how=how, kind="step.undoing", step=step, later=chance.uniform(0.02, 0.5))


def inside(step: str, chance: random.Random, how: How = "kill") -> Blow:
    return Blow(how=how, kind="step.running", step=step, later=chance.uniform(0.02, LENGTHS.get(step, 0.3)))


@dataclass
class Struck:
    """What became of it."""

    blows: list[str] = field(default_factory=list)
    #: Runs that were alive on a worker that was hit: where each of them was.
    hits: list[str] = field(default_factory=list)
    unspent: list[Blow] = field(default_factory=list)
    seconds: float = 0.0


def strike(market: Market, blows: Sequence[Blow], *, workers: int = 1, seconds: float = 300) -> Struck:
    """All rollbacks to their end, with these blows on the way; each falls once, on whichever run comes there first."""
    struck, left, began = Struck(), list(blows), time.monotonic()
    running = [market.start_worker() for _ in range(workers)]
    seen, frozen = 0, []
    look = 0.0
    with psycopg.connect(market.history_url, autocommit=True) as watching:
        connection = watching
        while time.monotonic() - began < seconds:
            entries = connection.execute(_NEW, [seen]).fetchall()
            for seq, number, kind, step, _ in entries:
                seen = seq
                blow = next((each for each in left if (each.kind, each.step) == (kind, step)), None)
                if blow is None:
                    continue
                left.remove(blow)
                time.sleep(blow.later)
                owner = connection.execute(_OWNER, [number]).fetchone()
                struck.blows.append(str(blow))
                victim = _victim(running, owner[0] if owner else None)
                struck.hits += _hit(connection, victim.pid if blow.how in {"kill", "freeze"} else None)
                _fall(market, blow, victim, frozen)
                if blow.how == "kill":
                    running[running.index(victim)] = market.start_worker()
                elif blow.how == "freeze" and workers == 1:
                    running.append(market.start_worker())
                elif "history" in blow.how:
                    connection.close()
                    connection = psycopg.connect(market.history_url, autocommit=True)
                break  # what was written meanwhile is read anew
            frozen = _thaw(frozen)
            if not entries and time.monotonic() > look:
                gone = [worker.returncode for worker in running if worker.poll() is not None]
                assert not gone, f"a worker ended by itself: {gone}"
                rows = connection.execute(_STATUSES).fetchall()
                if all(Status(status) in RESTING for (status,) in rows):
                    break
                look = time.monotonic() + _LOOK_SECONDS
            time.sleep(_TICK_SECONDS)
        if connection is not watching:
            connection.close()
    _thaw(frozen, now=True)
    struck.unspent, struck.seconds = left, time.monotonic() - began
    return struck


def _victim(running: list[Begun], owner: str | None) -> Begun:
    """Whoever carries that run; any, while nobody does."""
    pid = int(owner.split(":")[1]) if owner else 0
    return next((each for each in running if each.pid == pid), running[0])


def _hit(connection: "psycopg.Connection[tuple[str, ...]]", pid: int | None) -> list[str]:
    """The runs that this worker carries (all, when a database is hit), as where they are."""
    found = connection.execute(_CARRIED).fetchall()
    return [where for where, owner in found if pid is None or owner.split(":")[1] == str(pid)]


def _fall(
    market: Market, blow: Blow, victim: Begun,
    frozen: list[tuple[float, Begun]],
) -> None:  # fmt: skip
    match blow.how:
        case "kill":
            victim.kill()
            victim.wait()
        case "freeze":
            os.kill(victim.pid, signal.SIGSTOP)
            frozen.append((time.monotonic() + (blow.lasting or market.lease * 2.5), victim))
        case "history":
            away = blow.lasting or (market.lease * 1.5 if blow.later else 0.2)
            market.servers.restart(market.servers.history, away=away)
        case "service":
            market.servers.restart(market.servers.services, away=0.5)
        case "crash-history":
            market.servers.crash(market.servers.history, away=market.lease * 1.5 if blow.later else 0.0)
        case "crash-service":
            market.servers.crash(market.servers.services, away=0.5)


def _thaw(
    frozen: list[tuple[float, Begun]], *, now: bool = False
) -> list[tuple[float, Begun]]:  # fmt: skip
    for until, process in frozen:
        if (now or time.monotonic() > until) and process.poll() is None:
            process.send_signal(signal.SIGCONT)
    return [each for each in frozen if not now and each[0] >= time.monotonic()]
