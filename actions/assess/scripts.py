"""Reads a service's migrations through a platform's `Commands`, and says what went wrong in words.

The reading itself happens in `reader.py`, under the service's own Python. Its source travels over standard input, so
nothing is installed there; the request travels as an argument and holds no secret.

Whoever calls this decides what the service's environment is. It must not lead to the live database: the application is
imported there, and what it does while it is imported is its own business.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path, PurePath
from typing import Any, TypeVar

from pydantic import ValidationError

from actions.assess.seen import (
    Column,
    EnvFile,
    Graph,
    Operation,
    PathRevision,
    Problem,
    Revision,
    ScriptPath,
    Side,
    Trouble,
    UnreadScript,
    Value,
)
from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.platforms.port import Command, Commands, Ended, Finished, Inside
from actions.redaction import redact

__all__ = [
    "Column",
    "EnvFile",
    "Graph",
    "MigrationsPlace",
    "Operation",
    "PathRevision",
    "Problem",
    "Revision",
    "ScriptPath",
    "Side",
    "Trouble",
    "UnreadScript",
    "UnreadableMigrationsError",
    "read_graph",
    "read_path",
]

#: Without the project's folder on the path until the standard library is loaded: projects have folders called `types`.
#: Whatever variable leads to a database leads nowhere, also those that only the container or pod knows: the application
#: is imported, and nobody watches what it does.
LAUNCH = """
import os, sys
sys.path[:] = [part for part in sys.path if part]
for name, value in list(os.environ.items()):
    scheme, separator, _ = value.strip().partition("://")
    if separator and scheme.partition("+")[0] in ("postgresql", "postgres"):
        os.environ[name] = scheme + "://nobody:nothing@127.0.0.1:9/nowhere"
exec(compile(sys.stdin.buffer.read(), "reader.py", "exec"), {"__name__": "__main__"})
"""
Model = TypeVar("Model", bound=Value)
PROTOCOL = 1
KEEP_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationsPlace:
    """Where a service's migrations are, and how to get at them."""

    #: The service's interpreter, as the place itself knows it.
    python: str
    #: The project's folder: where somebody would type `alembic`.
    folder: PurePath | None = None
    #: In which container or pod; None is this machine.
    inside: Inside | None = None
    #: `alembic.ini` or `pyproject.toml`; None means whatever Alembic finds there.
    config: str | None = None
    #: What `alembic -n` would say.
    section: str = "alembic"
    version_table: str | None = None
    version_table_schema: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    deadline: timedelta = timedelta(minutes=3)
    #: The longest that one script may take to be imported; the first one brings the application along.
    load_deadline: timedelta = timedelta(seconds=60)
    #: The longest that one upgrade() or downgrade() may take to say what it wants.
    call_deadline: timedelta = timedelta(seconds=10)


class UnreadableMigrationsError(ConfigurationError):
    """The migrations, or the way to the target, cannot be read; `code` is stable, `candidates` may help."""

    def __init__(self, trouble: Trouble, candidates: Sequence[str]) -> None:
        self.code = trouble.code
        self.candidates = tuple(candidates)
        super().__init__(trouble.message, where=trouble.where, next_step=_next_step(trouble.code, self.candidates))


NEXT_STEPS: Mapping[str, str] = {
    "no_config": "Name the Alembic configuration and the project's folder in the catalog.",
    "bad_config": "Correct the Alembic configuration.",
    "no_section": "Name the right section in the catalog.",
    "no_script_location": "Set script_location in the Alembic configuration.",
    "no_script_folder": "Correct script_location, or the project's folder in the catalog.",
    "no_alembic": "Name the interpreter of the service in the catalog, the one that its migrations run under.",
    "unknown_current": "The script of that revision is missing here. Restore it from git, or read the migrations of the"
    " release that is deployed; then ask again.",
    "unknown_target": "`backout assess SERVICE` shows the revisions there are.",
    "ambiguous_target": "Write more of the id.",
    "ambiguous_walk": "There is a merge on the way; name the revision to go to.",
    "multiple_heads": "Name one of them, or LABEL@TARGET.",
    "not_an_ancestor": "Going back can only lead to a revision that the current one was built on.",
    "too_far": "There are fewer revisions below the current one; `base` goes all the way.",
    "broken_graph": "Mend the scripts first: Alembic refuses them as they are.",
    "timeout": "Something hangs while the scripts are imported; look at what the application does then.",
    "died": "Something ends the process while the scripts are imported; look at what the application does then.",
}


def read_graph(commands: Commands, where: MigrationsPlace) -> Graph:
    """Every revision of the service's scripts; problems among them are in the graph, not raised."""
    answer = _ask(commands, where, {"want": "graph"})
    return _parse(Graph, {**answer["graph"], "env": answer["env"]})


def read_path(commands: Commands, where: MigrationsPlace, current: Sequence[str], target: str) -> ScriptPath:
    """What going from `current` (all rows of the version table) to `target` would run, and what it would do."""
    answer = _ask(commands, where, {"want": "path", "current": list(current), "target": target})
    path = answer["path"]
    revisions = [{**one, **one["sides"]} for one in path["revisions"]]
    graph = {**answer["graph"], "env": answer["env"]}
    return _parse(ScriptPath, {**path, "revisions": revisions, "graph": graph, "text_cut": answer["text_cut"]})


def _parse(model: type[Model], answer: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, one["loc"])) for one in error.errors(include_input=False)[:3])
        raise BackoutError(f"The reader's answer is not of the form that was agreed on: {places}") from None


def _ask(commands: Commands, where: MigrationsPlace, wanted: Mapping[str, Any]) -> dict[str, Any]:
    nonce = secrets.token_hex(12)
    seconds = where.deadline.total_seconds()
    request = {
        "nonce": nonce,
        "config": where.config,
        "section": where.section,
        "version_table": where.version_table,
        "version_table_schema": where.version_table_schema,
        # Both end before the whole does, so that the answer can still say what was slow.
        "load_seconds": min(where.load_deadline.total_seconds(), seconds * 0.5),
        "call_seconds": min(where.call_deadline.total_seconds(), seconds * 0.25),
        "record_seconds": seconds * 0.6,
        **wanted,
    }
    command = Command(
        argv=(where.python, "-c", LAUNCH, json.dumps(request)),
        folder=where.folder,
        inside=where.inside,
        env=where.env,
        stdin=_source(),
        deadline=where.deadline,
        keep_bytes=KEEP_BYTES,
    )
    answer = _answer_in(commands.run(command), nonce, where)
    if "error" in answer:
        error = answer["error"]
        raise UnreadableMigrationsError(Trouble.model_validate(error), error.get("candidates", ()))
    return answer


@cache
def _source() -> bytes:
    return Path(__file__).with_name("reader.py").read_bytes()


def _answer_in(finished: Finished, nonce: str, where: MigrationsPlace) -> dict[str, Any]:
    """The object between the markers, whatever else was printed."""
    found = re.search(rf"^<<<{nonce} (\d+)\r?\n(.*?)\r?\n{nonce}>>>", finished.stdout, re.MULTILINE | re.DOTALL)
    if found is not None and len(found[2]) == int(found[1]):
        answer = json.loads(found[2])
        if answer.get("protocol") == PROTOCOL:
            return dict(answer)
    last = _last_words(finished.stderr)
    if finished.ended is not Ended.BY_ITSELF:
        raise UnavailableError(
            f"Reading the migrations did not end within {where.deadline.total_seconds():g} s{last}",
            where=where.python,
            next_step="Try again, or give it more time in the catalog.",
        )
    raise ConfigurationError(
        f"{where.python} could not read the migrations (exit code {finished.exit_code}){last}",
        next_step="The service's interpreter must be Python 3.8 or newer, with Alembic and the application installed.",
    )


def _last_words(stderr: str) -> str:
    """The last line that says something, without what must not be shown."""
    lines = [line.strip() for line in redact(stderr[-4000:]).splitlines() if line.strip()]
    return f": {lines[-1][:300]}" if lines else ""


def _next_step(code: str, candidates: Sequence[str]) -> str | None:
    step = NEXT_STEPS.get(code)
    if not candidates:
        return step
    listed = ", ".join(f"`{one}`" for one in candidates[:5])
    return " ".join(part for part in (step, f"There is: {listed}.") if part)
