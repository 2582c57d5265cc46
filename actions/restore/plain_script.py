"""A plain script, as any psql takes it, into an empty database; and the schema in it without its rows."""

import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from actions.backup.child import Child
from actions.backup.copying import Head
from actions.backup.encryption import Keys
from actions.backup.manifest import Manifest
from actions.backup.pipes import ending, gunzip, read_file
from actions.backup.progress import Stage, Watcher
from actions.backup.schema_text import schema_statements
from actions.backup.session import program_target
from actions.backup.store import Store
from actions.errors import BackoutError
from actions.restore.complaining import complained
from actions.restore.limits import Limits, Meter
from actions.restore.sections import SETS_TRANSACTION_TIMEOUT, Target
from actions.restore.telling_rows import lines_of

WHAT = "The script could not be run"
GLANCE_SECONDS = 0.2
#: What `--clean --if-exists` puts before a script, and what fills sequences and large objects: no part of a
#: schema.
_NO_SCHEMA = (
    "DROP ", "ALTER TABLE IF EXISTS ", "SELECT ", "COPY ", "BEGIN", "COMMIT",
    "ALTER LARGE OBJECT ", "COMMENT ON LARGE OBJECT ",
)  # fmt: skip
_ON_LARGE_OBJECT = re.compile(r"(?:GRANT|REVOKE|SECURITY LABEL) [^'\"]* ON LARGE OBJECT ")


def run_plain_script(
    target: Target, manifest: Manifest, store: Store, keys: Keys | None, *, limits: Limits, watch: Watcher
) -> None:
    """The whole of it; the first complaint ends it and is an error."""
    meter = Meter(Stage.RESTORE, watch=watch, bytes_total=sum(table.bytes for table in manifest.tables))
    text = script_of(manifest, store, keys)
    with ending(text):
        feed_psql(target, meter.over(_for_older_servers(target, text)), limits=limits)


def script_of(manifest: Manifest, store: Store, keys: Keys | None) -> Iterator[bytes]:
    if len(manifest.files) != 1:
        raise BackoutError("The manifest names no script", where=manifest.name)
    return gunzip(read_file(store, manifest.files[0], keys))


def feed_psql(target: Target, chunks: Iterable[bytes], *, limits: Limits) -> None:
    """To the end of the chunks or the first error of a statement."""
    command = [
        target.programs.folder / "psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1",
        f"--dbname={program_target()}",
    ]  # fmt: skip
    with Child(command, target.environment, stdin=subprocess.PIPE) as child, _cut_off(child, limits):
        try:
            for chunk in limits.within(chunks):
                child.stdin.write(chunk)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it says why below
        code = child.wait()
        limits.check()
        if code:
            raise complained(WHAT, child.last_words())


@contextmanager
def _cut_off(child: Child, limits: Limits) -> Iterator[None]:
    """A statement can take hours in which nothing is written: somebody else has to look at the clock."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(GLANCE_SECONDS):
            if limits.are_reached:
                child.interrupt()
                return

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def scripted_schema(text: Iterable[bytes], *, codec: str) -> tuple[str, ...]:
    """The statements of a script that make its schema, in their order."""
    kept: list[bytes] = []
    in_rows = False
    for line in lines_of(text):
        if in_rows:
            in_rows = line != b"\\."
        elif line.startswith(b"COPY ") and line.endswith(b" FROM stdin;"):
            in_rows = True
        else:
            kept.append(line)
    statements = schema_statements(b"\n".join(kept).decode(codec, errors="surrogateescape"))
    return tuple(
        statement
        for statement in statements
        if not statement.startswith(_NO_SCHEMA) and not _ON_LARGE_OBJECT.match(statement)
    )


def _for_older_servers(target: Target, text: Iterator[bytes]) -> Iterator[bytes]:
    """Without the settings in its head that they do not know."""
    if target.server_major >= SETS_TRANSACTION_TIMEOUT:
        yield from text
        return
    head = Head()
    for chunk in text:
        yield head(chunk, is_last=False)
    yield head(b"", is_last=True)
