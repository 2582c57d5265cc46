"""Which roles a schema's statements speak of. On a server that lacks them, nothing could be owned by or granted to them.

Only where a name stands in a statement matters here: pg_dump always writes these the same way.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from actions.backup.session import connect
from actions.restore.complaining import refused

_ROLE = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_ROLES = rf"{_ROLE}(?:\s*,\s*{_ROLE})*"
_OWNER = re.compile(rf"\AALTER .*\bOWNER TO (?P<roles>{_ROLE})\Z", re.DOTALL)
_GRANT = re.compile(
    rf"\A(?:ALTER DEFAULT PRIVILEGES.*?\b)?GRANT .* TO (?P<roles>{_ROLES})"
    rf"(?: WITH GRANT OPTION)?(?: GRANTED BY (?P<by>{_ROLE}))?\Z",
    re.DOTALL,
)
_REVOKE = re.compile(
    rf"\A(?:ALTER DEFAULT PRIVILEGES.*?\b)?REVOKE .* FROM (?P<roles>{_ROLES})(?: GRANTED BY (?P<by>{_ROLE}))?\Z",
    re.DOTALL,
)
_DEFAULTS = re.compile(rf"\AALTER DEFAULT PRIVILEGES FOR ROLE (?P<roles>{_ROLES}) ")
_POLICY = re.compile(
    rf"\ACREATE POLICY .*? ON .*? TO (?P<roles>{_ROLES})(?=\s+USING\b|\s+WITH CHECK\b|\s*\Z)", re.DOTALL
)
_AUTHORISED = re.compile(r"\ASET SESSION AUTHORIZATION '(?P<name>(?:[^']|'')+)'\Z")
_ONE = re.compile(_ROLE)
#: Everybody; and words that stand where a name could.
_NOBODY = frozenset({"public", "current_user", "session_user", "current_role"})
#: PostgreSQL lets only a superuser own these.
_OF_SUPERUSERS = ("ALTER EVENT TRIGGER ", "ALTER FOREIGN DATA WRAPPER ")


@dataclass(frozen=True, kw_only=True, slots=True)
class NeededRole:
    name: str
    #: It owns what only a superuser may own.
    superuser: bool = False


def needed_roles(statements: Iterable[str]) -> tuple[NeededRole, ...]:
    """Every role that must be there before these statements can be run, by name."""
    found: dict[str, bool] = {}
    for statement in statements:
        for name, superuser in _in(statement):
            if not name.startswith("pg_") and name not in _NOBODY:
                found[name] = found.get(name, False) or superuser
    return tuple(NeededRole(name=name, superuser=superuser) for name, superuser in sorted(found.items()))


def _in(statement: str) -> Iterator[tuple[str, bool]]:
    if said := _AUTHORISED.match(statement):
        yield said["name"].replace("''", "'"), False
    if said := _OWNER.match(statement):
        yield _plain(said["roles"]), statement.startswith(_OF_SUPERUSERS)
    for pattern in (_GRANT, _REVOKE):
        if said := pattern.match(statement):
            yield from ((_plain(role), False) for role in _ONE.findall(said["roles"]))
            if said["by"]:
                yield _plain(said["by"]), False
    for pattern in (_DEFAULTS, _POLICY):
        if said := pattern.match(statement):
            yield from ((_plain(role), False) for role in _ONE.findall(said["roles"]))


def _plain(role: str) -> str:
    return role[1:-1].replace('""', '"') if role.startswith('"') else role.lower()


def missing_roles(url: str, roles: Iterable[NeededRole]) -> tuple[NeededRole, ...]:
    """Those that the server does not have."""
    try:
        with connect(url, title="backout: restoring") as connection:
            there = {str(name) for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    except psycopg.Error as error:
        raise refused("The server's roles could not be read", error) from error
    return tuple(role for role in roles if role.name not in there)


def make_roles(url: str, roles: Iterable[NeededRole]) -> None:
    """On a server of our own only: roles belong to the whole server and outlive a database."""
    try:
        with connect(url, title="backout: restoring") as connection:
            for role in roles:
                kind = sql.SQL("SUPERUSER" if role.superuser else "NOSUPERUSER")
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN {}").format(sql.Identifier(role.name), kind))
    except psycopg.Error as error:
        raise refused("Roles could not be made on the throw-away server", error) from error
