"""Whose fault it is when a server or a client program refuses: the backup's, or the place's where it is restored.

The difference decides what is said of the backup. A full disk or a server that went away says nothing about it: that
is an UnavailableError. What only another place can do (an extension, a role) is a ConfigurationError. Everything else
is the backup's own: a plain BackoutError.
"""

import re

import psycopg

from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.redaction import redact

LONGEST = 300
#: Classes of SQLSTATE in which the server speaks of itself: connection, resources, operator, system.
OF_THE_SERVER = ("08", "53", "55", "57", "58", "XX")
_GONE = re.compile(
    r"no space left|disk full|server closed the connection|terminating connection|the database system is|"
    r"connection to server|could not connect|connection (?:was )?lost|could not (?:write|extend|create) file|"
    r"out of memory|out of shared memory|too many clients|remaining connection slots|could not resize shared memory|"
    r"no connection to the server|administrator command|SSL (?:SYSCALL|error)|could not fork|"
    r"could not (?:send|receive) data|canceling statement|deadlock detected|input/output error|read-only file system",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"extension .* (?:is not available|has no installation script)|extension control file|"
    r"could not access file|shared_preload_libraries",
    re.IGNORECASE,
)
_ROLE = re.compile(r"role .* does not exist", re.IGNORECASE)
_RIGHT = re.compile(
    r"permission denied|must be (?:owner|superuser|member|able to SET ROLE)|must have .* privilege", re.IGNORECASE
)
_TELLING = ("ERROR:", "FATAL:", "PANIC:", "error:")


def complained(what: str, said: str) -> BackoutError:
    """The first telling line of a program, redacted."""
    lines = [" ".join(line.split()) for line in redact(said).splitlines() if line.strip()]
    telling = [line for line in lines if any(mark in line for mark in _TELLING)] or lines
    # Behind it the statement itself may stand, with whatever is in it.
    line = next((line for line in telling if "Command was:" not in line), "it said nothing")
    return _judged(f"{what}: {line[:LONGEST]}", said)


def refused(what: str, error: psycopg.Error) -> BackoutError:
    """The server's own sentence, redacted; its details, which may quote rows, are left out."""
    primary = error.diag.message_primary
    if primary is None:
        return UnavailableError(
            f"{what}: the connection to the server was lost", next_step="Look whether it is well, then try again."
        )
    sentence = f"{what}: {redact(primary)[:LONGEST]}"
    if (error.sqlstate or "").startswith(OF_THE_SERVER):
        return UnavailableError(sentence, next_step="Look whether the server is well and has room, then try again.")
    return _judged(sentence, primary)


def _judged(sentence: str, said: str) -> BackoutError:
    if _GONE.search(said):
        return UnavailableError(sentence, next_step="Look whether the server is well and has room, then try again.")
    if _EXTENSION.search(said):
        return ConfigurationError(
            sentence, next_step="Install that extension on the server, or choose another `scratch` in the catalog."
        )
    if _ROLE.search(said):
        return ConfigurationError(
            sentence, next_step="Create that role (NOLOGIN is enough), or name an `admin_url` that may create roles."
        )
    if _RIGHT.search(said):
        return ConfigurationError(
            sentence, next_step="Name an `admin_url` in the catalog whose role owns the database or is a superuser."
        )
    return BackoutError(sentence)
