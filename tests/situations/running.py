"""Really runs Alembic on a project, in this process, and leaves no trace of the project in it."""

import io
import logging
import os
import re
import sys
import traceback
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from tests.situations.situation import Handover
from tests.situations.witness import Witness, watching


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A laid out project and how it is told its database."""

    folder: Path
    handover: Handover


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How one Alembic command ended."""

    ok: bool
    error_class: str | None = None
    sqlstate: str | None = None
    message: str | None = None
    #: Raised by the script itself before it sent anything: its author says no.
    on_purpose: bool = False
    witness: Witness


def upgrade(project: Project, url: str, revisions: Sequence[str]) -> Outcome:
    def climb(config: Config) -> None:
        for revision in revisions:
            command.upgrade(config, revision)

    return _run(project, url, climb)


def downgrade(project: Project, url: str, revision: str) -> Outcome:
    return _run(project, url, lambda config: command.downgrade(config, revision))


def nth_parent(project: Project, revision: str, steps: int) -> str | None:
    """The revision that many steps below; nothing where the way is not a straight line."""
    with _as_if_alone(project, ""):
        scripts = ScriptDirectory.from_config(Config(project.folder / "alembic.ini"))
        found = scripts.get_revision(revision)
        for _ in range(steps):
            if found is None or not isinstance(found.down_revision, str):
                return None
            found = scripts.get_revision(found.down_revision)
        return None if found is None else found.revision


def _run(project: Project, url: str, work: Callable[[Config], None]) -> Outcome:
    address = project.handover.spell(url)
    config = Config(
        project.folder / "alembic.ini",
        stdout=io.StringIO(),
        cmd_opts=Namespace(x=[f"{project.handover.argument}={address}"] if project.handover.argument else []),
    )
    if project.handover.option:
        config.set_main_option(project.handover.option, address.replace("%", "%%"))
    with _as_if_alone(project, address), watching() as witness:
        try:
            work(config)
        except Exception as error:  # noqa: BLE001  whatever a migration raises is what we measure
            return _failed(error, witness, project.folder)
    return Outcome(ok=True, witness=witness)


def _failed(error: Exception, witness: Witness, folder: Path) -> Outcome:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, psycopg.Error):
        message = cause.diag.message_primary or str(cause)
        return Outcome(
            ok=False, error_class=type(cause).__name__, sqlstate=cause.sqlstate, message=message, witness=witness
        )
    raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    # An error number and a place in memory are another one each time.
    text = str((isinstance(error, OSError) and error.strerror) or error).strip().partition("\n")[0]
    return Outcome(
        ok=False,
        error_class=type(error).__name__,
        message=re.sub(r" at 0x[0-9a-f]+", "", text).replace(str(folder), "."),
        on_purpose=raised_in.is_relative_to(folder) and not witness.uncommitted,
        witness=witness,
    )


@contextmanager
def _as_if_alone(project: Project, address: str) -> Iterator[None]:
    """The project may change the working folder, import its application, set up logging: all of it ends here."""
    here, path, modules, environment = Path.cwd(), list(sys.path), set(sys.modules), dict(os.environ)
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    os.chdir(project.folder)
    if project.handover.env:
        os.environ[project.handover.env] = address
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file is not None and Path(file).is_relative_to(project.folder):
                del sys.modules[name]
        os.chdir(here)
