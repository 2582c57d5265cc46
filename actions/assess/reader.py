"""Reads somebody's Alembic migrations where their application lives, and prints what it saw as JSON.

This one file is run by the *service's* interpreter, which may be old and far away: Python 3.8 or newer, Alembic 1.7 or
newer, SQLAlchemy 1.4 or 2. It needs nothing of ours, hence its length; `scripts.py` runs it and gives its answer types.

    python -c LAUNCH '{"want": "path", ...}' < reader.py     the source comes over standard input; see `scripts.LAUNCH`
    python reader.py < request.json                          the file is there already

The answer is one JSON object between two marker lines carrying the request's nonce, so that whatever the application
prints cannot break or imitate it; everything the application prints goes to standard error.

What is promised:

- `env.py` is never executed; only its `sys.path` lines and plugin imports are repeated, for the scripts' imports.
- `upgrade()` and `downgrade()` are called to record what they ask for, on a connection that leads nowhere. Such a
  call can open no socket, start no process, write no file and use no driver, and it is killed at its deadline. The
  caller still must not hand over the live database's URL in the environment: what the application does while it is
  imported is not ours to fence in.
- One bad script does not hide the others: it is named, and its place in the graph is read from its text.
- No traceback and no parameter values in the answer; what looks like a secret is masked.
"""

# It uses Alembic's own machinery, private parts included, because the path must be the one that Alembic walks; it must
# survive whatever a foreign script raises; and it must run on interpreters that lack the newer ways to say things.
# Alembic's interfaces changed from strings to paths on the way; strings are what all versions take.
# ruff: noqa: BLE001, SLF001, UP036, PTH100, PTH109, PTH112, PTH113, PTH117, PTH118, PTH119, PTH120

from __future__ import annotations

import ast
import contextlib
import datetime
import decimal
import difflib
import functools
import gc
import hashlib
import importlib.util
import inspect
import io
import json
import os
import platform
import re
import select
import signal
import sys
import time
import types
import warnings
from pathlib import Path
from typing import Any, Callable, Iterator  # noqa: UP035  subscripted while running, which 3.8's own cannot be

PROTOCOL = 1
LONGEST_MESSAGE = 300
LONGEST_TEXT = 100_000
LONGEST_VALUE = 500
MOST_TEXT = 24_000_000
MOST_OPERATIONS = 2_000
MOST_NOTES = 100
MOST_RESTARTS = 5
#: What one recorded call may allocate on top of what the application already holds.
SPARE_MEMORY = 1 << 30

Json = Any
Send = Callable[[Json], None]


class ReaderError(Exception):
    """Something the caller must hear about, with a stable code."""

    def __init__(self, code: str, message: str, candidates: Any = (), where: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.candidates, self.where = code, message, list(candidates), where

    def as_json(self) -> Json:
        return {"code": self.code, "message": clean(self.message), "candidates": self.candidates, "where": self.where}


class LookedAtDatabaseError(BaseException):
    """A migration wants an answer from the database; from there on we do not know what it would do.

    Not an `Exception`, so that a migration's own `except Exception` does not swallow it.
    """


class ReachedOutsideError(BaseException):
    """A migration tried to leave the database: a socket, a process, a file."""


# ---- the way in and out


def main() -> None:
    """Read the request, do the work in a child process, and print the answer, whatever happens to the child."""
    gc.set_threshold(50_000)  # hundreds of scripts make little garbage, and looking for it takes a fifth of the time
    text = sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read()
    try:
        request = json.loads(text)
        nonce = str(request["nonce"])
    except (ValueError, KeyError, TypeError):
        sys.stderr.write("The request is not a JSON object with a nonce.\n")
        raise SystemExit(2) from None
    try:
        answer = answer_in_child(request)
    except ReaderError as error:
        answer = {"error": error.as_json()}
    answer["protocol"] = PROTOCOL
    body = json.dumps(answer, ensure_ascii=True)
    sys.stdout.write(f"\n<<<{nonce} {len(body)}\n{body}\n{nonce}>>>\n")
    sys.stdout.flush()


def answer_in_child(request: Json) -> Json:
    """The answer; a script that hangs or ends the process while it is imported is skipped in a fresh attempt."""
    if not hasattr(os, "fork"):
        raise ReaderError("unsupported_platform", "Reading migrations needs a Unix-like system")
    skipped: dict[str, Json] = {}
    seconds = float(request.get("load_seconds", 60))
    # While recording, the child watches over a child of its own and speaks up at least this often.
    recording = float(request.get("call_seconds", 10)) * 1.5 + 5
    silence = max(seconds, recording) if request.get("want") == "path" else seconds
    for _ in range(MOST_RESTARTS):
        begun: list[str] = []
        result: list[Json] = []

        def hear(message: Json, begun: list[str] = begun, result: list[Json] = result) -> None:
            if "begin" in message:
                begun[:] = message["begin"]
            else:
                result.append(message)

        ended = watch(lambda send: read(request, skipped, send), silence, hear)
        if result:
            return dict(result[-1])
        stopped = {"code": ended, "message": STOPPED[ended].format(seconds=f"{silence:g}")}
        if begun[:1] != ["load"] or begun[1] in skipped:
            raise ReaderError(ended, f"Reading the migrations: {stopped['message']}", where=" ".join(begun) or None)
        skipped[begun[1]] = stopped
    raise ReaderError("too_many_bad_scripts", "Too many scripts hang or end the process when imported", sorted(skipped))


STOPPED = {"timeout": "did not end within {seconds} s", "died": "ended the process"}


def watch(work: Callable[[Send], None], seconds: float, hear: Callable[[Json], None]) -> str:
    """Run the work in a child; 'ended', or 'timeout' after that long without a word (then killed), or 'died'."""
    ours, theirs = os.pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(ours)
        be_the_child(work, theirs, parent)
    os.close(theirs)
    try:
        finished = listen(ours, seconds, hear)
    finally:
        os.close(ours)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return finished


def listen(pipe: int, seconds: float, hear: Callable[[Json], None]) -> str:
    pending = b""
    while True:
        ready, _, _ = select.select([pipe], [], [], seconds)
        if not ready:
            return "timeout"
        chunk = os.read(pipe, 1 << 16)
        if not chunk:
            return "died"
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if message == {"ended": True}:
                return "ended"
            hear(message)


def be_the_child(work: Callable[[Send], None], pipe: int, parent: int) -> None:
    """Never returns. Standard output becomes standard error; what the application prints there is its own business."""
    try:
        die_with(parent)
        os.dup2(2, 1)
        # A new text layer: the parent's may be shared with a terminal or closed.
        sys.stdout = os.fdopen(1, "w", errors="replace", closefd=False)
        sys.stdin = open(os.devnull)  # noqa: SIM115, PTH123

        def send(message: Json) -> None:
            unsent = json.dumps(message).encode() + b"\n"
            while unsent:
                unsent = unsent[os.write(pipe, unsent) :]

        work(send)
        send({"ended": True})
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except BaseException as error:
        with contextlib.suppress(BaseException):
            sys.stderr.write(f"reader: {type(error).__name__}: {clean(str(error))}\n")
            sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def die_with(parent: int) -> None:
    """Where the kernel can (Linux), end when the parent ends, however it ends."""
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)


SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|KEY|DSN|URL|URI|CRED", re.IGNORECASE)
MASKS = (
    (re.compile(r"(\w+://)[^\s/@\"'<>]+@"), r"\1***@"),
    (
        re.compile(
            r"(?i)\b(\w*(?:password|passwd|secret|token|api_?key)\w*['\"]?\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}\]]+)"
        ),
        r"\1***",
    ),
    # What pydantic and SQLAlchemy add to their messages.
    (re.compile(r"input_value=.*?(?=, input_type|\])", re.DOTALL), "input_value=***"),
    (re.compile(r"\[parameters: .*?\]\s*$", re.DOTALL | re.MULTILINE), "[parameters: ***]"),
)


def clean(text: str) -> str:
    """The beginning of the text on one line, without what looks like a secret or is one of the environment's."""
    text = text[: LONGEST_MESSAGE * 20]
    for name, value in os.environ.items():
        if len(value) >= 6 and SECRET_NAME.search(name):
            text = text.replace(value, "***")
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def exception_as_json(error: BaseException, script: str | None = None) -> Json:
    """Class, first words and place (in the script, if the error passed through it); never the traceback."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    where = None
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{relative(error.filename)}:{error.lineno}"
    frame = error.__traceback__
    while frame is not None and not isinstance(error, SyntaxError):
        filename = frame.tb_frame.f_code.co_filename
        if script is None or same_file(filename, script) or where is None:
            where = f"{relative(filename)}:{frame.tb_lineno}"
        frame = frame.tb_next
    code = (
        "syntax_error"
        if isinstance(error, SyntaxError)
        else "import_error"
        if isinstance(error, ImportError)
        else "raised"
    )
    return {"code": code, "class": name, "message": clean(str(error)), "where": where}


SAME_FILES: dict[tuple[str, str], bool] = {}


def same_file(one: str, other: str) -> bool:
    """Also where one of the paths goes through a link. Asked for every frame of every operation, hence remembered."""
    if (one, other) not in SAME_FILES:
        SAME_FILES[one, other] = one == other or os.path.realpath(one) == os.path.realpath(other)
    return SAME_FILES[one, other]


def relative(path: str) -> str:
    """As seen from the project's folder if it lies within, else as it is."""
    return seen_from(os.getcwd(), path) if os.path.isabs(path) else path


@functools.lru_cache(maxsize=None)  # noqa: UP033  its short form is newer
def seen_from(folder: str, path: str) -> str:
    """Remembered, because every script is named several times and each link on the way costs a system call."""
    inside = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    return path if inside.startswith("..") else inside


class TextBudget:
    """One answer stays within bounds, whatever the scripts hold."""

    left = MOST_TEXT
    used_up = False

    @classmethod
    def take(cls, text: str, longest: int = LONGEST_TEXT) -> str:
        """The text; its beginning if it is too long for one, or for all of them together."""
        allowed = min(longest, max(cls.left, 200))
        if len(text) > allowed:
            text, cls.used_up = text[:allowed] + "…", True
        cls.left -= len(text)
        return text


# ---- the whole reading, in the first child


def read(request: Json, skipped: dict[str, Json], send: Send) -> None:
    """Everything that touches the application; the last message sent is the answer."""
    warnings.simplefilter("ignore")
    sys.dont_write_bytecode = True
    sys.argv = ["alembic"]
    make_paths_ordinary()
    try:
        send({"begin": ["import alembic"]})
        check_versions()
        send({"begin": ["find the migrations"]})
        config = find_config(request)
        script = open_script_directory(config)
        env = read_env(script)
        prepare_imports(env)
        collected = Collected(config, script, skipped, send)
        collected.load()
        answer = {"graph": graph_as_json(collected), "env": env["public"]}
        if request.get("want") == "path":
            answer["path"] = path_as_json(request, config, collected, env, send)
        answer["text_cut"] = TextBudget.used_up
    except ReaderError as error:
        answer = {"error": error.as_json()}
    send(answer)


def make_paths_ordinary() -> None:
    """Like the `alembic` command, do not see this file's folder; like `python -m alembic`, see the project's, last."""
    own = globals().get("__file__")
    unwanted = {"", os.path.dirname(os.path.abspath(own)) if own else ""}
    sys.path[:] = [part for part in sys.path if part not in unwanted]
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())


def check_versions() -> None:
    if sys.version_info < (3, 8):
        raise ReaderError(
            "old_python", f"Python {platform.python_version()} is too old for reading migrations; 3.8 is needed"
        )
    try:
        import alembic
        import sqlalchemy
    except ImportError as error:
        message = f"{sys.executable} (Python {platform.python_version()}) cannot import {error.name or 'alembic'}"
        raise ReaderError("no_alembic", message) from None
    numbers = [int(part) for part in re.findall(r"\d+", alembic.__version__)[:2]]
    if numbers < [1, 7]:
        raise ReaderError(
            "old_alembic", f"Alembic {alembic.__version__} is too old for reading migrations; 1.7 is needed"
        )
    if [int(part) for part in re.findall(r"\d+", sqlalchemy.__version__)[:2]] < [1, 3]:
        message = f"SQLAlchemy {sqlalchemy.__version__} is too old for reading migrations; 1.3 is needed"
        raise ReaderError("old_sqlalchemy", message)


def versions() -> Json:
    import alembic
    import sqlalchemy

    return {"python": platform.python_version(), "alembic": alembic.__version__, "sqlalchemy": sqlalchemy.__version__}


# ---- where the scripts are


def find_config(request: Json) -> Any:
    """The configuration that the `alembic` command would use here."""
    from alembic.config import Config

    named = request.get("config") or None
    section = request.get("section") or "alembic"
    fallback = os.environ.get("ALEMBIC_CONFIG") or None
    ini, toml = "alembic.ini", "pyproject.toml"
    for name in (fallback, named):
        if name and os.path.basename(name) == "pyproject.toml":
            toml = name
        elif name:
            ini = name
    if named and not os.path.isfile(named):
        found = [
            str(path)
            for pattern in ("alembic.ini", "*/alembic.ini", "*/*/alembic.ini")
            for path in Path().glob(pattern)
        ]
        raise ReaderError("no_config", f"There is no file {named} in {os.getcwd()}", sorted(found))
    has_ini, has_toml = os.path.isfile(ini), toml_section_is_in(toml)
    if not has_ini and not has_toml:
        raise ReaderError("no_config", f"There is neither {ini} nor a [tool.alembic] in {toml} in {os.getcwd()}")
    knows_toml = "toml_file" in inspect.signature(Config.__init__).parameters
    if not has_ini and not knows_toml:
        raise ReaderError(
            "old_alembic", f"The configuration is in {toml}, which this Alembic cannot read; 1.16 is needed"
        )
    extra: dict[str, Any] = {"toml_file": toml} if knows_toml and has_toml else {}
    config = Config(ini if has_ini else None, ini_section=section, stdout=sys.stderr, **extra)
    check_config(config, section, has_ini=has_ini, has_toml=bool(extra))
    return config


def toml_section_is_in(toml: str) -> bool:
    """Without a TOML parser (Python 3.8 has none): does the file have our table?"""
    try:
        return bool(re.search(r"(?m)^\s*\[+\s*tool\.alembic\b", Path(toml).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return False


def check_config(config: Any, section: str, *, has_ini: bool, has_toml: bool) -> None:
    name = config.config_file_name
    try:
        known = config.file_config.sections()
        location = option(config, "script_location") if has_toml or section in known else None
    except Exception as error:  # configparser, TOML, interpolation: each has its own family
        raise ReaderError("bad_config", f"{name or 'pyproject.toml'} cannot be read: {error}") from None
    if has_ini and section not in known and not has_toml:
        raise ReaderError("no_section", f"{name} has no [{section}]", [one for one in known if "log" not in one])
    if location is None:
        # Flask-Migrate keeps the file in the folder of the scripts, and says where that is only at run time.
        folder = os.path.dirname(os.path.abspath(name)) if has_ini else ""
        if not folder or not os.path.isfile(os.path.join(folder, "env.py")):
            raise ReaderError("no_script_location", f"{name or 'pyproject.toml'} has no script_location")
        config.set_section_option(section, "script_location", folder.replace("%", "%%"))


def option(config: Any, name: str) -> Any:
    """An option as this version of Alembic finds it."""
    get = getattr(config, "get_alembic_option", None) or config.get_main_option
    return get(name)


def open_script_directory(config: Any) -> Any:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    location = option(config, "script_location")
    try:
        script = ScriptDirectory.from_config(config)
    except (CommandError, ImportError) as error:
        raise ReaderError("no_script_folder", f"There is no script folder at {location}: {error}") from None
    except Exception as error:
        raise ReaderError("bad_config", f"The configuration does not work: {type(error).__name__}: {error}") from None
    if not os.path.isdir(script.dir):
        raise ReaderError("no_script_folder", f"{location} is not a folder")
    return script


def folders_of(script: Any) -> list[str]:
    return [str(path) for path in script._version_locations]


# ---- env.py, read and not executed


def read_env(script: Any) -> Json:
    """What `env.py` says about naming conventions, the version table, plugins and paths, as far as its text tells."""
    path = os.path.join(str(script.dir), "env.py")
    public: Json = {"file": relative(path), "exists": False, "sha256": None, "target_metadata": "unknown"}
    public.update(
        {"naming_convention_mentioned": False, "is_async": False, "configure": {}, "not_constant": [], "plugins": []}
    )
    found: Json = {"public": public, "path_code": None, "file": path}
    try:
        raw = Path(path).read_bytes()
        tree = ast.parse(raw)
    except (OSError, SyntaxError, ValueError):
        return found
    nodes = list(ast.walk(tree))
    public.update({"exists": True, "sha256": hashlib.sha256(raw).hexdigest()})
    public["is_async"] = any(isinstance(node, ast.AsyncFunctionDef) for node in nodes)
    public["naming_convention_mentioned"] = b"naming_convention" in raw
    public["target_metadata"] = target_metadata_of(nodes)
    for node in nodes:
        if isinstance(node, ast.Call) and (dotted(node.func) or "").endswith("context.configure"):
            note_keywords(node, public)
    public["plugins"] = sorted({name for name in top_level_imports(tree) if name.startswith("alembic_")})
    found["path_code"] = path_statements(tree)
    return found


def target_metadata_of(nodes: list[ast.AST]) -> str:
    """'set', 'none' or 'unknown'; with 'set', names of constraints may come from a convention that we do not know."""
    values = [
        node.value
        for node in nodes
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        and any(
            isinstance(name, ast.Name) and name.id == "target_metadata"
            for name in (node.targets if isinstance(node, ast.Assign) else [node.target])
        )
    ]
    values += [
        word.value
        for node in nodes
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg == "target_metadata"
    ]
    values = [value for value in values if not (isinstance(value, ast.Name) and value.id == "target_metadata")]
    if not values:
        return "unknown"
    return "none" if all(isinstance(value, ast.Constant) and value.value is None for value in values) else "set"


def note_keywords(call: ast.Call, public: Json) -> None:
    telling = (
        "version_table",
        "version_table_schema",
        "transaction_per_migration",
        "transactional_ddl",
        "include_schemas",
        "render_as_batch",
    )
    for word in call.keywords:
        if word.arg in telling and isinstance(word.value, ast.Constant):
            public["configure"][word.arg] = str(word.value.value)
        elif word.arg in telling or word.arg is None:
            public["not_constant"].append(word.arg or "**")


def top_level_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


HARMLESS_CALL = re.compile(
    r"^(sys\.path\.(insert|append|extend)|os\.path\.\w+|os\.(getcwd|getenv|fspath)|os\.environ\.get"
    r"|(pathlib\.)?Path(\.cwd)?|str|len|list|.*\.(resolve|absolute|joinpath|as_posix|with_name|expanduser))$"
)


def path_statements(tree: ast.Module) -> Any:
    """The top-level lines that change `sys.path`, and the harmless ones they lean on; compiled, or None."""
    kept: list[ast.stmt] = []
    needed: set[str] = set()
    for node in reversed(tree.body):
        changes_path = any(dotted(part) == "sys.path" for part in ast.walk(node)) and not is_definition(node)
        gives = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
        wanted = changes_path or (isinstance(node, (ast.Assign, ast.AnnAssign)) and gives & needed)
        if wanted and all(harmless(part) for part in ast.walk(node)):
            kept.append(node)
            needed |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and set(top_level_imports(node)) <= {
            "os",
            "sys",
            "pathlib",
        }:
            kept.append(node)
    if not any(not isinstance(node, (ast.Import, ast.ImportFrom)) for node in kept):
        return None
    return ast.Module(body=kept[::-1], type_ignores=[])


def harmless(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = dotted(node.func)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return bool(HARMLESS_CALL.match(name or f".{method}"))
    return not isinstance(node, (ast.Lambda, ast.Delete, ast.Await, ast.Yield, ast.Import, ast.ImportFrom))


def is_definition(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


def prepare_imports(env: Json) -> None:
    """By the time scripts are imported, `env.py` has set the path and loaded its plugins; do the same, and no more."""
    if env["path_code"] is not None:
        with contextlib.suppress(Exception):
            # Only whitelisted calls are left in it, see `harmless`.
            exec(compile(env["path_code"], env["file"], "exec"), {"__file__": env["file"], "__name__": "env"})  # noqa: S102
    for plugin in env["public"]["plugins"]:
        with contextlib.suppress(Exception):
            importlib.import_module(plugin)


# ---- the scripts


class Collected:
    """Every script that could be loaded, stand-ins for those that could not, and what is wrong with the whole."""

    def __init__(self, config: Any, script: Any, skipped: dict[str, Json], send: Send) -> None:
        self.config, self.script, self.skipped, self.send = config, script, skipped, send
        self.scripts: list[Any] = []
        self.failures: dict[str, Json] = {}
        self.problems: list[Json] = []
        self.whole = False
        self.by_id: dict[str, Any] = {}

    def load(self) -> None:
        """Let Alembic list and import its files, one failure at a time."""
        from alembic.script import Script

        # Where both exist, `_from_path` is only a way to the other.
        name = "_from_filename" if hasattr(Script, "_from_filename") else "_from_path"
        original = getattr(Script, name).__func__

        def one_by_one(cls: Any, directory: Any, *where: Any) -> Any:
            return self.load_one(os.path.join(*[str(part) for part in where]), lambda: original(cls, directory, *where))

        setattr(Script, name, classmethod(one_by_one))
        try:
            present = [folder for folder in folders_of(self.script) if os.path.isdir(folder)]
            for folder in folders_of(self.script):
                if folder not in present:
                    self.problem("no_versions_folder", f"There is no folder {relative(folder)}")
            self.scripts = list(self.script._load_revisions()) if present else []
            self.by_id = {one.revision: one for one in self.scripts}
        finally:
            setattr(Script, name, classmethod(original))
        self.send({"begin": ["connect the revisions"]})
        self.check()

    def load_one(self, path: str, load: Callable[[], Any]) -> Any:
        if path in self.skipped:
            self.failures[path] = {"class": None, "where": relative(path), **self.skipped[path]}
            return self.stand_in(path)
        self.send({"begin": ["load", path]})
        try:
            return load()
        except (Exception, SystemExit) as error:
            failure = self.load_as_if_migrating(path, load) if wants_migration(error) else error
        if not isinstance(failure, BaseException):
            return failure
        self.failures[path] = exception_as_json(failure, path)
        if isinstance(failure, LookedAtDatabaseError):
            message = f"It asks the database while it is loaded: {self.failures[path]['message']}"
            self.failures[path].update({"code": "looks_at_database", "message": message, "class": None})
        return self.stand_in(path)

    def load_as_if_migrating(self, path: str, load: Callable[[], Any]) -> Any:
        """Alembic loads scripts while it migrates, so `op` works in them at module level, too; or why it does not."""
        tape = Tape(path, empty=False)
        try:
            with fenced(tape), stage(self, {}, tape, None):
                return load()
        except (Exception, SystemExit, LookedAtDatabaseError) as error:
            return error

    def stand_in(self, path: str) -> Any:
        """The script's place in the graph, read from its text; None if the text does not tell."""
        from alembic.script import Script

        said = identifiers_in(path)
        if not isinstance(said.get("revision"), str):
            return None
        module = types.ModuleType("stand_in")
        for name in ("revision", "down_revision", "branch_labels", "depends_on"):
            setattr(module, name, said.get(name))
        module.__doc__ = said.get("doc")
        try:
            # Alembic 1.16 made paths out of strings here.
            return Script(module, said["revision"], Path(path))  # type: ignore[arg-type, unused-ignore]
        except Exception as error:
            self.problem("broken_script", f"{relative(path)}: {error}")
            return None

    def failure_of(self, path: str) -> Json:
        """Why this script could not be loaded; None when it could."""
        return (self.failures.get(path) or self.failures.get(os.path.realpath(path))) if self.failures else None

    def problem(self, code: str, message: str, revisions: Any = (), files: Any = ()) -> None:
        self.problems.append(
            {"code": code, "message": clean(message), "revisions": list(revisions), "files": list(files)}
        )

    def check(self) -> None:
        """What Alembic would only warn about before it fails, and then its own opinion of the map."""
        from alembic.script.revision import RevisionMap

        self.check_references()
        self.script.revision_map = RevisionMap(lambda: list(self.scripts))
        try:
            self.script.revision_map._revision_map  # noqa: B018  computing it is the check
            self.whole = True
        except Exception as error:
            if not any(one["code"].startswith("missing_") for one in self.problems):
                kind = "cycle" if "Cycle" in type(error).__name__ or "Loop" in type(error).__name__ else "broken_graph"
                self.problem(kind, str(error), getattr(error, "revisions", ()))

    def check_references(self) -> None:
        files: dict[str, list[str]] = {}
        for one in self.scripts:
            files.setdefault(one.revision, []).append(relative(str(one.path)))
        for revision, where in files.items():
            if len(where) > 1:
                self.problem("duplicate_revision", f"Revision {revision} is in {len(where)} files", [revision], where)
        known = {label for one in self.scripts for label in one._orig_branch_labels or ()} | set(files)
        for one in self.scripts:
            missing = [
                ("missing_parent", "follows", other) for other in one._versioned_down_revisions if other not in files
            ]
            missing += [
                ("missing_dependency", "depends on", other) for other in names(one.dependencies) if other not in known
            ]
            for code, verb, other in missing:
                message = f"{one.revision} {verb} {other}, which no script has"
                self.problem(code, message, [one.revision, other], files[one.revision])


def wants_migration(error: BaseException) -> bool:
    """Alembic's words when `op` or `context` is used while nothing is migrated."""
    return isinstance(error, NameError) and "proxy object has not yet been established" in str(error)


def names(value: Any) -> list[str]:
    """Alembic's identifiers come as nothing, one string, or several."""
    return [] if value is None else [value] if isinstance(value, str) else [one for one in value if one is not None]


IDENTIFIER = re.compile(
    r"^(revision|down_revision|branch_labels|depends_on)\s*(?::[^=\n]+)?=\s*(.+?)\s*(?:#.*)?$", re.MULTILINE
)


def identifiers_in(path: str) -> Json:
    """`revision` and its friends from the text, also from one that is not valid Python."""
    said: Json = {}
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return said
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        for name, value in IDENTIFIER.findall(text):
            with contextlib.suppress(ValueError, SyntaxError):
                said[name] = ast.literal_eval(value)
        return said
    said["doc"] = ast.get_docstring(tree, clean=False)
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    with contextlib.suppress(ValueError):
                        said[target.id] = ast.literal_eval(node.value)
    return said


# ---- the graph


def graph_as_json(collected: Collected) -> Json:
    script = collected.script
    table = script.revision_map
    ids = collected.by_id
    parents = {parent for one in collected.scripts for parent in one._versioned_down_revisions}
    heads = list(table.heads) if collected.whole else [one for one in ids if one not in parents]
    bases = (
        list(table.bases)
        if collected.whole
        else [one.revision for one in ids.values() if not one._versioned_down_revisions]
    )
    unread = [{"file": relative(path), **failure} for path, failure in collected.failures.items()]
    return {
        "revisions": [revision_as_json(one, collected) for one in collected.scripts],
        "heads": sorted(heads),
        "bases": sorted(bases),
        "problems": collected.problems,
        "unread": unread,
        "whole": collected.whole,
        "script_location": relative(str(script.dir)),
        "version_locations": [relative(folder) for folder in folders_of(script)],
        "versions": versions(),
    }


CREATED = re.compile(r"(?mi)^\s*create date:\s*(.+?)\s*$")


def revision_as_json(one: Any, collected: Collected) -> Json:
    path = str(one.path)
    created = CREATED.search(one.module.__doc__ or "")
    try:
        digest: str | None = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        digest = None
    return {
        "id": one.revision,
        "down_revisions": list(one._versioned_down_revisions),
        "depends_on": names(one.dependencies),
        "branch_labels": sorted(one._orig_branch_labels or ()),
        "branches": sorted(one.branch_labels or ()),
        "message": TextBudget.take(one.doc or "", LONGEST_VALUE),
        "created": created.group(1) if created else None,
        "file": relative(path),
        "sha256": digest,
        "loads": collected.failure_of(path) is None,
    }


# ---- the path


def path_as_json(request: Json, config: Any, collected: Collected, env: Json, send: Send) -> Json:
    if not collected.whole:
        first = collected.problems[0]["message"] if collected.problems else "the revisions do not fit together"
        raise ReaderError(
            "broken_graph", f"Alembic cannot use these scripts: {first}", [one["message"] for one in collected.problems]
        )
    current = [str(one) for one in request.get("current", [])]
    send({"begin": ["find the path"]})
    steps, warned = choose(collected.script, current, request.get("target"), request.get("direction") or "downgrade")
    ids = [step.revision.revision for step in steps]
    after = versions_after(steps, current)
    readings = {one: FileReading(collected.by_id[one]) for one in ids}
    recorded = record_all(Recording(request, config, collected, env), ids, readings, send)
    revisions = [
        {
            "id": one,
            "version_after": after[place] if after else None,
            "imports": readings[one].imports(),
            "failure": collected.failure_of(readings[one].path),
            "sides": {side: {**readings[one].side(side), **recorded[one, side]} for side in ("upgrade", "downgrade")},
        }
        for place, one in enumerate(ids)
    ]
    return {
        "revisions": revisions,
        "ends_at": after[-1] if after else (sorted(current) if not ids else None),
        "warnings": warned,
    }


def choose(script: Any, current: list[str], target: Any, direction: str) -> tuple[list[Any], list[str]]:
    """The steps Alembic would take, in its order, and its warnings."""
    if not isinstance(target, str) or not target.strip():
        raise ReaderError("invalid_target", "The target is empty")
    for one in current:
        try:
            script.get_revision(one)
        except Exception:
            close = close_to(script, one)
            raise ReaderError(
                "unknown_current", f"Can't locate revision identified by '{one}', which the database is at", close
            ) from None
    for one in script.revision_map._revision_map.values():
        for side in ("upgrade", "downgrade"):
            # Alembic looks for the function while it plans, and would not get to tell us the path.
            if one is not None and not hasattr(one.module, side):
                setattr(one.module, side, no_such_function)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            walk = script._downgrade_revs if direction == "downgrade" else script._upgrade_revs
            steps = list(walk(target, tuple(current)))
        except Exception as error:
            raise target_error(script, target, error) from None
    return steps, [clean(str(one.message)) for one in caught]


def no_such_function() -> None:
    """Stands where a script has no `upgrade` or no `downgrade`; never called."""


REFUSALS = (
    # What Alembic says in a plain RevisionError or ResolutionError, and what it means.
    ("Multiple revisions start", "ambiguous_target"),
    ("is not a member of branch", "not_on_branch"),
    ("Walked too far", "too_far"),
    ("didn't produce", "too_far"),
    ("Ambiguous walk", "ambiguous_walk"),
    ("Not a valid downgrade target", "not_an_ancestor"),
)


def target_error(script: Any, target: str, error: BaseException) -> ReaderError:
    """Alembic's refusal, as a code: the class of its cause says more than its text."""
    from alembic.script import revision as kinds

    cause = error.__cause__ or error
    text = f"{error} ({cause})" if str(cause) and str(cause) not in str(error) else str(error)
    text = text or f"Alembic cannot make sense of the target '{target}' ({type(error).__name__})"
    code = next((code for words, code in REFUSALS if words in str(cause)), "invalid_target")
    wanted = str(getattr(cause, "argument", None) or target)
    candidates: list[str] = []
    if isinstance(cause, kinds.MultipleHeads):
        code, candidates = "multiple_heads", sorted(cause.heads)
    elif isinstance(cause, kinds.RangeNotAncestorError):
        code = "not_an_ancestor"
    elif code == "ambiguous_target":
        candidates = sorted(one for one in real_ids(script) if one.startswith(wanted))
    elif isinstance(cause, kinds.ResolutionError) and code == "invalid_target":
        code, candidates = "unknown_target", close_to(script, wanted)
    return ReaderError(code, text, candidates)


def real_ids(script: Any) -> list[str]:
    return [one for one in script.revision_map._revision_map if isinstance(one, str)]


def close_to(script: Any, wanted: str) -> list[str]:
    return difflib.get_close_matches(wanted, real_ids(script), n=3, cutoff=0.6)


def versions_after(steps: list[Any], current: list[str]) -> list[list[str]] | None:
    """What the version table holds after each step, by Alembic's own bookkeeping; None where it gives up."""
    from alembic.runtime.migration import HeadMaintainer, MigrationContext

    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": io.StringIO()}
    )
    heads = HeadMaintainer(context, current)
    after: list[list[str]] = []
    try:
        for step in steps:
            heads.update_to_step(step)
            after.append(sorted(str(one) for one in heads.heads))
    except Exception:
        return None
    return after


# ---- reading a script's text


REACHES_OUT = {
    "network": "requests httpx aiohttp urllib.request urllib3 http.client socket smtplib ftplib ssl grpc websocket"
    " websockets paramiko stripe openai anthropic elasticsearch opensearchpy pymongo motor redis kafka aiokafka"
    " confluent_kafka pika kombu celery dramatiq rq nats qdrant_client weaviate ldap3 pycurl supabase firebase_admin"
    " kubernetes docker",
    "storage": "boto3 botocore aioboto3 aiobotocore s3fs gcsfs minio google.cloud azure obstore fsspec",
    "messaging": "slack_sdk slack_bolt slack telegram twilio sendgrid discord mailjet_rest postmarker",
    "process": "subprocess os.system os.popen os.execv os.execvp os.execve os.spawnv os.spawnl os.fork os.kill"
    " multiprocessing pty sh plumbum fabric",
    "environment": "os.environ os.getenv os.environb dotenv decouple environs",
    "files": "open io.open os.open os.remove os.unlink os.rename os.replace os.mkdir os.makedirs os.rmdir shutil"
    " tempfile zipfile tarfile pathlib.Path.open pathlib.Path.read_text pathlib.Path.write_text importlib.resources",
    "own_connection": "psycopg psycopg2 asyncpg pg8000 sqlalchemy.create_engine sqlalchemy.engine.create_engine"
    " sqlalchemy.engine_from_config sqlalchemy.ext.asyncio.create_async_engine"
    " sqlalchemy.ext.asyncio.async_engine_from_config sqlite3 pymysql MySQLdb",
}
REACHES_OUT_BY_NAME = {name: kind for kind, words in REACHES_OUT.items() for name in words.split()}


TAKES_ROWS = re.compile(r"(?i)\b(?:delete\s+from|truncate|merge\s+into)\b")
DELETERS = ("delete", "truncate")


class FileReading:
    """One script's text: its two functions, and what they lean on."""

    def __init__(self, one: Any) -> None:
        self.module = one.module
        self.path = str(one.path)
        try:
            self.text = Path(self.path).read_bytes().decode("utf-8-sig", errors="replace")
            self.tree: ast.Module | None = ast.parse(self.text)
        except (OSError, SyntaxError, ValueError):
            self.tree = None
        body = self.tree.body if self.tree else []
        self.walked: dict[ast.AST, list[ast.AST]] = {}
        self.defined: dict[str, ast.AST] = {}
        for node in body:
            if is_definition(node):
                self.defined[node.name] = node  # type: ignore[attr-defined]
            elif isinstance(node, ast.Assign):
                self.defined.update({target.id: node for target in node.targets if isinstance(target, ast.Name)})
        self.aliases = dict(aliases_in(self.tree)) if self.tree else {}

    def imports(self) -> list[Json]:
        tops = sorted(set(top_level_imports(self.tree))) if self.tree else []
        return [{"module": top, "kind": module_kind(top)} for top in tops]

    def side(self, name: str) -> Json:
        """Source text, shape of the body, and what the function mentions, itself or through the script's helpers."""
        node = self.defined.get(name)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            given = getattr(self.module, name, no_such_function) is not no_such_function
            shape = "unread" if self.tree is None else "elsewhere" if given else "missing"
            return {"source": None, "line": None, "body": shape, "raises": None, "mentions": [], "asks": []}
        body, raised = shape_of(node)
        return {
            "source": TextBudget.take("\n".join(self.text.splitlines()[node.lineno - 1 : node.end_lineno])),
            "line": node.lineno,
            "body": body,
            "raises": raised,
            "mentions": list(self.mentions(node)),
            "asks": list(self.asks(node)),
            "takes_rows": self.takes_rows(node),
        }

    def parts(self, node: ast.AST) -> list[ast.AST]:
        """Everything below a definition; remembered, because big scripts are walked often."""
        if node not in self.walked:
            self.walked[node] = list(ast.walk(node))
        return self.walked[node]

    def reachable(self, node: ast.AST) -> list[ast.AST]:
        """The function and the top-level definitions of its file that it uses, directly or not."""
        seen, todo = [node], [node]
        while todo:
            for part in self.parts(todo.pop()):
                other = self.defined.get(part.id) if isinstance(part, ast.Name) else None
                if other is not None and other not in seen:
                    seen.append(other)
                    todo.append(other)
        return seen

    def mentions(self, node: ast.AST) -> Iterator[Json]:
        told: set[tuple[str, str]] = set()
        for part in (part for one in self.reachable(node) for part in self.parts(one)):
            # Only the longest chain counts: the inner parts of a.b.c are visited too, and say less.
            name = dotted(part)
            full = self.full_name(name) if name else None
            kind, full = outward(full) if full else (None, None)
            if full and kind and not any(kind == other and known.startswith(full) for other, known in told):
                told.add((kind, full))
                yield {"kind": kind, "name": full, "line": getattr(part, "lineno", None)}

    def takes_rows(self, node: ast.AST) -> bool:
        """Whether its text speaks of deleting rows, run or not: today's may not be those that it is for."""
        return any(
            (isinstance(part, ast.Constant) and isinstance(part.value, str) and TAKES_ROWS.search(part.value))
            or (isinstance(part, ast.Attribute) and part.attr in DELETERS)
            or (isinstance(part, ast.Name) and part.id in DELETERS)
            for one in self.reachable(node)
            for part in self.parts(one)
        )

    def full_name(self, name: str) -> str | None:
        first, _, rest = name.partition(".")
        base = self.aliases.get(first, "open" if first == "open" and not rest else None)
        return None if base is None else f"{base}.{rest}" if rest else base

    def asks(self, node: ast.AST) -> Iterator[Json]:
        """Names of the operations the text mentions; what is left to go by when recording had to stop."""
        parts = [part for one in self.reachable(node) for part in self.parts(one)]
        batches = {
            item.optional_vars.id
            for part in parts
            if isinstance(part, ast.With)
            for item in part.items
            if isinstance(item.optional_vars, ast.Name)
            and isinstance(item.context_expr, ast.Call)
            and (dotted(item.context_expr.func) or "").endswith("batch_alter_table")
        }
        for part in parts:
            name = dotted(part.func) if isinstance(part, ast.Call) else None
            first, _, rest = (name or "").partition(".")
            if rest and "." not in rest and (self.aliases.get(first) == "alembic.op" or first in batches):
                yield {"op": rest, "line": part.lineno}  # type: ignore[attr-defined]


def shape_of(node: Any) -> tuple[str, Json]:
    """'empty', 'raises' (irreversible on purpose) or 'code'."""
    body = [one for one in node.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    body = [one for one in body if not isinstance(one, (ast.Pass, ast.Import, ast.ImportFrom))]
    nothing = [
        one
        for one in body
        if isinstance(one, ast.Return) and (one.value is None or isinstance(one.value, ast.Constant))
    ]
    if not body or body[0] in nothing:
        return "empty", None
    if isinstance(body[0], ast.Raise) and body[0].exc is not None:
        raised = body[0].exc
        kind = dotted(raised.func if isinstance(raised, ast.Call) else raised) or "?"
        words = raised.args[0] if isinstance(raised, ast.Call) and raised.args else None
        said = words.value if isinstance(words, ast.Constant) else None
        return "raises", {"class": kind, "message": clean(str(said)) if said is not None else None}
    return "code", None


def dotted(node: ast.AST) -> str | None:
    """`a.b.c` as written, through calls (`a.b().c`), or None."""
    parts: list[str] = []
    while isinstance(node, (ast.Attribute, ast.Call)):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif parts:
            node = node.func
        else:
            return None
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def aliases_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What each imported name stands for, wherever in the file the import is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    (alias.asname or alias.name.split(".")[0]),
                    (alias.name if alias.asname else alias.name.split(".")[0]),
                )
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, f"{module}.{alias.name}"


def outward(full: str) -> tuple[str | None, str]:
    """Where the name leads, if outside, and as much of it as says so."""
    parts = full.split(".")
    for length in range(len(parts), 0, -1):
        kind = REACHES_OUT_BY_NAME.get(".".join(parts[:length]))
        if kind:
            return kind, ".".join(parts[: length + 1])
    return ("application" if full.startswith(".") or module_kind(parts[0]) == "application" else None), full


KINDS_OF_MODULE: dict[str, str] = {"alembic": "library", "sqlalchemy": "library", "open": "standard"}


def module_kind(top: str) -> str:
    """'standard', 'library', 'application' or 'missing', without importing it."""
    if top not in KINDS_OF_MODULE:
        KINDS_OF_MODULE[top] = find_module_kind(top)
    return KINDS_OF_MODULE[top]


def find_module_kind(top: str) -> str:
    if top in sys.builtin_module_names or top in getattr(sys, "stdlib_module_names", ()):
        return "standard"
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        spec = None
    if spec is None:
        return "missing"
    origin = spec.origin or next(iter(spec.submodule_search_locations or []), "")
    if re.search(r"[\\/](site|dist)-packages[\\/]", origin):
        return "library"
    standard = os.path.dirname(os.__file__)
    return "standard" if origin in ("built-in", "frozen") or origin.startswith(standard + os.sep) else "application"


# ---- calling the functions


class Recording:
    """What the recording children need to know."""

    def __init__(self, request: Json, config: Any, collected: Collected, env: Json) -> None:
        self.config, self.collected, self.env = config, collected, env
        self.seconds = float(request.get("call_seconds", 10))
        self.until = time.monotonic() + float(request.get("record_seconds", 120))
        self.table = (
            request.get("version_table") or env["public"]["configure"].get("version_table") or "alembic_version"
        )
        self.table_schema = request.get("version_table_schema") or env["public"]["configure"].get(
            "version_table_schema"
        )
        self.convention_unknown = env["public"]["target_metadata"] != "none"


def record_all(
    recording: Recording, ids: list[str], readings: dict[str, FileReading], send: Send
) -> dict[tuple[str, str], Json]:
    """Call each side to record it and for its SQL; what stopped at a question, again as if nothing were found."""
    sides = [(one, side) for one in ids for side in ("downgrade", "upgrade")]
    found: dict[tuple[str, str], Json] = {
        key: {"not_called": why_not_callable(recording, readings[key[0]], key[1])} for key in sides
    }
    callable_sides = [key for key in sides if found[key]["not_called"] is None]
    if callable_sides:
        import_what_calls_need()
    # Each pass has a fresh process per direction: in reality, too, an upgrade and a downgrade never share one.
    for mode in ("record", "offline", "empty"):
        for side in ("downgrade", "upgrade"):
            chosen = [key for key in callable_sides if key[1] == side]
            if mode == "empty":
                chosen = [key for key in chosen if stopped_at_a_question(found[key].get("record"))]
            if mode == "offline":
                # What hung once would only hang again.
                chosen = [key for key in chosen if code_of(found[key].get("record")) not in STOPPED]
            for key, result in record_pass(recording, chosen, mode, send):
                found[key][mode] = result
    return {key: side_as_json(value) for key, value in found.items()}


DRIVERS = (
    ("psycopg2", ("connect", "_connect")),
    ("psycopg", ("connect", "Connection.connect", "AsyncConnection.connect")),
)


def import_what_calls_need() -> None:
    """Once, before the children are forked, rather than once in each of them."""
    for name in ("sqlalchemy.dialects.postgresql", "alembic.operations.batch", *(driver for driver, _ in DRIVERS)):
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def stopped_at_a_question(record: Json) -> bool:
    return bool(record and record.get("stopped") and record["stopped"]["code"] == "looks_at_database")


def code_of(record: Json) -> str | None:
    return (record or {}).get("error", None) and record["error"]["code"]


def why_not_callable(recording: Recording, reading: FileReading, side: str) -> Json:
    failure = recording.collected.failure_of(reading.path)
    if failure:
        return {
            "code": "unreadable",
            "message": failure["message"],
            "class": failure.get("class"),
            "where": failure["where"],
        }
    function = getattr(reading.module, side, no_such_function)
    if function is no_such_function:
        return {
            "code": "missing",
            "message": f"The script has no {side}()",
            "class": None,
            "where": relative(reading.path),
        }
    try:
        wanted = [
            one.name
            for one in inspect.signature(function).parameters.values()
            if one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        ]
    except (TypeError, ValueError):
        wanted = []
    if wanted:
        message = f"{side}() expects {', '.join(wanted)}, which only env.py can give"
        return {"code": "needs_arguments", "message": message, "class": None, "where": relative(reading.path)}
    return None


def side_as_json(value: Json) -> Json:
    """Three passes folded into one answer."""
    record, offline, empty = (value.get(mode) or {} for mode in ("record", "offline", "empty"))
    return {
        "not_called": value["not_called"],
        "operations": record.get("operations", []),
        "stopped": record.get("stopped"),
        "operations_if_empty": empty.get("operations") if empty else None,
        "looks": record.get("looks", []),
        "assumed": record.get("assumed", []),
        "reached_out": record.get("reached_out", []),
        "error": record.get("error"),
        "truncated": bool(record.get("truncated")),
        "sql": offline.get("sql"),
        "sql_error": offline.get("error") or offline.get("stopped") or (record.get("error") if not offline else None),
    }


def record_pass(
    recording: Recording, keys: list[tuple[str, str]], mode: str, send: Send
) -> Iterator[tuple[tuple[str, str], Json]]:
    """One child for all of them; after one that hangs or kills it, a fresh child for the rest."""
    left = list(keys)
    while left:
        results: list[Json] = []

        def hear(message: Json, results: list[Json] = results) -> None:
            if "result" in message:
                results.append(message["result"])
                TextBudget.left = min(TextBudget.left, message["text_left"])
                TextBudget.used_up = TextBudget.used_up or message["text_cut"]
            send({"begin": ["recorded"]})

        def work(tell: Send, todo: list[tuple[str, str]] = left) -> None:
            close_the_doors()
            # Its preparation does not count as the first call's time.
            tell({"ready": True})
            for revision, side in todo:
                result = call(recording, revision, side, mode)
                tell({"result": result, "text_left": TextBudget.left, "text_cut": TextBudget.used_up})

        seconds = min(recording.seconds, recording.until - time.monotonic())
        if seconds <= 0:
            yield from ((key, failed("no_time", "There was no time left to call it")) for key in left)
            return
        ended = watch(work, seconds, hear)
        yield from zip(left, results)  # noqa: B905  new in 3.10; results may be fewer
        left = left[len(results) :]
        if left and ended != "ended":
            yield left.pop(0), failed(ended, "The function " + STOPPED[ended].format(seconds=f"{seconds:g}"))


def failed(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message, "class": None, "where": None}}


#: The tape of the call under way, if any.
watched_tape: list[Tape] = []


class Tape:
    """What one call asked for."""

    def __init__(self, script: str, *, empty: bool) -> None:
        self.script, self.empty = script, empty
        self.operations: list[Json] = []
        self.inside: list[Json] = []
        self.autocommit = 0
        self.looks: list[Json] = []
        self.assumed: list[str] = []
        self.reached_out: list[Json] = []
        self.truncated = False

    def add(self, operation: Json) -> Json:
        operation.update(
            {"line": self.line(), "autocommit": self.autocommit > 0, "statements": [], "looks": False, "error": None}
        )
        if len(self.operations) < MOST_OPERATIONS:
            self.operations.append(operation)
        else:
            self.truncated = True
        return operation

    def line(self) -> int | None:
        """The line of the script that is asking."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            if same_file(frame.f_code.co_filename, self.script):
                return int(frame.f_lineno)
            frame = frame.f_back
        return None

    def statement(self, sql: str, parameters: Any, rows: int | None) -> Json:
        """Note what was sent; the entry it belongs to."""
        sql = TextBudget.take(sql)
        if self.inside:
            if len(self.inside[0]["statements"]) < MOST_OPERATIONS:
                self.inside[0]["statements"].append(sql)
            return self.inside[0]
        values = {str(name): short(value) for name, value in parameters.items()} if isinstance(parameters, dict) else {}
        return self.add({"op": "sql", "sql": sql, "rows": rows, "options": values, "direct": True})

    def looked(self, what: str, entry: Json = None) -> None:
        look = {"what": TextBudget.take(" ".join(what.split()), LONGEST_VALUE), "line": self.line()}
        if look not in self.looks and len(self.looks) < MOST_NOTES:
            self.looks.append(look)
        for one in (entry, *self.inside[:1]):
            if one is not None:
                one["looks"] = True
        if not self.empty:
            raise LookedAtDatabaseError(what)

    def outside(self, what: str) -> None:
        note = {"what": clean(what), "line": self.line()}
        if note not in self.reached_out and len(self.reached_out) < MOST_NOTES:
            self.reached_out.append(note)

    def as_json(self) -> Json:
        told = ("operations", "looks", "assumed", "reached_out", "truncated")
        return {name: getattr(self, name) for name in told}


def call(recording: Recording, revision: str, side: str, mode: str) -> Json:
    """Call one function once; whatever it does becomes part of the answer."""
    one = recording.collected.by_id[revision]
    tape = Tape(str(one.path), empty=mode == "empty")
    buffer = io.StringIO()
    result: Json = {"error": None, "stopped": None}
    try:
        with warnings.catch_warnings(), fenced(tape), prepared(recording, tape, buffer if mode == "offline" else None):
            warnings.simplefilter("ignore")
            returned = getattr(one.module, side)()
        if inspect.iscoroutine(returned):
            returned.close()
            result["error"] = {
                "code": "coroutine",
                "message": f"{side}() is asynchronous; Alembic would not run it",
                "class": None,
                "where": None,
            }
    except LookedAtDatabaseError as error:
        what = TextBudget.take(" ".join(str(error).split()), LONGEST_VALUE)
        result["stopped"] = {
            "code": "looks_at_database",
            "message": what,
            "where": exception_as_json(error, tape.script)["where"],
            "class": None,
        }
    except ReachedOutsideError as error:
        result["stopped"] = {**exception_as_json(error, tape.script), "code": "reaches_outside", "class": None}
    except MemoryError:
        result = failed("memory", "The function needs more memory than it may have")
    except (Exception, SystemExit) as error:
        result["error"] = exception_as_json(error, tape.script)
    if mode == "offline" and any(one["direct"] for one in tape.operations):
        result = failed("needs_connection", f"{side}() uses a connection of its own, and no SQL can be written for it")
    if mode == "offline" and not result["error"] and not result.get("stopped"):
        result["sql"] = TextBudget.take(buffer.getvalue())
    result.update(tape.as_json())
    return result


@contextlib.contextmanager
def prepared(recording: Recording, tape: Tape, printed: io.StringIO | None) -> Iterator[None]:
    """The stage of one call, on which every operation is heard."""
    words = {"version_table": recording.table, "version_table_schema": recording.table_schema}
    with hearing_operations(recording, tape), stage(recording.collected, words, tape, printed):
        yield


@contextlib.contextmanager
def stage(of: Collected, words: Json, tape: Tape, printed: io.StringIO | None) -> Iterator[None]:
    """Alembic's `op` and `context`, on a connection that leads nowhere, or printing SQL."""
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext

    offline = printed is not None
    environment = EnvironmentContext(of.config, of.script, as_sql=offline, fn=lambda *_: [])
    if offline:
        words = {**words, "dialect_name": "postgresql", "dialect_opts": {"paramstyle": "named"}}
        words.update(literal_binds=True, output_buffer=printed)
    else:
        words = {**words, "connection": engine_to_nowhere().connect()}
    with environment:
        environment.configure(**words)
        context = environment.get_context()
        hear_autocommit(context, tape)
        transaction = contextlib.nullcontext() if offline else context.begin_transaction()
        with Operations.context(context), transaction:
            yield


def hear_autocommit(context: Any, tape: Tape) -> None:
    original = context.autocommit_block

    @contextlib.contextmanager
    def autocommit_block() -> Iterator[None]:
        with original():
            tape.autocommit += 1
            try:
                yield
            finally:
                tape.autocommit -= 1

    context.autocommit_block = autocommit_block


@contextlib.contextmanager
def hearing_operations(recording: Recording, tape: Tape) -> Iterator[None]:
    """Every operation, built in or a plugin's, goes through `invoke`; batches are carried out by `flush`."""
    from alembic.operations import BatchOperations, Operations
    from alembic.operations.batch import BatchOperationsImpl

    owner = next(one for one in Operations.__mro__ if "invoke" in vars(one))
    invoke, flush = owner.invoke, BatchOperationsImpl.flush  # type: ignore[attr-defined]

    def heard_invoke(self: Any, operation: Any) -> Any:
        asked = {**operation_as_json(operation), "batch": isinstance(self, BatchOperations), "direct": False}
        return heard(tape, asked, lambda: invoke(self, operation), tolerant=recording.convention_unknown)

    def heard_flush(self: Any) -> Any:
        asked: Json = {"op": "batch_alter_table", "table": text_or_none(self.table_name)}
        asked["schema"] = text_or_none(self.schema)
        asked.update({"options": {"recreate": str(self.recreate)}, "batch": True, "direct": False})
        return heard(tape, asked, lambda: flush(self), tolerant=recording.convention_unknown)

    owner.invoke, BatchOperationsImpl.flush = heard_invoke, heard_flush  # type: ignore[attr-defined, method-assign]
    had_run_async = vars(owner).get("run_async")
    if had_run_async is not None:
        owner.run_async = lambda *_a, **_k: tape.looked("op.run_async(...)")  # type: ignore[attr-defined]
    try:
        yield
    finally:
        owner.invoke, BatchOperationsImpl.flush = invoke, flush  # type: ignore[attr-defined, method-assign]
        if had_run_async is not None:
            owner.run_async = had_run_async  # type: ignore[attr-defined]


def heard(tape: Tape, asked: Json, act: Callable[[], Any], *, tolerant: bool) -> Any:
    """Note the operation, then let Alembic carry it out on the connection that leads nowhere."""
    entry = asked if tape.inside else tape.add(asked)
    tape.inside.append(entry)
    try:
        return act()
    except LookedAtDatabaseError:
        # A plugin's operation asks on its own behalf; the script goes on after it.
        return None
    except Exception as error:
        entry["error"] = exception_as_json(error, tape.script)
        if tolerant and lacks_a_name(entry):
            # With the convention in env.py's metadata, which we do not have, this may well work.
            entry["error"]["code"] = "needs_naming_convention"
            return None
        raise
    finally:
        tape.inside.pop()


def lacks_a_name(entry: Json) -> bool:
    unnamed = entry["op"].endswith("_constraint") and entry.get("name") is None
    return unnamed or (
        entry["op"] == "batch_alter_table" and "no name" in (entry.get("error") or {}).get("message", "")
    )


# ---- the connection that leads nowhere


RETURNS_ROWS = re.compile(
    r"^\s*(?:/\*.*?\*/|--[^\n]*\n|\s|\()*(select|with|values|show|explain|table|fetch)\b|\breturning\b",
    re.IGNORECASE | re.DOTALL,
)
COUNTS = re.compile(r"^\s*select\s+count\s*\(", re.IGNORECASE)


class Cursor:
    """Notes each statement. A row asked of it is a look at the database."""

    arraysize = 1
    rowcount = -1
    lastrowid = None

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._sql = ""
        self._entry: Json = None
        self.expected: list[str] = []
        self.made_up: list[tuple[Any, ...]] = []

    def execute(self, sql: Any, parameters: Any = None, *_: Any, **__: Any) -> Cursor:
        self._sql = str(sql)
        self._entry = self._tape.statement(self._sql, parameters, None)
        return self

    def executemany(self, sql: Any, parameters: Any, *_: Any, **__: Any) -> None:
        self._sql = str(sql)
        self._entry = self._tape.statement(self._sql, None, len(list(parameters)))

    @property
    def description(self) -> Any:
        if not RETURNS_ROWS.search(self._sql):
            return None
        return [(name, None, None, None, None, None, None) for name in self.expected or ["?column?"]]

    def fetchone(self) -> Any:
        if self.made_up:
            return self.made_up.pop()
        self._tape.looked(self._sql, self._entry)
        return (0,) if COUNTS.match(self._sql) else None

    def fetchmany(self, _size: Any = None) -> list[Any]:
        return self.fetchall()

    def fetchall(self) -> list[Any]:
        row = self.fetchone()
        return [] if row is None else [row]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def close(self) -> None:
        self.made_up = []

    def setinputsizes(self, *_: Any) -> None:
        """The DB-API wants it to exist."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._tape.looked(f"cursor.{name}")
        raise LookedAtDatabaseError(name)

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class NowhereConnection:
    """The DB-API's idea of a connection."""

    autocommit = False
    closed = 0
    notices: tuple[str, ...] = ()

    def __init__(self, tape: Tape) -> None:
        self._first_tape = tape

    @property
    def _tape(self) -> Tape:
        """A connection that a script took while it was loaded is used in the calls that come later."""
        return watched_tape[0] if watched_tape else self._first_tape

    def cursor(self, *_: Any, **__: Any) -> Cursor:
        return Cursor(self._tape)

    def commit(self) -> None:
        """Nothing to commit."""

    rollback = close = commit

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._tape.looked(f"connection.{name}")
        raise LookedAtDatabaseError(name)


def nowhere_driver() -> Any:
    """As much of a DB-API module as SQLAlchemy asks for."""
    module = types.ModuleType("nowhere")
    module.paramstyle = "named"  # type: ignore[attr-defined]
    module.Binary = bytes  # type: ignore[attr-defined]
    module.Error = type("Error", (Exception,), {})  # type: ignore[attr-defined]
    kinds = "Interface Database Data Operational Integrity Internal Programming NotSupported"
    for name in kinds.split():
        setattr(module, f"{name}Error", type(f"{name}Error", (module.Error,), {}))
    for name in ("STRING", "BINARY", "NUMBER", "DATETIME", "ROWID"):
        setattr(module, name, object())
    return module


@functools.lru_cache(maxsize=None)  # noqa: UP033
def engine_to_nowhere() -> Any:
    """A real SQLAlchemy engine, so that connections, sessions and inspectors behave; only the driver is ours."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.engine.url import make_url
    from sqlalchemy.pool import NullPool

    dialect = dialect_to_nowhere()
    lead_nowhere: Any = lambda *_: NowhereConnection(watched_tape[0])  # noqa: E731  its type differs by version
    pool: Any = NullPool(lead_nowhere)
    pool._dialect = dialect
    engine = Engine(pool, dialect, make_url("postgresql://"), hide_parameters=True)

    def expect(_connection: Any, cursor: Any, _sql: Any, _parameters: Any, context: Any, _many: Any) -> None:
        compiled = getattr(context, "compiled", None)
        columns = getattr(compiled, "_result_columns", None) or []
        cursor.expected = [str(column[0]) for column in columns]
        statement = getattr(compiled, "statement", None)
        if getattr(context, "isinsert", False) and not getattr(statement, "_returning", None):
            # SQLAlchemy asks for the new key by itself; that is not the script looking.
            cursor.made_up = [tuple(None for _ in cursor.expected or ["?"])]

    event.listen(engine, "before_cursor_execute", expect)
    return engine


ISOLATION_LEVELS = ("SERIALIZABLE", "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ")


def dialect_to_nowhere() -> Any:
    from sqlalchemy.dialects.postgresql.base import PGDialect

    def exists(what: str) -> Callable[..., Any]:
        original = getattr(PGDialect, what, None)

        def answer(self: Any, connection: Any, name: Any = "?", *args: Any, **words: Any) -> Any:
            # "create if missing" and "drop if there" are taken at their word; any other question is a look.
            asking = sys._getframe(1).f_code.co_name
            if asking.startswith(("_can_create", "_can_drop")):
                there = asking.startswith("_can_drop")
                watched_tape[0].assumed.append(f"{what[4:]} {name} {'exists' if there else 'is missing'}")
                return there
            if original is None:
                return watched_tape[0].looked(f"{what} {name}")
            return original(self, connection, name, *args, **words)

        return answer

    body: dict[str, Any] = {
        "driver": "nowhere",
        "supports_statement_cache": False,
        "supports_sane_rowcount": False,
        "supports_sane_multi_rowcount": False,
        "server_version_info": (15, 0),
        "default_schema_name": "public",
        "_backslash_escapes": False,
        "initialize": lambda *_: None,
        "get_isolation_level": lambda *_: "READ COMMITTED",
        "get_default_isolation_level": lambda *_: "READ COMMITTED",
        "get_isolation_level_values": lambda *_: ["AUTOCOMMIT", *ISOLATION_LEVELS],
        "set_isolation_level": lambda *_: None,
        "reset_isolation_level": lambda *_: None,
    }
    body.update({what: exists(what) for what in ("has_table", "has_type", "has_sequence", "has_schema", "has_index")})
    return type("NowhereDialect", (PGDialect,), body)(dbapi=nowhere_driver(), paramstyle="named")


# ---- keeping a called function inside


DENIED = re.compile(
    r"^(socket\.(connect|sendto|sendmsg|getaddrinfo|gethostby|bind)|subprocess\.|pty\.|sqlite3\.connect"
    r"|(smtplib|ftplib|poplib|imaplib|telnetlib)\.|urllib\.Request"
    r"|os\.(system|exec|posix_spawn|spawn|fork|kill|startfile)"
    r"|os\.(remove|rename|rmdir|mkdir|link|symlink|truncate|chmod|chown)|shutil\.(rmtree|copy|move|make_archive|unpack))"
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@contextlib.contextmanager
def fenced(tape: Tape) -> Iterator[None]:
    watched_tape[:] = [tape]
    try:
        yield
    finally:
        watched_tape.clear()


def on_audit_event(event: str, arguments: Any) -> None:
    """Python announces what it is about to do outside; in the child that calls functions, that is where it ends."""
    if event == "open":
        path, mode, flags = (*arguments, None, None, None)[:3]
        wants = (
            any(letter in "wax+" for letter in mode)
            if isinstance(mode, str)
            else bool(isinstance(flags, int) and flags & WRITES)
        )
        if not wants or path == os.devnull or isinstance(path, int):
            return
        what = f"writes the file {path}"
    elif DENIED.match(event):
        what = event
    else:
        return
    for tape in watched_tape:
        tape.outside(what)
    if event in ("socket.sendto", "socket.sendmsg"):
        # Datagrams may get lost; metrics and log shippers live with that, and the script goes on.
        raise ConnectionError("There is no network while a migration is being read")
    raise ReachedOutsideError(what)


def close_the_doors() -> None:
    """For the child that calls the functions: no network where the kernel allows it, no driver, no unbounded memory."""
    leave_the_network()
    bound_memory()
    from sqlalchemy.engine.default import DefaultDialect

    def refuse(*_: Any, **__: Any) -> Any:
        for tape in watched_tape:
            tape.outside("opens its own database connection")
        raise ReachedOutsideError("opens its own database connection")

    DefaultDialect.connect = refuse  # type: ignore[method-assign]
    # C drivers connect without Python noticing.
    for driver, places in DRIVERS:
        with contextlib.suppress(Exception):
            module = importlib.import_module(driver)
            for place in places:
                holder, _, name = place.rpartition(".")
                setattr(getattr(module, holder) if holder else module, name, refuse)
    sys.addaudithook(on_audit_event)


def leave_the_network() -> None:
    """A network namespace with nothing in it, where this process may make one; else the audit hook is all there is."""
    with contextlib.suppress(Exception):
        import ctypes

        user, group = os.getuid(), os.getgid()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(0x40000000) == 0:  # CLONE_NEWNET
            return
        if libc.unshare(0x40000000 | 0x10000000) == 0:  # and CLONE_NEWUSER, with the same ids inside
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def bound_memory() -> None:
    with contextlib.suppress(Exception):
        import resource

        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = held + SPARE_MEMORY
        if most == resource.RLIM_INFINITY or limit < most:
            resource.setrlimit(resource.RLIMIT_AS, (limit, most))


# ---- operations as JSON


SPECIAL_NAMES = {"ExecuteSQLOp": "execute", "CreatePrimaryKeyOp": "create_primary_key"}


def operation_as_json(operation: Any) -> Json:
    """The operation's kind and the fields that all kinds share; the rest as strings in `options`."""
    said = dict(vars(operation))
    kind = type(operation).__name__
    plain = re.sub(r"(?<!^)(?=[A-Z])", "_", re.sub("Op$", "", kind)).lower()
    entry: Json = {"op": SPECIAL_NAMES.get(kind, plain)}
    table = said.pop("table_name", None) or said.pop("source_table", None) or said.pop("table", None)
    entry["table"] = text_or_none(getattr(table, "name", table))
    schema = said.pop("schema", None) or getattr(table, "schema", None) or (said.get("kw") or {}).get("source_schema")
    entry["schema"] = text_or_none(schema)
    with contextlib.suppress(Exception):
        for fill in (fill_column, fill_change, fill_columns, fill_rows):
            fill(said, entry)
    ignored = ("info", "table_kw", "kw", "ops", "multiinsert")
    options = {
        name: value
        for name, value in said.items()
        if not name.startswith("_") and name not in ignored and value is not None
    }
    for extra in ("kw", "table_kw"):
        options.update(said.get(extra) or {})
    entry["options"] = {str(name): short(value) for name, value in options.items() if value is not None}
    return entry


def fill_column(said: Json, entry: Json) -> None:
    for name in ("constraint_name", "index_name"):
        if name in said:
            entry["name"] = text_or_none(said.pop(name))
    column = said.pop("column", None)
    if column is not None and hasattr(column, "type"):
        described = column_as_json(column)
        entry.update({"column": described["name"], "columns": [described]})
        entry.update({name: described[name] for name in ("type", "nullable", "server_default")})
    elif "column_name" in said:
        entry["column"] = text_or_none(said.pop("column_name"))


def fill_change(said: Json, entry: Json) -> None:
    """`alter_column` and renames: what changes, and what the script says was there."""
    if "new_table_name" in said:
        entry["new_name"] = text_or_none(said.pop("new_table_name"))
    if "modify_name" not in said:
        return
    entry["new_name"] = text_or_none(said.pop("modify_name"))
    kind = said.pop("modify_type", None)
    entry["type"] = None if kind is None else type_text(kind)
    entry["nullable"] = said.pop("modify_nullable", None)
    for name, where in (
        ("modify_server_default", "server_default"),
        ("existing_server_default", "existing_server_default"),
    ):
        value = said.pop(name, False)
        if value is not False:
            # None means that the default goes; that must stay apart from "not mentioned".
            entry[where] = "" if value is None else default_text(value)
    if said.get("modify_comment") is False:
        said.pop("modify_comment")
    if said.get("existing_type") is not None:
        said["existing_type"] = type_text(said["existing_type"])


def fill_columns(said: Json, entry: Json) -> None:
    parts = said.pop("columns", None)
    if parts is None:
        return
    entry["columns"] = [
        column_as_json(one) if hasattr(one, "type") and hasattr(one, "nullable") else {"name": sql_text(one)}
        for one in parts
        if not is_constraint(one)
    ]
    entry["constraints"] = [constraint_text(one) for one in parts if is_constraint(one)]


def fill_rows(said: Json, entry: Json) -> None:
    if "sqltext" in said:
        entry["sql"] = TextBudget.take(sql_text(said.pop("sqltext")))
    if "rows" in said and entry["op"] == "bulk_insert":
        rows = said.pop("rows")
        entry["rows"] = len(rows)
        entry["columns"] = [{"name": str(name)} for name in (rows[0] if rows and isinstance(rows[0], dict) else ())]


def is_constraint(part: Any) -> bool:
    from sqlalchemy.schema import Constraint, Index

    return isinstance(part, (Constraint, Index))


def constraint_text(part: Any) -> str:
    from sqlalchemy.schema import CheckConstraint, ForeignKeyConstraint

    kind = type(part).__name__
    names_of_columns = [
        str(getattr(one, "name", one))
        for one in getattr(part, "_pending_colargs", None) or getattr(part, "column_keys", [])
    ]
    text = f"{kind} {text_or_none(part.name) or ''} ({', '.join(names_of_columns)})"
    if isinstance(part, ForeignKeyConstraint):
        targets = ", ".join(str(one.target_fullname) for one in part.elements)
        text += f" -> {targets} on delete {part.ondelete or 'no action'}"
    if isinstance(part, CheckConstraint):
        text = f"{kind} {text_or_none(part.name) or ''} ({sql_text(part.sqltext)})"
    return short(text)


def column_as_json(column: Any) -> Json:
    default = column.server_default
    described: Json = {
        "name": text_or_none(column.name),
        "type": type_text(column.type),
        "nullable": column.nullable,
        "server_default": None if default is None else default_text(default),
        "primary_key": bool(column.primary_key),
        "unique": bool(column.unique),
        "references": [str(getattr(key, "target_fullname", key)) for key in column.foreign_keys],
    }
    return described


def type_text(kind: Any) -> str:
    if isinstance(kind, type):
        with contextlib.suppress(Exception):
            kind = kind()
    labels = getattr(kind, "enums", None)
    try:
        text = str(kind.compile(dialect=postgresql()))
    except Exception:
        text = repr(kind)
    return short(f"{text} {list(labels)!r}" if labels else text)


def default_text(default: Any) -> str:
    """As SQL: a plain string is a quoted literal, as Alembic renders it."""
    argument = getattr(default, "arg", None)
    value = default if argument is None else argument
    if isinstance(value, str):
        return short("'" + value.replace("'", "''") + "'")
    if argument is None and not hasattr(value, "compile"):
        # Identity and Computed carry no single text.
        return f"{type(default).__name__} {short(sql_text(getattr(default, 'sqltext', '')))}".strip()
    return short(sql_text(value))


def sql_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    for words in ({"compile_kwargs": {"literal_binds": True}}, {}):
        with contextlib.suppress(Exception):
            return str(value.compile(dialect=postgresql(), **words))
    return str(value)


@functools.lru_cache(maxsize=None)  # noqa: UP033  its short form is newer
def postgresql() -> Any:
    from sqlalchemy.dialects.postgresql.base import PGDialect

    dialect: Any = PGDialect
    return dialect(paramstyle="named")


def text_or_none(value: Any) -> str | None:
    return None if value is None or not isinstance(value, str) else str(value)


def short(value: Any) -> str:
    """Any value as a string of bearable length."""
    if isinstance(value, (str, int, float, bool, bytes, decimal.Decimal, datetime.date)):
        text = str(value)
    elif isinstance(value, (list, tuple, set, frozenset)):
        text = ", ".join(short(one) for one in list(value)[:50])
    else:
        text = sql_text(value) if hasattr(value, "compile") else repr(value)
    return TextBudget.take(text, LONGEST_VALUE)


if __name__ == "__main__":
    main()
