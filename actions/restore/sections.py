"""pg_dump's archive, and the three parts in which it comes back: definitions, what it has of the data, the rest.

pg_restore wants a file that it can read here and there, so the archive is fetched from its store first; the rows of
tables are not in it.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from actions.backup.child import Child
from actions.backup.copying import Head
from actions.backup.encryption import Keys
from actions.backup.manifest import Manifest, StoredFile
from actions.backup.pipes import DamagedError, ending, unpacked
from actions.backup.programs import ClientPrograms
from actions.backup.schema_text import schema_statements
from actions.backup.session import program_environment, program_target
from actions.backup.store import Store
from actions.backup.streaming import stream
from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Ended
from actions.restore.complaining import complained
from actions.restore.limits import Limits
from actions.restore.own_folders import OF_AN_ARCHIVE, own_folder

#: Since 17 every script of pg_restore begins with a setting that older servers do not know.
SETS_TRANSACTION_TIMEOUT = 17
#: Sessions that write what can be written again, or is thrown away, do not wait for the disk one by one.
WRITING = {
    "synchronous_commit": "off",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "client_min_messages": "error",
    # The text of `money` was written so.
    "lc_monetary": "C",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A database that is being filled."""

    url: str = field(repr=False)
    server_major: int
    programs: ClientPrograms
    #: Left out of what comes back: `--no-tablespaces`, ...
    without: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        settings = {**WRITING, **dict(self.settings)}
        return program_environment(self.url, title="backout: restoring", settings=settings)

    @property
    def takes_pg_restore(self) -> bool:
        """Whether pg_restore may talk to this server itself."""
        return self.server_major >= SETS_TRANSACTION_TIMEOUT or self.programs.major < SETS_TRANSACTION_TIMEOUT


def archive_of(manifest: Manifest) -> StoredFile:
    """The one file of a parallel backup that pg_dump wrote."""
    if manifest.form != "parallel" or len(manifest.files) != 1:
        raise BackoutError("The manifest names no archive", where=manifest.name)
    return manifest.files[0]


@contextmanager
def fetched(store: Store, file: StoredFile, keys: Keys | None, *, folder: Path, limits: Limits) -> Iterator[Path]:
    """The archive as a file of its own, private, verified, and gone afterwards."""
    try:
        with own_folder(folder, OF_AN_ARCHIVE) as place:
            path = place / "archive.pgdump"
            pieces = unpacked(store, file, keys)
            with path.open("xb") as target, ending(pieces):
                for chunk in limits.within(pieces):
                    target.write(chunk)
            yield path
    except OSError as error:
        raise UnavailableError(
            f"The backup's archive could not be put on this machine: {error.strerror}",
            where=str(folder),
            next_step="Make room there, then try again.",
        ) from error


def restore_section(
    archive: Path, section: str, target: Target, *, limits: Limits, jobs: int = 1,
    glance: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """One of `pre-data`, `data`, `post-data`; the first complaint ends it and is an error. `glance` is called now and
    then while it works.
    """
    what = _WHAT[section]
    if not target.takes_pg_restore:
        _through_psql(archive, section, target, what, limits)
        return
    parallel = (f"--jobs={jobs}",) if jobs > 1 and section != "pre-data" else ()
    argv = (
        str(target.programs.folder / "pg_restore"), "--exit-on-error", "--no-password", f"--section={section}",
        *parallel, *target.without, "--dbname=", str(archive),
    )  # fmt: skip
    glances = _Glances(limits, glance)
    command = Command(argv=argv, env=target.environment, deadline=limits.left, keep_bytes=1 << 20)
    done = LocalCommands().run(command, should_stop=glances.should_stop)
    _check(what, done.ended, done.exit_code, done.stderr, limits)


_WHAT = {
    "pre-data": "The definitions could not be restored",
    "data": "Sequences and large objects could not be restored",
    "post-data": "Indexes and constraints could not be restored",
}


def _through_psql(archive: Path, section: str, target: Target, what: str, limits: Limits) -> None:
    """As a script, without what the older server does not know."""
    folder = target.programs.folder
    script = Command(
        argv=(str(folder / "pg_restore"), f"--section={section}", *target.without, "--file=-", str(archive)),
        env={"LC_ALL": "C.UTF-8"}, deadline=limits.left,
    )  # fmt: skip
    sink = Command(
        argv=(str(folder / "psql"), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"),
        env=target.environment, deadline=limits.left,
    )  # fmt: skip
    done = stream(script, sink, edit=Head(), until=limits.until, should_stop=limits.should_stop)
    _check(what, done.ended, done.sink.exit_code, done.sink.said, limits)
    _check(what, done.ended, done.source.exit_code, done.source.said, limits)


def archived_schema(archive: Path, programs: ClientPrograms, *, codec: str, limits: Limits) -> tuple[str, ...]:
    """The statements with which it makes everything but rows; as `Manifest.schema_hash` was made of them."""
    command = [programs.folder / "pg_restore", "--schema-only", "--file=-", archive]
    with Child(command, {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, stdout=subprocess.PIPE) as reader:
        text = b"".join(limits.within(reader.pieces()))
        if reader.wait():
            raise _unreadable(reader.last_words(), programs)
    return schema_statements(text.decode(codec, errors="surrogateescape"))


def dumped_schema(url: str, programs: ClientPrograms, *, encoding: str, codec: str, limits: Limits) -> tuple[str, ...]:
    """The same of a database that is there."""
    command = [
        programs.folder / "pg_dump", "--schema-only", "--no-password", "--no-subscriptions",
        f"--encoding={encoding}", f"--dbname={program_target()}",
    ]  # fmt: skip
    environment = program_environment(url, title="backout: comparing")
    with Child(command, environment, stdout=subprocess.PIPE) as reader:
        text = b"".join(limits.within(reader.pieces()))
        if reader.wait():
            raise complained("The schema of what came back could not be read", reader.last_words())
    return schema_statements(text.decode(codec, errors="surrogateescape"))


def _unreadable(said: str, programs: ClientPrograms) -> BackoutError:
    if "unsupported version" in said:
        return ConfigurationError(
            f"The archive was made by a pg_dump newer than the pg_restore here, {programs.version}",
            next_step="Install PostgreSQL's client programs of that version or newer.",
        )
    return DamagedError(
        f"The archive is damaged: {complained('pg_restore cannot read it', said).what}",
        next_step="Choose another backup; `backout backups SERVICE` lists them.",
    )


def count_indexes(archive: Path, programs: ClientPrograms, *, limits: Limits) -> int:
    """How many entries of the last part make an index; for progress."""
    argv = (str(programs.folder / "pg_restore"), "--list", "--section=post-data", str(archive))
    done = LocalCommands().run(Command(argv=argv, env={"LC_ALL": "C.UTF-8"}, deadline=limits.left))
    kinds = (line.split(maxsplit=4)[3:] for line in done.stdout.splitlines() if line and not line.startswith(";"))
    return sum(1 for kind in kinds if kind and kind[0] in ("INDEX", "CONSTRAINT"))


class _Glances:
    """Asked several times a second whether to stop; looks up now and then how far it is."""

    def __init__(self, limits: Limits, glance: Callable[[], None] | None) -> None:
        self._limits, self._glance = limits, glance
        self._next = time.monotonic() + 1

    def should_stop(self) -> bool:
        if self._glance is not None and time.monotonic() >= self._next:
            self._glance()
            self._next = time.monotonic() + 1
        return self._limits.should_stop()


def _check(what: str, ended: Ended, code: int | None, said: str, limits: Limits) -> None:
    if ended is not Ended.BY_ITSELF:
        limits.check()
        raise UnavailableError(f"{what}: it was stopped")
    if code != 0:
        raise complained(what, said)
