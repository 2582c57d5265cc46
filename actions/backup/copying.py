"""A database's schema, or all of it, into an empty one: pg_dump of one server into psql of another."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

import psycopg
from psycopg import sql

from actions.backup.connecting import libpq_environment
from actions.backup.programs import ClientPrograms
from actions.errors import BackoutError, UnavailableError
from actions.redaction import redact

#: What pg_dump writes for its own version and an older server does not know.
NEWER_SETTINGS = (b"SET transaction_timeout = ",)
END_OF_HEAD = b"SELECT pg_catalog.set_config('search_path'"
OPTIONS = (
    "--no-owner", "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces",
    "--lock-wait-timeout=5s",
)  # fmt: skip


def copy_schema(source_url: str, target_url: str, programs: ClientPrograms, *, privileges: bool) -> None:
    """Everything but rows. Takes ACCESS SHARE locks on the source for as long as pg_dump reads its catalogs."""
    _copy(source_url, target_url, programs, options=("--schema-only", *OPTIONS), privileges=privileges)


def copy_all(source_url: str, target_url: str, programs: ClientPrograms, *, privileges: bool) -> None:
    """Schema and rows, streamed: nothing is kept on disk in between."""
    _copy(source_url, target_url, programs, options=OPTIONS, privileges=privileges)


def _copy(
    source_url: str, target_url: str, programs: ClientPrograms, *, options: Sequence[str], privileges: bool
) -> None:
    dump_command = [programs.folder / "pg_dump", *options, *(() if privileges else ("--no-privileges",))]
    fill_command = [programs.folder / "psql", "--no-psqlrc", "--quiet", "--single-transaction", "-v", "ON_ERROR_STOP=1"]
    with TemporaryFile() as dump_said, TemporaryFile() as fill_said:
        dump = _start(dump_command, source_url, dump_said, stdout=subprocess.PIPE)
        fill = _start(fill_command, target_url, fill_said, stdin=subprocess.PIPE)
        try:
            _pass_on(dump.stdout, fill.stdin)
        finally:
            dumped, filled = dump.wait(), fill.wait()
        # A dump whose reader died complains of a broken pipe; the reader knows why.
        _check(filled, fill_said, "The copy could not be filled")
        _check(dumped, dump_said, "The database could not be read")
    cut_off_foreign_servers(target_url)


def cut_off_foreign_servers(url: str) -> None:
    """A copy must not write through to other servers: without user mappings it has no way in there."""
    with psycopg.connect(url) as connection:
        for server, user in connection.execute("SELECT srvname, usename FROM pg_user_mappings").fetchall():
            whom = sql.SQL("PUBLIC") if user == "public" else sql.Identifier(user)
            connection.execute(sql.SQL("DROP USER MAPPING FOR {} SERVER {}").format(whom, sql.Identifier(server)))


def _pass_on(dump: IO[bytes] | None, fill: IO[bytes] | None) -> None:
    """The script, without the settings in its head that an older server does not know."""
    if dump is None or fill is None:
        return
    with dump, suppress(BrokenPipeError), fill:
        for line in dump:
            if not line.startswith(NEWER_SETTINGS):
                fill.write(line)
            if line.startswith(END_OF_HEAD):
                break
        shutil.copyfileobj(dump, fill, length=1 << 20)


def _start(
    command: Sequence[object],
    url: str,
    said: IO[bytes],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    environment: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **libpq_environment(url)}
    try:
        return subprocess.Popen(
            [str(part) for part in command], env=environment, stdin=stdin, stdout=stdout, stderr=said
        )
    except OSError as error:
        raise UnavailableError(f"{command[0]} cannot be started: {error.strerror}") from error


def _check(code: int, said: IO[bytes], what: str) -> None:
    if code == 0:
        return
    said.seek(0)
    lines = [line.strip() for line in redact(said.read().decode(errors="replace")).splitlines() if line.strip()]
    telling = [line for line in lines if "ERROR" in line or "error:" in line] or lines
    with suppress(IndexError):
        what = f"{what}: {telling[0][:300]}"
    hint = None
    if "extension" in what and ("not available" in what or "control file" in what):
        hint = "The scratch server lacks an extension: install it there, or choose another `scratch`."
    elif "permission denied to create extension" in what:
        hint = "Name an `admin_url` whose role may create that extension."
    raise BackoutError(what, next_step=hint)
