"""Giving orders to the service's own Alembic, and hearing what it tells."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any, Literal

from actions.downgrade.abroad import LAUNCH, Abroad, first_words, handed_on, through_the_tunnel
from actions.downgrade.baggage import UNPACK, packed
from actions.downgrade.told import (
    Committed,
    LockHeld,
    RowsWritten,
    SentStatement,
    Told,
    Trouble,
    trouble_from,
)
from actions.downgrade.upstream import target_of
from actions.errors import BackoutError
from actions.platforms.port import Command, Commands, Ended, Finished, Inside, Line, Stream
from actions.redaction import learn_secret, redact

DRIVER = Path(__file__).with_name("drive.py")
#: To one that waits for it.
GO = b"go\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlHandover:
    """How the database's URL reaches `env.py`."""

    how: Literal["env", "argument", "option"] = "env"
    name: str = "DATABASE_URL"
    #: What the application wants before `://`; None leaves it.
    scheme: str | None = None

    def spelled(self, url: str) -> str:
        return f"{self.scheme}://{url.partition('://')[2]}" if self.scheme else url


@dataclass(frozen=True, kw_only=True, slots=True)
class Fence:
    """The one database that a rehearsal may touch; it carries the token as its comment."""

    host: str
    port: int
    database: str
    token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One `alembic downgrade` or `upgrade`."""

    direction: Literal["downgrade", "upgrade"]
    #: As Alembic takes it; several revisions for an upgrade to several heads.
    target: str | tuple[str, ...]
    url: str = field(repr=False)
    handover: UrlHandover
    python: str
    config: str
    section: str = "alembic"
    folder: PurePath | None = None
    #: In which container or pod; None is this machine.
    inside: Inside | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    lock_timeout: timedelta | None = None
    statement_timeout: timedelta | None = None
    deadline: timedelta = timedelta(hours=1)
    #: Given in a rehearsal, and only there.
    fence: Fence | None = None
    #: A rehearsal's outer wall, where the system allows it. Without it the fence within the process is all there is.
    wall: bool = True
    #: The number (oid) of the database that is meant; a connection to another ends it before it begins.
    database: int | None = None
    #: When the server that is meant was started, as it says itself: over there a name may lead to another one.
    server_started: str | None = None
    #: Takes the network from the place of a rehearsal, where that is not this machine.
    cut_off: Callable[[Inside], bool] = lambda _: False
    #: How many revisions at the most.
    most: int | None = None
    #: Tell locks and rows before each commit; and locks after each statement.
    watch: bool = True
    watch_locks: bool = False
    #: See `Command.leaves`.
    leaves: Callable[[], bool] | None = field(default=None, repr=False)


def carry_out(
    order: Order, commands: Commands, *, should_stop: Callable[[], bool] | None = None,
    word: Callable[[], bytes | None] | None = None,
) -> Told:  # fmt: skip
    """Runs it to its end. That it did not work is told, not raised; that it could not be started is raised.

    With `word` it gets ready, and begins when that gives `GO`.
    """
    learn_secret(order.url)
    marker = f"\x1e{_word_for(order)} "
    listening = Listening(marker)
    with ExitStack() as stack:
        if order.inside is None or not order.inside.converses:
            command, line = _command(order, marker, word), None
        else:
            # A name in any case: whoever takes its network away has to find it.
            inside = replace(order.inside, name=order.inside.name or f"backout-{secrets.token_hex(6)}")
            target = target_of(order.url, _fence(order.fence)) if order.fence else None
            line = stack.enter_context(Abroad(marker, target=target, cut_off=lambda: order.cut_off(inside)))
            command = _command_abroad(replace(order, inside=inside), marker, word, feed=line.feed)

        def hear(said: Line) -> None:
            if line is None or not line.hear(said):
                listening.hear(said)

        finished = commands.run(command, watch=hear, should_stop=should_stop)
    return listening.told(finished)


def _word_for(order: Order) -> str:
    """Nothing that the application prints can begin like that by chance. Where the command may be found again after a crash
    it has to be the same then; it is made of what only we and the database know."""
    if order.inside is None or order.inside.name is None:
        return secrets.token_hex(8)
    return hashlib.sha256(f"{order.inside.name}\0{order.url}".encode()).hexdigest()[:16]


def _command(order: Order, marker: str, word: Callable[[], bytes | None] | None) -> Command:
    here = order.inside is None
    return Command(
        argv=(order.python, str(DRIVER)) if here else (order.python, "-c", UNPACK),
        inside=order.inside,
        folder=order.folder,
        env=environment_of(order),
        # One line: another may follow.
        stdin=(b"" if here else packed())
        + json.dumps(request_for(order, marker, waits=word is not None)).encode()
        + b"\n",
        last_word=word,
        leaves=order.leaves,
        deadline=order.deadline,
    )


def _command_abroad(order: Order, marker: str, word: Callable[[], bytes | None] | None, *, feed: int) -> Command:
    """Everything that is needed goes along; the line stays open for as long as it works."""
    request = request_for(order, marker, waits=word is not None)
    if order.fence:
        request["url"] = through_the_tunnel(order.url, order.fence.database)
    return Command(
        argv=(order.python, "-c", LAUNCH),
        inside=order.inside,
        folder=order.folder,
        env=environment_of(order),
        stdin=first_words(request, rehearsal=order.fence is not None),
        last_word=(lambda: _handed_on(word())) if word is not None else None,
        feed=feed,
        deadline=order.deadline,
    )


def _handed_on(word: bytes | None) -> bytes | None:
    return None if word is None else handed_on(word)


def request_for(order: Order, marker: str, *, waits: bool) -> dict[str, Any]:
    return {
        "marker": marker,
        "direction": order.direction,
        "target": order.target,
        "config": order.config,
        "section": order.section,
        # Spelled out over there: in a rehearsal it leads to a gate that stands there.
        "url": order.url,
        "handover": {"how": order.handover.how, "name": order.handover.name, "scheme": order.handover.scheme},
        "lock_timeout": _milliseconds(order.lock_timeout),
        "statement_timeout": _milliseconds(order.statement_timeout),
        "database": order.database,
        "most": order.most,
        "watch": order.watch,
        "watch_locks": order.watch_locks,
        "wall": order.wall,
        "server_started": order.server_started,
        "fence": _fence(order.fence) if order.fence else None,
        "waits": waits,
        # What a container's or pod's own variables lead to is not known here.
        "hides_databases": order.inside is not None and order.fence is not None,
    }


def _fence(fence: Fence) -> dict[str, Any]:
    return {"host": fence.host, "port": fence.port, "database": fence.database, "token": fence.token}


def environment_of(order: Order) -> dict[str, str]:
    environment = dict(order.env)
    if order.fence:
        # Connections of a migration's own would otherwise wait for ever for the locks of the first.
        environment["PGOPTIONS"] = f"{environment.get('PGOPTIONS', '')} {_timeouts(order)}".strip()
    return environment


class Listening:
    """Collects what is told, line by line."""

    def __init__(self, marker: str) -> None:
        self._marker = marker
        self._steps: list[tuple[str, float]] = []
        self._statements: list[SentStatement] = []
        self._commits: list[Committed] = []
        self._outside: list[str] = []
        self._trouble: Trouble | None = None
        self._done = False
        self._fenced: str | None = None
        self._untold = False
        #: When the word was heard, and how long getting ready had taken.
        self._begun: tuple[float, float] | None = None

    def hear(self, line: Line) -> None:
        if not self.is_ours(line):
            return
        event = json.loads(line.text[len(self._marker) :])
        match event["event"]:
            case "step_ended":
                self._steps.append((str(event["revision"]), float(event["seconds"])))
            case "statement":
                self._statements.append(_statement(event))
            case "commit":
                self._commits.append(_commit(event))
            case "wrong_database":
                self._trouble = Trouble(
                    error_class="WrongDatabase", revision=None, wrong_database=True,
                    message="It connected to another database than the one that was handed over",
                )  # fmt: skip
            case "failed":
                self._trouble = self._trouble or trouble_from(event)
            case "done":
                self._done = True
            case _:
                self.note(event)

    def is_ours(self, line: Line) -> bool:
        return line.stream is Stream.OUT and line.text.startswith(self._marker)

    def note(self, event: Mapping[str, Any]) -> None:
        """What is said about the telling itself."""
        match event["event"]:
            case "fenced":
                self._fenced = "network" if event["network"] else "process"
            case "outside":
                self._outside.append(str(event["what"]))
            case "untold":
                self._untold = True
            case "begun":
                self._begun = (time.monotonic(), float(event["ready_after"]))

    def told(self, finished: Finished) -> Told:
        trouble = self._trouble
        if trouble is None and not (self._done and finished.exit_code == 0):
            trouble = _unexplained(finished)
        failed_at = trouble.revision if trouble else None
        return Told(
            succeeded=trouble is None,
            trouble=trouble,
            steps=tuple(step for step in self._steps if step[0] != failed_at),
            statements=tuple(self._statements),
            commits=tuple(self._commits),
            outside=tuple(dict.fromkeys(self._outside)),
            # Waiting is no work.
            seconds=time.monotonic() - self._begun[0] + self._begun[1] if self._begun else finished.seconds,
            fenced=self._fenced,
            untold=self._untold,
        )


def _statement(event: dict[str, Any]) -> SentStatement:
    rows = event.get("rows")
    return SentStatement(
        revision=event["revision"], within_migration=bool(event["within"]), sql=str(event["sql"]),
        rows=rows if isinstance(rows, int) and rows >= 0 else None, seconds=float(event["seconds"]),
        cut=bool(event.get("cut")),
    )  # fmt: skip


def _commit(event: dict[str, Any]) -> Committed:
    return Committed(
        revision=event["revision"],
        locks=tuple(
            LockHeld(oid=int(oid), relation=str(name), mode=str(mode), seconds=float(held))
            for oid, name, mode, held in event["locks"]
        ),
        activity=tuple(
            RowsWritten(oid=int(oid), relation=str(name), inserted=int(ins), updated=int(upd), deleted=int(gone))
            for oid, name, ins, upd, gone in event["activity"]
        ),
    )


def _unexplained(finished: Finished) -> Trouble:
    """It ended without a word of ours: killed, out of time, or no Alembic at all."""
    if finished.ended is Ended.STOPPED:
        raise BackoutError("Alembic was stopped", next_step="Whatever it had not committed was undone by the database.")
    if finished.ended is Ended.DEADLINE:
        text = f"It did not end in {finished.seconds:.0f} s and was stopped"
        return Trouble(error_class="Deadline", message=text, revision=None, timed_out=True)
    lines = [line.strip() for line in redact(finished.stderr).splitlines() if line.strip()]
    last = lines[-1][:300] if lines else "no message"
    return Trouble(error_class="Exit", message=f"Python ended with {finished.exit_code}: {last}", revision=None)


def _timeouts(order: Order) -> str:
    given = {"lock_timeout": order.lock_timeout, "statement_timeout": order.statement_timeout}
    return " ".join(f"-c {name}={_milliseconds(length)}" for name, length in given.items() if length is not None)


def _milliseconds(length: timedelta | None) -> int | None:
    return None if length is None else max(1, int(length.total_seconds() * 1000))
