"""A database's schema, or all of it, into an empty one: pg_dump of one server into psql or pg_restore of another."""

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

from actions.backup.connecting import libpq_environment
from actions.backup.programs import ClientPrograms
from actions.errors import BackoutError, UnavailableError
from actions.redaction import redact

#: What pg_dump writes for its own version and an older server does not know.
NEWER_SETTINGS = (b"SET transaction_timeout = ",)
SCHEMA_ONLY = (
    "--schema-only", "--no-owner", "--no-publications", "--no-subscriptions", "--no-security-labels",
    "--no-tablespaces", "--lock-wait-timeout=5s",
)  # fmt: skip


def copy_schema(source_url: str, target_url: str, programs: ClientPrograms, *, privileges: bool) -> None:
    """Everything but rows. Takes ACCESS SHARE locks on the source for as long as pg_dump reads its catalogs."""
    options = SCHEMA_ONLY if privileges else (*SCHEMA_ONLY, "--no-privileges")
    with TemporaryFile() as said:
        dump = _start([programs.folder / "pg_dump", *options], source_url, said)
        script, _ = dump.communicate(timeout=300)
        _check(dump.returncode, said, "The schema could not be read")
    kept = b"".join(line for line in script.splitlines(keepends=True) if not line.startswith(NEWER_SETTINGS))
    with TemporaryFile() as said:
        command = [programs.folder / "psql", "--no-psqlrc", "--quiet", "--single-transaction", "-v", "ON_ERROR_STOP=1"]
        restore = _start(command, target_url, said, stdin=subprocess.PIPE)
        restore.communicate(kept, timeout=300)
        _check(restore.returncode, said, "The schema could not be copied")


def copy_all(source_url: str, target_url: str, programs: ClientPrograms, *, privileges: bool) -> None:
    """Schema and rows, streamed: nothing is kept on disk in between."""
    options = ["--no-owner", "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces"]
    options += [] if privileges else ["--no-privileges"]
    dump_command = [
        programs.folder / "pg_dump",
        "--format=custom",
        "--compress=none",
        "--lock-wait-timeout=5s",
        *options,
    ]
    restore_command = [programs.folder / "pg_restore", "--exit-on-error", *options, "--dbname="]
    with TemporaryFile() as dump_said, TemporaryFile() as restore_said:
        dump = _start(dump_command, source_url, dump_said)
        restore = _start(restore_command, target_url, restore_said, stdin=dump.stdout)
        if dump.stdout:
            dump.stdout.close()  # so that the dump notices when the restore dies
        restored, dumped = restore.wait(), dump.wait()
        _check(restored, restore_said, "The copy could not be filled")
        _check(dumped, dump_said, "The database could not be read")


def _start(
    command: list[object], url: str, said: IO[bytes], *, stdin: int | IO[bytes] | None = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    environment: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **libpq_environment(url)}
    try:
        return subprocess.Popen(
            [str(part) for part in command], env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=said
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
