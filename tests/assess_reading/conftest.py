"""Builds small Alembic projects, and reads them the way a service's migrations are read."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

import pytest

from actions.assess.scripts import Graph, MigrationsPlace, ScriptPath, read_graph, read_path
from actions.platforms.local import LocalCommands
from actions.platforms.port import Commands
from tests.assess_reading.warm import WarmCommands

SURROUNDINGS = {"PATH": os.environ["PATH"]}

HEAD = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
"""


@dataclass(kw_only=True)
class Project:
    """A folder with an `alembic.ini` and scripts, written down by the test."""

    folder: Path
    #: Given to the reader; the service's interpreter is ours here.
    env: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable
    commands: Commands = field(default_factory=lambda: WarmCommands(SURROUNDINGS))

    def cold(self) -> "Project":
        """Read from here on exactly as the product does, by an interpreter that begins anew."""
        self.commands = LocalCommands(surroundings=SURROUNDINGS)
        return self

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        return file

    def ini(self, text: str = "script_location = mig", section: str = "alembic") -> None:
        self.write("alembic.ini", f"[{section}]\n{dedent(text)}\n")
        self.write("mig/env.py", "raise SystemExit('env.py must not be executed')\n")

    def script(
        self,
        id_: str,
        down: object = None,
        *,
        upgrade: str = "pass",
        downgrade: str | None = "pass",
        head: str = HEAD,
        labels: object = None,
        depends: object = None,
        where: str = "mig/versions",
    ) -> Path:
        """One revision. The bodies are the text of the functions."""
        text = f'"""Make {id_}\n\nCreate Date: 2024-05-06 07:08:09\n\n"""\n{dedent(head)}\n'
        text += f"revision = {id_!r}\ndown_revision = {down!r}\nbranch_labels = {labels!r}\ndepends_on = {depends!r}\n"
        text += f"\n\ndef upgrade():\n{indent(dedent(upgrade).strip(), '    ')}\n"
        if downgrade is not None:
            text += f"\n\ndef downgrade():\n{indent(dedent(downgrade).strip(), '    ')}\n"
        return self.write(f"{where}/{id_}_made.py", text)

    def place(self, **words: object) -> MigrationsPlace:
        return MigrationsPlace(python=self.python, folder=self.folder, env=self.env, **words)  # type: ignore[arg-type]

    def graph(self, **words: object) -> Graph:
        return read_graph(self.commands, self.place(**words))

    def path(self, current: str | list[str], target: str, **words: object) -> ScriptPath:
        return read_path(self.commands, self.place(**words), [current] if isinstance(current, str) else current, target)

    def branches(self) -> None:
        """root - left1 - left2 - merge - top, with right1 beside it, and an island that depends on left1."""
        self.ini()
        self.script("aaaa0001")
        self.script("bbbb0001", "aaaa0001", labels=("left",))
        self.script("bbbb0002", "bbbb0001")
        self.script("cccc0001", "aaaa0001", labels=("right",))
        self.script("dddd0001", ("bbbb0002", "cccc0001"))
        self.script("eeee0001", "dddd0001")
        self.script("ffff0001", None, labels=("island",), depends="bbbb0001")
        self.script("ffff0002", "ffff0001")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(folder=tmp_path)


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """For projects that several tests read."""
    return lambda: Project(folder=tmp_path_factory.mktemp("project"))
