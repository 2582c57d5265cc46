"""A small service whose files are in git, with runbooks of its own: everything that a declared step can touch, for real."""

import os
import secrets
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from actions.approve.people import Identity, Role, Roles
from actions.catalog import Catalog, load_catalog
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.queries import show
from actions.history.rollbacks import RollbackRequest, open_rollback
from actions.history.shown import last_shown
from actions.history.values import RollbackId, Step
from actions.run.answering import Speaker, stop
from actions.run.crewing import Sites, crew_of
from actions.run.runbooks.ticks import tick
from actions.run.runner import advance

ANN = Speaker(identity=Identity(id="ann", where="terminal"), roles=Roles(held=frozenset()))
LEAD = Speaker(identity=Identity(id="lead", where="terminal"), roles=Roles(held=frozenset({Role.APPROVER})))
GIT = {
    "GIT_AUTHOR_NAME": "dev", "GIT_AUTHOR_EMAIL": "dev@example.org", "GIT_COMMITTER_NAME": "dev",
    "GIT_COMMITTER_EMAIL": "dev@example.org", "GIT_CONFIG_GLOBAL": "/dev/null",
}  # fmt: skip


@dataclass
class Garage:
    folder: Path
    home: Path
    history: History
    entry: dict[str, Any] = field(default_factory=dict)
    url: str | None = None
    name: str = "garage"
    more: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    @property
    def environ(self) -> Mapping[str, str]:
        more = {"GARAGE_URL": self.url} if self.url else {}
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "TOKEN": "hunter2-very-secret", **more, **self.more}

    def git(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env={**os.environ, **GIT}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(text.encode())

    def read(self, path: str) -> str:
        return (self.folder / path).read_bytes().decode()

    def commit(self, message: str, **files: str) -> str:
        for path, text in files.items():
            self.write(path.replace("__", "/").replace("_dot_", "."), text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def catalog(self, **runbooks: Any) -> Catalog:
        entry = {
            "environment": "development", "platform": {"kind": "local", "folder": str(self.folder)},
            "policy": {"quorum": 0}, "approvers": {"terminal": ["lead"]}, **self.entry, "runbooks": runbooks,
        }  # fmt: skip
        file = self.home / "catalog.yml"
        file.write_text(yaml.safe_dump({"services": {self.name: entry}}, sort_keys=False))
        return load_catalog(file, self.environ)

    def ask(
        self, catalog: Catalog, *, part: str = "all", runbook: str = "back", reason: str = "it broke"
    ) -> RollbackId:
        request = RollbackRequest(
            request_key=secrets.token_hex(8), service=self.name, environment=catalog.service(self.name).environment.value, requester="ann (terminal)",
            target=part, reason=reason, runbook=runbook,
        )  # fmt: skip
        return open_rollback(self.history, request).rollback.id

    def go_on(self, catalog: Catalog, rollback: RollbackId) -> Status:
        sites = Sites(services=catalog.service, environ=self.environ, history=self.history, home=self.home)
        advance(crew_of(sites), rollback, owner=secrets.token_hex(4), stopping=threading.Event())
        return self.status(rollback)

    def run(self, steps: Any, *, part: str = "all", **how: Any) -> RollbackId:
        """A runbook of these steps (or a whole one), asked for and carried out as far as it goes."""
        catalog = self.catalog(back=steps)
        rollback = self.ask(catalog, part=part, **how)
        self.go_on(catalog, rollback)
        return rollback

    def status(self, rollback: RollbackId) -> Status:
        return show(self.history, rollback).rollback.status

    def outcome(self, rollback: RollbackId) -> str:
        return show(self.history, rollback).rollback.outcome or ""

    def steps(self, rollback: RollbackId) -> dict[str, Step]:
        return {step.name: step for step in show(self.history, rollback).steps}

    def shown(self, rollback: RollbackId) -> Mapping[str, Any]:
        with self.history.reading() as connection:
            found = last_shown(connection, rollback)
        assert found is not None
        return found.shown

    def codes(self, rollback: RollbackId) -> dict[str, str]:
        return {str(each["code"]): str(each["severity"]) for each in self.shown(rollback)["findings"]}

    def tick(self, rollback: RollbackId, *steps: str, fails: str | None = None, by: Speaker = LEAD) -> None:
        tick(self.history, rollback, by, steps, holds=fails is None, said=fails or "looked at it")

    def stop(self, rollback: RollbackId) -> None:
        stop(self.history, rollback, LEAD)


def fails(message: str = "no") -> dict[str, Any]:
    """A step that fails."""
    return {"run": ["sh", "-c", f"echo {message!r} >&2; exit 1"]}
