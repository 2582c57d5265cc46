"""A runbook rehearsed in a throw-away place: a second working tree of the same repository, gone afterwards.

Steps that touch files alone are really done there, by the very actions of a run, and then undone; what is there at the end
is compared with what was there at the beginning. Everything that would touch the service (writers, containers, volumes, the
database, remotes) is looked at and not done. Commands run there only when somebody asks for it.
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from actions.errors import BackoutError, ConfigurationError
from actions.history.canonical import JsonObject
from actions.history.details import PlannedStep
from actions.history.lifecycle import Status
from actions.history.values import Rollback, RollbackId, Step, StepStatus
from actions.redaction import redact
from actions.release.git_tree import GitTree
from actions.run.action import Moment
from actions.run.runbooks.findings import IMPOSSIBLE
from actions.run.runbooks.previewing import Preview, preview
from actions.run.runbooks.proposing import Laid, lay_out
from actions.run.runbooks.specs import from_record
from actions.run.steps.declared.all import declared_actions
from actions.run.steps.site import Site

#: Kinds that touch files alone; an export reads the database besides.
DONE_THERE = frozenset({"git_restore", "setting", "export", "log", "begin-part", "settle"})


class How(StrEnum):
    DONE = "done"
    LOOKED_AT = "looked at"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    name: str
    title: str
    how: How
    said: str
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """The report."""

    service: str
    environment: str
    runbook: str
    target: str
    dry_run: bool
    previews: tuple[Preview, ...]
    findings: tuple[JsonObject, ...]
    points: tuple[Point, ...]
    #: After undoing everything the files were what they had been; None when nothing was done.
    came_back: bool | None
    made_at: datetime
    seconds: float

    @property
    def passed(self) -> bool:
        impossible = any((finding["evidence"] or {}).get(IMPOSSIBLE) for finding in self.findings)  # type: ignore[union-attr]
        return not impossible and self.came_back is not False and not any(p.how is How.FAILED for p in self.points)

    def as_json(self) -> JsonObject:
        return {
            "kind": "runbook", "service": self.service, "environment": self.environment, "runbook": self.runbook,
            "target": self.target, "dry_run": self.dry_run, "passed": self.passed, "came_back": self.came_back,
            "steps": [each.as_json() for each in self.previews], "findings": list(self.findings),
            "points": [
                {"name": p.name, "title": p.title, "how": p.how.value, "said": p.said, "seconds": round(p.seconds, 3)}
                for p in self.points
            ],
            "made_at": self.made_at.isoformat(), "seconds": round(self.seconds, 3),
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillWanted:
    runbook: str
    target: str
    dry_run: bool = False
    #: Run its commands too, in the throw-away place.
    with_commands: bool = False


def drill_runbook(site: Site, wanted: DrillWanted) -> Rehearsal:
    """Nothing of the service is touched."""
    began = time.monotonic()
    rollback = _pretended(site, wanted)
    laid = lay_out(site, rollback)
    points: tuple[Point, ...] = ()
    came_back = None
    if not wanted.dry_run:
        points, came_back = _rehearse(site, rollback, laid, wanted)
    return Rehearsal(
        service=site.service.name, environment=site.service.environment.value, runbook=wanted.runbook,
        target=wanted.target, dry_run=wanted.dry_run, previews=preview(site, laid), findings=_findings(laid),
        points=points, came_back=came_back, made_at=datetime.now(UTC), seconds=time.monotonic() - began,
    )  # fmt: skip


def keep_drill(rehearsal: Rehearsal, home: Path) -> Path:
    """The report as a file, so that somebody can show later that it was rehearsed."""
    folder = home / "drills"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{rehearsal.service}-{rehearsal.runbook}-{rehearsal.made_at:%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(rehearsal.as_json(), indent=2, ensure_ascii=False) + "\n")
    return file


def _findings(laid: Laid) -> tuple[JsonObject, ...]:
    return tuple(
        {
            "code": each.code, "severity": each.severity.value, "object": each.object, "message": each.message,
            "evidence": dict(each.evidence), "remedy": each.remedy,
        }
        for each in sorted(laid.looked.findings, key=lambda each: -each.severity.rank)
    )  # fmt: skip


def _rehearse(site: Site, rollback: Rollback, laid: Laid, wanted: DrillWanted) -> tuple[tuple[Point, ...], bool | None]:
    tree = GitTree(folder=site.house.folder, environ=site.environ)
    with _elsewhere(site, tree) as there:
        copied = _copy_settings(site.house.folder, there.house.folder, laid.plan)
        logs = {str(_record(planned).get("file")) for planned in laid.plan if planned.parameters.get("kind") == "log"}
        before = _fingerprint(there, copied, but=logs)
        steps = [_as_step(rollback, number, planned) for number, planned in enumerate(laid.plan, start=1)]
        doing = _Doing(there, rollback, steps, with_commands=wanted.with_commands)
        points = tuple(doing.try_one(number) for number in range(len(steps)))
        if not doing.done:
            return points, None
        trouble = doing.undo_all()
        came_back = not trouble and _fingerprint(there, copied, but=logs) == before
        back = Point(
            name="way-back", title="Undo everything, and compare", how=How.DONE if came_back else How.FAILED,
            said="every file is what it was" if came_back else trouble or "the files are not what they were",
        )  # fmt: skip
        return (*points, back), came_back


class _Doing:
    """The steps of one rehearsal, with what each captured; no history is involved."""

    def __init__(self, site: Site, rollback: Rollback, steps: list[Step], *, with_commands: bool) -> None:
        self._actions = declared_actions(site, site.looking)
        self._rollback = rollback
        self._steps = steps
        self._kinds = DONE_THERE | ({"run"} if with_commands else set())
        self.done: list[int] = []

    def try_one(self, number: int) -> Point:
        step = self._steps[number]
        kind = str(step.parameters.get("kind") or step.action)
        record = step.parameters.get("step")
        in_container = kind == "run" and isinstance(record, Mapping) and from_record(record).run.service is not None
        if kind not in self._kinds or in_container or self._lacks_a_pin(kind, step):
            return Point(name=step.name, title=step.title, how=How.LOOKED_AT, said=_why_not(kind, step))
        began = time.monotonic()
        self.done.append(number)
        try:
            result = self._actions[step.action]().do(self._moment(number))
        except BackoutError as error:
            return Point(
                name=step.name,
                title=step.title,
                how=How.FAILED,
                said=redact(error.what),
                seconds=time.monotonic() - began,
            )
        self._steps[number] = replace(self._steps[number], status=StepStatus.DONE, result=result)
        return Point(
            name=step.name, title=step.title, how=How.DONE, said="done in the throw-away tree",
            seconds=time.monotonic() - began,
        )  # fmt: skip

    def undo_all(self) -> str | None:
        """In reverse; what went wrong, if something did."""
        for number in reversed(self.done):
            try:
                self._actions[self._steps[number].action]().undo(self._moment(number))
            except BackoutError as error:
                return f"{self._steps[number].title}: {redact(error.what)}"
        return None

    @staticmethod
    def _lacks_a_pin(kind: str, step: Step) -> bool:
        return kind == "git_restore" and "commit" not in step.parameters

    def _moment(self, number: int) -> Moment:
        def capture(captured: JsonObject) -> None:
            self._steps[number] = replace(self._steps[number], captured=captured)

        return Moment(
            rollback=self._rollback, step=self._steps[number], others={each.name: each for each in self._steps},
            should_stop=lambda: False, leaving=lambda: False, capture=capture, note=lambda _, __: None, progress=lambda _, __: None,
        )  # fmt: skip


def _why_not(kind: str, step: Step) -> str:
    if step.parameters.get("for_person"):
        return "a person does or ticks it"
    match kind:
        case "git_restore":
            return "the commit is not there"
        case "run":
            return "a command; --with-commands runs those of this machine in the throw-away tree"
        case "check":
            return "it is about the service, which was not changed"
        case _:
            return "it would touch the service"


@contextmanager
def _elsewhere(site: Site, tree: GitTree) -> Iterator[Site]:
    """The service as if its folder were a second working tree, at HEAD."""
    top = tree.look().top
    inside = site.house.folder.resolve().relative_to(top.resolve())
    with tempfile.TemporaryDirectory(prefix="backout-drill-") as scratch:
        place = Path(scratch) / "tree"
        tree.must("worktree", "add", "--detach", "--force", str(place), "HEAD")
        try:
            platform = site.service.platform
            if not hasattr(platform, "folder"):
                raise ConfigurationError("A runbook is rehearsed in a folder, and this service has none")
            moved = platform.model_copy(update={"folder": place / inside})
            service = site.service.model_copy(update={"platform": moved})
            yield replace(site, service=service, home=Path(scratch) / "home")
        finally:
            tree.must("worktree", "remove", "--force", str(place))


def _copy_settings(source: Path, target: Path, plan: Sequence[PlannedStep]) -> tuple[str, ...]:
    """Files that settings are switched in are seldom in git; the rehearsal gets copies."""
    names = {
        str(_record(planned).get("file") or ".env") for planned in plan if planned.parameters.get("kind") == "setting"
    }
    for name in names:
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)
    return tuple(sorted(names))


def _record(planned: PlannedStep) -> Mapping[str, Any]:
    record = planned.parameters.get("step")
    return record if isinstance(record, Mapping) else {}


def _fingerprint(there: Site, copied: Sequence[str], *, but: Collection[str]) -> dict[str, str]:
    """Of every file that git does not ignore (what is built is), and of the settings; a log keeps its lines on purpose."""
    folder = there.house.folder
    tree = GitTree(folder=folder, environ=there.environ)
    listed = tree.output("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    found = {}
    for name in {*listed, *copied} - {"", *but}:
        path = folder / name
        if path.is_file():
            found[name] = f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def _pretended(site: Site, wanted: DrillWanted) -> Rollback:
    """A request that nobody made; `RB-0` stands for the number that a real one would have."""
    now = datetime.now(UTC)
    return Rollback(
        id=RollbackId(0), request_key="drill", service=site.service.name, environment=site.service.environment.value,
        requester="drill", reason="a drill", target=wanted.target, from_revision=None, to_revision=None, strategy=None,
        runbook=wanted.runbook, status=Status.ASSESSING, digest=None, risk=None, approvals_needed=None, expires_at=None,
        ledger_summary=None, predicted=None, actual=None, outcome=None, requested_at=now, decided_at=None,
        started_at=None, finished_at=None, updated_at=now,
    )  # fmt: skip


def _as_step(rollback: Rollback, position: int, planned: PlannedStep) -> Step:
    return Step(
        id=position, rollback=rollback.id, position=position, name=planned.name, title=planned.title,
        action=planned.action, parameters=planned.parameters, destructive=planned.destructive,
        status=StepStatus.RUNNING, attempts=1, captured=None, result=None, error=None, predicted=None, started_at=None,
        finished_at=None, updated_at=rollback.requested_at,
    )  # fmt: skip
